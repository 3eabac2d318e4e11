namespace Tocsin.Core.Signals;

/// <summary>How the value beside a name is treated.</summary>
internal enum KeyClass
{
    None,
    Secret,
    RoutingKey,
    Authorization,
    Cookie,
    SetCookie,
    AwsCredential,
}

/// <summary>
/// Which names announce a secret. A name counts by its end (DB_PASSWORD, x-api-key, razorpayKeySecret), so that names which only
/// contain such a word (secretsmanager, tokenExpiry, passwordResetUrl, max_tokens) do not.
/// </summary>
internal static class SecretKeys
{
    public const int MaxLength = 96;

    /// <summary>What a name must contain to be looked at; written out with each separator that occurs, as the search is literal.</summary>
    public static readonly WordSearch Words = new(
        (string[])[
            "password", "passwd", "passphrase", "passwort", "pwd", "pass", "secret", "token", "credential", "authorization", "cookie",
            "apikey", "api_key", "api-key", "api key", "accesskey", "access_key", "access-key", "access key",
            "privatekey", "private_key", "private-key", "private key", "presharedkey", "preshared_key", "preshared-key", "psk",
            "signingkey", "signing_key", "signing-key", "encryptionkey", "encryption_key", "encryption-key", "masterkey", "master_key",
            "accountkey", "account_key", "sharedkey", "shared_key", "authkey", "auth_key", "auth-key", "licensekey", "license_key", "license-key",
            "hmackey", "hmac_key", "sessionkey", "session_key", "webhookkey", "webhook_key", "sshkey", "ssh_key", "deploykey", "deploy_key",
            "storagekey", "storage_key", "jwtkey", "jwt_key", "servicekey", "service_key", "routingkey", "routing_key", "integrationkey", "integration_key",
            "app_key", "redis_auth", "redisauth", "_auth", "masterauth", "otp", "amz-signature", "goog-signature",
        ],
        StringComparison.OrdinalIgnoreCase);

    private static readonly (string Ending, KeyClass Class, string Kind)[] Endings =
    [
        ("secretaccesskey", KeyClass.Secret, "aws-secret-key"),
        ("awssecretkey", KeyClass.Secret, "aws-secret-key"),
        ("awssessiontoken", KeyClass.Secret, "aws-session-token"),
        ("amzsecuritytoken", KeyClass.Secret, "aws-session-token"),
        ("amzsignature", KeyClass.Secret, "aws-signature"),
        ("googsignature", KeyClass.Secret, "signature"),
        ("amzcredential", KeyClass.AwsCredential, "aws-access-key"),
        ("privatekeyid", KeyClass.Secret, "private-key-id"),
        ("authorization", KeyClass.Authorization, "authorization"),
        ("setcookie", KeyClass.SetCookie, "cookie"),
        ("password", KeyClass.Secret, "password"),
        ("passwd", KeyClass.Secret, "password"),
        ("passphrase", KeyClass.Secret, "password"),
        ("passwort", KeyClass.Secret, "password"),
        ("pwd", KeyClass.Secret, "password"),
        ("secret", KeyClass.Secret, "secret"),
        ("token", KeyClass.Secret, "token"),
        ("apikey", KeyClass.Secret, "api-key"),
        ("privatekey", KeyClass.Secret, "private-key"),
        ("presharedkey", KeyClass.Secret, "preshared-key"),
        ("psk", KeyClass.Secret, "preshared-key"),
        ("routingkey", KeyClass.RoutingKey, "routing-key"),
        ("integrationkey", KeyClass.RoutingKey, "routing-key"),
        ("servicekey", KeyClass.RoutingKey, "routing-key"),
        ("secretkey", KeyClass.Secret, "secret-key"),
        ("accesskey", KeyClass.Secret, "secret-key"),
        ("signingkey", KeyClass.Secret, "secret-key"),
        ("encryptionkey", KeyClass.Secret, "secret-key"),
        ("masterkey", KeyClass.Secret, "secret-key"),
        ("accountkey", KeyClass.Secret, "secret-key"),
        ("sharedkey", KeyClass.Secret, "secret-key"),
        ("authkey", KeyClass.Secret, "secret-key"),
        ("licensekey", KeyClass.Secret, "secret-key"),
        ("hmackey", KeyClass.Secret, "secret-key"),
        ("sessionkey", KeyClass.Secret, "secret-key"),
        ("webhookkey", KeyClass.Secret, "secret-key"),
        ("sshkey", KeyClass.Secret, "secret-key"),
        ("deploykey", KeyClass.Secret, "secret-key"),
        ("storagekey", KeyClass.Secret, "secret-key"),
        ("jwtkey", KeyClass.Secret, "secret-key"),
        ("redisauth", KeyClass.Secret, "password"),
        ("masterauth", KeyClass.Secret, "password"),
        ("requirepass", KeyClass.Secret, "password"),
        ("dbpass", KeyClass.Secret, "password"),
        ("userpass", KeyClass.Secret, "password"),
        ("secretstring", KeyClass.Secret, "secret"),
        ("secretbinary", KeyClass.Secret, "secret"),
        ("secretkeybase", KeyClass.Secret, "secret-key"),
        ("appkey", KeyClass.Secret, "secret-key"),
        ("passwordconfirmation", KeyClass.Secret, "password"),
        ("passwordconfirm", KeyClass.Secret, "password"),
        ("passwordhash", KeyClass.Secret, "password-hash"),
    ];

