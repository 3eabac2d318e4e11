using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs.Patterns;

/// <summary>Reads through the text of a pattern. Whatever does not fit is AWS's "Invalid filter pattern".</summary>
internal sealed class PatternText(string text)
{
    // Source: "Supported regular expressions (regex) syntax"; the brackets of groups are not among them.
    private const string RegexSigns = ":_#=@/;,-^$?[]{}|\\*+.";
    private const int MaxRegexes = 2;
    private const int MaxDepth = 64;

    private int regexes;
    private int depth;

    public int At { get; private set; }

    public bool Ended => At >= text.Length;

    public char Here => Ended ? '\0' : text[At];

    public static AwsException Invalid() => LogErrors.Invalid("Invalid filter pattern");

    public void Skip() => At++;

    public void SkipSpace()
    {
        while (!Ended && char.IsWhiteSpace(text[At])) At++;
    }

    /// <summary>Takes a sign, with the space before it.</summary>
    public bool Take(string sign)
    {
        SkipSpace();
        if (string.CompareOrdinal(text, At, sign, 0, sign.Length) != 0) return false;
        At += sign.Length;
        return true;
    }

    public void Need(string sign)
    {
        if (!Take(sign)) throw Invalid();
    }

    /// <summary>Takes a word such as IS or NOT, in either case.</summary>
    public bool TakeWord(string word)
    {
        SkipSpace();
        var end = At + word.Length;
        if (string.Compare(text, At, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) != 0) return false;
        if (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_')) return false;
        At = end;
        return true;
    }

    public string TakeWhile(Func<char, bool> fits)
    {
        var from = At;
        while (!Ended && fits(text[At])) At++;
        return text[from..At];
    }

    /// <summary>A text in double quotes, <c>\"</c> and <c>\\</c> inside it being one sign.</summary>
    public string Quoted()
    {
        var found = new StringBuilder();
        for (At++; !Ended; At++)
        {
            var sign = text[At];
            if (sign == '"')
            {
                At++;
                return found.ToString();
            }
            if (sign == '\\' && At + 1 < text.Length && text[At + 1] is '"' or '\\') sign = text[++At];
            found.Append(sign);
        }
        throw Invalid();
    }

    /// <summary>A regular expression between percent signs, at most two in a pattern; linear in the length of the line.</summary>
    public Regex Regex()
    {
        var from = ++At;
        while (!Ended && text[At] != '%')
        {
            var sign = text[At++];
            if (!char.IsAsciiLetterOrDigit(sign) && !RegexSigns.Contains(sign, StringComparison.Ordinal)) throw Invalid();
            if (sign == '\\' && At < text.Length) At++;
        }
        if (Ended || At == from || ++regexes > MaxRegexes) throw Invalid();
        var expression = text[from..At++];
        try
        {
            return new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            throw Invalid();
        }
    }

    /// <summary>Conditions joined by || and &amp;&amp;, which binds closer; brackets nest so deep and no deeper.</summary>
    public Func<T, bool> AnyOf<T>(Func<Func<T, bool>> atom)
    {
        if (++depth > MaxDepth) throw Invalid();
        var any = AllOf(atom);
        while (Take("||"))
        {
            var (left, right) = (any, AllOf(atom));
            any = x => left(x) || right(x);
        }
        depth--;
        return any;
    }

    private Func<T, bool> AllOf<T>(Func<Func<T, bool>> atom)
    {
        var all = One(atom);
        while (Take("&&"))
        {
            var (left, right) = (all, One(atom));
            all = x => left(x) && right(x);
        }
        return all;
    }

    private Func<T, bool> One<T>(Func<Func<T, bool>> atom)
    {
        if (!Take("(")) return atom();
        var inner = AnyOf(atom);
        Need(")");
        return inner;
    }

    public string? Operator() => Operators.FirstOrDefault(Take);

    private static readonly string[] Operators = ["!=", ">=", "<=", "=", ">", "<"];
}

/// <summary>
/// The right side of a comparison. A star at either end of a text stands for anything, one inside it for itself; a number compares as a number with
/// what is a number.
/// </summary>
internal sealed class PatternValue
{
    private readonly string core;
    private readonly bool open;
    private readonly bool openEnd;
    private readonly double? number;
    private readonly Regex? regex;

    private PatternValue(string text, bool quoted, Regex? regex)
    {
        this.regex = regex;
        number = quoted ? null : Number(text);
        open = text.StartsWith('*');
        openEnd = text.Length > 1 && text.EndsWith('*');
        core = text[(open ? 1 : 0)..^(openEnd ? 1 : 0)];
    }

    public bool IsNumber => number is not null;

    public static PatternValue Read(PatternText text, Func<char, bool> bare)
    {
        text.SkipSpace();
        if (text.Here == '"') return new PatternValue(text.Quoted(), quoted: true, null);
        if (text.Here == '%') return new PatternValue("", quoted: true, text.Regex());
        var found = text.TakeWhile(bare);
        return found.Length > 0 ? new PatternValue(found, quoted: false, null) : throw PatternText.Invalid();
    }

    public static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number)
        && double.IsFinite(number) ? number : null;

    public bool EqualTo(string value) =>
        regex is not null ? regex.IsMatch(value)
        : (number is { } n && Number(value) is { } m && n.Equals(m)) || Fits(value);

    public bool Compares(string sign, double value) => number is { } n && sign switch
    {
        ">" => value > n,
        ">=" => value >= n,
        "<" => value < n,
        _ => value <= n,
    };

    private bool Fits(string value) => (open, openEnd) switch
    {
        (true, true) => value.Contains(core, StringComparison.Ordinal),
        (true, false) => value.EndsWith(core, StringComparison.Ordinal),
        (false, true) => value.StartsWith(core, StringComparison.Ordinal),
        _ => string.Equals(value, core, StringComparison.Ordinal),
    };
}
