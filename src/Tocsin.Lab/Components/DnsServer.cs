using System.Net;
using System.Net.Sockets;

namespace Tocsin.Lab.Components;

/// <summary>The lab's DNS responder: UDP on its own address, from the lab's records as they are at that moment.</summary>
internal sealed class DnsServer(ComponentGround ground, string environment) : Component(ground, environment, "dns", PortOf(ground))
{
    private CancellationTokenSource? ending;
    private Task running = Task.CompletedTask;

    public override bool Datagrams => true;

    public override bool Shared => true;

    protected override bool IsRunning => ending is not null;

    public static int PortOf(ComponentGround ground) => ground.Network.Privileged ? 53 : 5353;

    protected override Task LaunchAsync(CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Address), Port));
        ending = new CancellationTokenSource();
        running = AnswerAsync(socket, ending.Token);
        Version = "of the lab";
        return Task.CompletedTask;
    }

    protected override async Task EndAsync(bool atOnce, CancellationToken cancel)
    {
        if (ending is null) return;
        await ending.CancelAsync();
        await running;
        ending.Dispose();
        ending = null;
    }

    private async Task AnswerAsync(Socket socket, CancellationToken cancel)
    {
        using var owned = socket;
        var proxy = IPAddress.Parse(Ground.Network.Component(Environment, "cloudflare"));
        var buffer = new byte[4096];
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), cancel);
                if (Delay > TimeSpan.Zero) await Task.Delay(Delay, cancel);
                if (Answer(buffer.AsSpan(0, received.ReceivedBytes), proxy) is { } answer) await socket.SendToAsync(answer, received.RemoteEndPoint, cancel);
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException)
            {
                // Whoever asked may be gone; the owner's end shows in the loop's condition.
                continue;
            }
        }
    }

    private byte[]? Answer(ReadOnlySpan<byte> query, IPAddress proxy)
    {
        lock (Ground.World.Gate) return DnsAnswer.To(query, Ground.Dns.Find, proxy);
    }
}