    /// <summary>Tokens that are places in a list, or a caller's own request mark: no one can do anything with them.</summary>
    private static readonly string[] HarmlessEndings =
    [
        "nexttoken", "pagetoken", "paginationtoken", "continuationtoken", "sequencetoken", "forwardtoken", "backwardtoken", "clienttoken",
        "requesttoken", "resumetoken", "cancellationtoken", "canceltoken", "starttoken", "endtoken", "unexpectedtoken", "secretarn",
    ];

    private static readonly string[] Suffixes =
        ["production", "previous", "current", "staging", "base64", "value", "plain", "live", "prod", "test", "old", "new", "dev", "b64"];

    public static (KeyClass Class, string Kind) Classify(ReadOnlySpan<char> key)
    {
        Span<char> buffer = stackalloc char[MaxLength];
        var name = WithoutSuffixes(Normalise(key, buffer));
        foreach (var harmless in HarmlessEndings)
        {
            if (name.EndsWith(harmless, StringComparison.Ordinal))
                return (KeyClass.None, "");
        }

        foreach (var (ending, keyClass, kind) in Endings)
        {
            if (name.EndsWith(ending, StringComparison.Ordinal))
                return (keyClass, kind);
        }

        return name switch
        {
            "cookie" => (KeyClass.Cookie, "cookie"),
            "otp" => (KeyClass.Secret, "one-time-code"),
            _ when IsLastPart(key, "pass") || key.Equals("_auth", StringComparison.Ordinal) => (KeyClass.Secret, "password"),
            _ when IsLastPart(key, "credential") || IsLastPart(key, "credentials") => (KeyClass.Secret, "credentials"),
            _ when IsLastPart(key, "otp") => (KeyClass.Secret, "one-time-code"),
            _ => (KeyClass.None, ""),
        };
    }

    /// <summary>A short word counts only as a whole part of the name: SMTP_PASS and userPass, but not bypass or compass.</summary>
    private static bool IsLastPart(ReadOnlySpan<char> key, string word)
    {
        if (!key.EndsWith(word, StringComparison.OrdinalIgnoreCase))
            return false;
        var before = key.Length - word.Length;
        return before == 0 || !char.IsAsciiLetterOrDigit(key[before - 1]) || (char.IsAsciiLetterUpper(key[before]) && char.IsAsciiLetterLower(key[before - 1]));
    }

    private static ReadOnlySpan<char> Normalise(ReadOnlySpan<char> key, Span<char> buffer)
    {
        var length = 0;
        foreach (var c in key)
        {
            if (char.IsAsciiLetterOrDigit(c) && length < buffer.Length)
                buffer[length++] = char.ToLowerInvariant(c);
        }

        return buffer[..length];
    }

    private static ReadOnlySpan<char> WithoutSuffixes(ReadOnlySpan<char> name)
    {
        name = name.TrimEnd("0123456789");
        foreach (var suffix in Suffixes)
        {
            if (name.Length > suffix.Length + 2 && name.EndsWith(suffix, StringComparison.Ordinal))
                return name[..^suffix.Length];
        }

        return name;
    }
}
