namespace Tocsin.Core.Signals;

/// <summary>A piece of text by position. <paramref name="Next"/> is where reading goes on.</summary>
internal readonly record struct Piece(int Start, int End, int Next, bool Quoted)
{
    public int Length => End - Start;
}

/// <summary>An opening quote as it stands in the text: <c>"</c>, <c>\"</c>, <c>\\\"</c>, <c>%22</c>, <c>&amp;quot;</c>.</summary>
internal readonly record struct Quote(int Backslashes, char Char, string? Encoded)
{
    public int Length => Encoded?.Length ?? Backslashes + 1;
}

/// <summary>Reads quotes, separators and values as they occur in JSON at any depth of escaping, JS objects, YAML, env files and addresses.</summary>
internal static class SecretText
{
    private const int MaxBackslashes = 15;
    private const int MaxBlanks = 32;
    private const int MaxLine = 8192;

    private static readonly string[] EncodedQuotes = ["%22", "%27", "&quot;", "&#34;", "&#39;", "\\u0022"];

    public static bool TryQuote(ReadOnlySpan<char> text, int at, out Quote quote)
    {
        quote = default;
        if (at >= text.Length)
            return false;
        if (text[at] is '%' or '&' or '\\')
        {
            foreach (var encoded in EncodedQuotes)
            {
                if (text[at..].StartsWith(encoded, StringComparison.OrdinalIgnoreCase))
                {
                    quote = new(0, encoded[^1], encoded);
                    return true;
                }
            }
        }

        var backslashes = CountBackslashes(text, at);
        if (at + backslashes >= text.Length || text[at + backslashes] is not ('"' or '\'' or '`'))
            return false;
        quote = new(backslashes, text[at + backslashes], null);
        return true;
    }

    /// <summary>
    /// The text after an opening quote up to its partner at the same depth of escaping, or, where the text was cut off, up to the end
    /// of the line.
    /// </summary>
    public static Piece ReadQuoted(ReadOnlySpan<char> text, int start, Quote quote)
    {
        if (quote.Encoded is { } encoded)
        {
            var lineEnd = LineEnd(text[..Math.Min(text.Length, start + MaxLine)], start);
            var close = text[start..lineEnd].IndexOf(encoded, StringComparison.OrdinalIgnoreCase);
            return close < 0 ? new(start, lineEnd, lineEnd, Quoted: true) : new(start, start + close, start + close + encoded.Length, Quoted: true);
        }

        var at = start;
        while (at < text.Length)
        {
            var hit = text[at..].IndexOfAny(quote.Char, '\r', '\n');
            var end = hit < 0 ? text.Length : at + hit;
            if (hit < 0 || text[end] != quote.Char)
                return new(start, end, end, Quoted: true);
            var backslashes = 0;
            while (end - backslashes > start && text[end - backslashes - 1] == '\\')
                backslashes++;
            at = end + 1;
            var doubled = quote.Char == '\'' && quote.Backslashes == 0 && end > start && at < text.Length && text[at] == '\'';
            if (doubled)
                at++;
            else if (backslashes < quote.Backslashes)
                return new(start, end - backslashes, end - backslashes, Quoted: true);
            else if (backslashes % (2 * (quote.Backslashes + 1)) == quote.Backslashes)
                return new(start, end - quote.Backslashes, end + 1, Quoted: true);
        }

        return new(start, text.Length, text.Length, Quoted: true);
    }

    /// <summary>A value without quotes. A line that is one assignment may hold any character but a blank.</summary>
    public static Piece ReadBare(ReadOnlySpan<char> text, int start, bool wholeWord)
    {
        var at = start;
        while (at < text.Length && !EndsBare(text, at, wholeWord))
            at++;
        var end = at;
        while (end > start && text[end - 1] is ',' or ';')
            end--;
        return new(start, end, Math.Max(at, start), Quoted: false);
    }

    /// <summary>The rest of the line, without the blanks at its end; an escaped line end and a surrounding quote end it too.</summary>
    public static Piece ReadLine(ReadOnlySpan<char> text, int start, char surroundingQuote)
    {
        var end = start;
        var limit = Math.Min(text.Length, start + MaxLine);
        while (end < limit)
        {
            var hit = text[end..limit].IndexOfAny("\r\n\\'\"");
            end = hit < 0 ? limit : end + hit;
            if (end == limit || text[end] is '\r' or '\n' || text[end] == surroundingQuote || IsEscapedEnd(text, end))
                break;
            end++;
        }

        var next = end;
        while (end > start && text[end - 1] is ' ' or '\t')
            end--;
        return new(start, end, next, Quoted: false);
    }

    public static int SkipBlanks(ReadOnlySpan<char> text, int at)
    {
        var limit = Math.Min(text.Length, at + MaxBlanks);
        while (at < limit && text[at] is ' ' or '\t')
            at++;
        return at;
    }

    public static int SkipSpace(ReadOnlySpan<char> text, int at, int most)
    {
        var limit = Math.Min(text.Length, at + most);
        while (at < limit)
        {
            if (text[at] is ' ' or '\t' or '\r' or '\n')
                at++;
            else if (text[at] == '\\' && at + CountBackslashes(text, at) is var letter && letter < limit && text[letter] is 'n' or 'r' or 't')
                at = letter + 1;
            else
                break;
        }

        return at;
    }

    public static int LineEnd(ReadOnlySpan<char> text, int at)
    {
        var end = text[at..].IndexOfAny('\r', '\n');
        return end < 0 ? text.Length : at + end;
    }

    /// <summary>True where only blanks and words such as "export" or "- " stand before <paramref name="at"/> on its line.</summary>
    public static bool StartsLine(ReadOnlySpan<char> text, int at)
    {
        var from = Math.Max(0, at - MaxBlanks);
        var before = text[from..at];
        var lineStart = before.LastIndexOfAny('\r', '\n');
        if (lineStart < 0 && from > 0)
            return false;
        var lead = before[(lineStart + 1)..].Trim();
        return lead.IsEmpty || lead is "-" or "export" or "ENV" or "set" or "SET" or "Environment=";
    }

    public static int CountBackslashes(ReadOnlySpan<char> text, int at)
    {
        var count = 0;
        while (count < MaxBackslashes && at + count < text.Length && text[at + count] == '\\')
            count++;
        return count;
    }

    private static bool EndsBare(ReadOnlySpan<char> text, int at, bool wholeWord)
    {
        var c = text[at];
        if (c is ' ' or '\t' or '\r' or '\n')
            return true;
        if (c == '\\')
            return IsEscapedEnd(text, at);
        if (wholeWord)
            return false;
        if (c == '%')
            return text[at..].StartsWith("%26", StringComparison.Ordinal) || text[at..].StartsWith("%22", StringComparison.Ordinal);
        return c is ',' or ';' or '&' or '"' or '\'' or '`' or ')' or '}' or ']' or '<' or '>' or '|';
    }

    /// <summary>A literal line end or quote of escaped text: <c>\n</c>, <c>\"</c>, <c>\\n</c>.</summary>
    private static bool IsEscapedEnd(ReadOnlySpan<char> text, int at)
    {
        if (text[at] != '\\')
            return false;
        var after = at + CountBackslashes(text, at);
        return after < text.Length && text[after] is 'n' or 'r' or '"' or '\'';
    }
}
