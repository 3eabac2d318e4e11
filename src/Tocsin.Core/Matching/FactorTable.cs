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
    /// <summary>Bytes of the exact look-up; no factor is shorter.</summary>
    public const int Window = 4;

    /// <summary>Bytes the vector pass looks at: the window and what follows it in the factor; what a short factor lacks may be anything.</summary>
    public const int Width = 6;
    public const int Buckets = 16;
    public const uint FoldMask = 0x20202020;
    private const int BloomBits = 16;

    private readonly byte[][] folded;
    private readonly uint[] bloom = new uint[(1 << BloomBits) / 32];
    private readonly uint[] slots;

    // Numbers of factors from 1, so that fresh arrays mean "none".
    private readonly int[] firsts;
    private readonly int[] next;
    private readonly int[] offsets;
    private readonly int slotMask;
    private BucketPlan? plan;

    public FactorTable(ImmutableArray<string> factors, ReadOnlySpan<byte> sample)
    {
        folded = new byte[factors.Length][];
        for (var f = 0; f < folded.Length; f++) folded[f] = AsciiFold.Fold(Encoding.ASCII.GetBytes(factors[f]));
        IsTrained = sample.Length > 0;
        if (IsTrained) plan = BucketPlan.Make(folded, new GramSample(sample));
        offsets = plan?.Offsets ?? BucketPlan.RarestHeads(folded);
        next = new int[folded.Length];
        slotMask = (int)uint.Max(16, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)folded.Length * 4)) - 1;
        slots = new uint[slotMask + 1];
        firsts = new int[slotMask + 1];
        for (var i = 0; i < folded.Length; i++) Insert(i);
    }

    /// <summary>Whether windows and buckets follow a sample; without one the vector pass is not worth its tables.</summary>
    public bool IsTrained { get; }

    /// <summary>The nibble tables of the vector pass, made when first asked for.</summary>
    public BucketPlan Plan => plan ??= BucketPlan.Make(folded, new GramSample([]));

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
        for (var number = firsts[slot]; number > 0; number = next[number - 1])
        {
            var factor = number - 1;
            var start = at - offsets[factor];
            if (start >= 0 && AsciiFold.StartsWith(text[start..], folded[factor], exactCase: false)) hits.Add(at, factor);
        }
    }

    private int Slot(uint key)
    {
        var slot = (int)((key * 0x85EBCA6Bu) >> 8) & slotMask;
        while (firsts[slot] > 0 && slots[slot] != key) slot = (slot + 1) & slotMask;
        return slot;
    }

    private uint Key(int factor) => Unsafe.ReadUnaligned<uint>(ref folded[factor][offsets[factor]]) | FoldMask;

    private void Insert(int factor)
    {
        var key = Key(factor);
        var slot = Slot(key);
        slots[slot] = key;
        next[factor] = firsts[slot];
        firsts[slot] = factor + 1;
        var hash = (key * 0x9E3779B1u) >> (32 - BloomBits);
        bloom[hash >> 5] |= 1u << (int)(hash & 31);
    }

    /// <summary>The first four bytes, folded roughly: what differs only by 0x20 counts as the same.</summary>
    public static uint Gram(ReadOnlySpan<byte> text) => Unsafe.ReadUnaligned<uint>(ref Unsafe.AsRef(in text[0])) | FoldMask;
}

/// <summary>Factors found: the position of the window and the factor's number. Grows, and is reused from block to block.</summary>
internal struct HitBuffer
{
    private (int At, int Factor)[] items;

    public HitBuffer(int capacity) => items = new (int, int)[capacity];

    public int Count { get; private set; }

    public readonly ReadOnlySpan<(int At, int Factor)> Items => new(items, 0, Count);

    public void Clear() => Count = 0;

    public readonly void Sort() => items.AsSpan(0, Count).Sort((a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Factor.CompareTo(b.Factor));

    public void Add(int at, int factor)
    {
        if (Count == items.Length) Array.Resize(ref items, items.Length * 2);
        items[Count++] = (at, factor);
    }
}
