using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs.Insights;

internal enum TokenKind
{
    End,
    Name,
    Number,
    Period,
    Text,
    Sign,
}

/// <summary>A token and where it stands; <see cref="Value"/> of a period is ms.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Start, int End, double Value = 0);

/// <summary>
/// Reads a query token by token. A slash is a division or the begin of a regular expression, which only the parser knows; so nothing is read ahead of what it
/// looked at.
/// </summary>
internal sealed class QueryText(string query)
{
    private static readonly Dictionary<string, double> Periods = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ms"] = 1, ["msec"] = 1, ["s"] = 1000, ["sec"] = 1000, ["m"] = 60_000, ["min"] = 60_000, ["h"] = 3_600_000, ["hr"] = 3_600_000,
        ["d"] = 86_400_000, ["w"] = 604_800_000, ["mo"] = 2_592_000_000, ["mon"] = 2_592_000_000, ["q"] = 7_776_000_000, ["qtr"] = 7_776_000_000,
        ["y"] = 31_536_000_000, ["yr"] = 31_536_000_000,
    };

    private static readonly string[] Signs = ["!=", "<=", ">=", "=~", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "[", "]", ",", "|"];

    private int at;
    private Token? ahead;

    /// <summary>Where the last taken token ended.</summary>
    public int Behind { get; private set; }

    public Token Peek => ahead ??= Lex();

    public Token Take()
    {
        var token = Peek;
        ahead = null;
        at = Behind = token.End;
        return token;
    }

    public bool IsSign(string sign) => Peek.Kind == TokenKind.Sign && string.Equals(Peek.Text, sign, StringComparison.Ordinal);

    public bool IsWord(string word) => Peek.Kind == TokenKind.Name && query[Peek.Start] != '`' && string.Equals(Peek.Text, word, StringComparison.OrdinalIgnoreCase);

    public bool TakeSign(string sign)
    {
        if (!IsSign(sign)) return false;
        Take();
        return true;
    }

    public bool TakeWord(string word)
    {
        if (!IsWord(word)) return false;
        Take();
        return true;
    }

    public void Need(string sign)
    {
        if (!TakeSign(sign)) throw Unexpected();
    }

    public string Name() => Peek.Kind == TokenKind.Name ? Take().Text : throw Unexpected();

    public string Since(int start) => query[start..Behind].Trim();

    /// <summary>The regular expression that stands here; null when something else does.</summary>
    public Regex? TakeRegex()
    {
        SkipSpace();
        if (at >= query.Length || query[at] != '/') return null;
        var start = at;
        var text = new StringBuilder();
        for (var i = at + 1; i < query.Length && query[i] != '\n'; i++)
        {
            if (query[i] == '/')
            {
                ahead = null;
                at = Behind = i + 1;
                return Compile(text.ToString(), start, at);
            }
            // \/ is a slash; any other escape is the expression's own.
            if (query[i] == '\\' && i + 1 < query.Length && query[i + 1] != '/') text.Append(query[i++]);
            else if (query[i] == '\\' && i + 1 < query.Length) i++;
            text.Append(query[i]);
        }
        throw Malformed(start, query.Length, "unterminated regular expression");
    }

    public Regex Compile(string expression, int start, int end)
    {
        try
        {
            return new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            throw Malformed(start, end, $"Invalid regular expression: {expression}");
        }
    }

    public AwsException Unexpected() => Peek.Kind == TokenKind.End
        ? Malformed(query.Length, query.Length, "unexpected end of query")
        : Malformed(Peek.Start, Peek.End, $"unexpected symbol found {query[Peek.Start..Peek.End]} at {Place(Peek.Start)}");

    public AwsException Malformed(int start, int end, string message) => new("MalformedQueryException", message)
    {
        Details = new JsonObject
        {
            ["queryCompileError"] = new JsonObject
            {
                ["location"] = new JsonObject { ["startCharOffset"] = start, ["endCharOffset"] = end },
                ["message"] = message,
            },
        },
    };

    private string Place(int offset)
    {
        var before = query.AsSpan(0, offset);
        var line = before.Count('\n') + 1;
        return string.Create(CultureInfo.InvariantCulture, $"line {line} and position {offset - (before.LastIndexOf('\n') + 1)}");
    }

    private void SkipSpace()
    {
        for (; at < query.Length; at++)
        {
            if (query[at] == '#') at = query.IndexOf('\n', at) is >= 0 and var line ? line : query.Length - 1;
            else if (!char.IsWhiteSpace(query[at])) return;
        }
    }

    private Token Lex()
    {
        SkipSpace();
        if (at >= query.Length) return new Token(TokenKind.End, "", query.Length, query.Length);
        var sign = query[at];
        if (sign is '"' or '\'') return Quoted(sign);
        if (sign == '`') return Ticked();
        if (char.IsAsciiDigit(sign) || (sign == '.' && at + 1 < query.Length && char.IsAsciiDigit(query[at + 1]))) return Numeral();
        if (IsNameSign(sign)) return Word();
        var found = Array.Find(Signs, s => string.CompareOrdinal(query, at, s, 0, s.Length) == 0)
            ?? throw Malformed(at, at + 1, $"unexpected symbol found {sign} at {Place(at)}");
        return new Token(TokenKind.Sign, found, at, at + found.Length);
    }

    private static bool IsNameSign(char sign) => char.IsLetterOrDigit(sign) || sign is '_' or '@' or '.' or '$';

    private Token Word()
    {
        var end = at;
        while (end < query.Length && IsNameSign(query[end])) end++;
        return new Token(TokenKind.Name, query[at..end], at, end);
    }

    private Token Ticked()
    {
        var end = query.IndexOf('`', at + 1);
        return end > at + 1 ? new Token(TokenKind.Name, query[(at + 1)..end], at, end + 1) : throw Malformed(at, query.Length, "unterminated field name");
    }

    private Token Quoted(char quote)
    {
        var text = new StringBuilder();
        for (var i = at + 1; i < query.Length; i++)
        {
            if (query[i] == quote) return new Token(TokenKind.Text, text.ToString(), at, i + 1);
            if (query[i] == '\\' && i + 1 < query.Length)
            {
                i++;
                text.Append(query[i] switch { 'n' => "\n", 't' => "\t", '"' => "\"", '\'' => "'", '\\' => "\\", var other => $"\\{other}" });
                continue;
            }
            text.Append(query[i]);
        }
        throw Malformed(at, query.Length, "unterminated string");
    }

    private Token Numeral()
    {
        var end = at;
        while (end < query.Length && (char.IsAsciiDigit(query[end]) || query[end] == '.')) end++;
        var unitEnd = end;
        while (unitEnd < query.Length && IsNameSign(query[unitEnd])) unitEnd++;
        if (!double.TryParse(query.AsSpan(at, end - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            throw Malformed(at, unitEnd, $"unexpected symbol found {query[at..unitEnd]} at {Place(at)}");
        if (unitEnd == end) return new Token(TokenKind.Number, query[at..end], at, end, number);
        return Periods.TryGetValue(query[end..unitEnd], out var unit)
            ? new Token(TokenKind.Period, query[at..unitEnd], at, unitEnd, number * unit)
            : throw Malformed(at, unitEnd, $"unexpected symbol found {query[at..unitEnd]} at {Place(at)}");
    }
}
