using System.Globalization;
using System.Text;

namespace Tocsin.Core.Matching;

/// <summary>
/// Reads the everyday part of .NET's expression syntax into steps for <see cref="LinearRegex"/>. Anything beyond it (inline options, look-around, Unicode classes,
/// non-ASCII sets, large repetitions of groups) gives null, and the expression runs on .NET's own linear engine.
/// </summary>
internal sealed class LinearRegexCompiler
{
    private const int MaxSteps = 3000;
    private const int MaxDepth = 50;

    // An anchor takes nothing and cannot be repeated.
    private const int Anchor = -1;

    private readonly string pattern;
    private readonly bool ignoreCase;
    private readonly List<Step> steps = [];
    private readonly List<string> groups = [];
    private int at;
    private bool unknown;

    private LinearRegexCompiler(string pattern, bool ignoreCase)
    {
        this.pattern = pattern;
        this.ignoreCase = ignoreCase;
    }

    public static LinearRegex? Compile(string pattern, bool ignoreCase)
    {
        var compiler = new LinearRegexCompiler(pattern, ignoreCase);
        compiler.Alternatives(0);
        if (compiler.unknown || compiler.at < pattern.Length || compiler.steps.Count > MaxSteps) return null;
        compiler.steps.Add(new Step(Op.Match, 0, 0, null));
        return new LinearRegex([.. compiler.steps], [.. compiler.groups], ignoreCase);
    }

    // Each reader gives the least number of bytes its part takes.
    private int Alternatives(int depth)
    {
        var start = steps.Count;
        var jumps = new List<int>();
        var least = Sequence(depth);
        while (!unknown && at < pattern.Length && pattern[at] == '|')
        {
            at++;
            InsertSplit(start, steps.Count + 2);
            jumps.Add(steps.Count);
            steps.Add(new Step(Op.Jump, -1, 0, null));
            start = steps.Count;
            least = Math.Min(least, Sequence(depth));
        }
        foreach (var jump in jumps) steps[jump] = new Step(Op.Jump, steps.Count, 0, null);
        return least;
    }

    // Puts a split before what was read last; targets inside that part move by one.
    private void InsertSplit(int start, int other)
    {
        Shift(start, 1);
        steps.Insert(start, new Step(Op.Split, start + 1, other, null));
    }

    private void Shift(int start, int by)
    {
        for (var i = start; i < steps.Count; i++)
        {
            var s = steps[i];
            if (s.Op == Op.Split) steps[i] = s with { A = s.A + by, B = s.B + by };
            if (s.Op == Op.Jump && s.A >= 0) steps[i] = s with { A = s.A + by };
        }
    }

    private int Sequence(int depth)
    {
        var least = 0;
        while (!unknown && at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var start = steps.Count;
            var taken = Atom(depth);
            if (!unknown) least += Quantifier(start, taken);
            if (steps.Count > MaxSteps) unknown = true;
        }
        return least;
    }

    private int Atom(int depth)
    {
        var c = pattern[at++];
        switch (c)
        {
            case '(':
                return Group(depth);
            case '[':
                AddSet(Class());
                return 1;
            case '\\':
                return Escape();
            case '.':
                AddSet(Without((byte)'\n'));
                return 1;
            case '^':
                steps.Add(new Step(Op.LineStart, 0, 0, null));
                return Anchor;
            case '$':
                steps.Add(new Step(Op.LineEnd, 0, 0, null));
                return Anchor;
            default:
                if (c is '*' or '+' or '?') unknown = true;
                Literal(c);
                return 1;
        }
    }

