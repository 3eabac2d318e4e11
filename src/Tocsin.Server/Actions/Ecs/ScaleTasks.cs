using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Ecs;

/// <summary>ecs.scale: another desired count, within what the service's own scaling keeps.</summary>
public sealed class ScaleTasks : EcsKind
{
    private const string Count = "desired count";
    private const int Most = 100;

    public override string Id => "ecs.scale";

    public override ImmutableArray<ActionArgument> Arguments => [new("count", "how many tasks it shall have; more: one more; least: as many as its scaling keeps at least, and never fewer than now", Required: true)];

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, order.Target, cancel);
        var count = order.Value("count") switch
        {
            "more" => now.Desired + 1,
            "least" => Math.Max(now.Desired, (await EcsNow.ScalingAsync(ground, now.Name, cancel))?.Least is { } least and > 0 ? least : 1),
            var given => int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= Most ? number : throw new ActionRefused($"count is a number from 0 to {Most}, more, or least"),
        };
        return await ToAsync(ground, now, count, cancel);
    }

    public override async Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel) =>
        await ToAsync(ground, await EcsNow.FindAsync(ground, run.Plan.Target, cancel), int.Parse(run.Plan.Facts[Count], CultureInfo.InvariantCulture), cancel);

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts(await EcsNow.FindAsync(ground, plan.Target, cancel));

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, run.Plan.Target, cancel);
        return Wanted(run.Plan) == now.Desired ? CallResult.Done($"read back: {Count} is {EcsNow.Shown(now.Desired)}") : CallResult.Failed($"read back: {Count} is still {EcsNow.Shown(now.Desired)}");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, run.Plan.Target, cancel);
        return now.Desired == Wanted(run.Plan) ? await base.VerifyAsync(ground, run, cancel) : Verification.No($"{Count} is {EcsNow.Shown(now.Desired)} again: something else sets it");
    }

    private static int Wanted(ActionPlan plan) => int.Parse(plan.Calls[0].Arguments["desiredCount"], CultureInfo.InvariantCulture);

    private static async Task<ActionDraft> ToAsync(ActionGround ground, EcsNow now, int count, CancellationToken cancel)
    {
        if (count == now.Desired) throw new ActionRefused($"{now.Name} has {EcsNow.Shown(count)} tasks already");
        if (await EcsNow.ScalingAsync(ground, now.Name, cancel) is { } scaling && (count < scaling.Least || count > scaling.Most))
            throw new ActionRefused($"its scaling keeps {now.Name} between {EcsNow.Shown(scaling.Least)} and {EcsNow.Shown(scaling.Most)} tasks, and would set {EcsNow.Shown(count)} back at once");
        return new ActionDraft(now.Name, $"{EcsNow.Shown(now.Desired)} tasks", $"{EcsNow.Shown(count)} tasks", [EcsNow.Update(ground, now.Name, new JsonObject { ["desiredCount"] = count })], Facts(now))
        {
            BlastRadius = [now.Name],
            LeastHealthy = new HealthyTasks(now.Running, Math.Min(now.Running, count)),
        };
    }

    private static ImmutableSortedDictionary<string, string> Facts(EcsNow now) => ActionOrder.None.Add(Count, EcsNow.Shown(now.Desired)).Add("revision", now.Revision);
}
