using System.Globalization;
using System.Text;

namespace Tocsin.Core.Matching;

/// <summary>
/// Draws from a regular expression the texts one of which must occur in whatever it matches. It understands the syntax only as
/// far as it must to be safe: whatever it does not know breaks a run and requires nothing.
/// </summary>
internal sealed class RegexFactors
{
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
    /// <see cref="Exact"/> is set where the part is exactly that text.
    /// </summary>
    private sealed record Node(List<IReadOnlyList<string>> Required, string? Exact)
    {
        public static readonly Node Nothing = new([], null);

        public static Node Text(string text) => new([[text]], text);
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
            if (best.Count == 0) return Node.Nothing;
            united.AddRange(best);
        }
        return new Node([united], null);
    }

    private Node Sequence(int depth)
    {
        var required = new List<IReadOnlyList<string>>();
        var run = new StringBuilder();
        var whole = new StringBuilder();
        var exact = true;
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var (node, least, once) = Quantified(Atom(depth));
            if (node.Exact is { } text && once)
            {
                run.Append(text);
                whole.Append(text);
                continue;
            }
            exact = false;
            Flush(run, required);
            if (least > 0) required.AddRange(node.Required);
        }
        Flush(run, required);
        return new Node(required, exact ? whole.ToString() : null);
    }

    private static void Flush(StringBuilder run, List<IReadOnlyList<string>> required)
    {
        if (run.Length > 0) required.Add([run.ToString()]);
        run.Clear();
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
        if (pattern[at] == '{') at = pattern.IndexOf('}', at);
        at++;
        if (at < pattern.Length && pattern[at] is '?') at++;
        return (node, least, false);
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
