using System.Runtime.CompilerServices;

namespace Tocsin.Core.Matching;

/// <summary>Byte comparisons that ignore ASCII case. Log text is bytes; only ASCII letters have a second case here.</summary>
internal static class AsciiFold
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte Fold(byte b) => (uint)(b - 'A') <= 'Z' - 'A' ? (byte)(b | 0x20) : b;

    public static byte[] Fold(ReadOnlySpan<byte> text)
    {
        var folded = new byte[text.Length];
        for (var i = 0; i < text.Length; i++) folded[i] = Fold(text[i]);
        return folded;
    }

    /// <summary>Whether <paramref name="text"/> starts with <paramref name="needle"/>; without case, the needle is folded already.</summary>
    public static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> needle, bool exactCase)
    {
        if (text.Length < needle.Length) return false;
        if (exactCase) return text.StartsWith(needle);
        for (var i = 0; i < needle.Length; i++)
        {
            if (Fold(text[i]) != needle[i]) return false;
        }
        return true;
    }

    /// <summary>First position of <paramref name="needle"/> at or after <paramref name="from"/>, or -1.</summary>
    public static int IndexOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> needle, int from, bool exactCase)
    {
        if (from > text.Length) return -1;
        if (exactCase)
        {
            var at = text[from..].IndexOf(needle);
            return at < 0 ? -1 : at + from;
        }
        var first = needle[0];
        var other = first is >= (byte)'a' and <= (byte)'z' ? (byte)(first - 0x20) : first;
        while (from + needle.Length <= text.Length)
        {
            var skip = text[from..(text.Length - needle.Length + 1)].IndexOfAny(first, other);
            if (skip < 0) return -1;
            from += skip;
            if (StartsWith(text[from..], needle, exactCase: false)) return from;
            from++;
        }
        return -1;
    }
}
