using System.Numerics;
using System.Runtime.CompilerServices;

namespace Tocsin.Core.Matching;

/// <summary>
/// What a sample of the input is made of: how often each run of four folded bytes stands in it (by hash, so a count may be too high, never too low), and the
/// runs of a head's width that begin at evenly spread places.
/// </summary>
internal sealed class GramSample
{
    private const int Places = 1024;
    private readonly ushort[] counts;

    public GramSample(ReadOnlySpan<byte> sample)
    {
        var last = sample.Length - sizeof(ulong);
        if (last <= 0)
        {
            counts = [];
            Grams = [];
            return;
        }
        counts = new ushort[1 << 16];
        for (var i = 0; i <= last; i++)
        {
            ref var count = ref counts[Hash(Unsafe.ReadUnaligned<uint>(ref Unsafe.AsRef(in sample[i])) | FactorTable.FoldMask)];
            if (count < ushort.MaxValue) count++;
        }
        Grams = Spread(sample, last);
    }

    /// <summary>Runs of a head's width as they stand in the sample.</summary>
    public ulong[] Grams { get; }

    public int Count(uint folded) => counts.Length == 0 ? 0 : counts[Hash(folded)];

    private static uint Hash(uint folded) => (folded * 0x9E3779B1u) >> 16;

    private static ulong[] Spread(ReadOnlySpan<byte> sample, int last)
    {
        const ulong mask = (1UL << (FactorTable.Width * 8)) - 1;
        var places = Math.Min(Places, last);
        var grams = new ulong[places];
        for (var i = 0; i < places; i++)
        {
            // A stride that is no divisor of a line's length meets every place of a line.
            var at = (int)((long)i * last / places);
            grams[i] = Unsafe.ReadUnaligned<ulong>(ref Unsafe.AsRef(in sample[at])) & mask;
        }
        return grams;
    }
}

/// <summary>
/// Where in each factor its head lies, and which bucket the head goes to. The vector pass knows a bucket only by the nibbles its heads have at each place, so heads
/// thrown together by chance let every second position through. Each factor in turn takes the head and the bucket that let through least more of the sample.
/// </summary>
internal sealed class BucketPlan
{
    private const int Width = FactorTable.Width;
    private const int All = 0xffff;

    /// <summary>More heads of one factor are not tried: the rarest few hold the best.</summary>
    private const int MostHeads = 8;

    private BucketPlan(int factors) => Offsets = new int[factors];

    /// <summary>Low nibble → buckets, and high nibble → buckets, for each byte of a head.</summary>
    public ushort[][] Low { get; } = Tables();

    public ushort[][] High { get; } = Tables();

    /// <summary>Where the head of each factor begins.</summary>
    public int[] Offsets { get; }

    public static BucketPlan Make(byte[][] factors, GramSample sample)
    {
        var plan = new BucketPlan(factors.Length);
        var order = new long[factors.Length];
        for (var f = 0; f < order.Length; f++) order[f] = ((long)factors[f].Length << 32) | (uint)f;
        Array.Sort(order);
        for (var rank = 0; rank < order.Length; rank++)
        {
            var f = (int)(uint)order[rank];
            var heads = Heads(factors[f], sample);
            var (offset, bucket) = sample.Grams.Length == 0
                ? (heads[0], (int)((long)rank * FactorTable.Buckets / order.Length))
                : plan.Cheapest(factors[f], heads, sample);
            plan.Offsets[f] = offset;
            for (var k = 0; k < Width; k++) plan.Mark(bucket, k, Head(factors[f], offset));
        }
        return plan;
    }

    /// <summary>Where each factor's head begins when nothing is known of the input.</summary>
    public static int[] RarestHeads(byte[][] factors)
    {
        var offsets = new int[factors.Length];
        for (var f = 0; f < factors.Length; f++)
        {
            var best = long.MinValue;
            for (var at = 0; at + FactorTable.Window <= factors[f].Length; at++)
            {
                var score = Score(factors[f], at);
                if (score <= best) continue;
                best = score;
                offsets[f] = at;
            }
        }
        return offsets;
    }

