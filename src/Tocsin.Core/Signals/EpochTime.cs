using System.Buffers.Text;

namespace Tocsin.Core.Signals;

/// <summary>
/// Times as a count since 1970. The unit follows from the size, as the count of seconds has ten digits until 2286, and the others three
/// digits more each.
/// </summary>
internal static class EpochTime
{
    private const long Second = 1_000_000_000;
    private const int MaxLength = 40;

    // 2001-09-09 to 2099: a smaller or larger number is some other number.
    private const long FirstSecond = 1_000_000_000;
    private const long LastSecond = 4_102_444_799;

    /// <summary>A count at the start of a line, with a blank, colon, bracket or the end after it.</summary>
    public static EventTime? AtStart(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t[("u8);
        var length = NumberLength(text);
        if (length < 10 || (length < text.Length && LogTimeText.IsWord(text[length])) || text[..length].Contains((byte)'e'))
            return null;
        if (length < text.Length && text[length] is (byte)'-' or (byte)'/' or (byte)'_')
            return null;
        return Parse(text[..length]);
    }

    /// <summary>A JSON number: 1795296367, 1795297414503, 1795296367.1359615, 1.7952963671359615e+09.</summary>
    public static EventTime? Parse(ReadOnlySpan<byte> number)
    {
        if (number.Length is 0 or > MaxLength || !LogTimeText.IsDigit(number[0]))
            return null;
        if (Exact(number) is { } exact)
            return exact;
        if (!Utf8Parser.TryParse(number, out double value, out var used) || used != number.Length)
            return null;

        // A double holds microseconds of such a count, and no more.
        return Scale(value) is { } unit ? new EventTime((long)Math.Round(value * unit / 1000) * 1000) : null;
    }

    /// <summary>Digits with an optional fraction, without the rounding of a double.</summary>
    private static EventTime? Exact(ReadOnlySpan<byte> number)
    {
        if (!Utf8Parser.TryParse(number, out long whole, out var used) || Scale(whole) is not { } unit)
            return null;
        if (used == number.Length)
            return new EventTime(whole * unit);
        if (number[used] != '.')
            return null;
        long fraction = 0;
        var scale = unit;
        foreach (var digit in number[(used + 1)..])
        {
            if (!LogTimeText.IsDigit(digit))
                return null;
            scale /= 10;
            fraction += scale * (digit - '0');
        }

        return new EventTime((whole * unit) + fraction);
    }

        /// <summary>Nanoseconds of the unit in which the count is a time of this century.</summary>
    private static long? Scale(double count)
    {
        for (var unit = Second; unit >= 1; unit /= 1000)
        {
            var perSecond = Second / unit;
            if (count >= FirstSecond * (double)perSecond && count < (LastSecond + 1) * (double)perSecond)
                return unit;
        }

        return null;
    }

    /// <summary>Length of the number at the start of a text.</summary>
    public static int NumberLength(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (length < text.Length && length <= MaxLength && (LogTimeText.IsDigit(text[length]) || text[length] is (byte)'.' or (byte)'e' or (byte)'E'
            || (text[length] is (byte)'+' or (byte)'-' && length > 0 && (text[length - 1] | 0x20) == 'e')))
            length++;
        while (length > 0 && text[length - 1] == '.')
            length--;
        return length;
    }
}
