namespace Tocsin.Core.Signals;

/// <summary>Passwords in addresses, and e-mail addresses where they count as secret too.</summary>
internal static class UrlSecrets
{
    private const int MaxAuthority = 512;
    private const int MaxLocalPart = 64;
    private const int MaxDomain = 253;

    public static void Find(ReadOnlySpan<char> text, SecretFindings found)
    {
        FindUserInfo(text, "://", found);

        // JSON may escape the slashes of an address, a query may encode them.
        FindUserInfo(text, ":\\/\\/", found);
        FindUserInfo(text, "%3A%2F%2F", found);
        FindDriverAddress(text, "@tcp(", found);
        FindDriverAddress(text, "@unix(", found);
    }

    public static void FindEmails(ReadOnlySpan<char> text, SecretFindings found)
    {
        for (var at = Next(text, "@", 0); at >= 0; at = Next(text, "@", at + 1))
        {
            var start = at;
            while (start > 0 && at - start < MaxLocalPart && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] is '.' or '_' or '%' or '+' or '-'))
                start--;
            var end = at + 1;
            var limit = Math.Min(text.Length, end + MaxDomain);
            while (end < limit && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '.' or '-'))
                end++;
            while (end > at + 1 && text[end - 1] is '.' or '-')
                end--;
            var domain = text[(at + 1)..end];
            var dot = domain.LastIndexOf('.');
            if (start < at && dot > 0 && domain.Length - dot > 2 && !domain[(dot + 1)..].ContainsAnyInRange('0', '9'))
                found.Add(start, end, "email");
        }
    }

    private static void FindUserInfo(ReadOnlySpan<char> text, string sign, SecretFindings found)
    {
        for (var at = Next(text, sign, 0); at >= 0; at = Next(text, sign, at + sign.Length))
        {
            var start = at + sign.Length;
            var authority = Authority(text[start..Math.Min(text.Length, start + MaxAuthority)]);
            var user = authority.IndexOf(':');
            var sep = 1;
            if (user < 0 && sign[0] == '%')
                (user, sep) = (authority.IndexOf("%3A", StringComparison.OrdinalIgnoreCase), 3);
            if (user >= 0 && user + sep < authority.Length && !Placeholders.IsPlaceholder(authority[(user + sep)..]))
                found.Add(start + user + sep, start + authority.Length, "password");
        }
    }

    /// <summary>
    /// What stands before the @ of an address, or nothing. Passwords with an unencoded slash or @ are common mistakes, and a
    /// mistake that broke the connection is just what gets logged: a "port" that is no number is taken for such a password.
    /// </summary>
    private static ReadOnlySpan<char> Authority(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(" \t\r\n\"'<>`");
        if (end >= 0)
            rest = rest[..end];
        var next = rest.IndexOf("://", StringComparison.Ordinal);
        if (next >= 0)
            rest = rest[..next];
        var path = rest.IndexOfAny('/', '?', '#');
        if (path < 0)
            path = rest.IndexOf("%2F", StringComparison.OrdinalIgnoreCase);
        var authority = path < 0 ? rest : rest[..path];
        var at = LastAt(authority);
        if (at >= 0 || path < 0)
            return at < 0 ? default : authority[..at];

        var colon = authority.IndexOf(':');
        if (colon < 0 || authority[0] == '[' || !authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9'))
            return default;
        at = LastAt(rest);
        return at < 0 ? default : rest[..at];
    }

    private static int LastAt(ReadOnlySpan<char> text)
    {
        var at = text.LastIndexOf('@');
        return at >= 0 ? at : text.LastIndexOf("%40", StringComparison.Ordinal);
    }

    /// <summary>Go's MySQL driver: user:password@tcp(host:3306)/db.</summary>
    private static void FindDriverAddress(ReadOnlySpan<char> text, string sign, SecretFindings found)
    {
        for (var at = Next(text, sign, 0); at >= 0; at = Next(text, sign, at + sign.Length))
        {
            var from = Math.Max(0, at - MaxAuthority);
            var before = text[from..at];
            var start = before.LastIndexOfAny(" \t\r\n\"'<>`=") + 1;
            var colon = before[start..].IndexOf(':');
            if (colon >= 0 && !Placeholders.IsPlaceholder(before[(start + colon + 1)..]))
                found.Add(from + start + colon + 1, at, "password");
        }
    }

    private static int Next(ReadOnlySpan<char> text, string sign, int from)
    {
        if (from >= text.Length)
            return -1;
        var hit = text[from..].IndexOf(sign, StringComparison.Ordinal);
        return hit < 0 ? -1 : from + hit;
    }
}
