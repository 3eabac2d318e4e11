using System.Collections.Immutable;

namespace Tocsin.Core.Diagnosis;

/// <summary>The verdict, and what was missing for a better one.</summary>
internal static class Verdicts
{
    public static Verdict Of(Evidence evidence, DiagnosisCatalog catalog, ImmutableArray<Finding> findings, ImmutableArray<Finding> troubles, Ranking ranking, ImmutableArray<Hypothesis> weighed)
    {
        if (findings.IsEmpty) return !SeesEverything(evidence, catalog) ? Verdict.Blind : troubles.IsEmpty ? Verdict.Healthy : Verdict.NoKnownCause;
        if (ranking.Chosen.IsEmpty) return Undecided(evidence, ranking, weighed);
        // One cause at several places is as sure as where it is surest.
        var weakest = ranking.Chosen.GroupBy(c => c.Id, StringComparer.Ordinal).Max(places => places.Min(ranking.Standing));
        var left = findings.Where((f, i) => f.Kind != FindingKind.Fault && !ranking.Chosen.Any(c => c.Explains.Contains(i)));
        return weakest == Verdict.Confirmed && left.Any() ? Verdict.Likely : weakest;
    }

    /// <summary>Every observation that is no evidence, and what others could not see of their subject.</summary>
    public static ImmutableArray<MissingEvidence> Missing(Evidence evidence) =>
    [
        .. evidence.Current.Where(s => !s.IsEvidence).Select(s => new MissingEvidence(s.Observation.Probe, s.Observation.Name, s.Blind, Needed: false)),
        .. evidence.Current.Where(s => s.IsEvidence && s.Observation.Note.Length > 0).Select(s => new MissingEvidence(s.Observation.Probe, s.Observation.Name, s.Observation.Note, Needed: false)),
    ];

    public static Coverage CoverageOf(Evidence evidence) => new(evidence.Current.Count(s => s.IsEvidence), evidence.Current.Count());

    // Health is what was seen: each service has a look at its state, and no look that could show trouble failed. What nobody set up cannot fail.
    private static bool SeesEverything(Evidence evidence, DiagnosisCatalog catalog)
    {
        var states = evidence.Current.Where(s => catalog.WrongByProbe.ContainsKey(s.Observation.Probe)).ToList();
        return evidence.Current.Where(s => catalog.WrongByProbe.ContainsKey(s.Observation.Probe) || catalog.ByProbe.ContainsKey(s.Observation.Probe)).All(CouldLook)
            && states.Exists(IsState)
            && evidence.Services.All(service => states.Exists(s => IsState(s) && evidence.Dependencies.ServiceName(s.Observation.Subject.Service) == service));

        static bool CouldLook(Seen seen) => (seen.IsEvidence && !seen.Observation.IsRefused) || seen.Observation.Status == ObservationStatus.NotConfigured;

        bool IsState(Seen seen) => seen.IsEvidence && catalog.WrongByProbe[seen.Observation.Probe].Any(w => seen.Observation.Value(w.When.Name) is not null);
    }

    // Something is wrong and no cause stands out: because nobody could look, because several are possible, or because none is known.
    private static Verdict Undecided(Evidence evidence, Ranking ranking, ImmutableArray<Hypothesis> weighed)
    {
        var open = ranking.Rivals.Where(CouldStillBe).ToList();
        var refused = evidence.Current.Any(s => s.Observation.IsRefused);
        if (open.Count == 0) return refused ? Verdict.Blind : Verdict.NoKnownCause;
        var blind = refused || evidence.Current.Any(s => !s.IsEvidence);
        return blind && open.TrueForAll(h => h.Known == 0 || h.Support.IsEmpty) && !weighed.Any(h => h.Score > 0 && h.Proven) ? Verdict.Blind : Verdict.Ambiguous;
    }

    // With every open question answered in its favour it would be at least likely.
    private static bool CouldStillBe(Hypothesis one)
    {
        var asked = one.Missing.Select(m => m.Condition).ToHashSet(ReferenceEqualityComparer.Instance);
        var hoped = one.Model.Rules.Where(r => r.For && asked.Contains(r.When)).GroupBy(r => r.Group, StringComparer.Ordinal)
            .Sum(g => Math.Max(0, g.Max(r => (int)r.Weight) - one.Claims.Where(c => c.Counts && c.Points > 0 && c.Group == g.Key).Sum(c => c.Points)));
        return one.Score + hoped >= Decibans.Likely;
    }
}
