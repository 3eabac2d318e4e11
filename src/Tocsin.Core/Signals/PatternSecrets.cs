using System.Text.RegularExpressions;

namespace Tocsin.Core.Signals;

/// <summary>
/// Secrets known by a shape that is more than a prefix: SQL statements, Redis commands in error objects, PEM blocks. Each
/// pattern is gated by a literal, has only bounded repetitions, and is generated at build time.
/// </summary>
internal static partial class PatternSecrets
{
    private const int MaxPem = 16 * 1024;
    private const int MinPemRemnant = 16;
    private const string PemEnd = "-----END ";

    public static void Find(string text, SecretFindings found)
    {
        FindPem(text, found);
        HeaderSecrets.FindSchemes(text, found);
        FindPairs(text, found);
        FindDiscordTokens(text, found);
        FindSql(text, found);
        FindRedisArguments(text, found);
        CardNumbers.Find(text, found);
    }

    private static void FindPem(ReadOnlySpan<char> text, SecretFindings found)
    {
        const string sign = "PRIVATE KEY";
        var at = 0;
        while (at < text.Length)
        {
            var hit = text[at..].IndexOf(sign, StringComparison.Ordinal);
            if (hit < 0)
                return;
            var start = at + hit + sign.Length;
            var before = text[Math.Max(0, at + hit - 32)..(at + hit)];
            at = start;
            if (text[start..].StartsWith(" BLOCK", StringComparison.Ordinal))
                start += " BLOCK".Length;
            if (!text[start..].StartsWith("-----", StringComparison.Ordinal) || before.LastIndexOf("-----BEGIN ", StringComparison.Ordinal) < 0)
                continue;
            start += "-----".Length;
            var length = text[start..Math.Min(text.Length, start + MaxPem)].IndexOf(PemEnd, StringComparison.Ordinal);
            var end = length >= 0 ? start + length : CutOffPem(text, start);
            if (!IsBlank(text[start..end]))
                found.Add(start, end, "private-key");
            at = end;
        }
    }

