using System.Buffers.Text;
using System.Text.RegularExpressions;

namespace Tocsin.Core.Signals;

/// <summary>
/// Authorization and cookie headers. Scheme, cookie names and attributes stay: which cookie came, and whether it was Secure, is what a
/// lost session is explained by.
/// </summary>
internal static partial class HeaderSecrets
{
    private static readonly string[] CookieAttributes =
        ["path", "domain", "expires", "max-age", "samesite", "secure", "httponly", "priority", "partitioned"];

    /// <summary>A bearer token or basic credentials without their header's name.</summary>
    public static void FindSchemes(string text, SecretFindings found)
    {
        if (!text.Contains("bearer", StringComparison.OrdinalIgnoreCase) && !text.Contains("basic", StringComparison.OrdinalIgnoreCase))
            return;
        foreach (var match in Scheme().EnumerateMatches(text))
        {
            var whole = text.AsSpan(match.Index, match.Length);
            var length = whole.Length - (whole.LastIndexOfAny(" \t") + 1);
            if (whole.IndexOf("%20", StringComparison.Ordinal) is var encoded and > 0)
                length = whole.Length - encoded - 3;
            var secret = whole[^length..];
            var isBasic = char.ToLowerInvariant(whole[1]) == 'a';
            if (isBasic ? IsBasic(secret) : IsToken(secret))
                found.Add(match.Index + match.Length - length, match.Index + match.Length, isBasic ? "basic-credentials" : "bearer-token");
        }
    }

    /// <summary>Claims the secrets in a header's value; false where there is none.</summary>
    public static bool Claim(ReadOnlySpan<char> text, KeyClass header, Piece value, SecretFindings found) =>
        header == KeyClass.Authorization
            ? ClaimAuthorization(text, value, found)
            : ClaimCookies(text, value, found, hasAttributes: header == KeyClass.SetCookie);

    private static bool ClaimAuthorization(ReadOnlySpan<char> text, Piece value, SecretFindings found)
    {
        var whole = text[value.Start..value.End];
        if (Placeholders.IsPlaceholder(whole))
            return false;
        var blank = whole.IndexOf(' ');
        if (blank < 0)
        {
            found.Add(value.Start, value.End, "authorization");
            return true;
        }

        var scheme = whole[..blank];
        var start = SecretText.SkipBlanks(text, value.Start + blank);
        if (scheme.StartsWith("AWS4-", StringComparison.Ordinal))
            return ClaimAwsSignature(text, start, value.End, found);
        var isBearer = scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);
        var isBasic = scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);
        var isOther = !isBearer && !isBasic;
        if (isOther && !value.Quoted && !scheme.ContainsAnyExceptInRange('a', 'z'))
            return false; // a sentence
        var rest = isOther ? value with { Start = start } : SecretText.ReadBare(text[..value.End], start, wholeWord: false);
        var secret = text[rest.Start..rest.End];
        if (Placeholders.IsPlaceholder(secret) || Placeholders.IsSentenceWord(secret))
            return false;
        var kind = isBearer ? "bearer-token" : isBasic ? "basic-credentials" : "authorization";
        found.Add(rest.Start, rest.End, kind);
        return true;
    }

    private static bool ClaimAwsSignature(ReadOnlySpan<char> text, int start, int end, SecretFindings found)
    {
        var at = text[start..end].IndexOf("Signature=", StringComparison.Ordinal);
        if (at < 0)
            return false;
        var signature = SecretText.ReadBare(text[..end], start + at + "Signature=".Length, wholeWord: false);
        if (Placeholders.IsPlaceholder(text[signature.Start..signature.End]))
            return false;
        found.Add(signature.Start, signature.End, "aws-signature");
        return true;
    }

    private static bool ClaimCookies(ReadOnlySpan<char> text, Piece value, SecretFindings found, bool hasAttributes)
    {
        var any = false;
        var at = value.Start;
        while (at < value.End)
        {
            var length = text[at..value.End].IndexOf(';');
            var end = length < 0 ? value.End : at + length;
            var sign = text[at..end].IndexOf('=');
            if (sign > 0 && !(hasAttributes && IsAttribute(text.Slice(at, sign).Trim())))
            {
                var (from, to) = Trimmed(text, at + sign + 1, end);
                if (to > from && !Placeholders.IsPlaceholder(text[from..to]))
                {
                    found.Add(from, to, "cookie");
                    any = true;
                }
            }

            at = end + 1;
        }

        return any;
    }

    private static (int From, int To) Trimmed(ReadOnlySpan<char> text, int from, int to)
    {
        while (from < to && text[from] is ' ' or '"')
            from++;
        while (to > from && text[to - 1] is ' ' or '"' or ',')
            to--;
        return (from, to);
    }

    private static bool IsAttribute(ReadOnlySpan<char> name)
    {
        foreach (var attribute in CookieAttributes)
        {
            if (name.Equals(attribute, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>Tells a token from "Bearer authentication".</summary>
    private static bool IsToken(ReadOnlySpan<char> secret) => secret.ContainsAnyInRange('0', '9') || (secret.Length >= 20 && secret.ContainsAnyInRange('A', 'Z'));

    /// <summary>Basic credentials are base64 of user:password; "Basic authentication" is not.</summary>
    private static bool IsBasic(ReadOnlySpan<char> secret)
    {
        const int enough = 512;
        secret = secret.TrimEnd('=');
        if (secret.Length > enough)
            return true;
        Span<char> padded = stackalloc char[enough + 4];
        secret.CopyTo(padded);
        var length = secret.Length;
        while (length % 4 != 0)
            padded[length++] = '=';
        Span<byte> bytes = stackalloc byte[enough];
        return Base64.IsValid(padded[..length]) && Convert.TryFromBase64Chars(padded[..length], bytes, out var written) && bytes[..written].Contains((byte)':');
    }

    [GeneratedRegex(@"\b(?>bearer|basic)(?>[ \t]{1,4}|%20)[A-Za-z0-9._~+/=-]{6,8192}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();
}
