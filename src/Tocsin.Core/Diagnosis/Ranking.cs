using System.Collections.Immutable;

namespace Tocsin.Core.Diagnosis;

/// <summary>Which causes it comes down to, who contends with each, and what only follows from them.</summary>
internal sealed record Ranking(ImmutableArray<Hypothesis> Chosen, ImmutableArray<Hypothesis> Rivals, ImmutableArray<Hypothesis> Consequences)
{
    private readonly Dictionary<(string Id, Subject Seat), Hypothesis?> _bestRival = [];

    public static Ranking Of(ImmutableArray<Hypothesis> standing, Explaining explaining, ImmutableArray<Finding> findings)
    {
        var plausible = standing.Where(h => h.Score >= Decibans.Likely && !h.Explains.IsEmpty).ToImmutableArray();
        var roots = plausible.Where(h => !plausible.Any(c => explaining.IsConsequence(c, h))).ToImmutableArray();
        // What is wrong now goes before what was only said.
        var chosen = Cover.Of(roots).OrderByDescending(h => h.Explains.Any(i => findings[i].Kind != FindingKind.Match)).ThenByDescending(h => h.Score).ThenBy(h => h.Id, StringComparer.Ordinal).ToImmutableArray();
        var consequences = standing.Where(h => !chosen.Contains(h) && chosen.Any(c => explaining.IsConsequence(c, h))).ToImmutableArray();
        var rivals = standing.Where(h => !chosen.Contains(h) && !consequences.Contains(h)).ToImmutableArray();
        var ranking = new Ranking(chosen, rivals, consequences);
        foreach (var cause in chosen) ranking._bestRival[(cause.Id, cause.Seat)] = rivals.FirstOrDefault(r => r.Id != cause.Id && Contends(r, cause, chosen, findings));
        return ranking;
    }

    /// <summary>The best of those that would explain what this cause is chosen for.</summary>
    public Hypothesis? BestRival(Hypothesis one) =>
        _bestRival.TryGetValue((one.Id, one.Seat), out var rival) ? rival : Chosen.Concat(Rivals).FirstOrDefault(h => h.Id != one.Id || h.Seat != one.Seat);

    public int? Lead(Hypothesis one) => BestRival(one) is { } rival ? one.Score - rival.Score : null;

    /// <summary>What would be said of it alone.</summary>
    public Verdict Standing(Hypothesis one)
    {
        var lead = Lead(one) ?? int.MaxValue;
        if (!Chosen.Contains(one) || IsHalfSeen(one)) return Verdict.Ambiguous;
        if (one.Score >= Decibans.Confirmed && lead >= Decibans.ConfirmedLead && one.Proven && one.RequiresKnown) return Verdict.Confirmed;
        return one.Score >= Decibans.Likely && lead >= Decibans.LikelyLead ? Verdict.Likely : Verdict.Ambiguous;
    }

    // Whoever was refused a look that speaks about the same trouble may be missing the very fact that turns it.
    private bool IsHalfSeen(Hypothesis one) => Chosen.Concat(Rivals).Concat(Consequences).Any(h => h.IsRefused && h.Explains.Any(one.Explains.Contains));

    // The same cause at another place is no rival: it says the same. The error itself is contended for; where none was printed, the symptoms are; where there are none, the faults.
    private static bool Contends(Hypothesis rival, Hypothesis cause, ImmutableArray<Hypothesis> chosen, ImmutableArray<Finding> findings)
    {
        var own = cause.Explains.Where(i => !chosen.Any(c => c != cause && c.Explains.Contains(i))).ToList();
        if (own.Count == 0) own = [.. cause.Explains];
        var matches = own.FindAll(i => findings[i].Kind == FindingKind.Match);
        var printed = matches.FindAll(i => findings[i].What == cause.Model.Entry.Id);
        var symptoms = own.FindAll(i => findings[i].Kind == FindingKind.Symptom);
        var at = printed.Count > 0 ? printed : matches.Count > 0 ? matches : symptoms.Count > 0 ? symptoms : own;
        return at.Exists(rival.Explains.Contains);
    }
}
