using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tocsin.Core.Signals;

/// <summary>
/// Gives one error one name, however often and with whatever values it occurs: what varies from one occurrence to the next is masked,
/// what says which error it is stays. Storms, counters and the memory of earlier incidents hang on it, so a change here forgets them.
/// </summary>
/// <remarks>
/// It runs for every find, so each step is one pass by hand from one buffer on the stack to another. A step never lengthens the text, and looks
/// around in the text as the step before left it. The tests hold the same steps as regular expressions and compare.
/// </remarks>
public static class Fingerprint
{
    /// <summary>The longest generalised text, in UTF-16 units.</summary>
    public const int MaxLength = 300;

    // Masking shortens; what comes after this much text does not reach the result of any line that people read.
    private const int MaxInput = 4096;
    private const int MaxFieldName = 40;
    private const int MaxColourCode = 32;

    /// <summary>The text with everything that varies replaced by *, blanks collapsed, cut at <see cref="MaxLength"/>.</summary>
    [SkipLocalsInit]
    public static string Generalise(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Span<char> one = stackalloc char[Math.Min(text.Length, MaxInput)];
        Span<char> other = stackalloc char[one.Length];
        return Generalise(text, one, other).ToString();
    }

    /// <summary>16 hexadecimal digits for an error: the same in every process and version, as they are stored.</summary>
    public static string Of(string entryId, string signatureId, string text) => Shown(Number(entryId, signatureId, text));

    /// <summary>A fingerprint as it is stored and shown.</summary>
    internal static string Shown(ulong number) => number.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>What <see cref="Of"/> shows, as a number.</summary>
    [SkipLocalsInit]
    internal static ulong Number(string entryId, string signatureId, string text)
    {
        ArgumentNullException.ThrowIfNull(entryId);
        ArgumentNullException.ThrowIfNull(signatureId);
        ArgumentNullException.ThrowIfNull(text);
        Span<char> one = stackalloc char[Math.Min(text.Length, MaxInput)];
        Span<char> other = stackalloc char[one.Length];
        var hash = Fnv.Add(Fnv.Start, entryId);
        hash = Fnv.Add(hash, signatureId);
        return Fnv.Add(hash, Generalise(text, one, other));
    }

    private static ReadOnlySpan<char> Generalise(ReadOnlySpan<char> text, Span<char> one, Span<char> other)
    {
        text = WithoutColours(text[..one.Length], one);
        text = TimeMask.Apply(text, other);
        text = QuoteMask.Apply(text, one);
        text = IdentifierMask.Apply(text, other);
        text = WordMask.Apply(text, one);
        text = Stars(text, other);
        text = WithoutMaskedFields(text, one);
        return Cut(Blanks(text, other).Trim(' '));
    }

    /// <summary>Escape, bracket, digits, a letter.</summary>
    private static ReadOnlySpan<char> WithoutColours(ReadOnlySpan<char> text, Span<char> output)
    {
        var kept = new MaskedText(output);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\e' && ColourEnd(text, at) is var end and > 0) at = end;
            else kept.Add(text[at]);
        }
        return kept.Text;
    }

    // The letter that ends the code, or -1.
    private static int ColourEnd(ReadOnlySpan<char> text, int at)
    {
        if (at + 1 >= text.Length || text[at + 1] != '[') return -1;
        var end = at + 2;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is ';' or '?')) end++;
        return end - at - 2 <= MaxColourCode && end < text.Length && char.IsAsciiLetter(text[end]) ? end : -1;
    }

    /// <summary>Masks with at most one sign between them are one: a list of values is as long as it is.</summary>
    private static ReadOnlySpan<char> Stars(ReadOnlySpan<char> text, Span<char> output)
    {
        var kept = new MaskedText(output);
        for (var at = 0; at < text.Length; at++)
        {
            kept.Add(text[at]);
            if (text[at] != MaskedText.Mask) continue;
            while (NextStar(text, at + 1) is var next and > 0) at = next;
        }
        return kept.Text;
    }

    private static int NextStar(ReadOnlySpan<char> text, int at)
    {
        if (at < text.Length && text[at] is '.' or ':' or ',' or '/' or '_' or '-') at++;
        return at < text.Length && text[at] == MaskedText.Mask ? at : -1;
    }

    /// <summary>A JSON field of which nothing is left: without it the message at the line's end stays within the limit.</summary>
    private static ReadOnlySpan<char> WithoutMaskedFields(ReadOnlySpan<char> text, Span<char> output)
    {
        var kept = new MaskedText(output);
        for (var at = 0; at < text.Length;)
        {
            var end = text[at] == '"' ? MaskedFieldEnd(text, at) : -1;
            if (end < 0) kept.Add(text[at++]);
            else at = end;
        }
        return kept.Text;
    }

    private static int MaskedFieldEnd(ReadOnlySpan<char> text, int at)
    {
        var name = at + 1;
        var end = name;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '@' or '.' or '-')) end++;
        if (end == name || end - name > MaxFieldName || !text[end..].StartsWith("\":", StringComparison.Ordinal)) return -1;
        end += 2;
        if (end < text.Length && text[end] == ' ') end++;
        if (text[end..].StartsWith("\"*\"", StringComparison.Ordinal)) end += 3;
        else if (end < text.Length && text[end] == MaskedText.Mask) end++;
        else return -1;
        if (end >= text.Length || text[end] is not (',' or '}')) return -1;
        if (text[end] == '}') return end;
        return end + 1 < text.Length && text[end + 1] == ' ' ? end + 2 : end + 1;
    }

    private static ReadOnlySpan<char> Blanks(ReadOnlySpan<char> text, Span<char> output)
    {
        var kept = new MaskedText(output);
        var blank = false;
        foreach (var c in text)
        {
            var isBlank = c == '\0' || char.IsWhiteSpace(c);
            if (!isBlank) kept.Add(c);
            else if (!blank) kept.Add(' ');
            blank = isBlank;
        }
        return kept.Text;
    }

    private static ReadOnlySpan<char> Cut(ReadOnlySpan<char> text)
    {
        if (text.Length <= MaxLength) return text;
        var length = char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength;
        return text[..length].TrimEnd();
    }

    /// <summary>FNV-1a with 64 bits over UTF-8: stable, short, and in no library that is to be had here. Not for secrets.</summary>
    private static class Fnv
    {
        public const ulong Start = 14695981039346656037;
        private const ulong Prime = 1099511628211;
        private const byte Separator = 0x1f;
        private const int OnStack = 1024;

        [SkipLocalsInit]
        public static ulong Add(ulong hash, ReadOnlySpan<char> text)
        {
            var most = Encoding.UTF8.GetMaxByteCount(text.Length);
            var bytes = most <= OnStack ? stackalloc byte[OnStack] : new byte[most];
            foreach (var value in bytes[..Encoding.UTF8.GetBytes(text, bytes)]) hash = (hash ^ value) * Prime;
            return (hash ^ Separator) * Prime;
        }
    }
}
