using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tocsin.Lab.Runtime;

/// <summary>How the passing of a request's body ended.</summary>
internal enum BodyEnd
{
    Sent,
    ClientSilent,
}

/// <summary>The request as a target gets it.</summary>
internal static class AlbRequest
{
    private static readonly HashSet<string> NotPassedOn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "TE", "Trailer", "Expect",
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Amzn-Trace-Id",
    };

    public static byte[] Head(AlbExchange exchange, AlbListener listener)
    {
        var request = exchange.Context.Request;
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{request.Method} {exchange.RawTarget} HTTP/1.1\r\n");
        Add(head, "X-Forwarded-For", ForwardedFor(exchange));
        Add(head, "X-Forwarded-Proto", listener.Scheme);
        Add(head, "X-Forwarded-Port", listener.Address.Port.ToString(CultureInfo.InvariantCulture));
        foreach (var header in request.Headers.Where(h => !NotPassedOn.Contains(h.Key)))
        {
            foreach (var value in header.Value) Add(head, header.Key, value ?? "");
        }
        Add(head, "X-Amzn-Trace-Id", exchange.TraceId);
        if (IsChunked(request)) Add(head, "Transfer-Encoding", "chunked");
        return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());
    }

    /// <summary>Passed on as it comes; a body of unknown length goes on in chunks. Throws what the target's end of the connection throws.</summary>
    public static async Task<BodyEnd> SendBodyAsync(AlbExchange exchange, TargetConnection target, SilenceLimit limit, CancellationToken cancel)
    {
        var request = exchange.Context.Request;
        var chunked = IsChunked(request);
        if (!chunked && request.ContentLength is null or 0) return BodyEnd.Sent;
        var buffer = new byte[16 * 1024];
        while (true)
        {
            int read;
            try
            {
                read = await limit.HoldAsync(c => request.Body.ReadAsync(buffer, c), cancel);
            }
            catch (TimeoutException)
            {
                return BodyEnd.ClientSilent;
            }
            exchange.ReceivedBytes += read;
            if (chunked) await limit.HoldAsync(c => WriteAsync(target, Chunk(buffer.AsSpan(0, read)), c), cancel);
            else if (read > 0) await limit.HoldAsync(c => WriteAsync(target, buffer.AsMemory(0, read), c), cancel);
            if (read == 0) return BodyEnd.Sent;
        }
    }

    public static int ForwardedAddresses(HttpRequest request) =>
        request.Headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length;

    private static async ValueTask<bool> WriteAsync(TargetConnection target, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        await target.WriteAsync(bytes, cancel);
        return true;
    }

    // Of no bytes it is the last one.
    private static byte[] Chunk(ReadOnlySpan<byte> bytes) =>
        [.. Encoding.Latin1.GetBytes(bytes.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. bytes, .. "\r\n"u8];

    private static string ForwardedFor(AlbExchange exchange)
    {
        var before = exchange.Context.Request.Headers["X-Forwarded-For"].ToString();
        var client = AlbExchange.Client(exchange.Context).Address.ToString();
        return before.Length == 0 ? client : $"{before}, {client}";
    }

    private static bool IsChunked(HttpRequest request) =>
        request.ContentLength is null && request.Headers.TransferEncoding.ToString().Contains("chunked", StringComparison.OrdinalIgnoreCase);

    private static void Add(StringBuilder head, string name, string value) => head.Append(name).Append(": ").Append(value).Append("\r\n");
}
