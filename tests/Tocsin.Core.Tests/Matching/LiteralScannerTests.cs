using System.Collections.Immutable;
using System.Text;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

public sealed class LiteralScannerTests
{
    private const int Block = 16 * 1024;

    public static TheoryData<string> Paths => [.. Enum.GetValues<ScanPath>().Where(LiteralScanner.IsSupported).Select(p => p.ToString())];

    [Fact]
    public void The_scalar_path_runs_everywhere() => Assert.True(LiteralScanner.IsSupported(ScanPath.Scalar));

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_length_gives_the_hits_of_a_plain_search(string path)
    {
        for (var length = 0; length <= 300; length++) Check(path, new Random(length), length, dense: length % 3 == 0);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Lengths_around_a_block_give_the_hits_of_a_plain_search(string path)
    {
        for (var length = Block - 40; length <= Block + 40; length += 3) Check(path, new Random(length), length, dense: false);
        for (var length = (2 * Block) - 40; length <= (2 * Block) + 40; length += 13) Check(path, new Random(length), length, dense: true);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_factor_across_a_block_border_is_found_at_any_alignment(string path)
    {
        ImmutableArray<string> factors = ["ECONNREFUSED", "WRONGTYPE Operation", "refused"];
        for (var shift = -40; shift <= 40; shift += 3)
        {
            var bytes = new byte[(2 * Block) + 100];
            "wrongtype OPERATION"u8.CopyTo(bytes.AsSpan(Block + shift));
            "econnREFUSED"u8.CopyTo(bytes.AsSpan((2 * Block) + shift));
            for (var skip = 0; skip < 4; skip++) AssertSame(path, factors, bytes.AsSpan(skip), [], $"shift {shift}, skip {skip}");
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_factor_at_either_end_is_found(string path)
    {
        foreach (var text in (string[])["abcd", "xabcd", "abcdx", "abc", "", "ABCDabcdABCD", new string(' ', 60) + "aBcD", "abcd" + new string(' ', 60)])
            AssertSame(path, ["abcd"], Encoding.UTF8.GetBytes(text), [], text);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void The_catalogs_own_factors_are_found_in_its_own_samples(string path)
    {
        var text = Encoding.UTF8.GetBytes(string.Join('\n', ShippedCatalog.SampleTexts.Take(300)));
        AssertSame(path, ShippedCatalog.Set.RequiredLiterals, text, text, "samples");
        AssertSame(path, ShippedCatalog.Set.RequiredLiterals, text, [], "samples, untrained");
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void No_factor_gives_no_hit(string path) => AssertSame(path, [], "anything at all, long enough for a vector or two"u8, [], "none");

    private static void Check(string path, Random random, int length, bool dense)
    {
        var factors = Enumerable.Range(0, random.Next(1, 80)).Select(_ => Factor(random)).Distinct(StringComparer.OrdinalIgnoreCase).ToImmutableArray();
        var text = Text(random, length + 64, factors, dense);
        var from = random.Next(64);
        var sample = random.Next(2) == 0 ? text : [];
        AssertSame(path, factors, text.AsSpan(from, length), sample, $"length {length}");
    }

    private static string Factor(Random random)
    {
        const string letters = "abcdeABZ01 _.:-(){}|@~";
        var factor = new StringBuilder();
        for (var i = random.Next(4, random.Next(4) == 0 ? 25 : 8); i > 0; i--) factor.Append(letters[random.Next(letters.Length)]);
        return factor.ToString();
    }

    private static byte[] Text(Random random, int length, ImmutableArray<string> factors, bool dense)
    {
        var text = new byte[length];
        if (random.Next(3) == 0)
        {
            random.NextBytes(text);
        }
        else
        {
            const string letters = "abcdeABZ01 _.:-(){}|@~`[\n\0\u0080\u00ff";
            for (var i = 0; i < length; i++) text[i] = (byte)letters[random.Next(letters.Length)];
        }
        for (var i = dense ? length / 10 : length / 200; i >= 0; i--)
        {
            var factor = factors[random.Next(factors.Length)];
            if (factor.Length > length) continue;
            var mixed = string.Concat(factor.Select(c => random.Next(2) == 0 ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c)));
            Encoding.ASCII.GetBytes(mixed).CopyTo(text.AsSpan(random.Next(length - factor.Length + 1)));
        }
        return text;
    }

    private static void AssertSame(string path, ImmutableArray<string> factors, ReadOnlySpan<byte> text, ReadOnlySpan<byte> sample, string what)
    {
        var hits = new HitBuffer(4);
        var table = new Tocsin.Core.Matching.FactorTable(factors, sample);
        new LiteralScanner(table, Enum.Parse<ScanPath>(path)).Scan(text, ref hits);
        var last = -1;
        var found = new List<(int Factor, int Nth)>();
        foreach (var (at, factor) in hits.Items)
        {
            Assert.True(at >= last, $"{what}: a hit at {at} after one at {last}");
            last = at;
            found.Add((factor, at));
        }
        // The window may lie anywhere inside its factor, so places are compared per factor, from its first hit on.
        var folded = AsciiFold.Fold(text);
        for (var f = 0; f < factors.Length; f++)
        {
            var places = Places(folded, AsciiFold.Fold(Encoding.ASCII.GetBytes(factors[f])));
            var hit = found.Where(h => h.Factor == f).Select(h => h.Nth).ToList();
            var offset = hit.Count > 0 && places.Count > 0 ? hit[0] - places[0] : 0;
            Assert.True(offset >= 0 && offset <= Math.Max(0, factors[f].Length - 4), $"{what}: \"{factors[f]}\" is hit {offset} from its start");
            Assert.True(hit.Select(h => h - offset).SequenceEqual(places), $"{what}: \"{factors[f]}\" stands at {string.Join(' ', places)} and is hit at {string.Join(' ', hit)}");
        }
    }

    private static List<int> Places(ReadOnlySpan<byte> text, ReadOnlySpan<byte> factor)
    {
        var places = new List<int>();
        for (var at = 0; at + factor.Length <= text.Length; at++)
        {
            if (text[at..].StartsWith(factor)) places.Add(at);
        }
        return places;
    }
}
