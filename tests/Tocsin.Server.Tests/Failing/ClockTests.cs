using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Clock;
using Tocsin.Server.Notify;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests.Failing;

/// <summary>The machine's clock is set by an hour, either way.</summary>
public sealed class ClockTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_clock_set_on_by_an_hour_gives_what_came_due_once(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        await world.DeclareAsync("Checkout is broken", "P1");
        var before = world.Sent.Count;
        world.Time.Advance(TimeSpan.FromHours(1));
        await SettleAsync(world);
        var came = world.Sent.Skip(before).ToList();
        Assert.Contains(came, p => p is { Person: "lead", Channel: "phone" });
        Assert.Equal(came.Count, came.DistinctBy(p => (p.Person, p.Channel, p.First)).Count());
        await SettleAsync(world);
        Assert.Equal(before + came.Count, world.Sent.Count);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_clock_set_back_by_an_hour_makes_no_page_late(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        await SettleAsync(world);
        world.Phone.Answer = _ => new SendResult.TryAgain("busy", Duration.FromMinutes(2));
        await world.DeclareAsync("Checkout is broken", "P1");
        Assert.Equal(3, world.Sent.Count);
        await SettleAsync(world);
        world.Phone.Answer = _ => new SendResult.Taken(Receipt.Accepted, "");
        world.Time.Advance(-TimeSpan.FromHours(1));
        // What was to be tried again two minutes later, by a clock that is an hour ahead, is tried now.
        await SettleAsync(world);
        Assert.Equal(6, world.Sent.Count);
        Assert.Equal(3, world.Sent.DistinctBy(p => p.IdempotencyKey).Count());
        // The engineer on call is asked again ten minutes later, not seventy: by the new time it is the one before the handover.
        await world.AdvanceAsync(Duration.FromMinutes(11));
        Assert.Contains(world.Sent.Skip(6), p => p is { Person: "engineer-1", Channel: "pagerduty" });
        Assert.Contains("the clock was set back by", world.Log.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_made_before_the_clock_was_set_back_does_not_hold_the_page_for_an_hour()
    {
        await using var world = await TestWorld.SqliteAsync();
        await world.PostAsync("/api/v1/incidents", new { title = "Checkout is broken", severity = "P1" });
        await world.Host.Part<Database>().WriteAsync((s, c) => s.ExecuteAsync("update outbox set state = 'sending', claimed_by = 'a node that died', claimed_until = @until", new { until = Micros.Of(world.Now + Duration.FromSeconds(8)) }, c), Cancel);
        await world.Host.Part<Sender>().SendDueAsync(Cancel);
        Assert.Empty(world.Sent);
        world.Time.Advance(-TimeSpan.FromHours(1));
        await world.Host.Part<Sender>().SendDueAsync(Cancel);
        Assert.Equal(3, world.Sent.Count);
    }

    private static async Task SettleAsync(TestWorld world)
    {
        await world.Host.Part<ClockSteps>().CheckAsync(Cancel);
        await world.SettleAsync();
    }
}
