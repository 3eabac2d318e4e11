using System.Net;
using System.Net.Sockets;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Runtime;

public sealed class NetworkForwarderTests
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);
    private readonly LabClock clock = new(TimeProvider.System, 1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bytes_go_both_ways_and_so_does_the_end()
    {
        await using var upstream = Upstream.Start(async p =>
        {
            await p.SayAsync("hello");
            await p.CloseAsync();
        });
        await using var forwarder = NetworkForwarder.Start(AnyPort, () => [upstream.Healthy], clock);
        using var client = await ConnectAsync(forwarder.Address);
        await client.SendAsync("anything\r\n\r\n"u8.ToArray(), Cancel);
        Assert.Equal("hello", await Front.ReadAsync(client));
    }

    [Fact]
    public async Task Without_a_target_the_client_is_reset()
    {
        await using var forwarder = NetworkForwarder.Start(AnyPort, () => [], clock);
        Assert.Equal("<<ConnectionReset>>", await HearAsync(forwarder.Address));
    }

    [Fact]
    public async Task A_target_that_refuses_resets_the_client()
    {
        await using var forwarder = NetworkForwarder.Start(AnyPort, () => [new CheckedTarget(Upstream.Nobody(), TargetHealth.Healthy)], clock);
        Assert.Equal("<<ConnectionReset>>", await HearAsync(forwarder.Address));
    }

    [Fact]
    public async Task A_target_s_reset_reaches_the_client()
    {
        await using var upstream = Upstream.Start(p => p.ResetAsync());
        await using var forwarder = NetworkForwarder.Start(AnyPort, () => [upstream.Healthy], clock);
        using var client = await ConnectAsync(forwarder.Address);
        await client.SendAsync("anything\r\n\r\n"u8.ToArray(), Cancel);
        Assert.Equal("<<ConnectionReset>>", await Front.ReadAsync(client));
    }

    [Fact]
    public async Task An_open_flow_ends_with_its_forwarder()
    {
        await using var upstream = Upstream.Start(p => p.BeSilentAsync());
        Socket client;
        await using (var forwarder = NetworkForwarder.Start(AnyPort, () => [upstream.Healthy], clock))
        {
            client = await ConnectAsync(forwarder.Address);
            await client.SendAsync("anything\r\n\r\n"u8.ToArray(), Cancel);
            await Wait.UntilAsync(() => !upstream.Requests.IsEmpty, "the target has the bytes");
        }
        Assert.Equal("<<ConnectionReset>>", await Front.ReadAsync(client));
        client.Dispose();
    }

    // The reset can be quicker than the end of the connect.
    private static async Task<string> HearAsync(IPEndPoint address)
    {
        try
        {
            using var client = await ConnectAsync(address);
            return await Front.ReadAsync(client);
        }
        catch (SocketException early)
        {
            return $"<<{early.SocketErrorCode}>>";
        }
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, Cancel);
        return socket;
    }
}
