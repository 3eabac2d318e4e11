namespace Tocsin.Core.Signals;

/// <summary>
/// Secrets beside their names: finds a name, the separator after it, and the value, in whatever notation the line uses. The walk never
/// looks at a value twice, and looks a bounded way around a name, so that its cost is linear.
/// </summary>
internal static class KeyedSecrets
{
    private const int MaxReach = 64;
    private const int MaxArrayItems = 64;

    // A refused value is read again for the names within it. Longer ones are never refused: the walk would not be linear.
    private const int MaxRefused = 256;

    public static void Find(ReadOnlySpan<char> text, SecretFindings found)
    {
        var at = 0;
        while (at < text.Length)
        {
            var hit = SecretKeys.Words.In(text[at..]);
            if (hit < 0)
                return;
            at = Math.Max(at + hit + 1, Look(text, at + hit, found));
        }
    }

    /// <summary>Claims the quoted texts of an array whose opening bracket is at <paramref name="at"/>; returns where it ends.</summary>
    public static int ClaimArray(ReadOnlySpan<char> text, int at, string kind, SecretFindings found)
    {
        at++;
        for (var item = 0; item < MaxArrayItems; item++)
        {
            at = SecretText.SkipSpace(text, at, 64);
            if (!SecretText.TryQuote(text, at, out var quote))
                break;
            var value = SecretText.ReadQuoted(text, at + quote.Length, quote);
            if (!Placeholders.IsPlaceholder(text[value.Start..value.End]))
                found.Add(value.Start, value.End, kind);
            at = SecretText.SkipSpace(text, value.Next, 64);
            if (at >= text.Length || text[at] != ',')
                break;
            at++;
        }

        return at;
    }

    private static int Look(ReadOnlySpan<char> text, int hit, SecretFindings found)
    {
        var key = KeyAround(text, hit);
        var name = text[key.Start..key.End].TrimEnd("-.");
        var (keyClass, kind) = SecretKeys.Classify(name);
        var end = key.Start + name.Length;
        if (keyClass == KeyClass.None || IsUnexpectedToken(text, key.Start))
            return end;
        if (!Separator.TryRead(text, key.Start, end, keyClass, out var separator))
            return end;
        return ClaimValue(text, new(key.Start, end, keyClass, kind), separator, found);
    }

    private static int ClaimValue(ReadOnlySpan<char> text, SecretKey key, Separator separator, SecretFindings found)
    {
        var at = separator.End;
        if (at >= text.Length)
            return at;
        if (text[at] == '[' && separator.Style != SeparatorStyle.Blank)
        {
            var first = SecretText.SkipSpace(text, at + 1, 64);
            if (SecretText.TryQuote(text, first, out _))
                return ClaimItems(text, at, key, found);
        }

        var value = ReadValue(text, key, separator);
        return Claim(text, key, separator, value, found) ? value.Next : Math.Min(value.Next, value.Start + MaxReach);
    }

    private static int ClaimItems(ReadOnlySpan<char> text, int at, SecretKey key, SecretFindings found)
    {
        if (key.Class == KeyClass.Secret)
            return ClaimArray(text, at, key.Kind, found);

        // Caddy and Go print a header's values as a list: {"Cookie":["a=b; c=d"]}.
        var first = SecretText.SkipSpace(text, at + 1, 64);
        if (!SecretText.TryQuote(text, first, out var quote))
            return first;
        var value = SecretText.ReadQuoted(text, first + quote.Length, quote);
        HeaderSecrets.Claim(text, key.Class, value, found);
        return value.Next;
    }

    private static Piece ReadValue(ReadOnlySpan<char> text, SecretKey key, Separator separator)
    {
        var at = separator.End;
        if (key.Class == KeyClass.AwsCredential)
            return SecretText.ReadBare(text[..Math.Min(text.Length, at + MaxRefused)], at, wholeWord: false);
        if (separator.Style == SeparatorStyle.Element)
            return new(at, separator.ValueEnd, separator.ValueEnd, Quoted: true);
        if (at + 1 < text.Length && text[at] is 'b' or 'u' or 'r' && text[at + 1] is '"' or '\'')
            at++;
        if (SecretText.TryQuote(text, at, out var quote))
            return SecretText.ReadQuoted(text, at + quote.Length, quote);

        if (key.Class is KeyClass.Authorization or KeyClass.Cookie or KeyClass.SetCookie)
        {
            var around = key.Start > 0 && text[key.Start - 1] is '"' or '\'' ? text[key.Start - 1] : '\0';
            return SecretText.ReadLine(text, at, around);
        }

        var startsLine = SecretText.StartsLine(text, key.Start);
        var bare = SecretText.ReadBare(text, at, wholeWord: startsLine && separator.Style == SeparatorStyle.Equals && text[at] is not ('"' or '\''));
        var unwrapped = Unwrap(text, bare);
        var isAssignment = startsLine && bare.Length > 0 && (separator.Style == SeparatorStyle.Colon || IsEnvironmentName(text[key.Start..key.End]));
        return isAssignment && unwrapped == bare ? ReadAssignment(text, bare) : unwrapped;
    }

    private static bool IsEnvironmentName(ReadOnlySpan<char> name) => name.Contains('_') && !name.ContainsAnyInRange('a', 'z');

