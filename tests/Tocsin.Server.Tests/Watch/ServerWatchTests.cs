using System.Collections.Immutable;
using System.Net;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Core.Signals.Watching;
using Tocsin.Server.Storage;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Tests.Watch;

/// <summary>What the watch of a server leads to: incidents, and pages to those whom its severity calls.</summary>
public sealed class ServerWatchTests : IAsyncDisposable
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly FakeSite api = new();
    private readonly FakeSite shop = new();

    [Fact]
    public async Task When_every_address_fails_for_two_minutes_all_hands_are_called_once()
    {
        await using var world = await StartAsync();
        (api.Status, shop.Status) = (503, 502);
        await RoundsAsync(world, 2);
        // One for each service.
        Assert.Equal([1L, 1L], await SeveritiesAsync(world));
        Assert.All(world.Sent, p => Assert.NotEqual(Severity.P0, p.Severity));
        await RoundsAsync(world, 7);
        Assert.Equal([0L, 1L, 1L], await SeveritiesAsync(world));
        var everyone = world.Sent.Where(p => p.Severity is Severity.P0).Select(p => p.Person).Distinct().ToList();
        Assert.Superset(new HashSet<string>(["engineer-1", "engineer-2", "engineer-3", "lead", "founder-1", "founder-2"]), everyone.ToHashSet());
        Assert.Contains(world.Sent, p => p.First.Contains("every watched address (3) of production fails", StringComparison.Ordinal));
        await RoundsAsync(world, 30);
        Assert.Equal([0L, 1L, 1L], await SeveritiesAsync(world));
    }

    [Fact]
    public async Task A_signal_of_the_same_minutes_calls_nobody_beyond_its_own_severity()
    {
        await using var world = await StartAsync();
        (api.Status, shop.Status) = (503, 502);
        await RoundsAsync(world, 10);
        var intake = await world.IntakeAsync("staging");
        await world.PostAsync($"{intake}/webhook", new { title = "the report is slow", service = "reports", facts = (string[])["degraded"] });
        await world.PostAsync($"{intake}/webhook", new { title = "something else", environment = "production", service = "reports", facts = (string[])["cosmetic"] });
        await world.SettleAsync();
        Assert.Equal([0L, 1L, 1L, 3L, 3L], await SeveritiesAsync(world));
    }

    [Fact]
    public async Task A_sender_that_borrows_the_watchs_name_calls_no_hands()
    {
        await using var world = await StartAsync();
        await RoundsAsync(world, 3);
        var intake = await world.IntakeAsync();
        await world.PostAsync($"{intake}/webhook", new { title = "everything is down", severity = "P0", facts = (string[])["all-down"], fingerprint = WatchDecisions.FingerprintOf(WatchDecisions.AllAddresses("production")) });
        await world.SettleAsync();
        Assert.Equal([1L], await SeveritiesAsync(world));
    }

    [Fact]
    public async Task A_recovery_is_noted_and_a_person_resolves()
    {
        await using var world = await StartAsync();
        api.Status = 503;
        await RoundsAsync(world, 2);
        api.Status = 200;
        await RoundsAsync(world, 3);
        Assert.Equal(1, await CountAsync(world, "select count(*) from incidents where resolved is null"));
        Assert.Equal(1, await CountAsync(world, "select count(*) from signals where state = 'ended' and incident is not null"));
    }

    [Fact]
    public async Task The_watch_is_shown_with_what_it_sees_and_what_it_cost()
    {
        await using var world = await StartAsync();
        shop.Status = 500;
        await RoundsAsync(world, 2);
        var look = await world.GetAsync("/api/v1/watch");
        Assert.True(look.GetProperty("on").GetBoolean());
        Assert.Equal(0, look.GetProperty("callsLastHour").GetInt32());
        Assert.True(look.GetProperty("callsPerHour").GetInt32() > 0);
        var things = look.GetProperty("things").EnumerateArray().ToDictionary(t => t.GetProperty("id").GetString()!, t => t.GetProperty("state").GetString());
        Assert.Equal(("well", "ill", "ill"), (things["core-api"], things["platform"], things["storefront"]));
        await using var without = await TestWorld.SqliteAsync();
        Assert.False((await without.GetAsync("/api/v1/watch")).GetProperty("on").GetBoolean());
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        await shop.DisposeAsync();
    }

    private Task<TestWorld> StartAsync() => TestWorld.SqliteAsync(o => o with
    {
        Watch = new WatchSetup
        {
            Plan = o.Platform.Watch!,
            Facts = FactTable.Empty,
            Variable = _ => "some-shop.example",
            Doors = o.Platform.Watch!.Addresses.ToImmutableDictionary(a => a.Id, a => new WatchDoor(IPAddress.Loopback.ToString(), a.Id is "core-api" ? api.Port : shop.Port, Tls: false), StringComparer.Ordinal),
            AsksControl = false,
        },
    });

    private async Task RoundsAsync(TestWorld world, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            await world.Host.Part<PlatformWatch>().LookAtAddressesAsync(cancel);
            await world.AdvanceAsync(Duration.FromSeconds(15));
        }
    }

    private static async Task<List<long>> SeveritiesAsync(TestWorld world) =>
        [.. await world.Host.Part<Database>().ReadAsync((s, c) => s.QueryAsync<long>("select severity from incidents order by severity", null, c), TestContext.Current.CancellationToken)];

    private static Task<long> CountAsync(TestWorld world, string sql) => world.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long>(sql, null, c), TestContext.Current.CancellationToken);
}
