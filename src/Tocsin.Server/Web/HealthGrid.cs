using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Core.Signals.Watching;
using Tocsin.Server.Reading;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Web;

/// <summary>How a cell of the grid stands. What was not seen is never health.</summary>
public enum Health
{
    Well,
    Ill,

    /// <summary>It comes and goes.</summary>
    Flapping,

    /// <summary>Some of it is well, and some could not be looked at.</summary>
    PartlySeen,
    Unseen,
    NotWatched,
}

/// <summary>How one thing of one environment stands.</summary>
/// <param name="Since">Since when it is ill or unseen; null while it is well.</param>
/// <param name="Incident">The worst open incident about it.</param>
public sealed record HealthCell(string Environment, Health State, Instant? Since, string Says, IncidentSummary? Incident);

/// <param name="Name">A service, a component, or empty: the environment itself.</param>
public sealed record HealthRow(string Name, bool IsService, IReadOnlyList<HealthCell> Cells);

/// <summary>Services by environments, as the watch sees them.</summary>
/// <param name="LastLook">When anything was looked at last; null: never, or there is no watch.</param>
public sealed record HealthGrid(bool IsWatched, Instant? LastLook, IReadOnlyList<string> Environments, IReadOnlyList<HealthRow> Rows)
{
    public int Ill => Rows.Sum(r => r.Cells.Count(c => c.State is Health.Ill or Health.Flapping));

    public static HealthGrid Of(Platform platform, WatchView? view, IReadOnlyList<IncidentSummary> open)
    {
        var environments = platform.Environments.Select(e => e.Name).ToList();
        var services = platform.Services.Select(s => s.Name).ToList();
        var things = view?.Things ?? [];
        // People name a service by its role too.
        var named = open.Select(i => (Service: platform.Service(i.Service)?.Name ?? i.Service, Incident: i)).ToList();
        // What rules tell of databases and queues stands below the services, under its own name.
        var others = things.Select(t => t.Subject.Service).Where(n => n.Length > 0 && !services.Contains(n, StringComparer.OrdinalIgnoreCase)).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal);
        var names = services.Select(n => (Name: n, IsService: true)).Concat(others.Select(n => (Name: n, IsService: false))).Append((Name: "", IsService: false));
        var rows = names.Select(n => new HealthRow(n.Name, n.IsService, [.. environments.Select(e => Cell(e, n.Name, things, named))])).Where(r => r.Name.Length > 0 || r.Cells.Any(c => c.State is not Health.NotWatched));
        return new HealthGrid(view is not null, view is null ? null : Last(view.LastAddresses, view.LastFacts), environments, [.. rows]);
    }

    private static HealthCell Cell(string environment, string service, IEnumerable<WatchedThing> things, List<(string Service, IncidentSummary Incident)> open)
    {
        var own = things.Where(t => Same(t.Subject.Environment, environment) && Same(t.Subject.Service, service)).Select(t => t.Known).ToList();
        var incident = open.Where(i => Same(i.Incident.Environment, environment) && Same(i.Service, service)).Select(i => i.Incident).MinBy(i => i.Severity);
        var (state, told) = Stand(own);
        return new HealthCell(environment, state, told?.IllSince ?? (state is Health.Ill or Health.Flapping ? null : told?.UnseenSince), told?.Says ?? "", incident);
    }

    // The thing that explains the state: of several the one that is so the longest.
    private static (Health State, Watched? Told) Stand(List<Watched> all)
    {
        // What was answered and has nothing of a kind, such as no stopped task, is no blindness; unless nothing else is known.
        var own = all.FindAll(w => w.LastSeen is not null || !w.Says.EndsWith(WatchLooks.NotKnown, StringComparison.Ordinal));
        if (own.Count == 0) own = all;
        if (own.Where(w => w.IllSince is not null).MinBy(w => w.IllSince) is { } ill) return (own.Exists(w => w.Flaps) ? Health.Flapping : Health.Ill, ill);
        if (own.Where(w => w.UnseenSince is not null).MinBy(w => w.UnseenSince) is { } unseen) return (own.TrueForAll(w => w.UnseenSince is not null) ? Health.Unseen : Health.PartlySeen, unseen);
        return own.Exists(w => w.LastSeen is not null) ? (Health.Well, null) : (Health.NotWatched, null);
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static Instant? Last(Instant? one, Instant? other) => one is null ? other : other is null ? one : Instant.Max(one.Value, other.Value);
}
