using System.Net;
using System.Net.Sockets;

namespace Tocsin.Server.Tests.Failing;

/// <summary>A cable between a node and its database: while it is cut nothing arrives on either side, and nobody is told that the connection is gone.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly int to;
    private readonly Task running;
    private volatile bool cut;

    public CutProxy(int to)
    {
        this.to = to;
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        running = RunAsync();
    }

    public int Port { get; }

    public void Cut() => cut = true;

    public void Mend() => cut = false;

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
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient from)
    {
        using var client = from;
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, to, ending.Token);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
            var ways = new[] { CopyAsync(client.GetStream(), server.GetStream(), both.Token), CopyAsync(server.GetStream(), client.GetStream(), both.Token) };
            await Task.WhenAny(ways);
            await both.CancelAsync();
            await Task.WhenAll(ways);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One side has gone, or the test ends.
            _ = e;
        }
    }

    // What was said while the cable was cut is lost: the connection is of no use after that.
    private async Task CopyAsync(NetworkStream from, NetworkStream to, CancellationToken cancel)
    {
        var buffer = new byte[16 * 1024];
        var broken = false;
        try
        {
            while (await from.ReadAsync(buffer, cancel) is > 0 and var count)
            {
                broken |= cut;
                if (!broken) await to.WriteAsync(buffer.AsMemory(0, count), cancel);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            _ = e;
        }
    }
}
