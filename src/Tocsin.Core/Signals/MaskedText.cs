using System.Globalization;

namespace Tocsin.Core.Signals;

/// <summary>A text under way into a buffer that is as long as the text it is made from: masking never lengthens.</summary>
internal ref struct MaskedText(Span<char> output)
{
    public const char Mask = '*';
    private readonly Span<char> output = output;
    private int length;

    public readonly ReadOnlySpan<char> Text => output[..length];

    public void Add(char c) => output[length++] = c;

    public void Add(scoped ReadOnlySpan<char> text)
    {
        text.CopyTo(output[length..]);
        length += text.Length;
    }
}

/// <summary>Where words begin and end, by the rules of \b in .NET's regular expressions.</summary>
internal static class WordEdge
{
    private const int WordCategories =
        (1 << (int)UnicodeCategory.UppercaseLetter) | (1 << (int)UnicodeCategory.LowercaseLetter) | (1 << (int)UnicodeCategory.TitlecaseLetter)
        | (1 << (int)UnicodeCategory.ModifierLetter) | (1 << (int)UnicodeCategory.OtherLetter) | (1 << (int)UnicodeCategory.NonSpacingMark)
        | (1 << (int)UnicodeCategory.DecimalDigitNumber) | (1 << (int)UnicodeCategory.ConnectorPunctuation);

    public static bool Is(ReadOnlySpan<char> text, int at) => IsWord(text, at - 1) != IsWord(text, at);

    /// <summary>Whether the character there belongs to a word; none does outside the text.</summary>
    public static bool IsWord(ReadOnlySpan<char> text, int at) => (uint)at < (uint)text.Length && IsWord(text[at]);

    public static bool IsWord(char c) =>
        c < 0x80 ? char.IsAsciiLetterOrDigit(c) || c == '_' : c is '\u200c' or '\u200d' || (WordCategories & (1 << (int)char.GetUnicodeCategory(c))) != 0;
}

/// <summary>Runs of characters, for patterns read by hand. All give the place behind what they read.</summary>
internal static class Runs
{
    public static int Digits(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return at;
    }

    /// <summary>As far as digits go, at most so many.</summary>
    public static int Digits(ReadOnlySpan<char> text, int at, int most)
    {
        var end = Math.Min(text.Length, at + most);
        while (at < end && char.IsAsciiDigit(text[at])) at++;
        return at;
    }

    public static bool AreDigits(ReadOnlySpan<char> text, int at, int count) => Digits(text, at, count) - at == count;

    public static int Hex(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && char.IsAsciiHexDigit(text[at])) at++;
        return at;
    }

    public static int Letters(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && char.IsAsciiLetter(text[at])) at++;
        return at;
    }

    public static bool Is(ReadOnlySpan<char> text, int at, char c) => (uint)at < (uint)text.Length && text[at] == c;
}
