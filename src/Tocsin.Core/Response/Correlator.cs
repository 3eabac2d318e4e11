using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response;

/// <summary>A signal that passed its paging rule, and asks where it belongs.</summary>
public sealed record IncidentSignal(string Environment, string Service, string Entry, string Fingerprint, Instant At);

/// <summary>An incident as correlation sees it.</summary>
/// <param name="Opened">When it was opened, and each time it was reopened.</param>
/// <param name="LastSignal">The last signal that joined it.</param>
public sealed record KnownIncident(
    IncidentId Id,
    string Environment,
    string Service,
    string Entry,
    ImmutableArray<string> Fingerprints,
    ImmutableArray<Instant> Opened,
    Instant LastSignal,
    Instant? ResolvedAt,
    bool IsStorm = false);

/// <summary>Where a signal belongs, and why.</summary>
public abstract record Correlation(string Why)
{
    public sealed record Join(IncidentId Id, string Why) : Correlation(Why);

    /// <param name="Flapping">It came back so often that its return pages nobody anew.</param>
    public sealed record Reopen(IncidentId Id, bool Flapping, string Why) : Correlation(Why);

    /// <param name="Storm">The one incident that takes whatever follows.</param>
    public sealed record Open(bool Storm, string Why) : Correlation(Why);
}

/// <summary>Decides whether a signal joins an open incident, reopens one or opens one. Ten causes seldom begin in one minute: a storm is one incident.</summary>
public static class Correlator
{
    public static Correlation Decide(IncidentSignal signal, IEnumerable<KnownIncident> incidents, CorrelationRule rule)
    {
        var here = incidents.Where(i => string.Equals(i.Environment, signal.Environment, StringComparison.OrdinalIgnoreCase)).OrderBy(i => i.Id.Number).ToList();
        var open = here.Where(i => i.ResolvedAt is null).ToList();
        return Joined(signal, open, rule) ?? Back(signal, here, rule) ?? Storm(signal, here, open, rule) ?? new Correlation.Open(Storm: false, "nothing open is about it");
    }

    private static Correlation.Join? Joined(IncidentSignal signal, List<KnownIncident> open, CorrelationRule rule)
    {
        if (open.Find(i => Same(i, signal)) is { } same) return new Correlation.Join(same.Id, "the same fingerprint");
        if (open.Find(i => i.Service == signal.Service && i.Entry == signal.Entry && signal.Entry.Length > 0) is { } entry) return new Correlation.Join(entry.Id, $"the same error {signal.Entry} of {signal.Service}");
        return open.Find(i => i.Service == signal.Service && signal.At - i.LastSignal <= rule.Near) is { } near
            ? new Correlation.Join(near.Id, $"{signal.Service} had its last signal {Words.Length(signal.At - near.LastSignal)} before")
            : null;
    }

    private static Correlation.Reopen? Back(IncidentSignal signal, List<KnownIncident> here, CorrelationRule rule)
    {
        var ended = here.Where(i => i.ResolvedAt is { } at && signal.At - at <= rule.Reopen && Same(i, signal)).MaxBy(i => i.ResolvedAt);
        if (ended is null) return null;
        var times = ended.Opened.Count(o => signal.At - o <= rule.FlapWithin) + 1;
        var flaps = times >= rule.FlapTimes;
        var why = $"resolved {Words.Length(signal.At - ended.ResolvedAt!.Value)} before with the same fingerprint";
        return new Correlation.Reopen(ended.Id, flaps, flaps ? string.Create(CultureInfo.InvariantCulture, $"{why}; it flaps: {times} times within {Words.Length(rule.FlapWithin)}") : why);
    }

    private static Correlation? Storm(IncidentSignal signal, List<KnownIncident> here, List<KnownIncident> open, CorrelationRule rule)
    {
        if (open.Find(i => i.IsStorm) is { } running) return new Correlation.Join(running.Id, "a storm is on: one incident takes it");
        var opened = here.Count(i => !i.Opened.IsEmpty && signal.At - i.Opened[0] <= rule.StormWithin);
        return opened + 1 < rule.StormOpens ? null : new Correlation.Open(Storm: true, string.Create(CultureInfo.InvariantCulture, $"a storm: {opened + 1} incidents within {Words.Length(rule.StormWithin)}"));
    }

    private static bool Same(KnownIncident incident, IncidentSignal signal) => signal.Fingerprint.Length > 0 && incident.Fingerprints.Contains(signal.Fingerprint, StringComparer.Ordinal);
}
