using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tocsin.Server.Tests.Watch;

/// <summary>A web site on loopback that answers as it is told, or not at all.</summary>
internal sealed class FakeSite : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Task running;
    private int asked;

    public FakeSite()
    {
        listener.Start();
        running = RunAsync();
    }

    /// <summary>0: it takes the connection and says nothing.</summary>
    public int Status { get; set; } = 200;

    public int Asked => asked;

    public ConcurrentQueue<string> Heads { get; } = new();

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await running;
        ending.Dispose();
    }

    private async Task RunAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true) open.Add(ServeAsync(await listener.AcceptTcpClientAsync(ending.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            var buffer = new byte[4096];
            var length = await connection.GetStream().ReadAsync(buffer, ending.Token);
            Heads.Enqueue(Encoding.UTF8.GetString(buffer, 0, length));
            Interlocked.Increment(ref asked);
            if (Status == 0) await Task.Delay(Timeout.Infinite, ending.Token);
            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Status} Some\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"), ending.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The watch has gone on, as some tests want it.
            _ = e;
        }
    }
}
