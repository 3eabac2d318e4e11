using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tocsin.Server.Access.Oidc;

/// <summary>A public key of a provider. What it cannot verify, such as a signature by a shared secret, is simply not verified.</summary>
internal sealed record SigningKey(string Id, Func<string, byte[], byte[], bool> Verifies)
{
    private const int LeastBits = 2048;

    /// <summary>The keys of a JWKS document that sign; others are passed over.</summary>
    public static ImmutableArray<SigningKey> Read(JsonElement document) =>
        document.TryGetProperty("keys", out var keys) && keys.ValueKind == JsonValueKind.Array ? [.. keys.EnumerateArray().Select(Of).OfType<SigningKey>()] : [];

    private static SigningKey? Of(JsonElement key)
    {
        if (Json.Text(key, "use") is not ("" or "sig")) return null;
        try
        {
            return Json.Text(key, "kty") switch
            {
                "RSA" => OfRsa(key),
                "EC" => OfCurve(key),
                _ => null,
            };
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            // One key that cannot be read leaves the others.
            return null;
        }
    }

    private static SigningKey? OfRsa(JsonElement key)
    {
        var parameters = new RSAParameters { Modulus = Bytes(key, "n"), Exponent = Bytes(key, "e") };
        if (parameters.Modulus.Length * 8 < LeastBits) return null;
        return new SigningKey(Json.Text(key, "kid"), (algorithm, data, signature) =>
        {
            if (Hash(algorithm) is not { } hash || algorithm[..2] is not ("RS" or "PS")) return false;
            using var rsa = RSA.Create(parameters);
            return rsa.VerifyData(data, signature, hash, algorithm[0] == 'R' ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss);
        });
    }

    private static SigningKey? OfCurve(JsonElement key)
    {
        var (curve, algorithm) = Json.Text(key, "crv") switch
        {
            "P-256" => (ECCurve.NamedCurves.nistP256, "ES256"),
            "P-384" => (ECCurve.NamedCurves.nistP384, "ES384"),
            "P-521" => (ECCurve.NamedCurves.nistP521, "ES512"),
            _ => (default, ""),
        };
        if (algorithm.Length == 0) return null;
        var parameters = new ECParameters { Curve = curve, Q = new ECPoint { X = Bytes(key, "x"), Y = Bytes(key, "y") } };
        return new SigningKey(Json.Text(key, "kid"), (wanted, data, signature) =>
        {
            if (wanted != algorithm) return false;
            using var ecdsa = ECDsa.Create(parameters);
            return ecdsa.VerifyData(data, signature, Hash(algorithm)!.Value);
        });
    }

    private static HashAlgorithmName? Hash(string algorithm) => algorithm switch
    {
        "RS256" or "PS256" or "ES256" => HashAlgorithmName.SHA256,
        "RS384" or "PS384" or "ES384" => HashAlgorithmName.SHA384,
        "RS512" or "PS512" or "ES512" => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static byte[] Bytes(JsonElement key, string name) => Base64Url.DecodeFromChars(Json.Text(key, name));
}

internal static class Json
{
    /// <summary>A text member, or empty.</summary>
    public static string Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString()! : "";

    /// <summary>A text, or the texts of a list.</summary>
    public static ImmutableArray<string> Texts(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out var found)) return [];
        return found.ValueKind switch
        {
            JsonValueKind.String => [found.GetString()!],
            JsonValueKind.Array => [.. found.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)],
            _ => [],
        };
    }

    public static long? Number(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.Number && found.TryGetDouble(out var number) && Math.Abs(number) < 1e15 ? (long)number : null;
}
