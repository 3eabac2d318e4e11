using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Npgsql;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests.Failing;

/// <summary>The database is stopped, cut off, or full while the server runs; its loops run too, and only the clock is moved by hand.</summary>
public sealed class DatabaseAwayTests(PostgresServer shared)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_that_is_stopped_and_started_loses_nothing_and_on_call_hears_of_it()
    {
        await using var own = new PostgresServer();
        await using var world = await TestWorld.StartAsync(await own.CreateAsync(Cancel), o => o with { Loops = true });
        world.ExpectsErrors = true;
        var intake = await world.IntakeAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await ReportAsync(world, intake, "before")).StatusCode);
        await PagedAsync(world, 3);
        await own.StopAsync(Cancel);
        var refused = await ReportAsync(world, intake, "meanwhile");
        await NotTakenAsync(refused);
        await Wait.UntilAsync(() => world.Host.Part<ServerState>().DatabaseDownSince is not null, "nobody noticed", Cancel);
        Assert.Contains("since 2026-11-23 05:00", await ReadyAsync(world, HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        world.Time.Advance(SelfAlarm.Grace.ToTimeSpan());
        await Wait.UntilAsync(() => Told(world, "does not answer").Count == 3, "on-call was not told", Cancel);
        Assert.Equal(["engineer-2", "", "lead"], Told(world, "does not answer").Select(p => p.Person).OrderBy(p => p.Length == 0 ? "f" : p, StringComparer.Ordinal));
        Assert.All(Told(world, "does not answer"), p => Assert.True(p.First.Length <= 160, p.First));
        // Who was told is noted when all have been.
        await Wait.UntilAsync(async () => (await ReadyAsync(world, HttpStatusCode.ServiceUnavailable)).Contains("told: ", StringComparison.Ordinal), "it was not said who was told", Cancel);
        await own.StartAgainAsync(Cancel);
        await WellAsync(world);
        await Wait.UntilAsync(() => Told(world, "works again").Count == 3, "the end was not told", Cancel);
        Assert.Equal(HttpStatusCode.Accepted, (await ReportAsync(world, intake, "meanwhile")).StatusCode);
        await PagedAsync(world, 6);
        Assert.All(world.Sent.GroupBy(p => p.IdempotencyKey, StringComparer.Ordinal), g => Assert.Single(g));
        var kept = await world.Host.Part<AuditTrail>().NewestAsync(null, "", 50, Cancel);
        Assert.Contains(kept, r => r.What == "database away" && r.Detail.Contains("told: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_is_cut_off_from_its_database_keeps_the_answer_to_a_page_until_it_can_write_it_down()
    {
        var to = new NpgsqlConnectionStringBuilder(await shared.CreateAsync(Cancel));
        await using var cable = new CutProxy(to.Port);
        (to.Port, to.Timeout, to.CommandTimeout, to.CancellationTimeout) = (cable.Port, 1, 1, -1);
        await using var world = await TestWorld.StartAsync(to.ToString(), o => o with { Loops = true });
        world.ExpectsErrors = true;
        var intake = await world.IntakeAsync();
        world.Phone.Answer = _ =>
        {
            cable.Cut();
            return new SendResult.Taken(Receipt.Accepted, "");
        };
        Assert.Equal(HttpStatusCode.Accepted, (await ReportAsync(world, intake, "first")).StatusCode);
        await Wait.UntilAsync(() => world.Host.Part<ServerState>().DatabaseDownSince is not null, "nobody noticed", Cancel);
        await NotTakenAsync(await ReportAsync(world, intake, "second"));
        cable.Mend();
        world.Phone.Answer = _ => new SendResult.Taken(Receipt.Accepted, "");
        await WellAsync(world);
        Assert.Equal(HttpStatusCode.Accepted, (await ReportAsync(world, intake, "second")).StatusCode);
        await PagedAsync(world, 6);
        Assert.Equal(6, world.Sent.Count(p => p.IdempotencyKey.StartsWith("INC-", StringComparison.Ordinal)));
        Assert.Equal(0, await CountAsync(world, "select sum(doubts) from outbox"));
    }

    [Fact]
    public async Task A_full_disk_is_said_and_nothing_is_taken_until_there_is_room()
    {
        Assert.SkipUnless(Environment.UserName == "root", "a small disk can only be made by root");
        using var disk = await SmallDisk.MakeAsync(megabytes: 6, Cancel);
        await using var world = await TestWorld.SqliteAsync(o => o with { DataFolder = disk.Folder, Loops = true });
        world.ExpectsErrors = true;
        var intake = await world.IntakeAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await ReportAsync(world, intake, "before")).StatusCode);
        await PagedAsync(world, 3);
        disk.Fill();
        HttpResponseMessage refused;
        var number = 0;
        while ((refused = await ReportAsync(world, intake, string.Create(CultureInfo.InvariantCulture, $"r{number++}"))).IsSuccessStatusCode) Assert.True(number < 2000, "the disk does not fill");
        await NotTakenAsync(refused);
        Assert.Equal(HttpStatusCode.OK, (await world.Http.GetAsync("/api/v1/incidents", Cancel)).StatusCode);
        Assert.NotNull(world.Host.Part<ServerState>().DatabaseDownSince);
        world.Time.Advance(SelfAlarm.Grace.ToTimeSpan());
        await Wait.UntilAsync(() => Told(world, "does not answer").Count == 3, "on-call was not told", Cancel);
        disk.Empty();
        await WellAsync(world);
        Assert.Equal(HttpStatusCode.Accepted, (await ReportAsync(world, intake, "after")).StatusCode);
        await Wait.UntilAsync(() => world.Sent.Any(p => p.First.Contains("after fails", StringComparison.Ordinal)), "the page did not come", Cancel);
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    private static Task<HttpResponseMessage> ReportAsync(TestWorld world, string intake, string name)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"{intake}/webhook") { Content = JsonContent.Create(new { title = $"{name} fails", service = name, fingerprint = name, severity = "P1" }) };
        request.Headers.Add("Idempotency-Key", name);
        return world.Http.SendAsync(request, Cancel);
    }

    private static async Task NotTakenAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
        Assert.Contains("nothing was taken", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static async Task<string> ReadyAsync(TestWorld world, HttpStatusCode expected)
    {
        var answer = await world.Http.GetAsync("/readyz", Cancel);
        Assert.Equal(expected, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    private static Task WellAsync(TestWorld world) => Wait.UntilAsync(async () => (await world.Http.GetAsync("/readyz", Cancel)).IsSuccessStatusCode, "it is not well again", Cancel);

    private static Task PagedAsync(TestWorld world, int pages) =>
        Wait.UntilAsync(async () => await CountAsync(world, "select count(*) from outbox where state = 'sent'") >= pages, $"{pages} pages were not sent", Cancel);

    private static List<OutgoingPage> Told(TestWorld world, string what) => [.. world.Sent.Where(p => p.Subject == "Tocsin" && p.First.Contains(what, StringComparison.Ordinal))];

    private static Task<long> CountAsync(TestWorld world, string sql) => world.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long>(sql, null, c), Cancel);
}
