using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tocsin.Core.Matching;

/// <summary>
/// The factors of a catalog, each with the window of four bytes by which it is looked for: the rarest one in a sample of the input,
/// or by general rarity where there is none. Windows lie in buckets of the nibble tables and in an exact hash table.
/// </summary>
internal sealed class FactorTable
{
    public const int Window = 4;
    public const int Buckets = 16;
    private const uint FoldMask = 0x20202020;
    private const int BloomBits = 16;

    private readonly byte[][] folded;
    private readonly uint[] bloom = new uint[(1 << BloomBits) / 32];
    private readonly uint[] slots;
    private readonly int[] heads;
    private readonly int[] next;
    private readonly int[] offsets;
    private readonly int slotMask;

    public FactorTable(ImmutableArray<string> factors, ReadOnlySpan<byte> sample)
    {
        folded = [.. factors.Select(f => AsciiFold.Fold(Encoding.ASCII.GetBytes(f)))];
        offsets = PickWindows(folded, sample);
        next = new int[folded.Length];
        slotMask = (int)uint.Max(16, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)folded.Length * 4)) - 1;
        slots = new uint[slotMask + 1];
        heads = new int[slotMask + 1];
        Array.Fill(heads, -1);
        for (var i = 0; i < folded.Length; i++) Insert(i);
        FillBuckets();
    }

    /// <summary>Low-nibble and high-nibble tables: [group × 4 + window byte] → 16 entries of a mask of eight buckets.</summary>
    public byte[][] Low { get; } = new byte[2 * Window][];

    public byte[][] High { get; } = new byte[2 * Window][];

    public int Count => folded.Length;

    /// <summary>Appends every factor that stands at the window position <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Verify(ReadOnlySpan<byte> text, int at, ref HitBuffer hits)
    {
        var key = Unsafe.ReadUnaligned<uint>(ref Unsafe.AsRef(in text[at])) | FoldMask;
        var hash = (key * 0x9E3779B1u) >> (32 - BloomBits);
        if ((bloom[hash >> 5] & (1u << (int)(hash & 31))) != 0) VerifyExactly(text, at, key, ref hits);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void VerifyExactly(ReadOnlySpan<byte> text, int at, uint key, ref HitBuffer hits)
    {
        var slot = Slot(key);
        for (var factor = heads[slot]; factor >= 0; factor = next[factor])
        {
            var start = at - offsets[factor];
            if (start >= 0 && AsciiFold.StartsWith(text[start..], folded[factor], exactCase: false)) hits.Add(at, factor);
        }
    }

    private int Slot(uint key)
    {
        var slot = (int)((key * 0x85EBCA6Bu) >> 8) & slotMask;
        while (heads[slot] >= 0 && slots[slot] != key) slot = (slot + 1) & slotMask;
        return slot;
    }

    private uint Key(int factor) => Unsafe.ReadUnaligned<uint>(ref folded[factor][offsets[factor]]) | FoldMask;

    private void Insert(int factor)
    {
        var key = Key(factor);
        var slot = Slot(key);
        slots[slot] = key;
        next[factor] = heads[slot];
        heads[slot] = factor;
        var hash = (key * 0x9E3779B1u) >> (32 - BloomBits);
        bloom[hash >> 5] |= 1u << (int)(hash & 31);
    }

    private static int[] PickWindows(byte[][] factors, ReadOnlySpan<byte> sample)
    {
        var counts = new ushort[1 << 16];
        for (var i = 0; i + Window <= sample.Length; i++)
        {
            ref var count = ref counts[GramHash(sample[i..])];
            if (count < ushort.MaxValue) count++;
        }
        var picked = new int[factors.Length];
        for (var f = 0; f < factors.Length; f++)
        {
            var best = long.MinValue;
            for (var at = 0; at + Window <= factors[f].Length; at++)
            {
                var score = Rarity.Window(Encoding.ASCII.GetString(factors[f]), at) - ((long)counts[GramHash(factors[f].AsSpan(at))] << 8);
                if (score <= best) continue;
                best = score;
                picked[f] = at;
            }
        }
        return picked;
    }

    private static uint GramHash(ReadOnlySpan<byte> gram) => ((Unsafe.ReadUnaligned<uint>(ref Unsafe.AsRef(in gram[0])) | FoldMask) * 0x9E3779B1u) >> 16;

    // Windows that share bytes share a bucket: sorted, then cut into runs, so that a bucket's nibble sets stay small.
    private void FillBuckets()
    {
        for (var k = 0; k < 2 * Window; k++)
        {
            Low[k] = new byte[16];
            High[k] = new byte[16];
        }
        var order = new long[folded.Length];
        for (var f = 0; f < order.Length; f++) order[f] = ((long)System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Key(f)) << 20) | (uint)f;
        Array.Sort(order);
        for (var rank = 0; rank < order.Length; rank++)
        {
            var bucket = (int)((long)rank * Buckets / order.Length);
            var factor = (int)(order[rank] & 0xfffff);
            var window = folded[factor].AsSpan(offsets[factor], Window);
            for (var k = 0; k < Window; k++)
            {
                Mark(bucket, k, window[k]);
                if (window[k] is >= (byte)'a' and <= (byte)'z') Mark(bucket, k, (byte)(window[k] - 0x20));
            }
        }
    }

    private void Mark(int bucket, int k, byte value)
    {
        var bit = (byte)(1 << (bucket & 7));
        Low[((bucket >> 3) * Window) + k][value & 15] |= bit;
        High[((bucket >> 3) * Window) + k][value >> 4] |= bit;
    }
}

/// <summary>Factors found: the position of the window and the factor's number. Grows, and is reused from block to block.</summary>
internal struct HitBuffer
{
    private (int At, int Factor)[] items;

    public HitBuffer(int capacity) => items = new (int, int)[capacity];

    public int Count { get; private set; }

    public readonly ReadOnlySpan<(int At, int Factor)> Items => items.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public readonly void Sort() => items.AsSpan(0, Count).Sort((a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Factor.CompareTo(b.Factor));

    public void Add(int at, int factor)
    {
        if (Count == items.Length) Array.Resize(ref items, items.Length * 2);
        items[Count++] = (at, factor);
    }
}
