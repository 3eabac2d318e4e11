using System.Globalization;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Actions;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Reading;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>One incident with all that its page shows.</summary>
/// <param name="Position">Up to which change this holds.</param>
/// <param name="Report">The diagnosis with its evidence, where its bundle is kept.</param>
/// <param name="Cause">The diagnosed cause as the reference has it.</param>
public sealed record RoomView(long Position, IncidentDetail Detail, DiagnosisReport? Report, ReferenceEntry? Entry, Cause? Cause, IReadOnlyList<string> People, IReadOnlyList<IncidentSummary> Others, IReadOnlyList<ActionRun> Actions)
{
    /// <summary>Playbooks: what runs or ran, what the incident calls for, and what there is besides.</summary>
    public PlaybooksOfIncident Playbooks { get; init; } = new([], [], []);

    /// <summary>Others that may have to do with it, each with what they have in common.</summary>
    public IReadOnlyList<(IncidentSummary Incident, string Why)> Related { get; init; } = [];
}

/// <summary>A form that was not taken, or is only looked at: what was typed stays.</summary>
/// <param name="Verb">Which form.</param>
/// <param name="Refused">Why not; empty: it is a preview.</param>
public sealed record Draft(string Verb, string Text, string Other, string Refused);

/// <summary>Puts together what an incident's page shows.</summary>
public sealed class RoomDesk(IncidentRoom room, IncidentList list, ActionDesk actions, ChangeFeed feed, PlanSource plan, ServerOptions options, PlaybookDesk playbooks, PlaybookShelf shelf)
{
    private const int MostOthers = 50;
    private const int MostRelated = 5;
    private static readonly Duration Together = Duration.FromMinutes(30);
    private readonly Shared<RoomView?> views = new();

    /// <summary>As <see cref="LookAsync(IncidentId, CancellationToken)"/>; who asks at the same moment gets the same.</summary>
    public async Task<RoomView?> WatchAsync(IncidentId id, CancellationToken cancel)
    {
        var position = await feed.HeadAsync(cancel);
        return await views.OfAsync(string.Create(CultureInfo.InvariantCulture, $"{id} {position}"), c => LookAsync(id, c), cancel);
    }

    public async Task<RoomView?> LookAsync(IncidentId id, CancellationToken cancel)
    {
        var position = await feed.HeadAsync(cancel);
        if (await room.ReadAsync(id, cancel) is not { } detail) return null;
        var (entry, cause) = Known(detail);
        var report = detail.Diagnosis is { Bundle.Length: > 0 } seen && options.Web.Report is { } read ? await read(seen.Bundle, cancel) : null;
        var others = await list.FindAsync(new IncidentFilter(Open: true, Most: MostOthers), cancel);
        var near = await list.FindAsync(new IncidentFilter(Environment: detail.Summary.Environment, Most: MostOthers), cancel);
        return new RoomView(position, detail, report, entry, cause, [.. plan.Now.Roster.People.Keys.Order(StringComparer.Ordinal)], [.. others.Where(o => o.Id != id)], await actions.ListAsync(id, MostOthers, cancel))
        {
            Related = Related(detail, near),
            Playbooks = await PlaybooksAsync(id, cancel),
        };
    }

    private async Task<PlaybooksOfIncident> PlaybooksAsync(IncidentId id, CancellationToken cancel)
    {
        var (now, runs) = (options.Time.Now(), await playbooks.OfAsync(id, cancel));
        var proposed = await room.StateAsync(id, cancel) is { } state ? shelf.For(state) : [];
        return new PlaybooksOfIncident(
            [.. proposed.Select(p => PlaybookSummary.Of(p.Playbook, p.Because))],
            [.. shelf.All.Where(b => !proposed.Any(p => p.Playbook.Id == b.Id)).Select(b => PlaybookSummary.Of(b, ""))],
            [.. runs.Select(r => RunView.Of(r, now))]);
    }

    // What has the same error stands among the earlier ones already.
    private static List<(IncidentSummary, string)> Related(IncidentDetail detail, IEnumerable<IncidentSummary> near)
    {
        var one = detail.Summary;
        return [.. near.Where(o => o.Id != one.Id && !detail.Earlier.Any(e => e.Id == o.Id)).Select(o => (o, Why: InCommon(one, o))).Where(o => o.Why.Length > 0).Take(MostRelated)];
    }

    private static string InCommon(IncidentSummary one, IncidentSummary other) =>
        one.MergedInto == other.Id || other.MergedInto == one.Id ? "merged"
        : one.Entry.Length > 0 && one.Entry == other.Entry ? "the same error"
        : (one.Declared - other.Declared) is var apart && apart < Together && apart > -Together ? "at the same time"
        : one.Service.Length > 0 && one.Service == other.Service ? "the same service" : "";

    private (ReferenceEntry?, Cause?) Known(IncidentDetail detail)
    {
        var id = detail.Diagnosis is { Cause.Length: > 0 } seen ? seen.Cause : detail.Summary.Entry;
        var parts = id.Split('/');
        var entry = options.Web.Reference?.Find(parts[0]) ?? options.Web.Reference?.Find(detail.Summary.Entry);
        return (entry, entry?.Entry.Causes.FirstOrDefault(c => parts.Length > 1 && c.Id == parts[1]));
    }
}
