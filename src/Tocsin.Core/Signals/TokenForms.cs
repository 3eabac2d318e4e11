namespace Tocsin.Core.Signals;

/// <summary>
/// Secrets that name their issuer: a fixed prefix and a run of known characters. One table, one pass; text without any
/// of the prefixes costs that pass only.
/// </summary>
internal static class TokenForms
{
    // A form is accepted or refused by its first characters, so that refusing costs the same in a text of any length.
    private const int JudgedLength = 1024;
    private const string Digits = "0123456789";
    private const string Alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + Digits;

    private static readonly CharSet Upper = new CharSet("ABCDEFGHIJKLMNOPQRSTUVWXYZ" + Digits);
    private static readonly CharSet Hex = new CharSet("abcdef" + Digits);
    private static readonly CharSet Word = new CharSet(Alnum);
    private static readonly CharSet Dashed = new CharSet(Alnum + "_-");
    private static readonly CharSet Dotted = new CharSet(Alnum + "_-.");
    private static readonly CharSet Base64 = new CharSet(Alnum + "+/=_-");
    private static readonly CharSet Query = new CharSet(Alnum + "+/=_-%.");
    private static readonly CharSet Path = new CharSet(Alnum + "_-/\\.@");

    private static readonly Form[] Forms =
    [
        new("AKIA", "aws-access-key", Upper, 16, Keep: 4, Max: 16),
        new("ASIA", "aws-access-key", Upper, 16, Keep: 4, Max: 16),
        new("ABIA", "aws-access-key", Upper, 16, Keep: 4, Max: 16),
        new("ACCA", "aws-access-key", Upper, 16, Keep: 4, Max: 16),
        new("eyJ", "jwt", Dotted, 12, Check: IsJwt),
        new("ghp_", "github-token", Word, 20),
        new("gho_", "github-token", Word, 20),
        new("ghu_", "github-token", Word, 20),
        new("ghs_", "github-token", Word, 20),
        new("ghr_", "github-token", Word, 20),
        new("github_pat_", "github-token", Dashed, 20),
        new("glpat-", "gitlab-token", Dotted, 16),
        new("gldt-", "gitlab-token", Dotted, 16),
        new("glrt-", "gitlab-token", Dotted, 16),
        new("glptt-", "gitlab-token", Dotted, 16),
        new("xoxa-", "slack-token", Dashed, 10),
        new("xoxb-", "slack-token", Dashed, 10),
        new("xoxe-", "slack-token", Dashed, 10),
        new("xoxe.xox", "slack-token", Dashed, 10),
        new("xoxp-", "slack-token", Dashed, 10),
        new("xoxr-", "slack-token", Dashed, 10),
        new("xoxs-", "slack-token", Dashed, 10),
        new("xapp-", "slack-token", Dashed, 10, Check: HasDigit),
        new("hooks.slack.com/services/", "slack-webhook", Path, 12, Keep: 25, Free: true),
        new("hooks.slack.com/workflows/", "slack-webhook", Path, 12, Keep: 26, Free: true),
        new("hooks.slack.com/triggers/", "slack-webhook", Path, 12, Keep: 25, Free: true),
        new("hooks.slack.com\\/services\\/", "slack-webhook", Path, 12, Keep: 27, Free: true),
        new("discord.com/api/webhooks/", "discord-webhook", Path, 12, Keep: 25, Free: true),
        new("discordapp.com/api/webhooks/", "discord-webhook", Path, 12, Keep: 28, Free: true),
        new("webhook.office.com/webhookb2/", "teams-webhook", Path, 12, Keep: 29, Free: true),
        new("sk_live_", "stripe-key", Word, 12),
        new("sk_test_", "stripe-key", Word, 12),
        new("rk_live_", "stripe-key", Word, 12),
        new("rk_test_", "stripe-key", Word, 12),
        new("whsec_", "webhook-secret", Base64, 16),
        new("shpat_", "shopify-token", Word, 16),
        new("shpss_", "shopify-token", Word, 16),
        new("shpca_", "shopify-token", Word, 16),
        new("shpua_", "shopify-token", Word, 16),
        new("shppa_", "shopify-token", Word, 16),
        new("AIza", "google-api-key", Dashed, 30),
        new("ya29.", "google-oauth-token", Dotted, 16),
        new("GOCSPX-", "google-client-secret", Dashed, 16),
        new("1//0", "google-refresh-token", Dashed, 30),
        new("SG.", "sendgrid-key", Dotted, 32, Check: HasDotInside),
        new("SK", "twilio-key", Hex, 32, Max: 32),
        new("npm_", "npm-token", Word, 30),
        new("pypi-", "pypi-token", Dashed, 40, Check: HasDigit),
        new("dop_v1_", "digitalocean-token", Hex, 32),
        new("doo_v1_", "digitalocean-token", Hex, 32),
        new("dor_v1_", "digitalocean-token", Hex, 32),
        new("dckr_pat_", "docker-token", Dashed, 20),
        new("sk-", "llm-api-key", Dashed, 20, Check: IsMixed),
        new("hf_", "huggingface-token", Word, 30),
        new("hvs.", "vault-token", Dashed, 20),
        new("hvb.", "vault-token", Dashed, 20),
        new("glsa_", "grafana-token", Dashed, 30),
        new("NRAK-", "newrelic-key", Word, 20),
        new("sntrys_", "sentry-token", Query, 30),
        new("lin_api_", "linear-key", Word, 30),
        new("sq0atp-", "square-token", Dashed, 20),
        new("sq0csp-", "square-token", Dashed, 20),
        new("AGE-SECRET-KEY-1", "age-key", Upper, 40),
        new("?sig=", "azure-signature", Query, 16, Keep: 5, Free: true),
        new("&sig=", "azure-signature", Query, 16, Keep: 5, Free: true),
        new("$2a$", "password-hash", new CharSet(Alnum + "./$"), 50),
        new("$2b$", "password-hash", new CharSet(Alnum + "./$"), 50),
        new("$2y$", "password-hash", new CharSet(Alnum + "./$"), 50),
        new("$argon2", "password-hash", new CharSet(Alnum + "./$=,+"), 40),
    ];

