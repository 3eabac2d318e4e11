using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.PostMortems;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>Playbooks that several people work on at once, through the whole server, on both databases.</summary>
public sealed class PlaybookRunTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_run_is_kept_with_its_text_and_everything_in_it_stands_in_the_timeline(string database)
    {
        await using var world = await WorldAsync(database);
        var id = await DownAsync(world);
        var proposed = (await world.GetAsync($"/api/v1/incidents/{id}/playbooks")).GetProperty("proposed").EnumerateArray().First();
        Assert.Equal("p0-a-all-down", proposed.GetProperty("id").GetString());
        var run = await StartAsync(world, id, "p0-a");
        var steps = run.GetProperty("steps").EnumerateArray().ToList();
        Assert.DoesNotContain("{{", steps[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        var name = run.GetProperty("id").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{name}/done", new { step = "scope", text = "all three answer 503" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{name}/skip", new { step = "first-status", text = "said by phone" })).StatusCode);
        await world.StopAsync();
        await world.StartAsync();
        var after = await world.GetAsync($"/api/v1/runs/{name}");
        Assert.Equal("done", Step(after, "scope").GetProperty("status").GetString());
        Assert.Equal("skipped", Step(after, "first-status").GetProperty("status").GetString());
        var lines = (await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("timeline").EnumerateArray().Where(e => e.GetProperty("type").GetString() == "recorded").Select(e => e.GetProperty("text").GetString()!).ToList();
        Assert.Equal(3, lines.Count);
        Assert.Contains("admin starts P0-A", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(": all three answer 503", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(": said by phone", lines[2], StringComparison.Ordinal);
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Of_two_people_on_one_step_one_has_it_and_the_other_hears_who(string database)
    {
        await using var world = await WorldAsync(database);
        var name = (await StartAsync(world, await DownAsync(world), "p0-a")).GetProperty("id").GetString()!;
        var people = new List<HttpClient>();
        for (var i = 0; i < 6; i++) people.Add(world.Client(await world.TokenAsync($"person-{i}", "responder", "respond")));
        var answers = await Task.WhenAll(people.Select(p => p.PostAsync($"/api/v1/runs/{name}/take", JsonContent.Create(new { step = "scope" }), Cancel)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        foreach (var refused in answers.Where(a => a.StatusCode != HttpStatusCode.OK))
        {
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            Assert.Contains("is at it since", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
        // Each who asks for the next one gets another.
        var free = await Task.WhenAll(people.Select(p => p.PostAsync($"/api/v1/runs/{name}/take", JsonContent.Create(new { }), Cancel)));
        Assert.All(free, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        var held = (await world.GetAsync($"/api/v1/runs/{name}")).GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("status").GetString() == "held").Select(s => s.GetProperty("holder").GetString()).ToList();
        Assert.Equal(held.Count, held.Distinct(StringComparer.Ordinal).Count());
        people.ForEach(p => p.Dispose());
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_command_meant_for_another_version_is_refused(string database)
    {
        await using var world = await WorldAsync(database);
        var id = await DownAsync(world);
        var name = (await StartAsync(world, id, "p0-a")).GetProperty("id").GetString()!;
        var look = await world.Http.GetAsync($"/api/v1/runs/{name}", Cancel);
        Assert.Equal("\"v1\"", look.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.OK, (await IfMatchAsync(world, name, "\"v1\"")).StatusCode);
        var stale = await IfMatchAsync(world, name, "\"v1\"");
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        Assert.Contains("version 2", await stale.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await world.PostAsync("/api/v1/runs/nothing/done", new { step = "scope" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await world.PostAsync("/api/v1/incidents/INC-99/playbooks", new { playbook = "p0-a" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/incidents/{id}/playbooks", new { playbook = "nothing-like-it" })).StatusCode);
    }

    [Fact]
    public async Task What_stands_behind_a_gate_waits_for_it_and_whoever_is_at_no_step_names_one()
    {
        await using var world = await WorldAsync("sqlite");
        var id = await world.DeclareAsync("Orders are lost", "P0");
        var run = await StartAsync(world, id, "p0-b");
        var name = run.GetProperty("id").GetString()!;
        var gate = run.GetProperty("steps").EnumerateArray().First(s => s.GetProperty("gate").GetBoolean()).GetProperty("id").GetString();
        var behind = run.GetProperty("steps").EnumerateArray().First(s => s.TryGetProperty("waits", out var w) && w.GetString() is { Length: > 0 } why && why.StartsWith("first of all", StringComparison.Ordinal)).GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/runs/{name}/done", new { step = behind })).StatusCode);
        var none = await world.PostAsync($"/api/v1/runs/{name}/done", new { text = "done" });
        Assert.Equal(HttpStatusCode.Conflict, none.StatusCode);
        Assert.Contains("you are at no step of it", await none.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/runs/{name}/skip", new { step = gate })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{name}/take", new { step = gate })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{name}/done", new { text = "no task runs" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{name}/end", new { text = "the data is whole" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/runs/{name}/done", new { step = behind })).StatusCode);
    }

    [Fact]
    public async Task Working_on_a_step_keeps_the_incident_and_a_missed_time_box_is_seen()
    {
        await using var world = await WorldAsync("sqlite");
        var id = await DownAsync(world);
        await world.PostAsync($"/api/v1/incidents/{id}/acknowledge", new { text = "" });
        var name = (await StartAsync(world, id, "p0-a")).GetProperty("id").GetString()!;
        world.Time.Advance(TimeSpan.FromMinutes(20));
        await world.PostAsync($"/api/v1/runs/{name}/take", new { step = "cluster" });
        var lease = (await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("summary").GetProperty("leaseUntil").GetString();
        Assert.Equal(NodaTime.Text.InstantPattern.ExtendedIso.Format(world.Now + Duration.FromMinutes(30)), lease);
        Assert.True(Step(await world.GetAsync($"/api/v1/runs/{name}"), "scope").GetProperty("overdue").GetBoolean());
    }

    [Fact]
    public async Task The_post_mortem_tells_each_step_once()
    {
        await using var world = await WorldAsync("sqlite");
        var id = await DownAsync(world);
        var name = (await StartAsync(world, id, "p0-a")).GetProperty("id").GetString()!;
        await world.PostAsync($"/api/v1/runs/{name}/done", new { step = "scope", text = "all three" });
        var incident = IncidentIds.Parse(id)!.Value;
        var account = AccountOfEvents.Of(await world.Host.Part<IncidentRoom>().EventsAsync(incident, Cancel), await world.Host.Part<PlaybookDesk>().EventsAsync(incident, Cancel), [])!;
        Assert.Single(account.Timeline, l => l.Text.EndsWith(": all three", StringComparison.Ordinal));
        var without = AccountOfEvents.Of(await world.Host.Part<IncidentRoom>().EventsAsync(incident, Cancel), [], [])!;
        Assert.Single(without.Timeline, l => l.Text.EndsWith(": all three", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_changes_an_event_of_a_run_is_found_out()
    {
        await using var world = await WorldAsync("sqlite");
        await StartAsync(world, await DownAsync(world), "p0-a");
        await world.Host.Part<Database>().WriteAsync((s, c) => s.ExecuteAsync("update stream_events set body = replace(body, 'Triage', 'Tirage')", null, c), Cancel);
        Assert.Contains("were changed", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem, StringComparison.Ordinal);
    }

    private async Task<TestWorld> WorldAsync(string database) => await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));

    private static async Task<string> DownAsync(TestWorld world)
    {
        using var declared = await world.PostAsync("/api/v1/incidents", new { title = "All services answer 503", facts = new[] { "all-down" } });
        await world.SettleAsync();
        return (await declared.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("incident").GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> StartAsync(TestWorld world, string id, string playbook)
    {
        using var started = await world.PostAsync($"/api/v1/incidents/{id}/playbooks", new { playbook });
        Assert.Equal(HttpStatusCode.Created, started.StatusCode);
        return (await started.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("run");
    }

    private static async Task<HttpResponseMessage> IfMatchAsync(TestWorld world, string run, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/runs/{run}/take") { Content = new StringContent("{\"step\":\"scope\"}", Encoding.UTF8, "application/json") };
        request.Headers.IfMatch.Add(new EntityTagHeaderValue(tag));
        return await world.Http.SendAsync(request, Cancel);
    }

    private static JsonElement Step(JsonElement run, string id) => run.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("id").GetString() == id);
}
