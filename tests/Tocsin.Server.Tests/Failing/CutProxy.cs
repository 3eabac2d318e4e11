using System.Net;
using System.Net.Sockets;

namespace Tocsin.Server.Tests.Failing;

/// <summary>A cable between a node and its database: while it is cut nothing arrives on either side, and nobody is told that the connection is gone.</summary>
internal sealed class CutProxy : IAsyncDisposable
{
    private readonly LoopbackListener listener;
    private readonly int to;
    private volatile bool cut;

    public CutProxy(int to)
    {
        this.to = to;
        listener = new LoopbackListener(ServeAsync);
    }

    public int Port => listener.Port;

    public void Cut() => cut = true;

    public void Mend() => cut = false;

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private async Task ServeAsync(NetworkStream client, CancellationToken cancel)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(IPAddress.Loopback, to, cancel);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ways = new[] { CopyAsync(client, server.GetStream(), both.Token), CopyAsync(server.GetStream(), client, both.Token) };
        await Task.WhenAny(ways);
        await both.CancelAsync();
        await Task.WhenAll(ways);
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
