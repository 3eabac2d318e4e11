using System.Text.Json;
using Tocsin.Core.Response.Actions;

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
        Assert.DoesNotContain("a-new-one", await DatabaseAsync(lab), StringComparison.Ordinal);
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
        var back = await lab.PlanAsync("ecs.rollback", "core-api");
        Assert.Equal("fastify-nova:1", back.GetProperty("plan").GetProperty("wanted").GetString());
        Assert.Contains(back.GetProperty("plan").GetProperty("notes").EnumerateArray(), n => n.GetString()!.Contains("migrations", StringComparison.Ordinal));
        Assert.True(Succeeded(await lab.DoneAsync(back)));
        Assert.StartsWith("fastify-nova:1,", (await lab.Ground.AroundAsync(cancel))["fastify-nova"], StringComparison.Ordinal);
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
    public async Task Where_actions_only_plan_the_plan_is_the_commands()
    {
        await using var lab = await ActedLab.StartAsync(ActionMode.Plan);
        var plan = await lab.PlanAsync("ecs.forceDeploy", "storefront");
        Assert.Contains("--force-new-deployment", plan.GetProperty("plan").GetProperty("commands")[0].GetString(), StringComparison.Ordinal);
        await lab.ApproveAsync(plan);
        Assert.Contains("actions are \"plan\" here", await lab.RefusedAsync(lab.AskAsync(lab.Bob, $"/{ActedLab.Id(plan)}/run", new { })), StringComparison.Ordinal);
        Assert.Contains("takes no colour", await lab.RefusedAsync(lab.AskAsync(lab.Ann, "", new { action = "ecs.forceDeploy", environment = "production", target = "storefront", values = new { colour = "red" } })), StringComparison.Ordinal);
        Assert.Contains("did you mean \"ecs.rollback\"", await lab.RefusedAsync(lab.AskAsync(lab.Ann, "", new { action = "ecs.rollbak", environment = "production", target = "storefront" })), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, await lab.CallsAsync("UpdateService"));
    }

    private static async Task RehearseAsync(ActedLab lab, JsonElement plan, params (string Name, string Value)[] values)
    {
        var done = await lab.DoneAsync(plan, values);
        Assert.True(Succeeded(done), done.ToString());
        var undone = await lab.DoneAsync(await lab.UndoAsync(done));
        Assert.True(Succeeded(undone), undone.ToString());
    }

    private static bool Succeeded(JsonElement action) =>
        ActedLab.Text(action, "state") is "succeeded" && action.GetProperty("verified").TryGetProperty("works", out var works) && works.GetBoolean() && action.GetProperty("verified").GetProperty("beside").GetArrayLength() == 0;

    private async Task<string> DatabaseAsync(ActedLab lab) =>
        string.Join('\n', await lab.World.Host.Part<Storage.Database>().ReadAsync((s, c) => s.QueryAsync<string>("select body from action_events", null, c), cancel));
}
