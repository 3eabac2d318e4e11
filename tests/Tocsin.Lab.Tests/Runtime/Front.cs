using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NodaTime;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Runtime;

/// <summary>A load balancer with one group behind <c>shop.example</c>, what it logged, and a client that shows bytes as they are.</summary>
internal sealed class Front : IAsyncDisposable
{
    public const string Group = "web";
    private readonly AlbForwarder forwarder;
    private readonly LabClock clock;

    private Front(AlbForwarder forwarder, LabClock clock)
    {
        this.forwarder = forwarder;
        this.clock = clock;
    }

    public ConcurrentQueue<AccessLogEntry> Log { get; private init; } = new();

    public LabClock Clock => clock;

    public IPEndPoint Address => forwarder.Address;

    public AlbCounters Counters => forwarder.Counters(Group);

    public static async Task<Front> StartAsync(Func<ImmutableArray<CheckedTarget>> targets)
    {
        var time = new LabClock(TimeProvider.System, 1);
        var log = new ConcurrentQueue<AccessLogEntry>();
        var started = await AlbForwarder.StartAsync(new AlbListener
        {
            Address = new IPEndPoint(IPAddress.Loopback, 0),
            LoadBalancer = "app/lab/50dc6c495c0c9188",
            Rules = () => [new AlbRule(10, ["shop.example", "*.shop.example"], Group), new AlbRule(20, ["empty.example"], "none")],
            TargetGroup = name => name == Group ? new TargetGroupView("arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/web/73e2d6bc24d8a067", targets()) : null,
            AccessLog = log.Enqueue,
            Clock = time,
        }, TestContext.Current.CancellationToken);
        return new Front(started, time) { Log = log };
    }

    public static Task<Front> StartAsync(params CheckedTarget[] targets) => StartAsync(() => [.. targets]);

    /// <summary>One request on a connection of its own; the answer's bytes up to the connection's end.</summary>
    public async Task<string> GetAsync(string host = "shop.example", string path = "/", string headers = "", string method = "GET", string body = "")
    {
        using var socket = await SendAsync(host, path, headers, method, body);
        return await ReadAsync(socket);
    }

    public async Task<Socket> SendAsync(string host = "shop.example", string path = "/", string headers = "", string method = "GET", string body = "")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Address, TestContext.Current.CancellationToken);
        var text = $"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nUser-Agent: test/1\r\n{headers}\r\n{body}";
        await socket.SendAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);
        return socket;
    }

    public static async Task<string> ReadAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[8192];
        try
        {
            while (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read) text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (SocketException reset)
        {
            text.Append("<<").Append(reset.SocketErrorCode).Append(">>");
        }
        return text.ToString();
    }

    /// <summary>What the client hears when lab time goes on and on in steps.</summary>
    public async Task<string> ReadSteppingAsync(Socket socket, Duration step)
    {
        var answer = ReadAsync(socket);
        while (!answer.IsCompleted)
        {
            clock.Step(step);
            await Task.WhenAny(answer, Task.Delay(50, TestContext.Current.CancellationToken));
        }
        return await answer;
    }

    public async Task<AccessLogEntry> EntryAsync()
    {
        await Wait.UntilAsync(() => !Log.IsEmpty, "the access log has an entry");
        return Log.Single();
    }

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)forwarder).DisposeAsync();
        clock.Dispose();
    }
}