    private int Group(int depth)
    {
        if (depth > MaxDepth)
        {
            unknown = true;
            return 0;
        }
        var name = "";
        var captures = true;
        if (at < pattern.Length && pattern[at] == '?')
        {
            if (At(1) == ':')
            {
                captures = false;
                at += 2;
            }
            else if (At(1) == '<' && At(2) is not ('=' or '!' or '\0') && pattern.IndexOf('>', at) is var close and > 0)
            {
                name = pattern[(at + 2)..close];
                at = close + 1;
                // A numbered group is no capture here, and two groups of one name share a value in .NET.
                if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || name.Length == 0 || char.IsAsciiDigit(name[0]) || groups.Contains(name)) unknown = true;
            }
            else
            {
                unknown = true;
                return 0;
            }
        }
        var slot = captures && name.Length > 0 ? groups.Count * 2 : -1;
        if (slot >= 0)
        {
            groups.Add(name);
            steps.Add(new Step(Op.Save, slot, 0, null));
        }
        var least = Alternatives(depth + 1);
        if (At(0) != ')') unknown = true;
        at++;
        if (slot >= 0) steps.Add(new Step(Op.Save, slot + 1, 0, null));
        return least;
    }

    private char At(int ahead) => at + ahead < pattern.Length ? pattern[at + ahead] : '\0';

    private int Quantifier(int start, int taken)
    {
        int least, most;
        switch (At(0))
        {
            case '*':
                (least, most) = (0, -1);
                break;
            case '+':
                (least, most) = (1, -1);
                break;
            case '?':
                (least, most) = (0, 1);
                break;
            case '{' when Counts() is { } counts:
                (least, most) = counts;
                at = pattern.IndexOf('}', at);
                break;
            default:
                return Math.Max(0, taken);
        }
        at++;
        var lazy = At(0) == '?';
        if (lazy) at++;
        // Two quantifiers in a row (a possessive one too), or one on an anchor, are beyond what is read here.
        if (taken == Anchor || At(0) is '*' or '+' or '?') unknown = true;
        else Repeat(start, taken, least, most, lazy);
        return taken * least;
    }

    private (int Least, int Most)? Counts()
    {
        var close = pattern.IndexOf('}', at);
        if (close < 0) return null;
        var parts = pattern[(at + 1)..close].Split(',');
        if (parts.Length > 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var least)) return null;
        if (parts.Length == 1) return (least, least);
        if (parts[1].Length == 0) return (least, -1);
        return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? (least, most) : null;
    }

    private void Repeat(int start, int taken, int least, int most, bool lazy)
    {
        if (steps.Count == start + 1 && most >= 0 && AsSet(steps[start]) is { } set)
        {
            steps[start] = new Step(lazy ? Op.LazyLoop : Op.Loop, least, most, set);
            return;
        }
        var body = steps.GetRange(start, steps.Count - start);
        // A body that can match nothing would loop for ever on the spot; .NET has rules for it that are not repeated here.
        if (taken == 0 || (long)body.Count * Math.Max(least, most) > MaxSteps)
        {
            unknown = true;
            return;
        }
        steps.RemoveRange(start, body.Count);
        for (var i = 0; i < least; i++) Copy(body, start);
        if (most < 0)
        {
            var split = steps.Count;
            steps.Add(default);
            Copy(body, start);
            steps.Add(new Step(Op.Jump, split, 0, null));
            steps[split] = Choice(split + 1, steps.Count, lazy);
            return;
        }
        var splits = new List<int>();
        for (var i = least; i < most; i++)
        {
            splits.Add(steps.Count);
            steps.Add(default);
            Copy(body, start);
        }
        foreach (var split in splits) steps[split] = Choice(split + 1, steps.Count, lazy);
    }

    private static Step Choice(int into, int past, bool lazy) => lazy ? new Step(Op.Split, past, into, null) : new Step(Op.Split, into, past, null);

    private void Copy(List<Step> body, int origin)
    {
        var by = steps.Count - origin;
        foreach (var s in body)
        {
            steps.Add(s.Op switch
            {
                Op.Split => s with { A = s.A + by, B = s.B + by },
                Op.Jump => s with { A = s.A + by },
                _ => s,
            });
        }
    }

    private ByteSet? AsSet(Step step)
    {
        if (step.Op == Op.Set) return step.Set;
        if (step.Op != Op.Byte) return null;
        var set = new ByteSet();
        set.Add((byte)step.A);
        return ignoreCase ? set.Folded() : set;
    }

    private void Literal(char c)
    {
        if (char.IsSurrogate(c))
        {
            unknown = true;
            return;
        }
        if (c < 0x80)
        {
            steps.Add(new Step(Op.Byte, ignoreCase ? AsciiFold.Fold((byte)c) : (byte)c, 0, null));
            return;
        }
        // A character of several bytes cannot be repeated as one; only a quantifier after it would notice.
        if (at < pattern.Length && pattern[at] is '*' or '+' or '?' or '{') unknown = true;
        foreach (var b in Encoding.UTF8.GetBytes([c])) steps.Add(new Step(Op.Byte, b, 0, null));
    }

    private int Escape()
    {
        var c = At(0);
        at++;
        switch (c)
        {
            case 'b':
                steps.Add(new Step(Op.WordEdge, 0, 0, null));
                return Anchor;
            case 'z':
                steps.Add(new Step(Op.TextEnd, 0, 0, null));
                return Anchor;
            case 'B':
                steps.Add(new Step(Op.NoWordEdge, 0, 0, null));
                return Anchor;
            default:
                if (Named(c) is { } set) AddSet(set);
                else if (Single(c) is { } b) steps.Add(new Step(Op.Byte, ignoreCase ? AsciiFold.Fold(b) : b, 0, null));
                else unknown = true;
                return 1;
        }
    }

    private static ByteSet? Named(char c)
    {
        var set = new ByteSet();
        switch (char.ToLowerInvariant(c))
        {
            case 'd':
                set.AddRange('0', '9');
                break;
            case 'w':
                set.AddRange('0', '9');
                set.AddRange('a', 'z');
                set.AddRange('A', 'Z');
                set.Add((byte)'_');
                set.AddRange(0x80, 0xff);
                break;
            case 's':
                set.AddRange(9, 13);
                set.Add((byte)' ');
                break;
            default:
                return null;
        }
        return char.IsUpper(c) ? set.Inverted() : set;
    }

    private byte? Single(char c)
    {
        switch (c)
        {
            case 'n':
                return (byte)'\n';
            case 't':
                return (byte)'\t';
            case 'r':
                return (byte)'\r';
            case 'x' when byte.TryParse(pattern.AsSpan(at, Math.Min(2, pattern.Length - at)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) && hex < 0x80:
                at += 2;
                return hex;
            default:
                return c is > '\0' and < '\x80' && !char.IsAsciiLetterOrDigit(c) ? (byte)c : null;
        }
    }

    private ByteSet Class()
    {
        var set = new ByteSet();
        var inverted = At(0) == '^';
        if (inverted) at++;
        for (var first = true; !unknown && (first || At(0) != ']'); first = false)
        {
            // "-[" takes a class away, "[:" names one; neither is read here.
            if (at >= pattern.Length || pattern[at] >= 0x80 || (pattern[at] == '-' && At(1) == '[') || (pattern[at] == '[' && At(1) == ':'))
            {
                unknown = true;
                break;
            }
            var low = ClassMember(set);
            if (low is null || At(0) != '-' || At(1) is ']' or '\0') continue;
            at++;
            if (At(0) == '[' || ClassMember(set) is not { } high || high < low)
            {
                unknown = true;
                break;
            }
            set.AddRange(low.Value, high);
        }
        at++;
        var folded = ignoreCase ? set.Folded() : set;
        return inverted ? folded.Inverted() : folded;
    }

    // One member; a named class gives no bound for a range.
    private byte? ClassMember(ByteSet set)
    {
        var c = pattern[at++];
        if (c != '\\')
        {
            if (c >= 0x80) unknown = true;
            else set.Add((byte)c);
            return unknown ? null : (byte)c;
        }
        var escaped = At(0);
        at++;
        if (Named(escaped) is { } named)
        {
            set.Add(named);
            return null;
        }
        if (escaped == 'b' || Single(escaped) is not { } b)
        {
            unknown = true;
            return null;
        }
        set.Add(b);
        return b;
    }

    private static ByteSet Without(byte b)
    {
        var set = new ByteSet();
        set.Add(b);
        return set.Inverted();
    }

    private void AddSet(ByteSet set) => steps.Add(new Step(Op.Set, 0, 0, set));
}
