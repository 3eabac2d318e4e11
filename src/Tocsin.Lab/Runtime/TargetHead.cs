using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Tocsin.Lab.Runtime;

/// <summary>A target's answer is not HTTP, or has a header that HTTP does not allow.</summary>
public sealed class MalformedResponseException(string message) : Exception(message);

/// <summary>Status line and headers of a target's answer, in their order and spelling.</summary>
internal sealed record TargetHead(int Status, string Reason, bool KeepAlive, ImmutableArray<KeyValuePair<string, string>> Headers)
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    public long? ContentLength { get; private init; }

    public bool Chunked { get; private init; }

    /// <summary>From the status line to the last header, without the empty line behind it.</summary>
    public static TargetHead Parse(ReadOnlySpan<byte> bytes)
    {
        var lines = Encoding.Latin1.GetString(bytes).Split('\n').Select(l => l.EndsWith('\r') ? l[..^1] : l).ToList();
        var (http11, status, reason) = StatusLine(lines[0]);
        var headers = lines.Skip(1).Select(Header).ToImmutableArray();
        var lengths = Values(headers, "Content-Length").Distinct(StringComparer.Ordinal).ToList();
        var codings = Values(headers, "Transfer-Encoding").ToList();
        var connection = string.Join(',', Values(headers, "Connection"));
        return new TargetHead(status, reason, StaysOpen(http11, connection), headers)
        {
            ContentLength = lengths.Count == 0 ? null : Length(lengths),
            Chunked = codings.Exists(c => c.EndsWith("chunked", StringComparison.OrdinalIgnoreCase)),
        };
    }

    private static (bool Http11, int Status, string Reason) StatusLine(string line)
    {
        var parts = line.Split(' ', 3);
        if (parts.Length >= 2 && parts[0] is "HTTP/1.1" or "HTTP/1.0" && parts[1].Length == 3
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status >= 100)
            return (parts[0] is "HTTP/1.1", status, parts.Length > 2 ? parts[2] : "");
        throw new MalformedResponseException("not a status line of HTTP/1");
    }

    private static KeyValuePair<string, string> Header(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var name = colon > 0 ? line[..colon] : "";
        var value = line[(colon + 1)..].Trim(' ', '\t');
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(NameCharacters)) throw new MalformedResponseException("a header's name is not allowed");
        if (value.Any(c => char.IsControl(c) && c is not '\t')) throw new MalformedResponseException($"the value of {name} holds control characters");
        return new(name, value);
    }

    private static long Length(List<string> values) =>
        values.Count == 1 && long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw new MalformedResponseException("Content-Length is not one number");

    private static bool StaysOpen(bool http11, string connection) =>
        http11 ? !connection.Contains("close", StringComparison.OrdinalIgnoreCase) : connection.Contains("keep-alive", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Values(ImmutableArray<KeyValuePair<string, string>> headers, string name) =>
        headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value);
}
