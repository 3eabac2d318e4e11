using System.Collections.Frozen;

namespace Tocsin.Core.Signals;

/// <summary>
/// What stands where a secret would, and is none: nothing, a mask, a template, a word of an error message. Leaving these readable
/// keeps the evidence: "password: undefined" and "${DB_PASSWORD}" are causes.
/// </summary>
internal static class Placeholders
{
    private const int MaxLength = 80;
    private const string MaskChars = "*xX•●.#-_?…";

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Words = FrozenSet.ToFrozenSet(
        [
            "null", "undefined", "none", "nil", "true", "false", "yes", "no", "on", "off", "nan", "n/a", "na", "empty", "unset", "missing",
            "required", "invalid", "expired", "incorrect", "wrong", "failed", "failure", "denied", "rejected", "revoked", "malformed",
            "mismatch", "invalid_grant", "invalid_client", "invalid_request", "invalid_scope", "invalid_token", "expired_token", "access_denied",
            "unauthorized_client", "unsupported_grant_type",
            "string", "number", "boolean", "bool", "object", "buffer", "bytes", "str", "int", "text", "varchar", "any",
            "bearer", "basic", "present", "absent", "set", "not-set", "hidden", "masked", "redacted", "filtered", "removed", "omitted",
            "sensitive", "unknown", "error", "ok", "optional", "deprecated", "enabled", "disabled", "unexpected", "function", "symbol", "include", "same-origin", "omit",
        ],
        StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Words that go on from "password: " in a sentence.</summary>
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Sentence = FrozenSet.ToFrozenSet(
        [
            "must", "should", "is", "was", "are", "were", "not", "cannot", "can't", "has", "have", "does", "doesn't", "did", "may", "will",
            "to", "or", "and", "with", "for", "in", "if", "on", "of", "at", "as", "by", "from", "than", "that", "this", "the", "a", "an", "it", "you", "your",
            "option", "options", "flag", "argument", "parameter", "instead", "requires", "value", "failed:", "command", "called", "user",
            "directive", "header", "field", "character", "unable", "could", "couldn't", "access", "authentication", "validation", "read", "write",
            "plain", "login", "cram-md5", "xoauth2", "ntlm", "external", "anonymous", "server", "client", "method", "methods", "mechanism", "new", "await", "typeof", "function",
        ],
        StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly string[] CodePrefixes =
    [
        "process.env", "os.environ", "os.Getenv", "req.", "request.", "ctx.", "config.", "configService.", "this.", "self.", "options.", "opts.",
        "params.", "import.meta",
    ];

    public static bool IsSentenceWord(ReadOnlySpan<char> value) => Sentence.Contains(value);

    public static bool IsPlaceholder(ReadOnlySpan<char> value)
    {
        if (SecretFindings.MarkAt(value, 0) > 0)
            return true;
        value = value.Trim();
        if (value.IsEmpty || value.StartsWith("arn:", StringComparison.Ordinal))
            return true;
        if (value.Length > MaxLength)
            return false;
        return Words.Contains(value.TrimEnd(".,;:)!?]}>")) || IsMask(value) || IsTemplate(value) || IsMaskInBrackets(value)
            || IsVariableName(value) || IsStandIn(value) || IsCode(value);
    }

    private static bool IsMask(ReadOnlySpan<char> value) => !value.ContainsAnyExcept(MaskChars) && (value.Length > 2 || !value.ContainsAny('x', 'X'));

    /// <summary>${X}, $(x), {{ x }}, %X%, %s, #{x}, $X, ?, $1, :name, @p1, !Ref X.</summary>
    private static bool IsTemplate(ReadOnlySpan<char> value)
    {
        if (value is "%s" or "%v" or "%d" or "%q" or "{}" or "[]" or "()")
            return true;
        if (value.Length > 1 && value[..2] is "${" or "$(" or "{{" or "#{" or "%(")
            return value[^1] is '}' or ')' or 's' || !value.ContainsAny('}', ')');
        if (value.Length > 4 && value[..5] is "!Ref " or "!Sub " or "!secr")
            return true;
        return value[0] switch
        {
            '$' => IsAll(value[1..].TrimEnd("0123456789"), static c => char.IsAsciiLetterUpper(c) || c == '_'),
            '%' => value.Length > 2 && value[^1] == '%' && IsAll(value[1..^1], static c => char.IsAsciiLetterUpper(c) || c == '_'),
            ':' or '@' => value.Length > 1 && IsAll(value[1..].TrimEnd("0123456789"), static c => char.IsAsciiLetterLower(c) || c == '_') && HasSecretWord(value),
            _ => false,
        };
    }

    /// <summary>&lt;password&gt;, [FILTERED], (hidden), {password}: letters and blanks in brackets.</summary>
    private static bool IsMaskInBrackets(ReadOnlySpan<char> value)
    {
        value = value.Trim('*');
        if (value.IsEmpty)
            return true;
        var closes = value[0] switch { '<' => '>', '[' => ']', '(' => ')', '{' => '}', _ => '\0' };
        var inner = value[1..];
        if (closes == '\0')
            return inner.Length > 3 && Words.Contains(value);
        if (inner.Length > 0 && inner[^1] == closes)
            inner = inner[..^1];
        return IsAll(inner, static c => char.IsAsciiLetter(c) || c is ' ' or '_' or '-' or '.' or '/' or ':');
    }

    /// <summary>The name of a variable instead of its value: AUTH_TOKEN, DB_PASSWORD.</summary>
    private static bool IsVariableName(ReadOnlySpan<char> value) =>
        value.Contains('_') && IsAll(value, static c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_') && HasSecretWord(value);

    /// <summary>your-api-key, YOUR_TOKEN_HERE, insert-password-here.</summary>
    private static bool IsStandIn(ReadOnlySpan<char> value) =>
        (value.StartsWith("your", StringComparison.OrdinalIgnoreCase) || value.StartsWith("insert", StringComparison.OrdinalIgnoreCase)
            || value.StartsWith("my-", StringComparison.OrdinalIgnoreCase) || value.StartsWith("my_", StringComparison.OrdinalIgnoreCase))
        && IsAll(value, static c => char.IsAsciiLetter(c) || c is '_' or '-' or ' ') && HasSecretWord(value);

    private static bool IsCode(ReadOnlySpan<char> value)
    {
        foreach (var prefix in CodePrefixes)
        {
            if (value.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private static bool HasSecretWord(ReadOnlySpan<char> value) =>
        SecretKeys.Words.In(value) >= 0 || value.EndsWith("key", StringComparison.OrdinalIgnoreCase);

    private static bool IsAll(ReadOnlySpan<char> value, Func<char, bool> allowed)
    {
        foreach (var c in value)
        {
            if (!allowed(c))
                return false;
        }

        return true;
    }
}
