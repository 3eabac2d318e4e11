using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Tocsin.Server.Tests.Watch;

/// <summary>A web site on loopback that answers as it is told, or not at all.</summary>
internal sealed class FakeSite : IAsyncDisposable
{
    private readonly LoopbackListener listener;
    private int asked;

    public FakeSite() => listener = new LoopbackListener(ServeAsync);

    /// <summary>0: it takes the connection and says nothing.</summary>
    public int Status { get; set; } = 200;

    public int Asked => asked;

    public ConcurrentQueue<string> Heads { get; } = new();

    public int Port => listener.Port;

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private async Task ServeAsync(NetworkStream stream, CancellationToken cancel)
    {
        var buffer = new byte[4096];
        var length = await stream.ReadAsync(buffer, cancel);
        Heads.Enqueue(Encoding.UTF8.GetString(buffer, 0, length));
        Interlocked.Increment(ref asked);
        if (Status == 0) await Task.Delay(Timeout.Infinite, cancel);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Status} Some\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"), cancel);
    }
}
