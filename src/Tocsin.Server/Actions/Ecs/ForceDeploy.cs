using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Ecs;

/// <summary>ecs.forceDeploy: new tasks of the same revision, such as after a secret changed.</summary>
public sealed class ForceDeploy : EcsKind
{
    private const string Deployment = "deployment";

    public override string Id => "ecs.forceDeploy";

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, order.Target, cancel);
        if (now.Desired == 0) throw new ActionRefused($"{now.Name} has no tasks that could be replaced");
        return new ActionDraft(now.Name, $"{EcsNow.Shown(now.Running)} tasks of deployment {now.Deployment}", $"{EcsNow.Shown(now.Desired)} new tasks of the same revision", [EcsNow.Update(ground, now.Name, new JsonObject { ["forceNewDeployment"] = true })], Facts(now)) { BlastRadius = [now.Name] };
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts(await EcsNow.FindAsync(ground, plan.Target, cancel));

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, run.Plan.Target, cancel);
        return now.Deployment != run.Plan.Facts[Deployment] ? CallResult.Done($"read back: deployment {now.Deployment} runs") : CallResult.Failed($"read back: still deployment {now.Deployment}");
    }

    private static ImmutableSortedDictionary<string, string> Facts(EcsNow now) => ActionOrder.None.Add("revision", now.Revision).Add(Deployment, now.Deployment);
}
