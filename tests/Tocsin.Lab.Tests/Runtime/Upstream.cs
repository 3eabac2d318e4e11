using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Tests.Runtime;

/// <summary>A target that answers each request on each connection as the test says, byte for byte.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource ended = new();
    private readonly Func<Peer, Task> answer;
    private readonly Task running;

    private Upstream(Func<Peer, Task> answer)
    {
        this.answer = answer;
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        running = AcceptAsync();
    }

    public IPEndPoint Address => (IPEndPoint)socket.LocalEndPoint!;

    public ConcurrentQueue<string> Requests { get; } = new();

    public int Connections { get; private set; }

    public CheckedTarget Healthy => new(Address, TargetHealth.Healthy);

    public static Upstream Start(Func<Peer, Task> answer) => new(answer);

    /// <summary>Says this to every request, and keeps the connection.</summary>
    public static Upstream Saying(string response) => new(p => p.SayAsync(response));

    public static Upstream Answering(int status, string body) => Saying($"HTTP/1.1 {status} Said\r\nContent-Length: {body.Length}\r\nServer: upstream\r\n\r\n{body}");

    /// <summary>Takes no connection: its backlog is full, so that a connect hangs.</summary>
    public static (Socket Listener, List<Socket> Fillers, IPEndPoint Address) Full()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var address = (IPEndPoint)listener.LocalEndPoint!;
        List<Socket> fillers = [];
        for (var i = 0; i < 4; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            try
            {
                filler.Connect(address);
            }
            catch (SocketException pending)
            {
                Assert.Equal(SocketError.WouldBlock, pending.SocketErrorCode);
            }
            fillers.Add(filler);
        }
        return (listener, fillers, address);
    }

    public static IPEndPoint Nobody()
    {
        using var once = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        once.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)once.LocalEndPoint!;
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await running;
        socket.Dispose();
        ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> peers = [];
        try
        {
            while (true)
            {
                var client = await socket.AcceptAsync(ended.Token);
                Connections++;
                peers.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(peers);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var peer = new Peer(client, ended.Token);
        try
        {
            while (await peer.HearAsync() is { } request)
            {
                Requests.Enqueue(request);
                await answer(peer);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            client.Close();
        }
    }
}

internal sealed class Peer(Socket socket, CancellationToken cancel) : IDisposable
{
    private readonly NetworkStream stream = new(socket, ownsSocket: true);

    public CancellationToken Cancel => cancel;

    /// <summary>The next request with its body; none when the client has closed.</summary>
    public async Task<string?> HearAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[8192];
        while (!IsWhole(text.ToString()))
        {
            var read = await stream.ReadAsync(buffer, cancel);
            if (read == 0) return null;
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        return text.ToString();
    }

    public async Task SayAsync(string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancel);

    public Task BeSilentAsync() => Task.Delay(Timeout.InfiniteTimeSpan, cancel);

    public Task CloseAsync()
    {
        socket.Close();
        return Task.CompletedTask;
    }

    public Task ResetAsync()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
        return Task.CompletedTask;
    }

    public void Dispose() => stream.Dispose();

    private static bool IsWhole(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) return false;
        if (text.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase)) return text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
        var length = text.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return length is null || text.Length - end - 4 >= int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
