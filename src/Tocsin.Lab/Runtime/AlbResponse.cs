using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// Passes a target's answer on. While nothing of it has gone out a fault of the target is thrown, for the load balancer to answer in its own name; behind
/// that it can only cut the client's connection. An answer with a length goes out with its first byte and not before, so that a target that promises a body
/// and sends none is a 504 (user guide, troubleshooting).
/// </summary>
internal static class AlbResponse
{
    private static readonly HashSet<string> NotPassedOn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "Trailer", "Content-Length",
    };

    /// <summary>Whether the connection may serve another request.</summary>
    public static async Task<bool> CopyAsync(AlbExchange exchange, TargetHead head, TargetConnection target, SilenceLimit limit, CancellationToken cancel)
    {
        var buffer = new byte[32 * 1024];
        var hasBody = HasBody(exchange.Context.Request.Method, head.Status);
        var length = head.Chunked ? null : head.ContentLength;
        var first = hasBody && length > 0 ? await ReadAsync(target, Part(buffer, length.Value), limit, cancel) : 0;
        Begin(exchange, head, length);
        if (!hasBody || length == 0) return head.KeepAlive && (!hasBody || !head.Chunked);
        try
        {
            await exchange.Context.Response.StartAsync(cancel);
            await WriteAsync(exchange, buffer.AsMemory(0, first), cancel);
            if (head.Chunked) await CopyChunksAsync(exchange, target, buffer, limit, cancel);
            else if (length is { } whole) await CopyExactlyAsync(exchange, target, buffer, whole - first, limit, cancel);
            else await CopyToEndAsync(exchange, target, buffer, limit, cancel);
            return head.KeepAlive && (head.Chunked || length is not null);
        }
        catch (Exception fault) when (IoLimit.IsPeer(fault) || fault is TimeoutException or MalformedResponseException)
        {
            exchange.CutOff = true;
            return false;
        }
    }

    private static bool HasBody(string method, int status) => !HttpMethods.IsHead(method) && status is not (204 or 304);

    private static void Begin(AlbExchange exchange, TargetHead head, long? length)
    {
        var response = exchange.Context.Response;
        exchange.TargetStatus = head.Status;
        exchange.Responded = exchange.Now;
        response.StatusCode = head.Status;
        exchange.Context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = head.Reason;
        foreach (var (name, value) in head.Headers.Where(h => !NotPassedOn.Contains(h.Key))) response.Headers.Append(name, value);
        if (head.Status is not 204) response.ContentLength = length;
    }

    private static async Task CopyChunksAsync(AlbExchange exchange, TargetConnection target, byte[] buffer, SilenceLimit limit, CancellationToken cancel)
    {
        for (var first = true; ; first = false)
        {
            var isFirst = first;
            var size = await limit.HoldAsync(c => target.ReadChunkSizeAsync(isFirst, c), cancel);
            if (size == 0) return;
            await CopyExactlyAsync(exchange, target, buffer, size, limit, cancel);
        }
    }

    private static async Task CopyExactlyAsync(AlbExchange exchange, TargetConnection target, byte[] buffer, long left, SilenceLimit limit, CancellationToken cancel)
    {
        while (left > 0)
        {
            var read = await ReadAsync(target, Part(buffer, left), limit, cancel);
            await WriteAsync(exchange, buffer.AsMemory(0, read), cancel);
            left -= read;
        }
    }

    private static async Task CopyToEndAsync(AlbExchange exchange, TargetConnection target, byte[] buffer, SilenceLimit limit, CancellationToken cancel)
    {
        while (await limit.HoldAsync(c => target.ReadAsync(buffer, c), cancel) is > 0 and var read) await WriteAsync(exchange, buffer.AsMemory(0, read), cancel);
    }

    private static async Task<int> ReadAsync(TargetConnection target, Memory<byte> into, SilenceLimit limit, CancellationToken cancel) =>
        await limit.HoldAsync(c => target.ReadAsync(into, c), cancel) is > 0 and var read
            ? read
            : throw new EndOfStreamException("the target closed the connection within its answer");

    private static async Task WriteAsync(AlbExchange exchange, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        if (bytes.IsEmpty) return;
        exchange.SentBody += bytes.Length;
        await exchange.Context.Response.Body.WriteAsync(bytes, cancel);
    }

    private static Memory<byte> Part(byte[] buffer, long length) => buffer.AsMemory(0, (int)Math.Min(buffer.Length, length));
}