    private static readonly WordSearch Prefixes = new(Array.ConvertAll(Forms, static form => form.Prefix), StringComparison.Ordinal);

    public static void Find(ReadOnlySpan<char> text, SecretFindings found)
    {
        var at = 0;
        while (at < text.Length)
        {
            var hit = Prefixes.In(text[at..]);
            if (hit < 0)
                return;
            at = Look(text, at + hit, found);
        }
    }

    /// <summary>True for ids that are made to be shown: an access key's id, a publishable key, a Razorpay key id, an ARN.</summary>
    public static bool IsPublicId(ReadOnlySpan<char> value) =>
        value.StartsWith("rzp_live_", StringComparison.Ordinal) || value.StartsWith("rzp_test_", StringComparison.Ordinal)
        || value.StartsWith("pk_live_", StringComparison.Ordinal) || value.StartsWith("pk_test_", StringComparison.Ordinal)
        || value.StartsWith("arn:", StringComparison.Ordinal)
        || ((value.StartsWith("AKIA", StringComparison.Ordinal) || value.StartsWith("ASIA", StringComparison.Ordinal))
            && (value[4..].StartsWith(SecretFindings.MarkStart, StringComparison.Ordinal) || (value.Length == 20 && Upper.Run(value) == value.Length)));

    private static int Look(ReadOnlySpan<char> text, int at, SecretFindings found)
    {
        var startsWord = at == 0 || !IsWordChar(text[at - 1]) || IsEscapeLetter(text, at - 1);
        foreach (var form in Forms)
        {
            if (!(startsWord || form.Free) || !text[at..].StartsWith(form.Prefix, StringComparison.Ordinal))
                continue;
            var body = text[(at + form.Prefix.Length)..];
            var length = RunLength(body[..Math.Min(body.Length, JudgedLength)], form.Chars);
            if (length < form.Min || length > form.Max || (form.Check is not null && !form.Check(body[..length])))
                continue;
            if (length == JudgedLength)
                length = RunLength(body, form.Chars);
            var end = at + form.Prefix.Length + length;
            if (form.Max < int.MaxValue && end < text.Length && IsWordChar(text[end]))
                continue;
            found.Add(at + form.Keep, end, form.Kind);
            return end;
        }

        return at + 1;
    }

    private static int RunLength(ReadOnlySpan<char> body, CharSet chars)
    {
        var length = chars.Run(body);
        if (length == body.Length)
            return length;
        while (length > 0 && body[length - 1] is '.' or '\\')
            length--;
        return length;
    }

    private static bool IsWordChar(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>The n of a literal <c>\n</c> in escaped text separates words, though it is a letter.</summary>
    private static bool IsEscapeLetter(ReadOnlySpan<char> text, int at) => at > 0 && text[at - 1] == '\\' && text[at] is 'n' or 'r' or 't';

    private static bool HasDigit(ReadOnlySpan<char> body) => body.ContainsAnyInRange('0', '9');

    private static bool HasDotInside(ReadOnlySpan<char> body) => body.IndexOf('.') is > 8;

    /// <summary>Two dots, or a cut-off token whose second part is JSON too. A lone base64 header is no credential.</summary>
    private static bool IsJwt(ReadOnlySpan<char> body)
    {
        var dot = body.IndexOf('.');
        return dot > 0 && (body[dot..].StartsWith(".eyJ", StringComparison.Ordinal) || (dot > 12 && body[(dot + 1)..].Contains('.')));
    }

    /// <summary>Tells a key from a CSS class such as sk-fading-circle.</summary>
    private static bool IsMixed(ReadOnlySpan<char> body) =>
        HasDigit(body) && body.ContainsAnyInRange('a', 'z') && (body.ContainsAnyInRange('A', 'Z') || !body.Contains('-'));

    private delegate bool BodyCheck(ReadOnlySpan<char> body);

    /// <param name="Keep">Characters that stay readable, counted from the prefix's first.</param>
    /// <param name="Free">The prefix may follow a letter or digit: it is a place in an address, not a word.</param>
    private sealed record Form(
        string Prefix, string Kind, CharSet Chars, int Min, int Keep = 0, int Max = int.MaxValue, bool Free = false, BodyCheck? Check = null);
}
