using System.Net;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Tests;

/// <summary>Whoever's turn begins says that pages reach them; else the backup hears it. The week's turn begins on Monday at 04:30Z, half an hour before the tests do.</summary>
public sealed class TurnStartTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Whoever_confirms_their_turn_is_asked_once_and_nobody_else_hears_of_it(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel), With);
        Assert.Equal(1, await CheckAsync(world));
        Assert.Equal(["message", "pagerduty", "phone"], world.Sent.Select(p => p.Channel).Order(StringComparer.Ordinal));
        Assert.All(world.Sent, p => Assert.Equal((PagePurpose.Test, "engineer-2", "Your turn in primary has begun: say by 05:15Z that you can be reached. Nothing is wrong."), (p.Purpose, p.Person, p.First)));

        // Neither a further look nor a restart asks again.
        await world.StopAsync();
        await world.StartAsync();
        Assert.Equal(0, await CheckAsync(world));
        Assert.Equal(3, world.Sent.Count);

        // Links are looked at by chats: only the button counts.
        using var stranger = new HttpClient();
        var link = new Uri(world.Host.Address, world.Sent[0].AcknowledgeLink!.PathAndQuery);
        for (var i = 0; i < 3; i++) Assert.Contains("Pages reach me", await stranger.GetStringAsync(link, Cancel), StringComparison.Ordinal);
        Assert.False(Turn(await world.GetAsync("/api/v1/oncall/turns")).TryGetProperty("confirmed", out _));
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync(link.ToString().Replace("engineer-2", "engineer-1", StringComparison.Ordinal), null, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await stranger.PostAsync(link, null, Cancel)).StatusCode);
        Assert.True(Turn(await world.GetAsync("/api/v1/oncall/turns")).TryGetProperty("confirmed", out _));
        world.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, await CheckAsync(world));
        Assert.Equal(3, world.Sent.Count);

        // A week later it is somebody else's turn.
        world.Time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromHours(1));
        Assert.Equal(1, await CheckAsync(world));
        Assert.All(world.Sent.Skip(3), p => Assert.Equal("engineer-3", p.Person));
    }

    [Fact]
    public async Task Where_nobody_confirms_the_backup_is_told_once()
    {
        await using var world = await TestWorld.SqliteAsync(With);
        await CheckAsync(world);
        world.Time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(0, await CheckAsync(world));
        world.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await CheckAsync(world));
        Assert.Equal(0, await CheckAsync(world));
        var told = world.Sent.Skip(3).ToList();
        Assert.Equal(["message", "phone", "push"], told.Select(p => p.Channel).Order(StringComparer.Ordinal));
        Assert.All(told, p => Assert.Equal((PagePurpose.Update, "lead", "engineer-2 has not said that pages reach them: their turn in primary began at 04:30Z. You are the backup."), (p.Purpose, p.Person, p.First)));
        Assert.Equal("", (await world.Host.Part<Reading.AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Fact]
    public async Task A_schedule_that_asks_for_nothing_asks_nobody()
    {
        await using var world = await TestWorld.SqliteAsync(o => o with { Plan = With(o.Plan, null) });
        Assert.Equal(0, await CheckAsync(world));
        Assert.Empty(world.Sent);
    }

    [Fact]
    public void A_backup_that_is_no_person_is_refused()
    {
        var text = File.ReadAllText(Path.Combine(TestWorld.Root, "platforms", "zelly", "response.yaml"));
        const string shipped = "{ within: 30m, backup: lead }";
        Assert.Contains(shipped, text, StringComparison.Ordinal);
        Assert.Equal(new TurnCheck(Duration.FromMinutes(30), "lead"), ResponseReader.Parse(text, "response.yaml").Value!.Roster.Schedules["primary"].Ready);
        Assert.Contains(ResponseReader.Parse(text.Replace(shipped, "{ within: 20m, backup: nobody-here }", StringComparison.Ordinal), "response.yaml").Problems, p => p.Message.Contains("nobody-here", StringComparison.Ordinal));
    }

    private static ServerOptions With(ServerOptions options) => options with { Plan = With(options.Plan, new TurnCheck(Duration.FromMinutes(45), "lead")) };

    private static ResponsePlan With(ResponsePlan plan, TurnCheck? ready) =>
        plan with { Roster = plan.Roster with { Schedules = plan.Roster.Schedules.SetItem("primary", plan.Roster.Schedules["primary"] with { Ready = ready }) } };

    private static async Task<int> CheckAsync(TestWorld world)
    {
        var done = await world.Host.Part<TurnStarts>().CheckAsync(Cancel);
        await world.SettleAsync();
        return done;
    }

    private static System.Text.Json.JsonElement Turn(System.Text.Json.JsonElement all) => Assert.Single(all.EnumerateArray());
}
