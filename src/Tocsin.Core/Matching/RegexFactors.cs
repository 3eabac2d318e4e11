using System.Globalization;

namespace Tocsin.Core.Matching;

/// <summary>
/// Draws from a regular expression the texts one of which must occur in whatever it matches. It understands the syntax only as
/// far as it must to be safe: whatever it does not know breaks a run and requires nothing.
/// </summary>
internal sealed class RegexFactors
{
    private const int MostExacts = 12;
    private readonly string pattern;
    private int at;
    private bool unknown;

    private RegexFactors(string pattern) => this.pattern = pattern;

    /// <summary>Texts one of which must occur, or an empty list where the expression requires none.</summary>
    public static IReadOnlyList<string> Of(string pattern)
    {
        var reader = new RegexFactors(pattern);
        var node = reader.Alternatives(depth: 0);
        return reader.unknown || reader.at < pattern.Length ? [] : Factors.BestOf(node.Required);
    }

    /// <summary>The largest count in braces, wherever it stands.</summary>
    public static int LargestRepeat(string pattern)
    {
        var largest = 0;
        for (var i = pattern.IndexOf('{', StringComparison.Ordinal); i >= 0; i = pattern.IndexOf('{', i + 1))
        {
            var counts = pattern.AsSpan(i + 1);
            var digits = counts.IndexOfAnyExceptInRange('0', '9');
            if (digits > 0 && counts[digits] == ',')
            {
                largest = Math.Max(largest, Count(counts[..digits]));
                counts = counts[(digits + 1)..];
                digits = counts.IndexOfAnyExceptInRange('0', '9');
            }
            if (digits > 0 && counts[digits] == '}') largest = Math.Max(largest, Count(counts[..digits]));
        }
        return largest;
    }

    private static int Count(ReadOnlySpan<char> digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : int.MaxValue;

    /// <summary>
    /// What a part requires: every list in <see cref="Required"/> holds alternatives, one of which must occur.
    /// <see cref="Exacts"/> is set where the part is exactly one of a few texts; such parts join with their neighbours.
    /// </summary>
    private sealed record Node(List<IReadOnlyList<string>> Required, IReadOnlyList<string>? Exacts)
    {
        public static readonly Node Nothing = new([], null);

        public static Node Text(string text) => new([[text]], [text]);
    }

    private Node Alternatives(int depth)
    {
        var branches = new List<Node> { Sequence(depth) };
        while (at < pattern.Length && pattern[at] == '|')
        {
            at++;
            branches.Add(Sequence(depth));
        }
        if (branches.Count == 1) return branches[0];
        var united = new List<string>();
        foreach (var branch in branches)
        {
            var best = Factors.BestOf(branch.Required);
            if (best.Count == 0) return new Node([], United(branches));
            united.AddRange(best);
        }
        return new Node([united], United(branches));
    }

    private static List<string>? United(List<Node> branches)
    {
        var all = new List<string>();
        foreach (var branch in branches)
        {
            if (branch.Exacts is not { } exacts || all.Count + exacts.Count > MostExacts) return null;
            all.AddRange(exacts);
        }
        return all;
    }

    private Node Sequence(int depth)
    {
        var required = new List<IReadOnlyList<string>>();
        IReadOnlyList<string> runs = [""];
        IReadOnlyList<string>? whole = [""];
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var (node, least, once) = Quantified(Atom(depth));
            var exacts = once ? node.Exacts : null;
            whole = exacts is null || whole is null ? null : Joined(whole, exacts);
            if (exacts is not null && Joined(runs, exacts) is { } longer)
            {
                runs = longer;
                continue;
            }
            required.Add(runs);
            runs = exacts ?? [""];
            if (least > 0) required.AddRange(node.Required);
        }
        required.Add(runs);
        return new Node(required, whole);
    }

