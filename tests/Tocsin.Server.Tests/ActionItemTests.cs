using System.Net;
using System.Text.Json;
using NodaTime;
using Tocsin.Server.Reading;
using Tocsin.Server.Tests.Notify;

namespace Tocsin.Server.Tests;

/// <summary>Action items and documents that are not forgotten: told of, shown again, and made issues.</summary>
public sealed class ActionItemTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_owner_is_told_before_the_day_and_on_it_and_the_tech_lead_when_it_is_over(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        var id = await ResolvedAsync(world, "P2");
        await WriteAsync(world, id, ("Alarm at 80 % of the connections", "engineer-2", "2026-12-10"), ("Already there", "engineer-1", "2026-12-10"));
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}/items/1", new { done = true })).StatusCode);
        await world.AdvanceAsync(Duration.FromDays(30));
        var told = world.Sent.Where(p => p.First.Contains("action item", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(told, p => p.First.Contains("Already there", StringComparison.Ordinal));
        Assert.Equal(
            ["2026-12-08 engineer-2 due 2026-12-10", "2026-12-10 engineer-2 due today", "2026-12-11 engineer-2 overdue", "2026-12-11 lead overdue", "2026-12-18 engineer-2 overdue", "2026-12-18 lead overdue"],
            told.Select(p => $"{p.At.InUtc().Date:uuuu-MM-dd} {p.Person} {(p.First.Contains("due today", StringComparison.Ordinal) ? "due today" : p.First.Contains("overdue", StringComparison.Ordinal) ? "overdue" : "due 2026-12-10")}").Order(StringComparer.Ordinal).Take(6));
        // In the morning of the team's zone, and by the channel that wakes nobody.
        Assert.All(told, p => Assert.Equal((4, "message"), (p.At.InUtc().Hour, p.Channel)));
        // Done: it is over, for everybody.
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}/items/0", new { done = true })).StatusCode);
        await world.AdvanceAsync(Duration.FromDays(20));
        Assert.Equal(told.Count, world.Sent.Count(p => p.First.Contains("action item", StringComparison.Ordinal)));
        var timeline = (await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("timeline").EnumerateArray().Select(e => e.GetProperty("text").GetString()!).ToList();
        Assert.Contains(timeline, t => t.StartsWith("reminded engineer-2 by message", StringComparison.Ordinal));
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Fact]
    public async Task After_a_long_time_off_each_is_told_once_and_never_twice()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await ResolvedAsync(world, "P2");
        await WriteAsync(world, id, ("Write the runbook", "engineer-2", "2026-12-01"));
        world.Time.Advance(TimeSpan.FromDays(9));
        await world.SettleAsync();
        await world.SettleAsync();
        Assert.Equal(["engineer-2", "lead"], world.Sent.Where(p => p.First.Contains("Write the runbook", StringComparison.Ordinal)).Select(p => p.Person).Order(StringComparer.Ordinal));
        await world.StopAsync();
        await world.StartAsync();
        await world.SettleAsync();
        Assert.Equal(2, world.Sent.Count(p => p.First.Contains("Write the runbook", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_text_that_is_being_typed_is_not_stale_by_what_the_clock_says()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await ResolvedAsync(world, "P2");
        await WriteAsync(world, id, ("Write the runbook", "engineer-2", "2026-11-24"));
        var before = (await world.GetAsync($"/api/v1/post-mortems/{id}")).GetProperty("version").GetInt32();
        await world.AdvanceAsync(Duration.FromDays(3));
        Assert.Contains(world.Sent, p => p.First.Contains("Write the runbook", StringComparison.Ordinal));
        Assert.Equal(before, (await world.GetAsync($"/api/v1/post-mortems/{id}")).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task A_document_that_is_not_begun_is_asked_for_and_one_that_is_late_is_told_to_the_tech_lead()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await ResolvedAsync(world, "P0");
        await world.AdvanceAsync(Duration.FromHours(25));
        var begin = Assert.Single(world.Sent, p => p.First.StartsWith($"The post-mortem of {id} is to be begun", StringComparison.Ordinal));
        Assert.DoesNotContain("phone", begin.Channel, StringComparison.Ordinal);
        await world.AdvanceAsync(Duration.FromHours(24));
        Assert.Contains(world.Sent, p => p.Person == "lead" && p.First.StartsWith($"The post-mortem of {id} was due", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_left_to_be_done_is_shown_when_the_same_error_comes_back()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await ResolvedAsync(world, "P2", "bullmq-jobs-waiting");
        await WriteAsync(world, id, ("Alarm on the age of the oldest job", "engineer-2", "2026-12-10"));
        await world.PostAsync("/api/v1/incidents", new { title = "Orders wait again", severity = "P2", entry = "bullmq-jobs-waiting" });
        var again = Assert.Single((await world.GetAsync("/api/v1/incidents/INC-2")).GetProperty("actionItems").EnumerateArray());
        Assert.Equal((id, "Alarm on the age of the oldest job", "engineer-2", false), (again.GetProperty("incident").GetString(), again.GetProperty("text").GetString(), again.GetProperty("owner").GetString(), again.GetProperty("done").GetBoolean()));
        await world.PostAsync("/api/v1/incidents", new { title = "Something else", severity = "P2", entry = "alb-502" });
        Assert.Empty((await world.GetAsync("/api/v1/incidents/INC-3")).GetProperty("actionItems").EnumerateArray());
    }

    [Fact]
    public async Task A_P3_and_an_action_item_become_issues_once_even_where_an_answer_is_lost()
    {
        const string taken = """{"number":7,"html_url":"https://github.example/o/r/issues/7"}""";
        await using var github = new FakeReceiver().Expect(201, taken).Expect(500, "{}");
        await using var world = await TestWorld.SqliteAsync(o => o with { IssueRepository = "o/r", Variable = n => n switch { "TOCSIN_GITHUB_TOKEN" => "a-token", "TOCSIN_GITHUB_URL" => github.Address, "TOCSIN_CA" => null, _ => $"address-of-{n}" } });
        var low = await world.DeclareAsync("A typo in the panel", "P3");
        var sent = JsonDocument.Parse(Assert.Single(github.Received).Body).RootElement;
        Assert.Contains("A typo in the panel", sent.GetProperty("title").GetString(), StringComparison.Ordinal);
        Assert.Contains($"<!-- tocsin {low}/issue -->", sent.GetProperty("body").GetString(), StringComparison.Ordinal);
        Assert.Contains((await world.GetAsync($"/api/v1/incidents/{low}")).GetProperty("timeline").EnumerateArray(), e => e.GetProperty("text").GetString()!.Contains("https://github.example/o/r/issues/7", StringComparison.Ordinal));

        var id = await ResolvedAsync(world, "P2");
        await WriteAsync(world, id, ("Raise the limit", "engineer-1", "2026-12-10"));
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}/issues", new { })).StatusCode);
        await world.SettleAsync();
        Assert.Equal("on its way", Issue(await world.GetAsync($"/api/v1/post-mortems/{id}/items")));
        // The answer was lost and the issue is there: it is found by its marker, and none is opened again.
        var marker = JsonDocument.Parse(github.Received[1].Body).RootElement.GetProperty("body").GetString()!;
        github.Expect(200, JsonSerializer.Serialize(new[] { new { number = 8, html_url = "https://github.example/o/r/issues/8", body = marker } }));
        await world.AdvanceAsync(Duration.FromMinutes(1));
        Assert.Equal("https://github.example/o/r/issues/8", Issue(await world.GetAsync($"/api/v1/post-mortems/{id}/items")));
        Assert.Equal(["POST", "POST", "GET"], github.Received.Select(r => r.Method));
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}/issues", new { })).StatusCode);
        await world.AdvanceAsync(Duration.FromMinutes(1));
        Assert.Equal(3, github.Received.Count);
    }

    private static string Issue(JsonElement items) => Assert.Single(items.EnumerateArray()).GetProperty("issue").GetString()!;

    private static async Task WriteAsync(TestWorld world, string id, params (string Text, string Owner, string Due)[] items) =>
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}", new { summary = "It was slow", items = items.Select(i => new { text = i.Text, kind = "prevention", owner = i.Owner, due = i.Due }) })).StatusCode);

    private static async Task<string> ResolvedAsync(TestWorld world, string severity, string entry = "")
    {
        var declared = await world.PostAsync("/api/v1/incidents", new { title = "Orders wait", severity, entry });
        var id = JsonDocument.Parse(await declared.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("incident").GetProperty("id").GetString()!;
        await world.SettleAsync();
        await world.PostAsync($"/api/v1/incidents/{id}/acknowledge", new { text = "" });
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/incidents/{id}/resolve", new { text = "it works" })).StatusCode);
        return id;
    }
}
