using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Diagnosis;

/// <summary>Differences as evidence: what is just the same where all is well explains nothing.</summary>
internal static class TwinComparison
{
    internal readonly record struct Compared(bool SameWhereWell, string Words)
    {
        public static readonly Compared Nothing = new(false, "");
    }

    /// <summary>Compares what speaks for a cause with the same look at a time, an environment or an item that was well.</summary>
    public static Compared Of(Condition condition, ImmutableArray<Seen> by, Evidence evidence, Instant? onset)
    {
        if (condition is not Condition.Fact fact) return Compared.Nothing;
        var pairs = by.SelectMany(s => Twins(s.Observation, evidence, onset)).ToList();
        if (pairs.Count == 0) return Compared.Nothing;
        var known = pairs.Select(p => (p.Twin, p.Across, Value: p.Twin.Value(fact.Name))).Where(p => p.Value is not null)
            .OrderBy(p => p.Twin.At).ThenBy(p => p.Twin.Name, StringComparer.Ordinal).ToList();
        if (known.Count == 0) return Compared.Nothing;
        var same = known.FindAll(p => fact.Compare.Holds(p.Value!));
        var one = same.Count > 0 ? same[0] : known[0];
        return same.Count > 0
            ? new Compared(true, $"{one.Value} also {Where(one.Across)}: {one.Twin.Name}")
            : new Compared(false, $"{one.Value} {Where(one.Across)}: {one.Twin.Name}");
    }

    // A twin counts only where it is known to have been well: before the onset, or by its own state.
    private static IEnumerable<(Observation Twin, Across Across)> Twins(Observation here, Evidence evidence, Instant? onset)
    {
        foreach (var other in evidence.Others(here.Probe).Concat(evidence.Siblings(here)))
        {
            switch (Difference.AcrossOf(here, other))
            {
                case Across.Time when other.At < here.At && onset is { } began && other.At < began:
                    yield return (other, Across.Time);
                    break;
                case Across.Environments when evidence.IsWell(other.Subject):
                    yield return (other, Across.Environments);
                    break;
                case Across.Items when here.Subject.Item.Length > 0 && other.Subject.Item.Length > 0 && evidence.IsWell(other.Subject):
                    yield return (other, Across.Items);
                    break;
            }
        }
    }

    private static string Where(Across across) => across switch
    {
        Across.Time => "before it began",
        Across.Environments => "in an environment that is well",
        _ => "at one that is well",
    };
}
