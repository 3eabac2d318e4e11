using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Tocsin.Core.Diagnosis;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Web;

namespace Tocsin.Server.Tests;

/// <summary>Checks of playbooks that the drill's probes answer.</summary>
public sealed class PlaybookLookTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_probes_can_see_is_answered_by_them_with_the_observation_named_and_a_person_may_overrule_it(string database)
    {
        var drills = 0;
        await using var world = await WorldAsync(database, () =>
        {
            drills++;
            return [Seen("ecs.service", "fastify-nova", ("desired", "2"), ("running", "0")), Seen("ecs.events", "fastify-nova", ("steady", "false")), Seen("dns.name", "", ("outcome", "ADDRESS")), Seen("alb.http", "fastify-nova", ("status", "503")), Seen("app.http", "fastify-nova", ("status", "0"))];
        });
        var run = await StartAsync(world, "p0-a");
        await LookAsync(world);
        var scope = await StepAsync(world, run, "scope");
        Assert.Equal(("done", "tocsin"), (scope.GetProperty("status").GetString(), scope.GetProperty("holder").GetString()));
        Assert.Contains("alb.http production/fastify-nova: status 503", scope.GetProperty("result").GetString(), StringComparison.Ordinal);
        Assert.Contains("ecs.service production/fastify-nova: desired 2, running 0", (await StepAsync(world, run, "cluster")).GetProperty("result").GetString(), StringComparison.Ordinal);
        // One drill for all that is free, and none where nothing is.
        var before = drills;
        await LookAsync(world);
        Assert.Equal(before, drills);
        Assert.Contains((await world.GetAsync("/api/v1/incidents/INC-1")).GetProperty("timeline").EnumerateArray(), e => e.GetProperty("text").GetString()!.StartsWith("the probes answer", StringComparison.Ordinal) && e.GetProperty("by").GetString() is "");

        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/runs/{run}/overrule", new { step = "scope", text = " " })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{run}/overrule", new { step = "scope", text = "customers see it, the office does not" })).StatusCode);
        await LookAsync(world);
        Assert.Equal(("held", "admin"), ((await StepAsync(world, run, "scope")).GetProperty("status").GetString(), (await StepAsync(world, run, "scope")).GetProperty("holder").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{run}/done", new { step = "scope", text = "only the storefront" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/runs/{run}/overrule", new { step = "scope", text = "no" })).StatusCode);
    }

    [Fact]
    public async Task What_probes_could_not_see_stays_open_for_a_person_and_says_why()
    {
        await using var world = await WorldAsync("sqlite", () => [Seen("ecs.service", "fastify-nova", ("desired", "2")), Seen("ecs.events", "fastify-nova") with { Status = ObservationStatus.Denied, Note = "ecs:DescribeServices is denied" }]);
        var run = await StartAsync(world, "p0-a");
        await LookAsync(world);
        var cluster = await StepAsync(world, run, "cluster");
        Assert.Equal("open", cluster.GetProperty("status").GetString());
        Assert.Contains("could not look", cluster.GetProperty("result").GetString(), StringComparison.Ordinal);
        Assert.Contains("ecs:DescribeServices is denied", cluster.GetProperty("result").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{run}/done", new { step = "cluster", text = "none runs" })).StatusCode);
    }

    [Fact]
    public async Task Whoever_is_at_a_check_is_not_overtaken_by_the_probes()
    {
        await using var world = await WorldAsync("sqlite", () => [Seen("ecs.service", "fastify-nova", ("desired", "2")), Seen("ecs.events", "fastify-nova", ("steady", "true"))]);
        var run = await StartAsync(world, "p0-a");
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/runs/{run}/take", new { step = "cluster" })).StatusCode);
        await LookAsync(world);
        Assert.Equal(("held", "admin"), ((await StepAsync(world, run, "cluster")).GetProperty("status").GetString(), (await StepAsync(world, run, "cluster")).GetProperty("holder").GetString()));
    }

    private async Task<TestWorld> WorldAsync(string database, Func<ImmutableArray<Observation>> seen) => await TestWorld.StartAsync(
        await Databases.ConnectionAsync(database, postgres, Cancel),
        o => o with { Web = o.Web with { Drill = (environment, _, _, _) => Task.FromResult(new DrillSeen(new EvidenceBundle { Platform = "zelly", Environment = environment, CollectedAt = TestWorld.Start, Observations = seen() }, null!, "", Lab: false, 0)) } });

    private static Observation Seen(string probe, string service, params (string Name, string Value)[] facts) => new()
    {
        Probe = probe, Subject = new Subject("production", service), Vantage = Vantage.Api, Status = ObservationStatus.Ok, At = TestWorld.Start, Facts = facts.ToImmutableSortedDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal),
    };

    private static async Task LookAsync(TestWorld world)
    {
        while (await world.Host.Part<PlaybookLooks>().CheckAsync(Cancel) > 0) continue;
    }

    private static async Task<string> StartAsync(TestWorld world, string playbook)
    {
        var id = await world.DeclareAsync("All services answer 503", "P0");
        var started = await world.PostAsync($"/api/v1/incidents/{id}/playbooks", new { playbook });
        Assert.Equal(HttpStatusCode.Created, started.StatusCode);
        return JsonDocument.Parse(await started.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("run").GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> StepAsync(TestWorld world, string run, string step) =>
        (await world.GetAsync($"/api/v1/runs/{run}")).GetProperty("steps").EnumerateArray().First(s => s.GetProperty("id").GetString() == step);
}
