using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Lab.Wire;

/// <summary>What the Authorization header of a signed request says.</summary>
public sealed record Signed(string AccessKeyId, string Date, string Region, string Service, IReadOnlyList<string> Headers, string Signature)
{
    /// <summary>Null where there is no SigV4 header, or not a whole one.</summary>
    public static Signed? Read(string? authorization)
    {
        const string Algorithm = "AWS4-HMAC-SHA256 ";
        if (authorization is null || !authorization.StartsWith(Algorithm, StringComparison.Ordinal)) return null;
        string? Part(string name) => authorization[Algorithm.Length..].Split(',', StringSplitOptions.TrimEntries)
            .FirstOrDefault(p => p.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
        return Part("Credential")?.Split('/') is [var key, var date, var region, var service, "aws4_request"] && Part("SignedHeaders") is { } headers && Part("Signature") is { } signature
            ? new Signed(key, date, region, service, headers.Split(';'), signature)
            : null;
    }
}

/// <summary>AWS's Signature Version 4, as the receiver computes it.</summary>
public static class SignatureV4
{
    private static readonly InstantPattern Stamp = InstantPattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss'Z'");

    /// <summary>How far the caller's clock may be off.</summary>
    public static readonly Duration MaxSkew = Duration.FromMinutes(5);

    public static Instant? Time(HttpRequest request) => Stamp.Parse(request.Headers["X-Amz-Date"].ToString()) is { Success: true } parsed ? parsed.Value : null;

    public static bool Holds(HttpRequest request, byte[] body, Signed signed, string secretKey)
    {
        var scope = $"{signed.Date}/{signed.Region}/{signed.Service}/aws4_request";
        var toSign = $"AWS4-HMAC-SHA256\n{request.Headers["X-Amz-Date"]}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(request, body, signed))))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + secretKey);
        foreach (var part in scope.Split('/')) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        var expected = Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(signed.Signature));
    }

    private static string Canonical(HttpRequest request, byte[] body, Signed signed)
    {
        var path = RawPath(request);
        // S3 signs the path as sent; the others sign it encoded once more.
        if (signed.Service is not "s3") path = string.Join('/', path.Split('/').Select(Encode));
        var query = request.QueryString.Value is { Length: > 1 } q ? q[1..].Split('&') : [];
        var pairs = query.Select(p => p.Split('=', 2)).Select(p => (Name: Normal(p[0]), Value: p.Length > 1 ? Normal(p[1]) : ""));
        var text = new StringBuilder().Append(request.Method).Append('\n').Append(path).Append('\n')
            .AppendJoin('&', pairs.OrderBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Value, StringComparer.Ordinal).Select(p => $"{p.Name}={p.Value}")).Append('\n');
        foreach (var header in signed.Headers) text.Append(header).Append(':').AppendJoin(',', request.Headers[header].Select(Trim)).Append('\n');
        var hash = request.Headers["X-Amz-Content-Sha256"].ToString();
        return text.Append('\n').AppendJoin(';', signed.Headers).Append('\n').Append(hash is "UNSIGNED-PAYLOAD" ? hash : Hex(SHA256.HashData(body))).ToString();
    }

    /// <summary>The path as it was sent, without the server's decoding: what is signed and what S3 keeps as a key.</summary>
    public static string RawPath(HttpRequest request)
    {
        var raw = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()?.RawTarget ?? "/";
        return raw.Split('?')[0] is { Length: > 0 } path ? path : "/";
    }

    private static string Normal(string encoded) => Encode(Uri.UnescapeDataString(encoded.Replace('+', ' ')));

    private static string Encode(string text)
    {
        var result = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~') result.Append((char)b);
            else result.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return result.ToString();
    }

    private static string Trim(string? value) => string.Join(' ', (value ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
