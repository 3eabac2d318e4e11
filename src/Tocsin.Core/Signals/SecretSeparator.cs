namespace Tocsin.Core.Signals;

/// <summary>A name that announces a secret, by position.</summary>
internal readonly record struct SecretKey(int Start, int End, KeyClass Class, string Kind);

internal enum SeparatorStyle
{
    Colon,
    Equals,

    /// <summary>--password VALUE, requirepass VALUE.</summary>
    Blank,

    /// <summary>&lt;password&gt;VALUE&lt;/password&gt;.</summary>
    Element,

    /// <summary>{"name":"DB_PASSWORD","value":"VALUE"}, and Node's rawHeaders: ["Cookie","VALUE"].</summary>
    Pair,
}

/// <summary>What stands between a name and its value. <see cref="End"/> is where the value starts.</summary>
internal readonly record struct Separator(SeparatorStyle Style, int End, bool HasBlank, int ValueEnd)
{
    private const int MaxGap = 64;
    private const int MaxElement = 4096;

    public static bool TryRead(ReadOnlySpan<char> text, int keyStart, int keyEnd, KeyClass keyClass, out Separator separator)
    {
        var at = SkipClosers(text, keyEnd, out var quoted);
        var blanks = SecretText.SkipBlanks(text, at);
        if (TrySign(text, blanks, out separator))
            return true;
        if (TryElement(text, keyStart, at, out separator) || (quoted && IsWholeText(text, keyStart, keyEnd) && TryPair(text, at, keyClass, out separator)))
            return true;
        if (!quoted && IsNameLine(text, keyStart) && TryValueLine(text, blanks, out separator))
            return true;
        var takesBlank = IsDirective(text[..keyStart], text[keyStart..keyEnd]) || text[keyStart..].StartsWith("--", StringComparison.Ordinal);
        separator = new(SeparatorStyle.Blank, blanks, HasBlank: true, 0);
        return takesBlank && blanks > at && blanks < text.Length && (text[keyStart] == '-' || IsAloneOnLine(text, blanks));
    }

    /// <summary>The closing quote of a quoted name, and the bracket of user[password].</summary>
    private static int SkipClosers(ReadOnlySpan<char> text, int at, out bool quoted)
    {
        quoted = false;
        if (SecretText.TryQuote(text, at, out var quote))
        {
            quoted = true;
            at += quote.Length;
        }

        if (at < text.Length && text[at] == ']')
            return at + 1;
        return text[at..].StartsWith("%5D", StringComparison.OrdinalIgnoreCase) ? at + 3 : at;
    }

    private static bool TrySign(ReadOnlySpan<char> text, int at, out Separator separator)
    {
        separator = default;
        var rest = text[at..];
        if (rest.IsEmpty)
            return false;
        SeparatorStyle style;
        int length;
        if (rest.StartsWith("%3D", StringComparison.OrdinalIgnoreCase))
            (style, length) = (SeparatorStyle.Equals, 3);
        else if (rest.StartsWith("%3A", StringComparison.OrdinalIgnoreCase))
            (style, length) = (SeparatorStyle.Colon, 3);
        else if (rest.StartsWith("=>", StringComparison.Ordinal) || rest.StartsWith(":=", StringComparison.Ordinal)
            || rest.StartsWith("->", StringComparison.Ordinal))
            (style, length) = (SeparatorStyle.Equals, 2);
        else if (rest[0] == '=' && !rest.StartsWith("==", StringComparison.Ordinal))
            (style, length) = (SeparatorStyle.Equals, 1);
        else if (rest[0] == ':' && !rest.StartsWith("::", StringComparison.Ordinal) && !rest.StartsWith("://", StringComparison.Ordinal))
            (style, length) = (SeparatorStyle.Colon, 1);
        else
            return false;

        var end = SecretText.SkipBlanks(text, at + length);
        separator = new(style, end, end > at + length, 0);
        return true;
    }

    private static bool TryElement(ReadOnlySpan<char> text, int keyStart, int at, out Separator separator)
    {
        separator = default;
        if (keyStart == 0 || text[keyStart - 1] is not ('<' or ':') || at >= text.Length || text[at] != '>')
            return false;
        var length = text[(at + 1)..Math.Min(text.Length, at + MaxElement)].IndexOfAny('<', '\n');
        if (length < 0 || !text[(at + 1 + length)..].StartsWith("</", StringComparison.Ordinal))
            return false;
        separator = new(SeparatorStyle.Element, at + 1, HasBlank: false, at + 1 + length);
        return true;
    }

    private static bool TryPair(ReadOnlySpan<char> text, int at, KeyClass keyClass, out Separator separator)
    {
        separator = default;
        at = SecretText.SkipSpace(text, at, MaxGap);
        if (at < text.Length && text[at] == ',')
            at = SecretText.SkipSpace(text, at + 1, MaxGap);
        else if (at >= text.Length || !char.IsAsciiLetter(text[at]))
            return false;

        var isHeader = keyClass is KeyClass.Authorization or KeyClass.Cookie or KeyClass.SetCookie;
        if (isHeader && SecretText.TryQuote(text, at, out _))
        {
            separator = new(SeparatorStyle.Pair, at, HasBlank: false, 0);
            return true;
        }

        return TryValueName(text, at, out separator);
    }

    /// <summary>A text that merely ends in such a name ("validating authorization") is a message.</summary>
    private static bool IsWholeText(ReadOnlySpan<char> text, int keyStart, int keyEnd) =>
        keyStart > 0 && text[keyStart - 1] is '"' or '\'' && text[keyEnd..Math.Min(text.Length, keyEnd + 8)].IndexOf(text[keyStart - 1]) >= 0;

    /// <summary>- name: DB_PASSWORD, with value: on the next line, as Kubernetes writes it.</summary>
    private static bool TryValueLine(ReadOnlySpan<char> text, int at, out Separator separator)
    {
        separator = default;
        var next = SecretText.SkipSpace(text, at, MaxGap);
        if (next < text.Length && text[next] == ',')
            next = SecretText.SkipSpace(text, next + 1, MaxGap);
        return next > at && TryValueName(text, next, out separator);
    }

    private static bool TryValueName(ReadOnlySpan<char> text, int at, out Separator separator)
    {
        separator = default;
        if (SecretText.TryQuote(text, at, out var quote))
            at += quote.Length;
        if (text[at..].StartsWith("Parameter", StringComparison.OrdinalIgnoreCase))
            at += "Parameter".Length;
        if (!text[at..].StartsWith("value", StringComparison.OrdinalIgnoreCase))
            return false;
        at += "value".Length;
        if (SecretText.TryQuote(text, at, out quote))
            at += quote.Length;
        if (!TrySign(text, SecretText.SkipBlanks(text, at), out separator))
            return false;
        separator = separator with { Style = SeparatorStyle.Pair };
        return true;
    }

    private static bool IsNameLine(ReadOnlySpan<char> text, int keyStart)
    {
        var before = text[..keyStart].TrimEnd(' ');
        return before.EndsWith("name:", StringComparison.OrdinalIgnoreCase) || before.EndsWith("key:", StringComparison.OrdinalIgnoreCase)
            || before.EndsWith("name=", StringComparison.OrdinalIgnoreCase) || before.EndsWith("key=", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Names that are followed by a blank: of redis.conf, of a Dockerfile's ENV, of aws configure set.</summary>
    private static bool IsDirective(ReadOnlySpan<char> before, ReadOnlySpan<char> key) =>
        before.EndsWith("ENV ", StringComparison.Ordinal) || before.EndsWith("configure set ", StringComparison.Ordinal)
        || key.Equals("requirepass", StringComparison.OrdinalIgnoreCase) || key.Equals("masterauth", StringComparison.OrdinalIgnoreCase);

    /// <summary>A directive has one argument: a sentence about it has more.</summary>
    private static bool IsAloneOnLine(ReadOnlySpan<char> text, int at)
    {
        if (SecretText.TryQuote(text, at, out _))
            return true;
        var value = SecretText.ReadBare(text, at, wholeWord: false);
        var next = SecretText.SkipBlanks(text, value.Next);
        return next >= text.Length || text[next] is '\r' or '\n' or '\\' or '"' or '\'';
    }
}