    /// <summary>A block without its end: as far as whole lines are base64.</summary>
    private static int CutOffPem(ReadOnlySpan<char> text, int start)
    {
        var end = start;
        var at = start;
        while (at < text.Length)
        {
            at = SecretText.SkipSpace(text, at, 16);
            var lineStart = at;
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '+' or '/' or '='))
                at++;
            var endsLine = at >= text.Length || text[at] is '\r' or '\n' or '\\';
            if (at == lineStart || !(endsLine || at - lineStart > MinPemRemnant || text[at] is '"' or '\'' or '.'))
                break;
            end = at;
            if (!endsLine)
                break;
        }

        return end;
    }

    private static bool IsBlank(ReadOnlySpan<char> text) => SecretText.SkipSpace(text, 0, text.Length) == text.Length;

    /// <summary>Secrets that stand right after the id they belong to, and bot tokens, whose first half is an id.</summary>
    private static void FindPairs(string text, SecretFindings found)
    {
        if (text.Contains("rzp_", StringComparison.Ordinal))
            AddTail(text, RazorpayPair(), 24, "razorpay-secret", found);
        if (text.Contains("AKIA", StringComparison.Ordinal) || text.Contains("ASIA", StringComparison.Ordinal))
            AddTail(text, AwsPair(), 40, "aws-secret-key", found);
        if (text.Contains(":AA", StringComparison.Ordinal))
            AddTail(text, TelegramToken(), 35, "telegram-token", found);
    }

    private static void AddTail(string text, Regex pattern, int length, string kind, SecretFindings found)
    {
        foreach (var match in pattern.EnumerateMatches(text))
            found.Add(match.Index + match.Length - length, match.Index + match.Length, kind);
    }

    /// <summary>Three parts, of which the middle one has six characters: two dots seven apart are the cheap sign.</summary>
    private static void FindDiscordTokens(ReadOnlySpan<char> text, SecretFindings found)
    {
        for (var at = text.IndexOf('.'); at >= 0;)
        {
            if (at + 7 < text.Length && text[at + 7] == '.')
            {
                var start = at;
                while (start > 0 && at - start < 32 && IsBase64Url(text[start - 1]))
                    start--;
                var end = at + 8;
                var limit = Math.Min(text.Length, end + 48);
                while (end < limit && IsBase64Url(text[end]))
                    end++;
                if (at - start is >= 23 and <= 28 && end - at - 8 is >= 27 and <= 40 && text[start] is 'M' or 'N' or 'O')
                    found.Add(start, end, "discord-token");
            }

            var next = text[(at + 1)..].IndexOf('.');
            at = next < 0 ? -1 : at + 1 + next;
        }
    }

    private static bool IsBase64Url(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';

    private static void FindSql(string text, SecretFindings found)
    {
        if (text.Contains("IDENTIFIED", StringComparison.OrdinalIgnoreCase))
            AddQuotedAfter(text, IdentifiedBy(), found);
        if (text.Contains("PASSWORD", StringComparison.OrdinalIgnoreCase))
            AddQuotedAfter(text, SqlPassword(), found);
    }

    private static void AddQuotedAfter(string text, Regex pattern, SecretFindings found)
    {
        foreach (var match in pattern.EnumerateMatches(text))
        {
            var at = match.Index + match.Length;
            if (!SecretText.TryQuote(text, at, out var quote))
                continue;
            var value = SecretText.ReadQuoted(text, at + quote.Length, quote);
            if (!Placeholders.IsPlaceholder(text.AsSpan(value.Start, value.Length)))
                found.Add(value.Start, value.End, "password");
        }
    }

    /// <summary>ioredis attaches the failed command to its error: command: { name: 'auth', args: [ 'user', 'password' ] }.</summary>
    private static void FindRedisArguments(string text, SecretFindings found)
    {
        if (!text.Contains("args", StringComparison.Ordinal))
            return;
        foreach (var match in RedisArguments().EnumerateMatches(text))
            KeyedSecrets.ClaimArray(text, match.Index + match.Length - 1, "password", found);
    }

    [GeneratedRegex(@"\brzp_(?:live|test)_[A-Za-z0-9]{14}[:,|;/ \t]{1,3}[A-Za-z0-9]{24}(?![A-Za-z0-9])")]
    private static partial Regex RazorpayPair();

    [GeneratedRegex(@"\bA[KS]IA[A-Z0-9]{16}[:,|; \t]{1,3}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")]
    private static partial Regex AwsPair();

    [GeneratedRegex(@"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])")]
    private static partial Regex TelegramToken();

    [GeneratedRegex(@"\bIDENTIFIED[ \t\r\n]{1,8}(?:(?:WITH|VIA)[ \t\r\n]{1,8}['""`]?[A-Za-z0-9_]{1,64}['""`]?[ \t\r\n]{1,8})?(?:BY|AS|USING)[ \t\r\n]{1,8}(?:PASSWORD[ \t\r\n]{0,8}\(?[ \t]{0,4})?(?=[\\'""])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex IdentifiedBy();

    [GeneratedRegex(@"\b(?:SET[ \t]{1,8}PASSWORD\b[^=\r\n]{0,160}=[ \t]{0,8}(?:(?:OLD_)?PASSWORD[ \t]{0,4}\([ \t]{0,4})?|(?:OLD_)?PASSWORD[ \t]{0,4}\([ \t]{0,4}|(?:USER|ROLE)[ \t]{1,8}[^ \t\r\n]{1,128}[ \t]{1,8}(?:[A-Za-z]{1,16}[ \t]{1,8}){0,8}?PASSWORD[ \t]{1,8})(?=[\\'""])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SqlPassword();

    [GeneratedRegex(@"\bname[\\'""]{0,4}[ \t]{0,4}:[ \t]{0,4}[\\'""]{1,4}(?:auth|hello)[\\'""]{1,4},?[ \t\r\n]{0,40}[\\'""]{0,4}args[\\'""]{0,4}[ \t]{0,4}:[ \t]{0,4}\[", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RedisArguments();
}
