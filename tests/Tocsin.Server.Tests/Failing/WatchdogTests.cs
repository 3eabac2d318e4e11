using System.Net;
using System.Text;
using NodaTime;
using Tocsin.Server.Clock;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests.Failing;

/// <summary>An address outside hears from the server only while every deadline is alive.</summary>
public sealed class WatchdogTests(PostgresServer postgres) : IAsyncDisposable
{
    private readonly LoopbackListener outside = new(AnswerAsync);
    private static int pings;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => outside.DisposeAsync();

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_clock_that_stands_still_stops_the_ping(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel), Pinging);
        world.ExpectsErrors = true;
        Interlocked.Exchange(ref pings, 0);
        var dog = world.Host.Part<Watchdog>();
        await world.DeclareAsync("Checkout is broken", "P1");
        await dog.CheckAsync(Cancel);
        Assert.Equal(1, pings);
        Assert.Equal(1, dog.Last!.Incidents);
        await dog.CheckAsync(Cancel);
        Assert.Equal(1, pings);
        // The next channel is due after five minutes, and nothing handles it.
        world.Time.Advance(TimeSpan.FromMinutes(6));
        await dog.CheckAsync(Cancel);
        Assert.Equal(1, pings);
        Assert.Contains("INC-1: ", Assert.Single(dog.Last!.Dead), StringComparison.Ordinal);
        Assert.Contains("tocsin_watchdog_dead 1", await world.Http.GetStringAsync("/metrics", Cancel), StringComparison.Ordinal);
        Assert.Contains("1 not alive", await world.Http.GetStringAsync("/readyz", Cancel), StringComparison.Ordinal);
        await world.SettleAsync();
        await dog.CheckAsync(Cancel);
        Assert.Empty(dog.Last!.Dead);
        Assert.Equal(2, pings);
        Assert.Contains("all deadlines alive", await world.Http.GetStringAsync("/readyz", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deadline_that_the_list_lost_is_found_by_its_events()
    {
        await using var world = await TestWorld.SqliteAsync(Pinging);
        world.ExpectsErrors = true;
        await world.DeclareAsync("Checkout is broken", "P1");
        await world.Host.Part<Database>().WriteAsync((s, c) => s.ExecuteAsync("update incidents set due = null", null, c), Cancel);
        var dog = world.Host.Part<Watchdog>();
        await dog.CheckAsync(Cancel);
        Assert.Contains("INC-1: the clock waits for nothing, its events say", Assert.Single(dog.Last!.Dead), StringComparison.Ordinal);
        Assert.Null(dog.Pinged);
    }

    [Fact]
    public async Task A_loop_that_hangs_stops_the_ping()
    {
        await using var world = await TestWorld.SqliteAsync(Pinging);
        world.ExpectsErrors = true;
        var dog = world.Host.Part<Watchdog>();
        world.Host.Part<ServerState>().Turned("clock");
        await dog.CheckAsync(Cancel);
        Assert.NotNull(dog.Pinged);
        world.Time.Advance(TimeSpan.FromMinutes(2));
        await dog.CheckAsync(Cancel);
        Assert.Equal(["the loop clock has not come round since 2026-11-23 05:00Z"], dog.Last!.Dead);
        Assert.Equal(TestWorld.Start, dog.Pinged);
    }

    private ServerOptions Pinging(ServerOptions options) => options with
    {
        Heartbeat = new OutsideHeartbeat("$OUTSIDE", Duration.FromSeconds(60)),
        AllowNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        Variable = name => name == "OUTSIDE" ? $"http://127.0.0.1:{outside.Port}/ping" : $"address-of-{name}",
    };

    private static async Task AnswerAsync(System.Net.Sockets.NetworkStream stream, CancellationToken cancel)
    {
        if (await stream.ReadAsync(new byte[4096], cancel) == 0) return;
        Interlocked.Increment(ref pings);
        await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"), cancel);
    }
}