    /// <summary>The tables of one group of eight buckets: 16 masks by low or by high nibble of the byte at <paramref name="k"/>.</summary>
    public void CopyTo(Span<byte> low, Span<byte> high, int k, int group)
    {
        for (var nibble = 0; nibble < 16; nibble++)
        {
            low[nibble] = (byte)(Low[k][nibble] >> (group * 8));
            high[nibble] = (byte)(High[k][nibble] >> (group * 8));
        }
    }

    private static ReadOnlySpan<byte> Head(byte[] factor, int offset) => factor.AsSpan(offset, Math.Min(Width, factor.Length - offset));

    // Offsets by rarity of their window, rarest first; a head that is whole goes before one that the factor's end cuts.
    private static int[] Heads(byte[] factor, GramSample sample)
    {
        var last = factor.Length - FactorTable.Window;
        var scores = new long[last + 1];
        for (var at = 0; at <= last; at++)
        {
            var score = Score(factor, at) - (64L * sample.Count(FactorTable.Gram(factor.AsSpan(at))));
            scores[at] = (-score << 16) | (uint)at;
        }
        Array.Sort(scores);
        var heads = new int[Math.Min(MostHeads, scores.Length)];
        for (var i = 0; i < heads.Length; i++) heads[i] = (int)(scores[i] & 0xffff);
        return heads;
    }

    private static long Score(byte[] factor, int at) => Rarity.Window(factor, at) - (8 * Math.Max(0, at + Width - factor.Length));

    private (int Offset, int Bucket) Cheapest(byte[] factor, int[] heads, GramSample sample)
    {
        Span<int> cost = stackalloc int[FactorTable.Buckets];
        var best = (Offset: heads[0], Bucket: 0);
        var least = int.MaxValue;
        foreach (var offset in heads)
        {
            Count(Head(factor, offset), sample, cost);
            for (var bucket = 0; bucket < cost.Length; bucket++)
            {
                if (cost[bucket] >= least) continue;
                least = cost[bucket];
                best = (offset, bucket);
            }
            if (least == 0) break;
        }
        return best;
    }

    // For every place of the sample all sixteen buckets at once: which of them would let it through with this head. A place that passes already costs no more.
    private void Count(ReadOnlySpan<byte> head, GramSample sample, Span<int> cost)
    {
        cost.Clear();
        foreach (var gram in sample.Grams)
        {
            int now = All, then = All;
            for (var k = 0; k < Width && then != 0; k++)
            {
                var b = (byte)(gram >> (k * 8));
                int low = Low[k][b & 15], high = High[k][b >> 4];
                now &= low & high;
                then &= (low | (SameLow(head, k, b) ? All : 0)) & (high | (SameHigh(head, k, b) ? All : 0));
            }
            if (now != 0) continue;
            for (; then != 0; then &= then - 1) cost[BitOperations.TrailingZeroCount(then)]++;
        }
    }

    private static ushort[][] Tables()
    {
        var tables = new ushort[Width][];
        for (var k = 0; k < Width; k++) tables[k] = new ushort[16];
        return tables;
    }

    private static bool SameLow(ReadOnlySpan<byte> head, int k, byte b) => k >= head.Length || (head[k] & 15) == (b & 15);

    // A folded letter stands for both its cases, which share the low nibble.
    private static bool SameHigh(ReadOnlySpan<byte> head, int k, byte b) => k >= head.Length || head[k] >> 4 == b >> 4 || (IsLetter(head[k]) && (head[k] ^ 0x20) >> 4 == b >> 4);

    private void Mark(int bucket, int k, ReadOnlySpan<byte> head)
    {
        var bit = (ushort)(1 << bucket);
        if (k >= head.Length)
        {
            for (var nibble = 0; nibble < 16; nibble++)
            {
                Low[k][nibble] |= bit;
                High[k][nibble] |= bit;
            }
            return;
        }
        Low[k][head[k] & 15] |= bit;
        High[k][head[k] >> 4] |= bit;
        if (IsLetter(head[k])) High[k][(head[k] ^ 0x20) >> 4] |= bit;
    }

    private static bool IsLetter(byte b) => b is >= (byte)'a' and <= (byte)'z';
}
