using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>Shapes of values that break a service. A shape says nothing of the value itself.</summary>
internal static class SecretShapes
{
    private const int ShortSecret = 12;
    private static readonly string[] Yes = ["true", "1", "yes", "on", "required", "require", "verify_identity", "verify-full", "verify-ca"];

    public static string Firebase(string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) return "MISSING";
        if (Tree.Object(value) is not { } account) return DoubleEscaped(value) ? "DOUBLE_ESCAPED" : "NOT_JSON";
        if (string.IsNullOrEmpty(account.Text("project_id"))) return "NO_PROJECT_ID";
        if (string.IsNullOrEmpty(account.Text("client_email"))) return "NO_CLIENT_EMAIL";
        if (string.IsNullOrEmpty(account.Text("private_key"))) return "NO_PRIVATE_KEY";
        return IsKey(account.Text("private_key")!) ? "VALID" : "BAD_PRIVATE_KEY";
    }

    /// <summary>Of a key that a signature is made with.</summary>
    public static string Key(string? value) => value switch
    {
        null => "MISSING",
        "" => "EMPTY",
        _ when value.Trim() != value => "WHITESPACE",
        _ => "VALID",
    };

    public static string Session(string? value) => value switch
    {
        null => "MISSING",
        _ when string.IsNullOrWhiteSpace(value) => "EMPTY",
        _ when value.Length < ShortSecret => "SHORT",
        _ => "VALID",
    };

    public static bool IsYes(string value) => Yes.Contains(value.Trim(), StringComparer.OrdinalIgnoreCase);

    /// <summary>An address that a client can fetch from.</summary>
    public static Uri? Address(string? value) => Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? new Uri(value!) : null;

    public static bool IsLocal(string host) => host is "localhost" or "127.0.0.1" or "::1" or "0.0.0.0";

    private static bool DoubleEscaped(string value)
    {
        var text = value.Trim();
        return text.StartsWith("\"{", StringComparison.Ordinal) || text.StartsWith("{\\\"", StringComparison.Ordinal) || text.StartsWith("'{", StringComparison.Ordinal) || text.StartsWith("\\\"{", StringComparison.Ordinal);
    }

    private static bool IsKey(string pem)
    {
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(pem.Replace("\\n", "\n", StringComparison.Ordinal));
            return true;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false;
        }
    }
}

/// <summary>Whether two values are the same, without either: digests under a key that lives as long as the process.</summary>
internal static class Digests
{
    private static readonly byte[] Own = RandomNumberGenerator.GetBytes(32);

    public static string Of(string value) => Convert.ToHexStringLower(HMACSHA256.HashData(Own, System.Text.Encoding.UTF8.GetBytes(value)));

    public static Dictionary<string, string> Of(JsonObject values) => values.Where(v => v.Value is JsonValue).ToDictionary(v => v.Key, v => Of(v.Value!.ToString()), StringComparer.Ordinal);
}
