using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

/// <summary>What follows for each of two incidents; both are appended together or not at all.</summary>
public sealed record PairDecision(Decision One, Decision Other);

/// <summary>Two incidents that are one, and one that is two.</summary>
public static class IncidentMerge
{
    public static PairDecision Merge(Incident child, Incident parent, string by, Instant now)
    {
        var refused = child.Id == parent.Id ? "an incident cannot be merged into itself"
            : !child.IsOpen ? $"{child.Id} is not open"
            : !parent.IsOpen ? $"{parent.Id} is not open"
            // Else the worse one's clocks would end here.
            : child.Severity < parent.Severity ? $"{child.Id} is {child.Severity}, worse than {parent.Id} with {parent.Severity}: raise that one first, or merge the other way round"
            : null;
        if (refused is not null) return new PairDecision(new Decision.Refuse(refused), new Decision.Refuse(refused));
        return new PairDecision(
            new Decision.Accept([.. IncidentClock.Corrections(child, now), new MergedInto(now, by, parent.Id)]),
            new Decision.Accept([.. IncidentClock.Corrections(parent, now), new Absorbed(now, by, child.Id, child.Facts, child.Times.ImpactStart, child.Matches, child.Fingerprints)]));
    }

    /// <summary>The given fingerprints become an incident of their own, with the newest policy.</summary>
    public static PairDecision Split(Incident parent, ImmutableArray<string> fingerprints, Declaration wanted, ResponsePolicy policy, string by, Instant now)
    {
        var unknown = fingerprints.Except(parent.Fingerprints, StringComparer.Ordinal).FirstOrDefault();
        var refused = !parent.IsOpen ? $"{parent.Id} is not open"
            : fingerprints.IsEmpty ? "nothing to split off was named"
            : unknown is not null ? $"{parent.Id} has no fingerprint {unknown}"
            : !parent.IsDeclared && !parent.Fingerprints.Except(fingerprints, StringComparer.Ordinal).Any() ? "nothing would be left"
            : null;
        if (refused is not null) return new PairDecision(new Decision.Refuse(refused), new Decision.Refuse(refused));
        var declared = IncidentDecisions.Declare(wanted with { Fingerprint = fingerprints[0] }, policy, by, now);
        if (declared is not Decision.Accept accept) return new PairDecision(declared, declared);
        var matches = parent.Matches.Where(m => fingerprints.Contains(m.Fingerprint, StringComparer.Ordinal)).Select(m => new MatchAttached(now, by, m));
        return new PairDecision(
            new Decision.Accept([.. IncidentClock.Corrections(parent, now), new SplitOff(now, by, wanted.Id, fingerprints)]),
            new Decision.Accept([.. accept.Events, .. matches]));
    }
}
