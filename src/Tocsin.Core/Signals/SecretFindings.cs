namespace Tocsin.Core.Signals;

/// <summary>
/// Collects what the scans claim, then settles it: overlapping claims become one, named by the scan that ran first, and marks of an
/// earlier redaction are cut out, so that a mark is never redacted again and each pass leaves less to find.
/// </summary>
internal sealed class SecretFindings
{
    public const string MarkStart = "[redacted:";
    private const int MaxKindLength = 32;

    // A class, as the library's list of a value of our own waits for the compiler.
    private readonly List<Claim> claims = [];

    public void Add(int start, int end, string kind)
    {
        if (end > start)
            claims.Add(new(start, end, kind, claims.Count));
    }

    public IReadOnlyList<Redaction> Settle(ReadOnlySpan<char> text)
    {
        if (claims.Count == 0)
            return [];

        claims.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Rank.CompareTo(b.Rank));
        var settled = new List<Redaction>(claims.Count);
        var mark = NextMark(text, 0);
        var open = claims[0];
        foreach (var claim in claims)
        {
            if (claim.Start < open.End)
            {
                open = Union(open, claim);
                continue;
            }

            mark = AddWithoutMarks(text, open, mark, settled);
            open = claim;
        }

        AddWithoutMarks(text, open, mark, settled);
        return settled;
    }

    /// <summary>Length of the mark that starts at <paramref name="at"/>, or 0.</summary>
    public static int MarkAt(ReadOnlySpan<char> text, int at)
    {
        if (!text[at..].StartsWith(MarkStart, StringComparison.Ordinal))
            return 0;
        var kind = text[(at + MarkStart.Length)..];
        var length = 0;
        while (length < kind.Length && length <= MaxKindLength && IsKindChar(kind[length]))
            length++;
        return length > 0 && length < kind.Length && kind[length] == ']' ? MarkStart.Length + length + 1 : 0;
    }

    private static bool IsKindChar(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-';

    private static Claim Union(Claim a, Claim b) =>
        new(Math.Min(a.Start, b.Start), Math.Max(a.End, b.End), a.Rank < b.Rank ? a.Kind : b.Kind, Math.Min(a.Rank, b.Rank));

    private static (int Start, int End) AddWithoutMarks(ReadOnlySpan<char> text, Claim claim, (int Start, int End) mark, List<Redaction> settled)
    {
        var start = claim.Start;
        while (mark.End <= start && mark.Start < text.Length)
            mark = NextMark(text, mark.End);
        while (mark.Start < claim.End)
        {
            if (mark.Start > start)
                settled.Add(new(start, mark.Start - start, claim.Kind));
            start = Math.Max(start, mark.End);
            if (mark.End >= claim.End)
                return mark;
            mark = NextMark(text, mark.End);
        }

        if (claim.End > start)
            settled.Add(new(start, claim.End - start, claim.Kind));
        return mark;
    }

    private static (int Start, int End) NextMark(ReadOnlySpan<char> text, int from)
    {
        while (from < text.Length)
        {
            var hit = text[from..].IndexOf(MarkStart, StringComparison.Ordinal);
            if (hit < 0)
                break;
            from += hit;
            var length = MarkAt(text, from);
            if (length > 0)
                return (from, from + length);
            from += MarkStart.Length;
        }

        return (text.Length, text.Length);
    }

    private sealed record Claim(int Start, int End, string Kind, int Rank);
}
