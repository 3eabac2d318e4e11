using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Tocsin.Server.Tests.Notify;

/// <summary>A request as a receiver got it.</summary>
internal sealed record Received(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>
/// A receiver of pages on loopback that speaks HTTP by hand, so that it can answer as no well-made server would. It answers as many requests as it was told
/// to expect; one more is a failure of the test.
/// </summary>
internal sealed class FakeReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<Func<NetworkStream, CancellationToken, Task>> answers = new();
    private readonly ConcurrentQueue<Received> received = new();
    private readonly ConcurrentQueue<string> unexpected = new();
    private readonly LoopbackListener listener;

    public FakeReceiver() => listener = new LoopbackListener(ServeAsync);

    /// <summary>What it answers to requests beyond those it was told to expect; null: there may be none.</summary>
    public Func<NetworkStream, CancellationToken, Task>? Otherwise { get; init; }

    public string Address => $"http://127.0.0.1:{Port}";

    public int Port => listener.Port;

    public IReadOnlyList<Received> Received => [.. received];

    public FakeReceiver Expect(int status, string body = "", params string[] headers) => Expect((s, c) => WriteAsync(s, Answer(status, body, headers), c));

    /// <summary>Whatever is written to the connection after a whole request came.</summary>
    public FakeReceiver Expect(Func<NetworkStream, CancellationToken, Task> answer)
    {
        answers.Enqueue(answer);
        return this;
    }

    public static string Answer(int status, string body, params string[] headers) =>
        $"HTTP/1.1 {status} Some\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nContent-Type: application/json\r\n{string.Concat(headers.Select(h => $"{h}\r\n"))}\r\n{body}";

    public static Func<NetworkStream, CancellationToken, Task> Always(int status, string body) => (s, c) => WriteAsync(s, Answer(status, body), c);

    public static Task WriteAsync(NetworkStream stream, string text, CancellationToken cancel) => stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancel).AsTask();

    /// <summary>A byte at a time, for as long as it is listened to.</summary>
    public static async Task DripAsync(NetworkStream stream, string text, CancellationToken cancel)
    {
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            await stream.WriteAsync(new[] { b }, cancel);
            await Task.Delay(200, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync();
        var came = string.Join("; ", received.Select(r => $"{r.Method} {r.Path} {r.Body}"));
        Assert.True(unexpected.IsEmpty, $"unexpected: {string.Join("; ", unexpected)}; expected: {came}");
        Assert.True(answers.IsEmpty, $"{answers.Count} requests were expected and did not come; there came: {came}");
    }

    private async Task ServeAsync(NetworkStream stream, CancellationToken cancel)
    {
        if (await ReadAsync(stream, cancel) is not { } request) return;
        if (!answers.TryDequeue(out var answer) && Otherwise is { } usual) answer = usual;
        if (answer is null)
        {
            unexpected.Enqueue($"{request.Method} {request.Path} {request.Body}");
            return;
        }
        received.Enqueue(request);
        await answer(stream, cancel);
    }

    private static async Task<Received?> ReadAsync(NetworkStream stream, CancellationToken cancel)
    {
        var bytes = new List<byte>();
        var buffer = new byte[4096];
        while (true)
        {
            var text = Encoding.UTF8.GetString([.. bytes]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var lines = text[..end].Split("\r\n");
                var headers = lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);
                var length = int.Parse(headers.GetValueOrDefault("Content-Length", "0"), System.Globalization.CultureInfo.InvariantCulture);
                if (bytes.Count >= end + 4 + length) return new Received(lines[0].Split(' ')[0], lines[0].Split(' ')[1], headers, Encoding.UTF8.GetString([.. bytes], end + 4, length));
            }
            var count = await stream.ReadAsync(buffer, cancel);
            if (count == 0) return null;
            bytes.AddRange(buffer.AsSpan(0, count));
        }
    }
}
