using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;

namespace Tocsin.Server.Tests;

/// <summary>Incidents through the whole server, on both databases.</summary>
public sealed class IncidentFlowTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_declared_P1_pages_who_is_on_call_and_follows_its_clocks(string database)
    {
        await using var world = await WorldAsync(database);
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        Assert.Equal("INC-1", id);
        Assert.Contains(world.Sent, p => p is { Channel: "pagerduty", Person: "engineer-2" } && p.IdempotencyKey == "INC-1/1" && p.First.StartsWith("P1 production since 05:00Z: Checkout is broken", StringComparison.Ordinal));
        Assert.Contains(world.Sent, p => p is { Channel: "message", Person: "lead" });
        await world.AdvanceAsync(Duration.FromMinutes(31));
        Assert.Contains(world.Sent, p => p is { Channel: "phone", Person: "lead" });
        var acknowledged = await world.PostAsync($"/api/v1/incidents/{id}/acknowledge", new { text = "" });
        Assert.Equal(HttpStatusCode.OK, acknowledged.StatusCode);
        var before = world.Sent.Count;
        await world.AdvanceAsync(Duration.FromMinutes(20));
        Assert.DoesNotContain(world.Sent.Skip(before), p => p.Channel == "pagerduty");
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/incidents/{id}/resolve", new { text = "rolled back" })).StatusCode);
        var detail = await world.GetAsync($"/api/v1/incidents/{id}");
        Assert.Equal("resolved", detail.GetProperty("summary").GetProperty("phase").GetString());
        Assert.All(world.Sent.GroupBy(p => p.IdempotencyKey), g => Assert.Single(g));
        var verdict = await world.Host.Part<AuditTrail>().VerifyAsync(Cancel);
        Assert.Equal("", verdict.Problem);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task After_a_restart_one_look_gives_all_that_came_due_meanwhile_once(string database)
    {
        await using var world = await WorldAsync(database);
        await world.DeclareAsync("All services answer 503", "P0");
        var first = world.Sent.Count;
        await world.StopAsync();
        world.Time.Advance(TimeSpan.FromMinutes(16));
        await world.StartAsync();
        await world.SettleAsync();
        var second = world.Sent.Skip(first).ToList();
        Assert.NotEmpty(second);
        Assert.All(second.GroupBy(p => (p.Person, p.Channel, p.First)), g => Assert.Single(g));
        var settled = world.Sent.Count;
        await world.SettleAsync();
        Assert.Equal(settled, world.Sent.Count);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_webhook_opens_an_incident_and_the_same_again_joins_it(string database)
    {
        await using var world = await WorldAsync(database);
        var intake = await world.IntakeAsync(service: "fastify-nova");
        var first = await world.PostAsync($"{intake}/webhook", new { title = "The storefront answers 502", severity = "P1" });
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        await world.SettleAsync();
        var pages = world.Sent.Count;
        Assert.True(pages > 0);
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.Accepted, (await world.PostAsync($"{intake}/webhook", new { title = "The storefront answers 502", severity = "P1" })).StatusCode);
        await world.SettleAsync();
        Assert.Equal(pages, world.Sent.Count);
        var one = Assert.Single((await world.GetAsync("/api/v1/incidents")).EnumerateArray());
        Assert.Equal(6, one.GetProperty("signals").GetInt64());
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task The_next_signal_follows_its_fingerprint_through_a_merge_and_a_split(string database)
    {
        await using var world = await WorldAsync(database);
        var (storefront, panel) = (await world.IntakeAsync(service: "storefront"), await world.IntakeAsync(service: "customer-panel"));
        async Task ReportAsync(string intake, string title)
        {
            Assert.Equal(HttpStatusCode.Accepted, (await world.PostAsync($"{intake}/webhook", new { title, severity = "P1" })).StatusCode);
            await world.SettleAsync();
        }
        async Task<Dictionary<string, long>> SignalsAsync() => (await world.GetAsync("/api/v1/incidents")).EnumerateArray().ToDictionary(i => i.GetProperty("id").GetString()!, i => i.GetProperty("signals").GetInt64(), StringComparer.Ordinal);
        await ReportAsync(storefront, "The storefront answers 502");
        await ReportAsync(panel, "Nobody can log in");
        Assert.Equal(2, (await SignalsAsync()).Count);
        (await world.PostAsync("/api/v1/incidents/INC-2/merge", new { into = "INC-1" })).EnsureSuccessStatusCode();
        var pages = world.Sent.Count;
        // The same again belongs to the incident that goes on, and wakes nobody.
        await ReportAsync(panel, "Nobody can log in");
        Assert.Equal((2, 2L, pages), ((await SignalsAsync()).Count, (await SignalsAsync())["INC-1"], world.Sent.Count));
        var errors = (await world.GetAsync("/api/v1/incidents/INC-1")).GetProperty("errors").EnumerateArray().ToList();
        Assert.Equal([("customer-panel", 2L), ("storefront", 1L)], errors.Select(e => (e.GetProperty("service").GetString()!, e.GetProperty("count").GetInt64())).Order());
        var fingerprint = errors.Single(e => e.GetProperty("service").GetString() == "customer-panel").GetProperty("fingerprint").GetString()!;
        (await world.PostAsync("/api/v1/incidents/INC-1/split", new { fingerprints = new[] { fingerprint }, title = "Log-in again" })).EnsureSuccessStatusCode();
        await ReportAsync(panel, "Nobody can log in");
        var now = await SignalsAsync();
        Assert.Equal((3, 2L, 1L), (now.Count, now["INC-1"], now["INC-3"]));
        // What it was opened by cannot be taken from it.
        var own = errors.Single(e => e.GetProperty("service").GetString() == "storefront").GetProperty("fingerprint").GetString()!;
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync("/api/v1/incidents/INC-1/split", new { fingerprints = new[] { own }, title = "Empty" })).StatusCode);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_report_that_is_sent_again_counts_once(string database)
    {
        await using var world = await WorldAsync(database);
        var intake = await world.IntakeAsync();
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{intake}/webhook") { Content = JsonContent.Create(new { title = "Payments fail", severity = "P1" }), Headers = { { "Idempotency-Key", "alert-7" } } };
            var response = await world.Http.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            Assert.Equal(i > 0, (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("again").GetBoolean());
        }
        await world.SettleAsync();
        Assert.Equal(1, Assert.Single((await world.GetAsync("/api/v1/incidents")).EnumerateArray()).GetProperty("signals").GetInt64());
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Log_lines_open_an_incident_once_the_entrys_page_rule_holds_and_never_more_than_a_P2(string database)
    {
        await using var world = await WorldAsync(database);
        var intake = await world.IntakeAsync(service: "fastify-nova");
        const string Line = "{\"service\":\"fastify-nova\",\"message\":\"Error: connect ECONNREFUSED 10.0.12.34:3306\"}\n";
        await LinesAsync(world, intake, Line);
        await world.SettleAsync();
        Assert.Empty((await world.GetAsync("/api/v1/incidents")).EnumerateArray());
        for (var i = 0; i < 60; i++)
        {
            await LinesAsync(world, intake, Line);
            await world.AdvanceAsync(Duration.FromSeconds(10));
        }
        var incident = Assert.Single((await world.GetAsync("/api/v1/incidents")).EnumerateArray());
        Assert.Equal("P2", incident.GetProperty("severity").GetString());
        Assert.Equal("mysql-unreachable", incident.GetProperty("entry").GetString());
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_heartbeat_that_never_came_opens_an_incident_and_one_that_comes_does_not(string database)
    {
        await using var world = await WorldAsync(database);
        var intake = await world.IntakeAsync(service: "backups");
        var key = (await world.GetAsync("/api/v1/intake-keys"))[0].GetProperty("id").GetString();
        foreach (var name in new[] { "nightly", "hourly" }) Assert.Equal(HttpStatusCode.Created, (await world.PostAsync("/api/v1/heartbeats", new { key, name, every = "PT1H", severity = "P2" })).StatusCode);
        await world.AdvanceAsync(Duration.FromMinutes(50));
        Assert.Equal(HttpStatusCode.NoContent, (await world.PostAsync($"{intake}/heartbeat/hourly", null)).StatusCode);
        await world.AdvanceAsync(Duration.FromMinutes(20));
        Assert.Equal("The heartbeat nightly is missing", Assert.Single((await world.GetAsync("/api/v1/incidents")).EnumerateArray()).GetProperty("title").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await world.PostAsync($"{intake}/heartbeat/weekly", null)).StatusCode);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_storm_becomes_one_incident_that_counts(string database)
    {
        await using var world = await WorldAsync(database);
        var intake = await world.IntakeAsync();
        for (var i = 0; i < 30; i++) await world.PostAsync($"{intake}/webhook", new { title = $"Something {i} fails", service = $"service-{i}", severity = "P2" });
        await world.SettleAsync();
        var incidents = (await world.GetAsync("/api/v1/incidents")).EnumerateArray().ToList();
        Assert.Equal(10, incidents.Count);
        Assert.Equal(21, Assert.Single(incidents, i => i.GetProperty("storm").GetBoolean()).GetProperty("signals").GetInt64());
    }

    [Fact]
    public async Task Without_live_nothing_leaves_and_every_page_says_that_it_would()
    {
        await using var world = await TestWorld.SqliteAsync(o => o with { Live = false });
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        await world.AdvanceAsync(Duration.FromHours(1));
        Assert.Empty(world.Sent);
        var pages = (await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("pages").EnumerateArray().ToList();
        Assert.NotEmpty(pages);
        Assert.All(pages, p => Assert.Equal("would", p.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_channel_that_refuses_hands_over_to_the_next_at_once_and_one_in_doubt_is_asked_again_with_the_same_key()
    {
        await using var world = await TestWorld.SqliteAsync();
        world.Phone.Answer = p => p switch
        {
            { Channel: "pagerduty" } => new SendResult.Refused("the key is wrong"),
            { Channel: "message", Person: "lead", Attempt: 1 } => new SendResult.InDoubt("no answer"),
            _ => new SendResult.Taken(Receipt.Accepted, "ref-1"),
        };
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        await world.AdvanceAsync(Duration.FromSeconds(5));
        Assert.Contains(world.Sent, p => p is { Channel: "message", Person: "engineer-2" });
        var asked = world.Sent.Where(p => p is { Channel: "message", Person: "lead" }).ToList();
        Assert.Equal(2, asked.Count);
        Assert.Equal(asked[0].IdempotencyKey, asked[1].IdempotencyKey);
        var page = (await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("pages").EnumerateArray().Single(p => p.GetProperty("person").GetString() == "lead");
        Assert.True(page.GetProperty("possibleDouble").GetBoolean());
    }

    // A process that dies between a channel's answer and its incident: before it was marked nobody knows, after it everybody does.
    [Theory]
    [InlineData("before-receipt", 2, true)]
    [InlineData("after-mark", 1, false)]
    public async Task What_a_channel_took_is_sent_again_only_where_it_was_not_marked(string step, int times, bool doubled)
    {
        var dies = false;
        await using var world = await TestWorld.SqliteAsync(o => o with { Step = s => { if (dies && s == step) throw new InvalidOperationException("dies here"); } });
        using (await world.PostAsync("/api/v1/incidents", new { title = "Checkout is broken", severity = "P1" })) dies = true;
        world.Phone.Answer = _ => new SendResult.Taken(Receipt.Delivered, "ref-1");
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.Host.Part<Sender>().SendDueAsync(Cancel));
        Assert.Equal(3, world.Sent.Count);
        dies = false;
        // Whoever comes after the claim ran out.
        await world.AdvanceAsync(Duration.FromSeconds(30));
        Assert.All(world.Sent.Take(3), first => Assert.Equal(times, world.Sent.Count(p => p.IdempotencyKey == first.IdempotencyKey)));
        var pages = (await world.GetAsync("/api/v1/incidents/INC-1")).GetProperty("pages").EnumerateArray().Take(3).ToList();
        Assert.All(pages, p => Assert.Equal(("sent", doubled), (p.GetProperty("state").GetString(), p.GetProperty("possibleDouble").GetBoolean())));
    }

    private async Task<TestWorld> WorldAsync(string database) => await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));

    private static async Task LinesAsync(TestWorld world, string intake, string lines)
    {
        using var content = new StringContent(lines);
        Assert.Equal(HttpStatusCode.Accepted, (await world.Http.PostAsync($"{intake}/ndjson", content, Cancel)).StatusCode);
    }
}
