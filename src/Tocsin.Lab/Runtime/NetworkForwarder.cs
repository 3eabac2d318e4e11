using System.Net;
using System.Net.Sockets;
using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// A Network Load Balancer's TCP listener: what comes in goes to a target as it is, and back. Which target is decided as for an Application Load Balancer
/// (<see cref="TargetPick"/>); without one, or when the target refuses, the client is reset.
/// </summary>
public sealed class NetworkForwarder : IAsyncDisposable
{
    private static readonly Duration ConnectTimeout = Duration.FromSeconds(10);
    private readonly Socket socket;
    private readonly Func<IEnumerable<CheckedTarget>> targets;
    private readonly LabClock clock;
    private readonly RoundRobin turns = new();
    private readonly CancellationTokenSource ended = new();
    private readonly Task running;

    private NetworkForwarder(Socket socket, Func<IEnumerable<CheckedTarget>> targets, LabClock clock)
    {
        this.socket = socket;
        this.targets = targets;
        this.clock = clock;
        running = AcceptAsync(ended.Token);
    }

    public IPEndPoint Address => (IPEndPoint)socket.LocalEndPoint!;

    /// <summary>Listens at once; throws what the system says when the address is taken.</summary>
    public static NetworkForwarder Start(IPEndPoint address, Func<IEnumerable<CheckedTarget>> targets, LabClock clock)
    {
        var listening = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listening.Bind(address);
            listening.Listen();
            return new NetworkForwarder(listening, targets, clock);
        }
        catch
        {
            listening.Dispose();
            throw;
        }
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await ended.CancelAsync();
        await running;
        socket.Dispose();
        ended.Dispose();
    }

    private async Task AcceptAsync(CancellationToken cancel)
    {
        List<Task> flows = [];
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                var client = await socket.AcceptAsync(cancel);
                flows.RemoveAll(f => f.IsCompleted);
                flows.Add(FlowAsync(client, cancel));
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException)
            {
                // A client that went before it was taken, or the owner's end: the loop's condition tells.
                continue;
            }
        }
        await Task.WhenAll(flows);
    }

    private async Task FlowAsync(Socket client, CancellationToken cancel)
    {
        if (turns.Next("", targets()) is not { } chosen)
        {
            Reset(client);
            return;
        }
        using var target = new Socket(chosen.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await IoLimit.WithinAsync(clock, ConnectTimeout, c => ConnectAsync(target, chosen.Address, c), cancel);
            await BothWaysAsync(client, target, cancel);
        }
        catch (Exception broken) when (IoLimit.IsPeer(broken) || broken is TimeoutException or OperationCanceledException)
        {
            Reset(target);
            Reset(client);
        }
        finally
        {
            client.Dispose();
        }
    }

    private static async ValueTask<bool> ConnectAsync(Socket target, IPEndPoint address, CancellationToken cancel)
    {
        await target.ConnectAsync(address, cancel);
        return true;
    }

    // One direction's fault is the end of both; its end in order is not.
    private static async Task BothWaysAsync(Socket client, Socket target, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var there = PumpAsync(client, target, either.Token);
        var back = PumpAsync(target, client, either.Token);
        var first = await Task.WhenAny(there, back);
        if (!first.IsCompletedSuccessfully) await either.CancelAsync();
        await Task.WhenAll(there, back);
    }

    private static async Task PumpAsync(Socket from, Socket to, CancellationToken cancel)
    {
        var buffer = new byte[32 * 1024];
        while (await from.ReceiveAsync(buffer, cancel) is > 0 and var read)
        {
            for (var sent = 0; sent < read;) sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), cancel);
        }
        to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Closed without lingering, a connection ends with RST.</summary>
    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception gone) when (IoLimit.IsPeer(gone))
        {
            return;
        }
        socket.Close();
    }
}
