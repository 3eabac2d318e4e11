using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>A catalog made ready to match: every signature compiled, every factor mapped to the signatures it may start.</summary>
public sealed class MatchSet
{
    private const int WorthTraining = 32 * 1024;
    private readonly ImmutableArray<string> factors;
    private readonly Lazy<FactorTable> untrained;

    private MatchSet(ImmutableArray<Entry> entries, CompiledSignature[] signatures, ImmutableArray<string> factors, int[][] byFactor, int[] unfiltered)
    {
        Entries = entries;
        Signatures = signatures;
        this.factors = factors;
        untrained = new Lazy<FactorTable>(() => new FactorTable(factors, []));
        SignaturesOfFactor = byFactor;
        Unfiltered = unfiltered;
    }

    public ImmutableArray<Entry> Entries { get; }

    internal CompiledSignature[] Signatures { get; }

    internal int[][] SignaturesOfFactor { get; }

    /// <summary>Signatures without a required literal: each is tried on every event. A user's catalog may hold some, the shipped one none.</summary>
    internal int[] Unfiltered { get; }

    public static MatchSet Build(IEnumerable<Entry> entries)
    {
        var all = entries.ToImmutableArray();
        var compiled = new List<CompiledSignature>();
        foreach (var entry in all)
        {
            foreach (var signature in entry.Signatures) compiled.Add(new CompiledSignature(entry, signature));
        }
        var signatures = compiled.ToArray();
        var numbers = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var names = new List<string>();
        var byFactor = new List<List<int>>();
        var unfiltered = new List<int>();
        for (var i = 0; i < signatures.Length; i++)
        {
            var found = Factors.Of(signatures[i].Signature);
            if (found.Count == 0) unfiltered.Add(i);
            foreach (var factor in found)
            {
                if (!numbers.TryGetValue(factor, out var number))
                {
                    numbers[factor] = number = byFactor.Count;
                    names.Add(factor);
                    byFactor.Add([]);
                }
                if (!byFactor[number].Contains(i)) byFactor[number].Add(i);
            }
        }
        return new MatchSet(all, signatures, [.. names], byFactor.ConvertAll(l => l.ToArray()).ToArray(), [.. unfiltered]);
    }

    /// <summary>The entry with the required literals of its signatures drawn, so that a later start need not draw them.</summary>
    public static Entry Prepare(Entry entry) =>
        entry with { Signatures = [.. entry.Signatures.Select(s => s with { RequiredLiterals = [.. Factors.Of(s)] })] };

    /// <summary>The literal texts the scanner looks for.</summary>
    public ImmutableArray<string> RequiredLiterals => factors;

    /// <summary>A scanner whose windows suit the sample; short inputs share one table of general rarity.</summary>
    internal LiteralScanner Scanner(ReadOnlySpan<byte> sample, ScanPath? path) =>
        new(sample.Length < WorthTraining ? untrained.Value : new FactorTable(factors, sample), path);
}
