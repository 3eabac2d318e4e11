using System.Text.Json;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Actions;
using Tocsin.Server.Tests.Notify;

namespace Tocsin.Server.Tests.Actions;

/// <summary>Guarded actions through the API, on tasks, secrets and keys that are really there.</summary>
public sealed class LabActionTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_can_be_taken_back_is_done_seen_to_work_and_taken_back_with_nothing_else_changed()
    {
        await using var lab = await ActedLab.StartAsync();
        var before = await lab.Ground.AroundAsync(cancel);
        await RehearseAsync(lab, await lab.PlanAsync("ecs.scale", "core-api", ("count", "3")));
        await RehearseAsync(lab, await lab.PlanAsync("ecs.deployRevision", "customer-panel", ("memory", "2048")));
        await RehearseAsync(lab, await lab.PlanAsync("secret.put", "zelly/customer-panel/env", ("key", "SESSION_SECRET"), ("value", "a-new-one")), ("value", "a-new-one"));
        await RehearseAsync(lab, await lab.PlanAsync("ecs.stopWrites", "production"));
        await lab.Lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        Assert.Equal(before.Select(b => b.Key), (await lab.Ground.AroundAsync(cancel)).Select(b => b.Key));
        Assert.Equal(before.Values, (await lab.Ground.AroundAsync(cancel)).Values);
        Assert.Equal("", (await lab.World.Host.Part<Reading.AuditTrail>().VerifyAsync(cancel)).Problem);
        Assert.DoesNotContain("a-new-one", await DatabaseAsync(lab), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopped_writes_do_not_hang_on_a_count_that_moves_and_are_looked_at_until_the_incident_ends()
    {
        await using var lab = await ActedLab.StartAsync(change: s => s with { Recheck = TimeSpan.FromMilliseconds(300) });
        var incident = await lab.World.DeclareAsync("Rows are gone", "P0");
        var plan = await lab.PlanAsync("ecs.stopWrites", "production", incident);
        await lab.ApproveAsync(plan);
        // Scaling does not stand still: what the plan saw as its count is another one when it runs.
        lab.Do("service scale core-api 3");
        Assert.Equal(System.Net.HttpStatusCode.OK, (await lab.AskAsync(lab.Bob, $"/{ActedLab.Id(plan)}/run", new { })).StatusCode);
        var done = await lab.EndedAsync(plan);
        Assert.True(Succeeded(done), done.ToString());
        lab.Do("service scale core-api 1");
        await lab.ToldAsync(incident, "does NOT hold any more: fastify-nova");
        lab.Do("service scale core-api 0");
        await lab.ToldAsync(incident, "holds again");
        // Taken back, it has the counts of the moment it ran, and nobody looks at it any more.
        var undone = await lab.DoneAsync(await lab.UndoAsync(done));
        Assert.True(Succeeded(undone), undone.ToString());
        Assert.Contains("3 desired", (await lab.Ground.AroundAsync(cancel))["fastify-nova"], StringComparison.Ordinal);
        var account = await lab.World.Host.Part<PostMortems.PostMortemDesk>().ReadAsync(Tocsin.Server.Storage.IncidentIds.Parse(incident)!.Value, cancel);
        var told = account!.Account.Actions[0];
        Assert.Equal(("ecs.stopWrites", "succeeded"), (told.Action, told.Outcome));
        Assert.Contains("ann", told.Approved, StringComparison.Ordinal);
        Assert.Contains("held again from", told.Verified, StringComparison.Ordinal);
        Assert.StartsWith("taken back", told.Undo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rollback_goes_to_the_revision_that_was_steady_here_and_a_deployment_keeps_the_images_that_run()
    {
        await using var lab = await ActedLab.StartAsync();
        lab.Do("service register core-api --memory 4096");
        var drifted = await lab.PlanAsync("ecs.deployRevision", "core-api");
        Assert.True(Succeeded(await lab.DoneAsync(drifted)));
        var running = (await lab.Ground.AroundAsync(cancel))["fastify-nova"];
        Assert.DoesNotContain("fastify-nova:1,", running, StringComparison.Ordinal);
        // A service that crashes for hours has said nothing else for a hundred events; the trail still tells what was at rest before.
        lock (lab.Lab.Host.World.Gate)
        {
            foreach (var service in lab.Lab.Host.World.Regions["ap-south-1"].Ecs.Clusters.Values.SelectMany(c => c.Services.Values)) service.Events.Clear();
        }
        var back = await lab.PlanAsync("ecs.rollback", "core-api");
        Assert.Equal("fastify-nova:1", back.GetProperty("plan").GetProperty("wanted").GetString());
        Assert.Contains(back.GetProperty("plan").GetProperty("notes").EnumerateArray(), n => n.GetString()!.Contains("migrations", StringComparison.Ordinal));
        Assert.True(Succeeded(await lab.DoneAsync(back)));
        Assert.StartsWith("fastify-nova:1,", (await lab.Ground.AroundAsync(cancel))["fastify-nova"], StringComparison.Ordinal);
        // Who went back does not go forward again by the same word to what was left.
        Assert.Contains("there is no history", await lab.RefusedAsync("ecs.rollback", "core-api"), StringComparison.Ordinal);
        // What ECS took back by itself needs nobody to take it back.
        lab.Do("service set events-consumer breaker=rollback");
        lab.Do("service register events-consumer --set CH_HOST-");
        lab.Do("service deploy events-consumer --revision newest");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        string said;
        do
        {
            using var asked = await lab.AskAsync(lab.Ann, "", new { action = "ecs.rollback", environment = "production", target = "events-consumer" });
            said = await asked.Content.ReadAsStringAsync(limit.Token);
        }
        while (!said.Contains("the circuit breaker went back to events-consumer:1 already", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_is_missing_a_snapshot_a_cluster_beside_and_a_key_that_leaked()
    {
        await using var lab = await ActedLab.StartAsync();
        lab.Do("secret delete zelly/customer-panel/env");
        const string whole = """{"SESSION_SECRET":"a-new-one","DB_HOST":"db","REDIS_HOST":"redis","PORT":"5174"}""";
        Assert.Contains("all keys", await lab.RefusedAsync("secret.create", "zelly/customer-panel/env", ("value", "no json")), StringComparison.Ordinal);
        await RehearseAsync(lab, await lab.PlanAsync("secret.create", "zelly/customer-panel/env", ("value", whole)), ("value", whole));

        var snapshot = await lab.DoneAsync(await lab.PlanAsync("rds.snapshot", "aurora"));
        Assert.True(Succeeded(snapshot), snapshot.ToString());
        Assert.Contains("has no undo", await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"/{ActedLab.Id(snapshot)}/undo", new { why = "" })), StringComparison.Ordinal);
        Assert.Contains("can be restored to times", await lab.RefusedAsync("rds.restoreToNewCluster", "aurora", ("time", "2020-01-01T00:00:00Z")), StringComparison.Ordinal);
        var before = (await lab.Ground.AskAsync("rds", "DescribeDBClusters", [], cancel))["DBClusters"]!.AsArray();
        var restored = await lab.DoneAsync(await lab.PlanAsync("rds.restoreToNewCluster", "aurora", ("time", (string)before[0]!["LatestRestorableTime"]!)));
        Assert.True(Succeeded(restored), restored.ToString());

        await lab.Ground.AskAsync("iam", "CreateAccessKey", new() { ["UserName"] = "lab-operator" }, cancel);
        var keys = (await lab.Ground.AskAsync("iam", "ListAccessKeys", new() { ["UserName"] = "lab-operator" }, cancel))["AccessKeyMetadata"]!.AsArray();
        var leaked = keys.Select(k => (string)k!["AccessKeyId"]!).First(k => k != lab.Lab.Host.State.AccessKeyId);
        await RehearseAsync(lab, await lab.PlanAsync("iam.deactivateKey", leaked));
        Assert.Contains("no access key", await lab.RefusedAsync("iam.deactivateKey", "AKIAXXXXXXXXXXXXXXXX"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issue_is_opened_once_and_closed_again()
    {
        const string open = """{"number":7,"html_url":"https://github.example/o/r/issues/7","state":"open"}""";
        await using var github = new FakeReceiver().Expect(200, "{}").Expect(201, open).Expect(200, open).Expect(200, open).Expect(200, """{"number":7,"state":"closed"}""");
        await using var lab = await ActedLab.StartAsync(change: s => s with { Ground = e => s.Ground(e) is { } ground ? ground with { Doors = new DataDoors(new ServerGround(ground.Map, n => n is "TOCSIN_GITHUB_TOKEN" ? "a-token" : n is "TOCSIN_GITHUB_URL" ? github.Address : null, TimeProvider.System)) } : null });
        await RehearseAsync(lab, await lab.PlanAsync("github.openIssue", "o/r", ("title", "A {{token}} in a log"), ("body", "It is noisy")));
        var sent = JsonDocument.Parse(github.Received[1].Body).RootElement;
        Assert.Equal(("POST", "/repos/o/r/issues", "A {{token}} in a log"), (github.Received[1].Method, github.Received[1].Path, sent.GetProperty("title").GetString()));
        Assert.Matches("<!-- tocsin [0-9a-f]{32} -->", sent.GetProperty("body").GetString());
        Assert.Equal(("PATCH", "/repos/o/r/issues/7"), (github.Received[3].Method, github.Received[3].Path));
    }

    [Fact]
    public async Task Without_a_proven_yes_nothing_runs()
    {
        await using var lab = await ActedLab.StartAsync();
        var plan = await lab.PlanAsync("ecs.scale", "core-api", ("count", "3"));
        var path = $"/{ActedLab.Id(plan)}";
        Assert.Contains("1 different people approve it, 0 did", await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"{path}/run", new { })), StringComparison.Ordinal);
        Assert.Contains("another one than was looked at", await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"{path}/approve", new { digest = new string('0', 64) })), StringComparison.Ordinal);
        await lab.ApproveAsync(plan);
        lab.Do("service scale core-api 1");
        Assert.Contains("desired count was 2, is 1", await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"{path}/run", new { })), StringComparison.Ordinal);

        var alone = await lab.PlanAsync("secret.put", "zelly/customer-panel/env", ("key", "SESSION_SECRET"), ("value", "another"));
        path = $"/{ActedLab.Id(alone)}";
        for (var i = 0; i < 2; i++) await lab.AskAsync(lab.Ann, $"{path}/approve", new { digest = ActedLab.Text(alone, "digest") });
        var why = await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"{path}/run", new { values = new { value = "yet another" } }));
        Assert.Contains("2 different people approve it, 1 did (ann)", why, StringComparison.Ordinal);
        Assert.Contains("value is another value than was planned", why, StringComparison.Ordinal);
        Assert.Contains("break-glass exists in a P0 or P1 only", await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"{path}/break-glass", new { why = "nobody answers" })), StringComparison.Ordinal);
        Assert.Equal((0, 0), (await lab.CallsAsync("UpdateService"), await lab.CallsAsync("PutSecretValue")));
    }

    [Fact]
    public async Task Whom_nobody_answers_for_five_minutes_breaks_the_glass_in_a_P0_and_all_see_it()
    {
        var time = new ShiftedTime();
        await using var lab = await ActedLab.StartAsync(time: time);
        var incident = await lab.World.DeclareAsync("A secret leaked", "P0");
        var plan = await lab.PlanAsync("secret.put", "zelly/customer-panel/env", incident, ("key", "SESSION_SECRET"), ("value", "another"));
        var path = $"/{ActedLab.Id(plan)}";
        Task<HttpResponseMessage> BreakAsync(string why) => lab.AskAsync(lab.Ann, $"{path}/break-glass", new { why });
        Assert.Contains("ann approves first", await lab.RefusedAsync(BreakAsync("nobody answers")), StringComparison.Ordinal);
        (await lab.AskAsync(lab.Ann, $"{path}/approve", new { digest = ActedLab.Text(plan, "digest") })).EnsureSuccessStatusCode();
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Contains("the second approver has 5m to answer", await lab.RefusedAsync(BreakAsync("nobody answers")), StringComparison.Ordinal);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("needs a reason", await lab.RefusedAsync(BreakAsync(" ")), StringComparison.Ordinal);
        Assert.Equal(0, await lab.CallsAsync("PutSecretValue"));
        (await BreakAsync("nobody answers, and the key is on the internet")).EnsureSuccessStatusCode();
        Assert.Equal(System.Net.HttpStatusCode.OK, (await lab.AskAsync(lab.Ann, $"{path}/run", new { values = new { value = "another" } })).StatusCode);
        var done = await lab.EndedAsync(plan);
        Assert.True(Succeeded(done), done.ToString());
        await lab.ToldAsync(incident, "BROKE THE GLASS for secret.put");
        var id = Tocsin.Server.Storage.IncidentIds.Parse(incident)!.Value;
        var told = (await lab.World.Host.Part<PostMortems.PostMortemDesk>().ReadAsync(id, cancel))!.Account.Actions[0];
        Assert.Contains("nobody answers, and the key is on the internet", told.BreakGlass, StringComparison.Ordinal);
        var rooms = await lab.World.Host.Part<Storage.Database>().ReadAsync((s, c) => s.QueryAsync<string>("select first from outbox where purpose = 'update'", null, c), cancel);
        Assert.StartsWith("ann BROKE THE GLASS for secret.put on zelly/customer-panel/env, alone: nobody answers", Assert.Single(rooms), StringComparison.Ordinal);
        Assert.Contains((await lab.World.Http.GetStringAsync("/api/v1/audit", cancel)).Split('}'), r => r.Contains("glass", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Where_actions_only_plan_the_plan_is_the_commands()
    {
        await using var lab = await ActedLab.StartAsync(ActionMode.Plan);
        var plan = await lab.PlanAsync("ecs.forceDeploy", "storefront");
        Assert.Contains("--force-new-deployment", plan.GetProperty("plan").GetProperty("commands")[0].GetString(), StringComparison.Ordinal);
        await lab.ApproveAsync(plan);
        Assert.Contains("actions are \"plan\" here", await lab.RefusedAsync(lab.AskAsync(lab.Bob, $"/{ActedLab.Id(plan)}/run", new { })), StringComparison.Ordinal);
        Assert.Contains("takes no colour", await lab.RefusedAsync(lab.AskAsync(lab.Ann, "", new { action = "ecs.forceDeploy", environment = "production", target = "storefront", values = new { colour = "red" } })), StringComparison.Ordinal);
        Assert.Contains("did you mean \"ecs.rollback\"", await lab.RefusedAsync(lab.AskAsync(lab.Ann, "", new { action = "ecs.rollbak", environment = "production", target = "storefront" })), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("there is no incident INC-99", await lab.RefusedAsync(lab.AskAsync(lab.Ann, "", new { action = "ecs.forceDeploy", environment = "production", target = "storefront", incident = "INC-99" })), StringComparison.Ordinal);
        Assert.Equal(0, await lab.CallsAsync("UpdateService"));
    }

    private static async Task RehearseAsync(ActedLab lab, JsonElement plan, params (string Name, string Value)[] values)
    {
        var done = await lab.DoneAsync(plan, values);
        Assert.True(Succeeded(done), done.ToString());
        var undone = await lab.DoneAsync(await lab.UndoAsync(done));
        Assert.True(Succeeded(undone), undone.ToString());
        Assert.Contains("takes something back itself", await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"/{ActedLab.Id(undone)}/undo", new { why = "" })), StringComparison.Ordinal);
    }

    private static bool Succeeded(JsonElement action) =>
        ActedLab.Text(action, "state") is "succeeded" && action.GetProperty("verified").TryGetProperty("works", out var works) && works.GetBoolean() && action.GetProperty("verified").GetProperty("beside").GetArrayLength() == 0;

    private async Task<string> DatabaseAsync(ActedLab lab) =>
        string.Join('\n', await lab.World.Host.Part<Storage.Database>().ReadAsync((s, c) => s.QueryAsync<string>("select body from action_events", null, c), cancel));
}
