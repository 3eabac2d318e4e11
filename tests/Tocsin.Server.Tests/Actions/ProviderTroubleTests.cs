using System.Net;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Lab.Tests;
using Tocsin.Server.Actions;

namespace Tocsin.Server.Tests.Actions;

/// <summary>An action whose provider breaks, falls silent, or does it and loses the answer: never done twice, and never said to be what nobody saw.</summary>
public sealed class ProviderTroubleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Trouble.Broken, "unknown", "it broke", 2)]
    [InlineData(Trouble.Silent, "unknown", "may still change", 2)]
    [InlineData(Trouble.AnswerLost, "succeeded", "3", 3)]
    public async Task A_call_is_sent_once_and_its_outcome_is_what_was_seen(Trouble trouble, string state, string says, int desired)
    {
        await using var lab = await TestLab.StartAsync(10, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), Cancel);
        await using var way = new TroubledProvider(new Uri(lab.Host.State.Endpoint), "UpdateService", trouble);
        var acting = new AwsCallerOptions { Login = AwsLogin.Keys(lab.Host.State.AccessKeyId, lab.Host.State.SecretAccessKey), Endpoint = way.Address, Limit = Duration.FromSeconds(3) };
        await using var acted = await ActedLab.StartAsync(lab, DataDoors.None, change: s => s with { Ground = e => s.Ground(e) is { } ground ? ground with { Acting = new ActingRole(acting, ActedLab.Role, ground.Map.Region).AsAsync } : null });
        var plan = await acted.PlanAsync("ecs.scale", "core-api", ("count", "3"));
        await acted.ApproveAsync(plan);
        Assert.Equal(HttpStatusCode.OK, (await acted.AskAsync(acted.Bob, $"/{ActedLab.Id(plan)}/run", new { })).StatusCode);
        var ended = await acted.EndedAsync(plan);
        Assert.Equal(state, ActedLab.Text(ended, "state"));
        Assert.Contains(says, ended.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, way.Asked);
        Assert.Equal(trouble is Trouble.AnswerLost ? 1 : 0, await acted.CallsAsync("UpdateService"));
        Assert.Contains($"{desired} desired", (await acted.Ground.AroundAsync(Cancel))["fastify-nova"], StringComparison.Ordinal);
        if (state is not "unknown") return;
        // Nothing else is done there until a person has looked.
        var next = await acted.PlanAsync("ecs.forceDeploy", "core-api");
        await acted.ApproveAsync(next);
        Assert.Contains("has not ended, or nobody", await acted.RefusedAsync(acted.AskAsync(acted.Bob, $"/{ActedLab.Id(next)}/run", new { })), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_made_on_one_account_is_refused_on_another()
    {
        await using var lab = await TestLab.StartAsync(10, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), Cancel);
        await using var way = new TroubledProvider(new Uri(lab.Host.State.Endpoint), "UpdateService", Trouble.None);
        using var reader = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys(lab.Host.State.AccessKeyId, lab.Host.State.SecretAccessKey), Endpoint = way.Address });
        await using var acted = await ActedLab.StartAsync(lab, DataDoors.None, change: s => s with { Ground = e => s.Ground(e) is { } ground ? ground with { Reader = reader } : null });
        var plan = await acted.PlanAsync("ecs.scale", "core-api", ("count", "3"));
        await acted.ApproveAsync(plan);
        way.Begin(Trouble.OtherAccount);
        Assert.Contains("the plan was made for account 000000000000 in ap-south-1", await acted.RefusedAsync(acted.AskAsync(acted.Bob, $"/{ActedLab.Id(plan)}/run", new { })), StringComparison.Ordinal);
        Assert.Equal(0, await acted.CallsAsync("UpdateService"));
        way.Begin(Trouble.None);
        Assert.Equal(HttpStatusCode.OK, (await acted.AskAsync(acted.Bob, $"/{ActedLab.Id(plan)}/run", new { })).StatusCode);
        Assert.Equal("succeeded", ActedLab.Text(await acted.EndedAsync(plan), "state"));
    }
}
