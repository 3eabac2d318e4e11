using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using NodaTime;
using Tocsin.Server.Reading;

namespace Tocsin.Server.Tests;

/// <summary>Post-mortems that the server keeps, and the numbers over many incidents.</summary>
public sealed class PostMortemKeepingTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static object Whole(string owner) => new
    {
        author = "lead",
        summary = "Checkout answered 502 for an hour.",
        users = "40 %",
        revenue = "about 300 orders",
        detection = "user report",
        rootCause = "A revision without its secret.",
        lessons = "Deploy secrets first.",
        factors = new[] { "No check before the deployment" },
        wentWell = new[] { "The rollback was quick" },
        wentPoorly = new[] { "Nobody was told for twenty minutes" },
        items = new[] { new { text = "Check secrets before a deployment", kind = "prevention", owner, due = "2026-12-10" } },
    };

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_document_is_begun_written_and_final_when_nothing_is_missing(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        var id = await ResolvedAsync(world, "P0");
        var owed = Assert.Single((await world.GetAsync("/api/v1/post-mortems")).EnumerateArray());
        Assert.Equal(("none", NodaTime.Text.InstantPattern.ExtendedIso.Format(world.Now + Duration.FromHours(48))), (owed.GetProperty("state").GetString(), owed.GetProperty("due").GetString()));
        var early = await world.PostAsync($"/api/v1/post-mortems/{id}/final", null);
        Assert.Equal(HttpStatusCode.Conflict, early.StatusCode);
        Assert.Contains("the root cause is open", await early.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}", Whole(""))).StatusCode);
        var unowned = await world.PostAsync($"/api/v1/post-mortems/{id}/final", null);
        Assert.Contains("has no owner, which a P0 needs", await unowned.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}", Whole("engineer-1"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}/final", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/post-mortems/{id}", Whole("lead"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}/items/0", new { done = true })).StatusCode);
        var detail = await world.GetAsync($"/api/v1/incidents/{id}");
        Assert.EndsWith($"/post-mortems/{id}", detail.GetProperty("postMortem").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(detail.GetProperty("ahead").EnumerateArray(), d => d.GetProperty("kind").GetString()!.StartsWith("postMortem", StringComparison.Ordinal));
        var line = Assert.Single((await world.GetAsync("/api/v1/post-mortems")).EnumerateArray());
        Assert.Equal(("final", 1, 1), (line.GetProperty("state").GetString(), line.GetProperty("itemsDone").GetInt32(), line.GetProperty("items").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/post-mortems/{id}/reopen", new { text = "the cause was another" })).StatusCode);
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Fact]
    public async Task Of_two_who_write_at_once_the_second_is_told()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await ResolvedAsync(world, "P1");
        using var first = Write(id, "\"v0\"");
        using var second = Write(id, "\"v0\"");
        Assert.Equal(HttpStatusCode.OK, (await world.Http.SendAsync(first, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await world.Http.SendAsync(second, Cancel)).StatusCode);
    }

    [Fact]
    public async Task An_overdue_document_is_seen_to_be_late()
    {
        await using var world = await TestWorld.SqliteAsync();
        await ResolvedAsync(world, "P0");
        await world.AdvanceAsync(Duration.FromHours(49));
        Assert.True(Assert.Single((await world.GetAsync("/api/v1/post-mortems")).EnumerateArray()).GetProperty("late").GetBoolean());
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_report_counts_times_and_promises_and_keeps_what_is_no_number_apart(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        await ResolvedAsync(world, "P1");
        await world.DeclareAsync("The admin panel is slow", "P3");
        var report = await world.GetAsync("/api/v1/reports?by=severity");
        var (one, three) = (report.GetProperty("rows")[0], report.GetProperty("rows")[1]);
        Assert.Equal(("P1", 600, 4200), (one.GetProperty("name").GetString(), one.GetProperty("toAcknowledge").GetProperty("meanSeconds").GetInt32(), one.GetProperty("toResolve").GetProperty("meanSeconds").GetInt32()));
        Assert.Equal((0, 1), (three.GetProperty("toAcknowledge").GetProperty("took").GetInt32(), three.GetProperty("toAcknowledge").GetProperty("notApplicable").GetInt32()));
        Assert.Equal(1, three.GetProperty("toResolve").GetProperty("notYet").GetInt32());
        Assert.Contains(report.GetProperty("people").EnumerateArray(), p => p.GetProperty("person").GetString() == "engineer-2");
        // What changes is counted anew.
        await world.PostAsync("/api/v1/incidents/INC-2/resolve", new { text = "it is quick again" });
        Assert.Equal(1, (await world.GetAsync("/api/v1/reports?by=severity")).GetProperty("rows")[1].GetProperty("toResolve").GetProperty("took").GetInt32());
        foreach (var by in new[] { "all", "service", "entry", "month" }) Assert.NotEmpty((await world.GetAsync($"/api/v1/reports?by={by}&days=7")).GetProperty("rows").EnumerateArray());
        Assert.Equal(HttpStatusCode.BadRequest, (await world.Http.GetAsync("/api/v1/reports?by=colour", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await world.Http.GetAsync("/api/v1/reports?days=0", Cancel)).StatusCode);
    }

    private static HttpRequestMessage Write(string id, string tag)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/post-mortems/{id}") { Content = JsonContent.Create(new { summary = tag + Guid.CreateVersion7() }) };
        request.Headers.IfMatch.Add(new EntityTagHeaderValue(tag));
        return request;
    }

    private static async Task<string> ResolvedAsync(TestWorld world, string severity)
    {
        var id = await world.DeclareAsync("Checkout is broken", severity);
        await world.AdvanceAsync(Duration.FromMinutes(10));
        await world.PostAsync($"/api/v1/incidents/{id}/acknowledge", new { text = "" });
        await world.AdvanceAsync(Duration.FromMinutes(60));
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/incidents/{id}/resolve", new { text = "rolled back" })).StatusCode);
        return id;
    }
}