    // Every text of the one followed by every text of the other, where that stays few.
    private static List<string>? Joined(IReadOnlyList<string> first, IReadOnlyList<string> second)
    {
        if (first.Count * second.Count > MostExacts) return null;
        var joined = new List<string>(first.Count * second.Count);
        foreach (var head in first)
        {
            foreach (var tail in second) joined.Add(head + tail);
        }
        return joined;
    }

    private (Node Node, int Least, bool Once) Quantified(Node node)
    {
        if (at >= pattern.Length) return (node, 1, true);
        var (least, once) = pattern[at] switch
        {
            '*' or '?' => (0, false),
            '+' => (1, false),
            '{' when Repeat() is { } count => (count, false),
            _ => (1, true),
        };
        if (once) return (node, 1, true);
        var optional = pattern[at] == '?';
        if (pattern[at] == '{') at = pattern.IndexOf('}', at);
        at++;
        if (at < pattern.Length && pattern[at] is '?') at++;
        return optional && node.Exacts is { } exacts && exacts.Count < MostExacts ? (new Node([], [.. exacts, ""]), 0, true) : (node, least, false);
    }

    private int? Repeat()
    {
        var close = pattern.IndexOf('}', at);
        if (close < 0) return null;
        var parts = pattern[(at + 1)..close].Split(',');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var least)) return null;
        return least;
    }

    private Node Atom(int depth)
    {
        var c = pattern[at++];
        switch (c)
        {
            case '(':
                return Group(depth);
            case '[':
                return Class();
            case '\\':
                return Escape();
            case '.' or '^' or '$':
                return Node.Nothing;
            default:
                return Node.Text(c.ToString());
        }
    }

    private Node Group(int depth)
    {
        if (depth > 100) return GiveUp();
        if (at < pattern.Length && pattern[at] == '?' && !SkipGroupHead()) return GiveUp();
        var inner = Alternatives(depth + 1);
        if (at < pattern.Length) at++;
        return inner;
    }

    // (?:…) and (?<name>…) are plain groups; inline options, look-around and comments end the reading.
    private bool SkipGroupHead()
    {
        if (at + 1 < pattern.Length && pattern[at + 1] == ':')
        {
            at += 2;
            return true;
        }
        var close = pattern.IndexOf('>', at);
        if (at + 2 < pattern.Length && pattern[at + 1] == '<' && pattern[at + 2] is not ('=' or '!') && close > 0)
        {
            at = close + 1;
            return true;
        }
        return false;
    }

    // What is left could hold another alternative, so nothing read so far is required either.
    private Node GiveUp()
    {
        unknown = true;
        at = pattern.Length;
        return Node.Nothing;
    }

    private Node Class()
    {
        var start = at;
        if (at < pattern.Length && pattern[at] == '^') at++;
        if (at < pattern.Length && pattern[at] == ']') at++;
        while (at < pattern.Length && pattern[at] != ']') at += pattern[at] == '\\' ? 2 : 1;
        var body = at <= pattern.Length ? pattern[start..Math.Min(at, pattern.Length)] : "";
        at++;
        return body.Length == 1 && body[0] is not ('^' or '\\') ? Node.Text(body) : Node.Nothing;
    }

    private Node Escape()
    {
        if (at >= pattern.Length) return Node.Nothing;
        var c = pattern[at++];
        if (!char.IsAsciiLetterOrDigit(c)) return Node.Text(c.ToString());
        // A control character (\cA) or an octal one (\012).
        if (c is 'c') at = Math.Min(pattern.Length, at + 1);
        while (char.IsAsciiDigit(c) && at < pattern.Length && char.IsAsciiDigit(pattern[at])) at++;
        if (c is 'x') at = Math.Min(pattern.Length, at + 2);
        if (c is 'u') at = Math.Min(pattern.Length, at + 4);
        if (c is 'p' or 'P' && at < pattern.Length && pattern[at] == '{') at = Math.Max(at, pattern.IndexOf('}', at) + 1);
        return Node.Nothing;
    }
}
