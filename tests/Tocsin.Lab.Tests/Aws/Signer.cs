using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>Signature Version 4 as a caller computes it, written apart from the stand-in's own.</summary>
public static class Signer
{
    /// <summary>The headers to send along: X-Amz-Date and Authorization, and whatever else was given to be signed.</summary>
    public static IReadOnlyDictionary<string, string> Sign(string method, string rawPath, string query, byte[] body, string host, string service, string region, string key, string secret, DateTimeOffset at, string? token = null)
    {
        var stamp = at.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["host"] = host, ["x-amz-date"] = stamp };
        if (token is not null) headers["x-amz-security-token"] = token;
        var path = service is "s3" ? rawPath : string.Join('/', rawPath.Split('/').Select(Uri.EscapeDataString));
        var names = string.Join(';', headers.Keys);
        IEnumerable<string> pairs = query.Length == 0 ? [] : query.Split('&').Select(p => p.Contains('=', StringComparison.Ordinal) ? p : p + "=").Order(StringComparer.Ordinal);
        var canonical = $"{method}\n{path}\n{string.Join('&', pairs)}\n{string.Concat(headers.Select(h => $"{h.Key}:{h.Value}\n"))}\n{names}\n{Hex(SHA256.HashData(body))}";
        var scope = $"{stamp[..8]}/{region}/{service}/aws4_request";
        var signing = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secret), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        var signature = Hex(HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}")));
        var result = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Amz-Date"] = stamp, ["Authorization"] = $"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}" };
        if (token is not null) result["X-Amz-Security-Token"] = token;
        return result;
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
