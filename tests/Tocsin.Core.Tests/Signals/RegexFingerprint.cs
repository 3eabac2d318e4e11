using System.Text.RegularExpressions;

namespace Tocsin.Core.Tests.Signals;

/// <summary>The steps of <see cref="Core.Signals.Fingerprint"/> as regular expressions: what they say is what a fingerprint is.</summary>
internal static partial class RegexFingerprint
{
    private const int MaxLength = 300;
    private const int MaxInput = 4096;
    private const int MaxDepth = 3;
    private const string Mask = "*";

    private static readonly string[] TellingKeys =
    [
        "code", "msg", "message", "error", "err", "name", "type", "level", "errno", "syscall", "reason", "event", "logger", "status", "kind",
        "exception", "title", "detail", "problem", "problem_type", "severity", "errortype", "errormessage", "sqlstate", "cause", "description", "log", "line",
    ];

    public static string Generalise(string text)
    {
        if (text.Length > MaxInput)
            text = text[..MaxInput];
        text = Ansi().Replace(text, "");
        text = Time().Replace(text, Mask);
        text = Quoted().Replace(text, static match => MaskQuoted(match, depth: 0));
        text = MaskValues(text);
        text = MaskedField().Replace(text, "");
        text = Blanks().Replace(text, " ").Trim();
        return Cut(text);
    }

    private static string MaskQuoted(Match match, int depth)
    {
        var value = match.Groups["value"];
        if (value.Length == 0 || match.Groups["isKey"].Success)
            return match.Value;
        var start = value.Index - match.Index;
        var quote = match.Value[start - 1];
        var isTelling = depth < MaxDepth && IsTelling(match.Groups["key"].ValueSpan);
        return $"{match.Value.AsSpan(0, start)}{(isTelling ? MaskInner(value.Value, depth + 1) : Mask)}{quote}";
    }

    /// <summary>A message may hold quoted values of its own, or a whole JSON line that another program wrapped.</summary>
    private static string MaskInner(string value, int depth) =>
        Quoted().Replace(value.Replace("\\\"", "\"", StringComparison.Ordinal), match => MaskQuoted(match, depth));

    private static bool IsTelling(ReadOnlySpan<char> key)
    {
        foreach (var telling in TellingKeys)
        {
            if (key.Equals(telling, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string MaskValues(string text)
    {
        text = Identifier().Replace(text, Mask);
        text = Word().Replace(text, static match => MaskWord(match.Value));
        return Stars().Replace(text, Mask);
    }

    /// <summary>
    /// A word with a digit: an error code such as E11000, P2002 or SQLSTATE's 42S02 stays, a name with a number (worker3, mysql2) keeps
    /// its letters, anything else is an id.
    /// </summary>
    private static string MaskWord(string word)
    {
        if (ErrorCode().IsMatch(word))
            return word;
        if (NumberedName().IsMatch(word))
            return Digits().Replace(word, Mask);
        return Mask;
    }

    private static string Cut(string text)
    {
        if (text.Length <= MaxLength)
            return text;
        var length = char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength;
        return text[..length].TrimEnd();
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]{0,32}[A-Za-z]")]
    private static partial Regex Ansi();

    [GeneratedRegex(
        @"\b[0-9]{4}([-/.])[0-9]{2}\1[0-9]{2}(?:[Tt ,]{1,2}[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:Z|z| ?UTC| ?GMT| ?[+-][0-9]{2}:?[0-9]{2})?)?(?![0-9A-Za-z])"
        + @"|\b[0-9]{1,2}/[0-9]{1,2}/[0-9]{4},? [0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[ \u202f\u00a0][AP]M)?"
        + @"|\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}[0-9]{1,2}|[0-9]{1,2}[ /-](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ /-][0-9]{4})[ :][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?: [0-9]{4}(?![0-9]))?(?: (?:GMT|UTC|[+-][0-9]{4}))?"
        + @"|\b[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?\b(?: [AP]M\b)?")]
    private static partial Regex Time();

    // A quoted text, with the key before it or the colon after it. A quote within a word is an apostrophe.
    [GeneratedRegex(
        @"(?:(?<![A-Za-z0-9_@.-])[""']?(?<key>[A-Za-z_@][A-Za-z0-9_@.-]{0,40})[""']?(?:: ?|=))?(?<![A-Za-z0-9])(?:""(?<value>(?:[^""\\\r\n]|\\.){0,2000})""|'(?<value>(?:[^'\\\r\n]|\\.){0,300})'|`(?<value>[^`\r\n]{0,300})`)(?![A-Za-z0-9])(?<isKey>(?=: ?[""'{\[0-9tfn-]))?")]
    private static partial Regex Quoted();

    // E-mail, UUID, query string, IPv4 with port, IPv6, duration or size, hexadecimal number.
    [GeneratedRegex(
        @"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}"
        + @"|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
        + @"|(?<=[A-Za-z0-9/_-]\?)[A-Za-z0-9_.%~-]{1,64}=[^ \t\r\n""'<>)]{0,2000}"
        + @"|(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?(?::[0-9]{1,5})?(?![0-9.]*[0-9])"
        + @"|(?<![0-9A-Za-z:.])\[?(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:\]:[0-9]{1,5}|\])?(?![0-9A-Za-z:])"
        + @"|(?<![A-Za-z0-9_.])[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})? ?(?:ns|us|µs|ms|msec|sec|secs|seconds?|min|mins|minutes?|hours?|days?|[smhd]|[KMGT]i?B|bytes|B|[KMG])(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|[smh]))*(?![A-Za-z0-9_])"
        + @"|\b0x[0-9a-fA-F]{1,32}\b")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"(?:(?<=[ =:(,\[])[+-](?=[0-9]))?(?=[A-Za-z_]{0,200}[0-9])[A-Za-z0-9_]{1,2000}")]
    private static partial Regex Word();

    [GeneratedRegex("^(?:[A-Z]{1,6}_?[0-9]{1,6}|[0-9]{2}[A-Z][0-9]{2}|[A-Z]{2}[0-9]{3})$")]
    private static partial Regex ErrorCode();

    // worker3, mysql2, utf8mb4, sha256_old; a short or hexadecimal run of letters is more likely the start of an id.
    [GeneratedRegex("^(?![a-f0-9]+$)(?:(?:[A-Za-z]{4,24}[0-9]{0,6}_?){1,4}|[a-z]{2,3}[0-9](?:[a-z]{2,3}[0-9])?|sha[0-9]{1,3})$|^[a-z][0-9]$")]
    private static partial Regex NumberedName();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    // A JSON field of which nothing is left: without it the message at the line's end stays within the limit.
    [GeneratedRegex(@"""[A-Za-z0-9_@.-]{1,40}"": ?(?:""\*""|\*)(?:, ?|(?=\}))")]
    private static partial Regex MaskedField();

    [GeneratedRegex(@"\*(?:[.:,/_-]?\*)+")]
    private static partial Regex Stars();

    [GeneratedRegex(@"[\s\0]+")]
    private static partial Regex Blanks();
}
