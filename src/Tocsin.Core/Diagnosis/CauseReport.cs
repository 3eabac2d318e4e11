using System.Collections.Immutable;

namespace Tocsin.Core.Diagnosis;

/// <summary>What a reader is told about each cause.</summary>
internal sealed class CauseReport(Evidence evidence, ImmutableArray<Finding> findings, Ranking ranking, Suppositions suppositions)
{
    private const int FlipsShown = 4;

    public RankedCause Cause(Hypothesis one) => Of(one, [.. Flips(one).Take(FlipsShown)]);

    /// <summary>A consequence stands and falls with its cause; nothing would put it first.</summary>
    public RankedCause Consequence(Hypothesis one) => Of(one, []);

    private RankedCause Of(Hypothesis one, ImmutableArray<Flip> flips) => new(
        one.Id,
        one.Model.Cause.Title,
        one.Seat,
        FeltAt(one),
        ranking.Standing(one),
        one.Score,
        ranking.Lead(one),
        [.. one.Claims.Where(c => c.Points > 0)],
        [.. one.Claims.Where(c => c.Points <= 0)],
        [.. one.Missing.Select(Weighing.Missing).DistinctBy(m => m.Asks, StringComparer.Ordinal)],
        [.. one.Explains.Select(i => findings[i].ToString())],
        [.. findings.Where((_, i) => !one.Explains.Contains(i)).Select(f => f.ToString())],
        flips,
        one.Model.Cause.Fixes)
    {
        Items = [.. one.Explains.Select(i => findings[i].Subject.Item).Where(i => i.Length > 0).Distinct(StringComparer.Ordinal)],
    };

    /// <summary>The check that would decide: between the weakest of the chosen and its rival, else between the two best.</summary>
    public NextCheck? Next()
    {
        var open = ranking.Chosen.Where(c => ranking.Standing(c) != Verdict.Confirmed).OrderBy(c => ranking.Lead(c) ?? int.MaxValue).ThenBy(c => c.Id, StringComparer.Ordinal).FirstOrDefault();
        if (open is not null) return ranking.BestRival(open) is { } rival ? suppositions.Next(open, rival) : null;
        return ranking.Chosen.IsEmpty && ranking.Rivals is [var first, var second, ..] ? suppositions.Next(first, second) : null;
    }

    private ImmutableArray<Flip> Flips(Hypothesis one)
    {
        if (ranking.BestRival(one) is not { } other) return [];
        return one.Score >= other.Score ? suppositions.Flips(one, other) : suppositions.Flips(other, one);
    }

    private ImmutableArray<Subject> FeltAt(Hypothesis one) =>
    [
        .. one.Explains.Select(i => findings[i].Subject with { Item = "" }).Select(s => s with { Service = evidence.Dependencies.ServiceName(s.Service), Component = s.Service.Length > 0 ? "" : s.Component })
            .Where(s => s != one.Seat).Distinct().OrderBy(s => s.ToString(), StringComparer.Ordinal),
    ];
}
