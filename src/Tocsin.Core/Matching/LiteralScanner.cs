using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tocsin.Core.Matching;

/// <summary>The ways to run the literal pass. All give the same hits in the same order.</summary>
internal enum ScanPath
{
    Scalar,
    Vector128,
    Vector256,
}

/// <summary>
/// One pass over the bytes that finds every factor of the catalog: per position the nibble look-ups of six bytes, joined by AND,
/// name the buckets that may start there. Positions that pass are listed first and verified after, so that the vector loop holds no call.
/// </summary>
internal sealed class LiteralScanner
{
    private const int Block = 16 * 1024;
    private readonly FactorTable table;
    private readonly ScanPath path;
    private readonly byte[] tables = new byte[2 * FactorTable.Width * 2 * 16];
    private readonly int[] positions = new int[(Block / 16) + 2];
    private readonly uint[] masks = new uint[(Block / 16) + 2];

    public LiteralScanner(FactorTable table, ScanPath? path = null)
    {
        this.table = table;
        this.path = path ?? (table.IsTrained ? Best : ScanPath.Scalar);
        if (this.path == ScanPath.Scalar) return;
        for (var group = 0; group < 2; group++)
        {
            for (var k = 0; k < FactorTable.Width; k++)
            {
                var at = ((group * FactorTable.Width) + k) * 32;
                table.Plan.CopyTo(tables.AsSpan(at, 16), tables.AsSpan(at + 16, 16), k, group);
            }
        }
    }

    public static ScanPath Best => Vector256.IsHardwareAccelerated && Avx2.IsSupported ? ScanPath.Vector256
        : Vector128.IsHardwareAccelerated ? ScanPath.Vector128
        : ScanPath.Scalar;

    public static bool IsSupported(ScanPath path) => path <= Best;

    /// <summary>Appends the factors that stand in <paramref name="text"/>, by ascending window position.</summary>
    public void Scan(ReadOnlySpan<byte> text, ref HitBuffer hits)
    {
        var last = text.Length - FactorTable.Window;
        if (last < 0 || table.Count == 0) return;
        var width = path switch { ScanPath.Vector256 => 32, ScanPath.Vector128 => 16, _ => int.MaxValue };
        var at = 0;
        while (at + width + FactorTable.Width <= text.Length && width != int.MaxValue)
        {
            var end = Math.Min(at + Block, text.Length - width - FactorTable.Width + 1);
            var count = path == ScanPath.Vector256 ? Candidates256(text, ref at, end) : Candidates128(text, ref at, end);
            for (var i = 0; i < count; i++)
            {
                var position = positions[i];
                for (var mask = masks[i]; mask != 0; mask &= mask - 1)
                    table.Verify(text, position + System.Numerics.BitOperations.TrailingZeroCount(mask), ref hits);
            }
        }
        for (; at <= last; at++) table.Verify(text, at, ref hits);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Candidates256(ReadOnlySpan<byte> text, ref int at, int end)
    {
        ref var b = ref MemoryMarshal.GetReference(text);
        ref var t = ref MemoryMarshal.GetArrayDataReference(tables);
        var nibble = Vector256.Create((byte)15);
        var count = 0;
        var i = at;
        for (; i < end; i += 32)
        {
            var v0 = Vector256.LoadUnsafe(ref b, (nuint)i);
            var v1 = Vector256.LoadUnsafe(ref b, (nuint)i + 1);
            var v2 = Vector256.LoadUnsafe(ref b, (nuint)i + 2);
            var v3 = Vector256.LoadUnsafe(ref b, (nuint)i + 3);
            var v4 = Vector256.LoadUnsafe(ref b, (nuint)i + 4);
            var v5 = Vector256.LoadUnsafe(ref b, (nuint)i + 5);
            var l0 = v0 & nibble;
            var l1 = v1 & nibble;
            var l2 = v2 & nibble;
            var l3 = v3 & nibble;
            var l4 = v4 & nibble;
            var l5 = v5 & nibble;
            var h0 = (v0.AsUInt16() >>> 4).AsByte() & nibble;
            var h1 = (v1.AsUInt16() >>> 4).AsByte() & nibble;
            var h2 = (v2.AsUInt16() >>> 4).AsByte() & nibble;
            var h3 = (v3.AsUInt16() >>> 4).AsByte() & nibble;
            var h4 = (v4.AsUInt16() >>> 4).AsByte() & nibble;
            var h5 = (v5.AsUInt16() >>> 4).AsByte() & nibble;
            var first = Look256(ref t, 0, l0) & Look256(ref t, 1, h0)
                & Look256(ref t, 2, l1) & Look256(ref t, 3, h1)
                & Look256(ref t, 4, l2) & Look256(ref t, 5, h2)
                & Look256(ref t, 6, l3) & Look256(ref t, 7, h3)
                & Look256(ref t, 8, l4) & Look256(ref t, 9, h4)
                & Look256(ref t, 10, l5) & Look256(ref t, 11, h5);
            var second = Look256(ref t, 12, l0) & Look256(ref t, 13, h0)
                & Look256(ref t, 14, l1) & Look256(ref t, 15, h1)
                & Look256(ref t, 16, l2) & Look256(ref t, 17, h2)
                & Look256(ref t, 18, l3) & Look256(ref t, 19, h3)
                & Look256(ref t, 20, l4) & Look256(ref t, 21, h4)
                & Look256(ref t, 22, l5) & Look256(ref t, 23, h5);
            var mask = ~Vector256.Equals(first | second, Vector256<byte>.Zero).ExtractMostSignificantBits();
            positions[count] = i;
            masks[count] = mask;
            count += mask != 0 ? 1 : 0;
        }
        at = i;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Look256(ref byte tables, int index, Vector256<byte> nibbles) =>
        Avx2.Shuffle(Vector256.Create(Vector128.LoadUnsafe(ref tables, (nuint)index * 16)), nibbles);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Candidates128(ReadOnlySpan<byte> text, ref int at, int end)
    {
        ref var b = ref MemoryMarshal.GetReference(text);
        ref var t = ref MemoryMarshal.GetArrayDataReference(tables);
        var nibble = Vector128.Create((byte)15);
        var count = 0;
        var i = at;
        for (; i < end; i += 16)
        {
            var first = Vector128<byte>.AllBitsSet;
            var second = Vector128<byte>.AllBitsSet;
            for (var k = 0; k < FactorTable.Width; k++)
            {
                var v = Vector128.LoadUnsafe(ref b, (nuint)(i + k));
                var low = v & nibble;
                var high = (v.AsUInt16() >>> 4).AsByte() & nibble;
                first &= Look128(ref t, k * 2, low) & Look128(ref t, (k * 2) + 1, high);
                second &= Look128(ref t, (2 * FactorTable.Width) + (k * 2), low) & Look128(ref t, (2 * FactorTable.Width) + (k * 2) + 1, high);
            }
            var mask = ~Vector128.Equals(first | second, Vector128<byte>.Zero).ExtractMostSignificantBits() & 0xffff;
            positions[count] = i;
            masks[count] = mask;
            count += mask != 0 ? 1 : 0;
        }
        at = i;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Look128(ref byte tables, int index, Vector128<byte> nibbles) =>
        Vector128.Shuffle(Vector128.LoadUnsafe(ref tables, (nuint)index * 16), nibbles);
}
