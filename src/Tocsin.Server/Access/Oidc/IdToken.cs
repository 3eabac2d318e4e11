using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NodaTime;

namespace Tocsin.Server.Access.Oidc;

/// <summary>What an id token must say to be believed.</summary>
internal sealed record Expected(string Issuer, string Client, string Nonce, Instant Now);

/// <summary>Somebody did not get in by the provider; the message says why, and holds nothing secret.</summary>
public sealed class OidcException(string message) : Exception(message);

/// <summary>Id tokens: JSON Web Tokens that a provider signed for this server and this one sign-in.</summary>
/// <remarks>https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation</remarks>
internal static class IdToken
{
    private const int Most = 16 * 1024;

    // Clocks of two machines differ.
    private static readonly Duration Slack = Duration.FromMinutes(1);

    /// <summary>The id of the key that the token names; empty: none.</summary>
    public static string KeyOf(string token) => token.Split('.') is [var head, _, _] && token.Length <= Most ? Json.Text(Part(head), "kid") : throw new OidcException("the provider's id token is none");

    /// <summary>Its claims; throws where anything about it is not as it must be.</summary>
    public static JsonElement Verify(string token, ImmutableArray<SigningKey> keys, Expected expected)
    {
        var id = KeyOf(token);
        var parts = token.Split('.');
        var head = Part(parts[0]);
        if (head.TryGetProperty("crit", out _)) throw new OidcException("the provider's id token asks for an extension that is not known here");
        var algorithm = Json.Text(head, "alg");
        var data = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var signature = Bytes(parts[2]);
        // A token without a name of its key is held against each of them.
        if (!keys.Where(k => id.Length == 0 || k.Id == id).Any(k => Verifies(k, algorithm, data, signature))) throw new OidcException("the signature of the provider's id token is not of one of its keys");
        var claims = Part(parts[1]);
        Check(claims, expected);
        return claims;
    }

    private static void Check(JsonElement claims, Expected expected)
    {
        if (Json.Text(claims, "iss") != expected.Issuer) throw new OidcException("the id token is of another provider");
        var audience = Json.Texts(claims, "aud");
        var party = Json.Text(claims, "azp");
        if (!audience.Contains(expected.Client, StringComparer.Ordinal) || (audience.Length > 1 && party.Length == 0) || (party.Length > 0 && party != expected.Client)) throw new OidcException("the id token is meant for another program");
        if (Json.Number(claims, "exp") is not { } expires || expected.Now > Instant.FromUnixTimeSeconds(Within(expires)) + Slack) throw new OidcException("the id token has ended; is a clock wrong?");
        if (Json.Number(claims, "nbf") is { } begins && Instant.FromUnixTimeSeconds(Within(begins)) > expected.Now + Slack) throw new OidcException("the id token does not hold yet; is a clock wrong?");
        if (Json.Number(claims, "iat") is not { } issued || Instant.FromUnixTimeSeconds(Within(issued)) > expected.Now + Slack) throw new OidcException("the id token is of a time to come; is a clock wrong?");
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Json.Text(claims, "nonce")), Encoding.UTF8.GetBytes(expected.Nonce))) throw new OidcException("the id token is of another sign-in");
        if (Json.Text(claims, "sub").Length is 0 or > 255) throw new OidcException("the id token names nobody");
    }

    // Years that no clock knows are as good as the last one.
    private static long Within(long seconds) => Math.Clamp(seconds, 0, 253402300799 - 3600);

    private static bool Verifies(SigningKey key, string algorithm, byte[] data, byte[] signature)
    {
        try
        {
            return key.Verifies(algorithm, data, signature);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static JsonElement Part(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(Bytes(text), new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new OidcException("the provider's id token cannot be read");
        }
        throw new OidcException("the provider's id token cannot be read");
    }

    private static byte[] Bytes(string text)
    {
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            throw new OidcException("the provider's id token cannot be read");
        }
    }
}
