using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;

namespace Tocsin.Server.Tests;

public sealed class MaintenanceNoticeTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Before_a_window_ends_the_room_hears_once_what_will_page_again(string database)
    {
        var window = new MaintenanceWindow("move", "The database moves", DateTimeZone.Utc, new Interval(TestWorld.Start, TestWorld.Start + Duration.FromHours(1)), null, ["production"], [], [], Duration.FromMinutes(15));
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel), o => o with { Plan = o.Plan with { Maintenance = [window] } });
        var notices = world.Host.Part<MaintenanceNotices>();
        await world.DeclareAsync("Checkout is slow", "P2");
        Assert.Equal(0, await notices.CheckAsync(Cancel));
        await world.AdvanceAsync(Duration.FromMinutes(44));
        Assert.Equal(0, await notices.CheckAsync(Cancel));
        Assert.Empty(world.Sent);
        await world.AdvanceAsync(Duration.FromMinutes(1));
        Assert.Equal(1, await notices.CheckAsync(Cancel));
        Assert.Equal(0, await notices.CheckAsync(Cancel));
        await world.SettleAsync();
        var said = Assert.Single(world.Sent);
        Assert.Equal((PagePurpose.Update, "incidents", "Maintenance ends at 06:00Z, and pages of production come again: The database moves"), (said.Purpose, said.Channel, said.First));
        Assert.Contains("INC-1", said.More, StringComparison.Ordinal);

        // A restart remembers nothing and says it all the same only once.
        await world.StopAsync();
        await world.StartAsync();
        Assert.Equal(0, await world.Host.Part<MaintenanceNotices>().CheckAsync(Cancel));

        // And then they come.
        await world.AdvanceAsync(Duration.FromMinutes(15));
        Assert.Contains(world.Sent, p => p is { Purpose: PagePurpose.Page, Person.Length: > 0 });
    }

    [Fact]
    public async Task Whoever_holds_pages_back_on_a_page_is_told_before_that_ends()
    {
        await using var world = await TestWorld.SqliteAsync();
        var hold = new PlanChange.HoldBack("", new Interval(world.Now, world.Now + Duration.FromMinutes(20)), "A load test", [], ["core-api"]);
        Assert.Null(await world.Host.Part<PlanChanges>().AddAsync(hold, "lead", Cancel));
        var notices = world.Host.Part<MaintenanceNotices>();
        await world.AdvanceAsync(Duration.FromMinutes(9));
        Assert.Equal(0, await notices.CheckAsync(Cancel));
        await world.AdvanceAsync(Duration.FromMinutes(1));
        Assert.Equal(1, await notices.CheckAsync(Cancel));
        await world.SettleAsync();
        Assert.Equal("Maintenance ends at 05:20Z, and pages of core-api come again: A load test", Assert.Single(world.Sent).First);
        Assert.Equal("It holds nothing back now.", world.Sent[0].More);
    }

    [Fact]
    public void A_window_without_a_notice_and_one_that_does_not_run_say_nothing()
    {
        var start = TestWorld.Start;
        ImmutableArray<MaintenanceWindow> windows =
        [
            new("silent", "", DateTimeZone.Utc, new Interval(start, start + Duration.FromMinutes(5)), null, [], [], [], Duration.Zero),
            new("later", "", DateTimeZone.Utc, new Interval(start + Duration.FromMinutes(1), start + Duration.FromMinutes(5)), null, [], [], [], Duration.FromHours(1)),
        ];
        Assert.Empty(MaintenanceNotices.Ending(windows, start));
        Assert.Equal("later", Assert.Single(MaintenanceNotices.Ending(windows, start + Duration.FromMinutes(1))).Window.Id);
        Assert.Empty(MaintenanceNotices.Ending(windows, start + Duration.FromMinutes(5)));
    }
}