    /// <summary>The value of a YAML or env file runs to the end of its line, blanks included; a log line with more names on it is none.</summary>
    private static Piece ReadAssignment(ReadOnlySpan<char> text, Piece bare)
    {
        if (text[bare.Start] is '{' or '[' or '|' or '>' || Placeholders.IsSentenceWord(text[bare.Start..bare.End]))
            return bare;
        var line = SecretText.ReadLine(text, bare.Start, '\0');
        var rest = text[line.Start..line.End];
        var comment = rest.IndexOf(" #", StringComparison.Ordinal);
        if (comment > 0)
            rest = rest[..comment].TrimEnd();
        rest = rest.TrimEnd(',');
        return rest.IndexOfAny('=', '"', '\'') >= 0 || rest.IndexOf(": ", StringComparison.Ordinal) >= 0
            ? bare
            : new(line.Start, line.Start + rest.Length, line.Next, Quoted: false);
    }

    /// <summary>Some("x"), String('x'): the value is within.</summary>
    private static Piece Unwrap(ReadOnlySpan<char> text, Piece bare)
    {
        if (bare.Length is < 2 or > 24 || text[bare.End - 1] != '(' || !SecretText.TryQuote(text, bare.End, out var quote))
            return bare;
        return SecretText.ReadQuoted(text, bare.End + quote.Length, quote);
    }

    private static bool Claim(ReadOnlySpan<char> text, SecretKey key, Separator separator, Piece value, SecretFindings found)
    {
        var secret = text[value.Start..value.End];
        if (key.Class is KeyClass.Authorization or KeyClass.Cookie or KeyClass.SetCookie)
            return !Placeholders.IsPlaceholder(secret) && HeaderSecrets.Claim(text, key.Class, value, found);
        if (key.Class == KeyClass.AwsCredential)
            return ClaimAwsCredential(secret, value, key.Kind, found);
        if (secret.Length <= MaxRefused && IsRefused(text, key, separator, value))
            return false;
        found.Add(value.Start, value.End, key.Kind);
        return true;
    }

    private static bool IsRefused(ReadOnlySpan<char> text, SecretKey key, Separator separator, Piece value)
    {
        var secret = text[value.Start..value.End];
        return Placeholders.IsPlaceholder(secret) || TokenForms.IsPublicId(secret)
            || (key.Class == KeyClass.RoutingKey && (secret.Length != 32 || !IsWord(secret)))
            || (!value.Quoted && IsNotSecretWhenBare(text, key, separator, value));
    }

    /// <summary>The scope after the access key (date, region, service) is no secret and tells much.</summary>
    private static bool ClaimAwsCredential(ReadOnlySpan<char> secret, Piece value, string kind, SecretFindings found)
    {
        if (Placeholders.IsPlaceholder(secret))
            return false;
        var slash = secret.IndexOf('/');
        var encoded = secret.IndexOf("%2F", StringComparison.OrdinalIgnoreCase);
        if (TokenForms.IsPublicId(secret))
            return false;
        var length = slash < 0 ? encoded : encoded < 0 ? slash : Math.Min(slash, encoded);
        if (length < 0)
            length = secret.Length;
        if (TokenForms.IsPublicId(secret[..length]))
            return false;
        found.Add(value.Start, value.Start + length, kind);
        return true;
    }

    private static bool IsNotSecretWhenBare(ReadOnlySpan<char> text, SecretKey key, Separator separator, Piece value)
    {
        var secret = text[value.Start..value.End];
        if (secret[0] is '{' or '[' or '=' || Placeholders.IsSentenceWord(secret))
            return true;
        if (secret.Length <= 3 && !secret.ContainsAnyExceptInRange('0', '9'))
            return true;
        if (separator.Style == SeparatorStyle.Colon && key.Start > 0 && text[key.Start - 1] is ':' or '/')
            return true;
        if (separator.Style == SeparatorStyle.Blank && secret[0] is '-' or '|' or '<' or '>')
            return true;
        return separator.Style == SeparatorStyle.Colon && separator.HasBlank && IsSentence(text, value);
    }

    /// <summary>"invalid token: signature is wrong": a lower-case word that more words follow is no secret.</summary>
    private static bool IsSentence(ReadOnlySpan<char> text, Piece value) =>
        !text[value.Start..value.End].ContainsAnyExceptInRange('a', 'z')
        && value.End + 1 < text.Length && text[value.End] == ' ' && (char.IsAsciiLetter(text[value.End + 1]) || text[value.End + 1] is '(' or '"' or '\'');

    private static bool IsUnexpectedToken(ReadOnlySpan<char> text, int start) =>
        text[..start].EndsWith("unexpected ", StringComparison.OrdinalIgnoreCase);

    private static bool IsWord(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c))
                return false;
        }

        return true;
    }

    private static (int Start, int End) KeyAround(ReadOnlySpan<char> text, int hit)
    {
        var start = hit;
        while (start > 0 && hit - start < MaxReach && IsKeyChar(text[start - 1]))
            start--;
        if (start > 0 && start < hit && text[start - 1] == '\\' && text[start] is 'n' or 'r' or 't')
            start++;
        var end = hit;
        var limit = Math.Min(text.Length, hit + SecretKeys.MaxLength - MaxReach);
        while (end < limit && IsKeyChar(text[end]))
            end++;
        if (end < limit && text[end] is ' ' && text[end..].StartsWith(" key", StringComparison.OrdinalIgnoreCase))
        {
            var after = end + 4;
            if (after >= text.Length || !IsKeyChar(text[after]))
                end = after;
        }

        return (start, end);
    }

    private static bool IsKeyChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';
}
