using System.Collections.Immutable;
using System.Numerics;

namespace Tocsin.Core.Diagnosis;

/// <summary>The smallest set of causes that explains as many findings as can be explained; of equal ones that with the highest scores.</summary>
internal static class Cover
{
    /// <summary>Up to so many candidates every set is tried, by size; beyond, the best of them take part.</summary>
    private const int Exact = 20;

    public static ImmutableArray<Hypothesis> Of(IEnumerable<Hypothesis> candidates)
    {
        var best = candidates.OrderByDescending(c => c.Score).ThenBy(c => c.Id, StringComparer.Ordinal).ThenBy(c => c.Service, StringComparer.Ordinal).ToList();
        // One cause at several places is one: a password that was changed refuses whoever has the old one.
        var causes = best.GroupBy(c => c.Id, StringComparer.Ordinal).Select(g => g.First() with { Explains = [.. g.SelectMany(h => h.Explains).Distinct().Order()] }).ToList();
        // What explains no more than a better candidate does can only be its rival.
        var pool = causes.Where((c, i) => !causes.Take(i).Any(b => c.Explains.All(b.Explains.Contains))).Take(Exact).ToImmutableArray();
        var sets = pool.Select(Bits).ToArray();
        var all = sets.Aggregate(BigInteger.Zero, (a, b) => a | b);
        for (var size = 1; size <= pool.Length && !all.IsZero; size++)
        {
            var search = new Search(pool, sets, all);
            search.Try(0, size, BigInteger.Zero, [], 0);
            if (search.Found is { } found) return [.. found.SelectMany(i => Places(best, pool[i].Id)).Distinct()];
        }
        return [];
    }

    // The places that a cause is needed at: each explains what those before it do not. Where something else is much likelier it gives way, unless that is so at all of them.
    private static IEnumerable<Hypothesis> Places(List<Hypothesis> best, string id)
    {
        var explained = new HashSet<int>();
        var places = best.Where(h => h.Id == id).Select(h => (Place: h, Own: h.Explains.Where(explained.Add).ToList())).Where(p => p.Own.Count > 0)
            .Select(p => (p.Place, Likelier: best.Find(b => b.Id != id && b.Score >= p.Place.Score + Decibans.LikelyLead && p.Own.TrueForAll(b.Explains.Contains)))).ToList();
        return places.TrueForAll(p => p.Likelier is not null) ? places.Select(p => p.Place) : places.Select(p => p.Likelier ?? p.Place);
    }

    private static BigInteger Bits(Hypothesis one) => one.Explains.Aggregate(BigInteger.Zero, (bits, i) => bits | (BigInteger.One << i));

    private sealed class Search(ImmutableArray<Hypothesis> pool, BigInteger[] sets, BigInteger all)
    {
        private readonly BigInteger[] _rest = Rest(sets);
        private int _score = int.MinValue;

        public ImmutableArray<int>? Found { get; private set; }

        // The candidates stand best first, so of two sets with one score the first in order is kept.
        public void Try(int from, int left, BigInteger covered, ImmutableArray<int> chosen, int score)
        {
            if (covered == all && score > _score) (_score, Found) = (score, chosen);
            if (left == 0 || covered == all || from == pool.Length || (covered | _rest[from]) != all) return;
            for (var i = from; i < pool.Length; i++)
            {
                if ((covered | sets[i]) != covered) Try(i + 1, left - 1, covered | sets[i], chosen.Add(i), score + pool[i].Score);
            }
        }

        private static BigInteger[] Rest(BigInteger[] sets)
        {
            var rest = new BigInteger[sets.Length + 1];
            for (var i = sets.Length - 1; i >= 0; i--) rest[i] = rest[i + 1] | sets[i];
            return rest;
        }
    }
}
