using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebSockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodaTime;

namespace Tocsin.Lab.Components;

/// <summary>One request to a Worker; error and message are null where it did not throw.</summary>
internal sealed record WorkerEvent(Instant At, string Method, string Url, int Status, string? Error, string? Message)
{
    /// <summary>As Cloudflare's trace-v1 tells it.</summary>
    public string ToJson(string script) => new JsonObject
    {
        ["wallTime"] = 0,
        ["cpuTime"] = 0,
        ["truncated"] = false,
        ["executionModel"] = "stateless",
        ["outcome"] = Error is null ? "ok" : "exception",
        ["scriptName"] = script,
        ["diagnosticsChannelEvents"] = new JsonArray(),
        ["exceptions"] = Error is null ? [] : new JsonArray(new JsonObject { ["name"] = Error, ["message"] = Message, ["timestamp"] = At.ToUnixTimeMilliseconds() }),
        ["logs"] = new JsonArray(),
        ["eventTimestamp"] = At.ToUnixTimeMilliseconds(),
        ["event"] = new JsonObject
        {
            ["request"] = new JsonObject { ["url"] = Url, ["method"] = Method, ["headers"] = new JsonObject(), ["cf"] = new JsonObject() },
            ["response"] = Error is null ? new JsonObject { ["status"] = Status } : null,
        },
    }.ToJsonString();
}

/// <summary>A tail that was asked for: what its Worker did since, for one reader over a WebSocket.</summary>
internal sealed class WorkerTail(string id, string script, Instant expires)
{
    /// <summary>What nobody reads is not kept for ever; the oldest goes first.</summary>
    private const int Kept = 1_000;

    private const string Protocol = "trace-v1";
    private readonly Channel<string> events = Channel.CreateBounded<string>(new BoundedChannelOptions(Kept) { FullMode = BoundedChannelFullMode.DropOldest });

    public string Id => id;

    public string Script => script;

    public Instant Expires => expires;

    public void Tell(string json) => events.Writer.TryWrite(json);

    public void End() => events.Writer.TryComplete();

    /// <summary>Sends until the reader goes or the tail is ended.</summary>
    public Task ServeAsync(HttpContext context, CancellationToken cancel) => new WebSocketMiddleware(
        async accepting =>
        {
            if (!accepting.WebSockets.IsWebSocketRequest)
            {
                accepting.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
                return;
            }
            using var socket = await accepting.WebSockets.AcceptWebSocketAsync(accepting.WebSockets.WebSocketRequestedProtocols.Contains(Protocol, StringComparer.Ordinal) ? Protocol : null);
            await ServeAsync(socket, cancel);
        },
        Options.Create(new WebSocketOptions()),
        NullLoggerFactory.Instance).Invoke(context);

    private async Task ServeAsync(WebSocket socket, CancellationToken cancel)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var listening = ListenAsync(socket, gone.Token);
        var sending = SendAsync(socket, gone.Token);
        await Task.WhenAny(listening, sending);
        await gone.CancelAsync();
        await Task.WhenAll(listening, sending);
    }

    private async Task SendAsync(WebSocket socket, CancellationToken cancel)
    {
        try
        {
            await foreach (var one in events.Reader.ReadAllAsync(cancel)) await socket.SendAsync(Encoding.UTF8.GetBytes(one), WebSocketMessageType.Text, endOfMessage: true, cancel);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancel);
        }
        catch (Exception over) when (over is OperationCanceledException or WebSocketException or IOException)
        {
            socket.Abort();
        }
    }

    // A reader sends nothing that matters; that it goes is heard here.
    private static async Task ListenAsync(WebSocket socket, CancellationToken cancel)
    {
        var buffer = new byte[1024];
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), cancel)).MessageType != WebSocketMessageType.Close) continue;
        }
        catch (Exception over) when (over is OperationCanceledException or WebSocketException or IOException)
        {
            socket.Abort();
        }
    }
}
