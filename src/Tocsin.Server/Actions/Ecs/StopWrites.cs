using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Ecs;

/// <summary>
/// ecs.stopWrites: nothing of the environment writes any more. Scaling is suspended first, else it would bring tasks back, and both are remembered. It comes
/// before everything else where data is being damaged.
/// </summary>
public sealed class StopWrites : ActionKind
{
    private const string Suspended = "suspended";

    public override string Id => "ecs.stopWrites";

    public override string Target => "the environment's name";

    public override bool NeedsTarget => false;

    public override Duration Patience => Duration.FromMinutes(3);

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        if (order.Target.Length > 0 && order.Target != ground.Map.Environment) throw new ActionRefused($"it stops all of {ground.Map.Environment}; a single service is stopped by ecs.scale");
        var services = await ServicesAsync(ground, cancel);
        if (services.TrueForAll(s => s.Desired == 0)) throw new ActionRefused($"no service of {ground.Map.Environment} has a task");
        var targets = await TargetsAsync(ground, cancel);
        // Also those at 0 now: something may have set them up again until it runs, and scaling does not stand still in an outage.
        return new ActionDraft(ground.Map.Environment, string.Join(", ", services.Select(s => $"{s.Name} {EcsNow.Shown(s.Desired)}")), "every service 0 tasks, their scaling suspended", [.. targets.Select(t => Scaling(t, suspend: true)), .. services.Select(s => Count(ground, s.Name, 0))], Facts(services, targets))
        {
            Remembered = Remembered(services, targets),
            BlastRadius = [.. services.Select(s => s.Name)],
            LeastHealthy = new HealthyTasks(services.Sum(s => s.Running), 0),
            Notes = [.. Lost(ground)],
        };
    }

    public override async Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var services = await ServicesAsync(ground, cancel);
        var targets = await TargetsAsync(ground, cancel);
        var counts = services.Select(s => (s.Name, Before: int.Parse(Before(run, s.Name) ?? "0", CultureInfo.InvariantCulture), s.Desired)).ToList();
        var calls = counts.Where(c => c.Before != c.Desired).Select(c => Count(ground, c.Name, c.Before)).Concat(targets.Where(t => Before(run, Key(t)) is not Suspended).Select(t => Scaling(t, suspend: false)));
        return new ActionDraft(ground.Map.Environment, "every service 0 tasks", string.Join(", ", counts.Select(c => $"{c.Name} {EcsNow.Shown(c.Before)}")), [.. calls], Facts(services, targets)) { BlastRadius = [.. services.Select(s => s.Name)], Notes = ["what senders gave up meanwhile does not come back by itself"] };
    }

    public override bool MustHold => true;

    // Also what was never in the plan, such as a service that was made since.
    public override async Task<Verification> StillHoldsAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var up = (await ServicesAsync(ground, cancel)).FindAll(s => s.Desired > 0 || s.Running > 0);
        var scaling = (await TargetsAsync(ground, cancel)).FindAll(t => !IsSuspended(t));
        if (up.Count == 0 && scaling.Count == 0) return Verification.Yes("every service is at 0 tasks, and their scaling is suspended");
        return Verification.No([.. up.Select(s => $"{s.Name}: {EcsNow.Shown(s.Running)} of {EcsNow.Shown(s.Desired)} tasks run"), .. scaling.Select(t => $"{Key(t)} goes on")]);
    }

    // What it takes away is read right before it is taken, and kept with the end of the call.
    public override async Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        var before = run.Plan.Undoes.Length == 0 ? await NowAsync(ground, run, call, cancel) : null;
        var ended = await base.CallAsync(ground, run, call, values, cancel);
        return before is { } was && ended.Outcome == ActionOutcome.Succeeded ? ended with { Gave = ended.Gave.SetItem(was.Name, was.Value) } : ended;
    }

    private static async Task<(string Name, string Value)?> NowAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var input = AwsCalling.Fill(run.Plan.Calls[call], run, ActionOrder.None)!;
        try
        {
            if (run.Plan.Calls[call].Operation is not "UpdateService") return (await TargetsAsync(ground, cancel)).Find(t => t.Text("ResourceId") == input.Text("ResourceId")) is { } target ? (Key(target), Scales(target)) : null;
            var service = await EcsNow.FindAsync(ground, input.Text("service")!, cancel);
            return (service.Name, EcsNow.Shown(service.Desired));
        }
        catch (Exception e) when (e is AwsFailure or ActionRefused)
        {
            // It is stopped all the same: the plan remembers how it was then.
            return null;
        }
    }

    // As the call saw it; where its answer was lost, as the plan saw it. Plans of before kept it with their facts.
    private static string? Before(ActionRun run, string name) =>
        run.Calls.Select(c => c.Gave.GetValueOrDefault(name)).FirstOrDefault(v => v is not null) ?? run.Plan.Remembered.GetValueOrDefault(name) ?? run.Plan.Facts.GetValueOrDefault(name);

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts(await ServicesAsync(ground, cancel), await TargetsAsync(ground, cancel));

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var planned = run.Plan.Calls[call];
        var input = AwsCalling.Fill(planned, run, ActionOrder.None)!;
        if (planned.Operation is "UpdateService")
        {
            var now = await EcsNow.FindAsync(ground, input.Text("service")!, cancel);
            return now.Desired == (int)input.Number("desiredCount")! ? CallResult.Done($"read back: {now.Name} is at {EcsNow.Shown(now.Desired)}") : CallResult.Failed($"read back: {now.Name} is still at {EcsNow.Shown(now.Desired)}");
        }
        var target = (await TargetsAsync(ground, cancel)).Find(t => t.Text("ResourceId") == input.Text("ResourceId"));
        return IsSuspended(target) == (input.Map("SuspendedState").Flag("DynamicScalingInSuspended") ?? false) ? CallResult.Done("read back: its scaling is so") : CallResult.Failed("read back: its scaling is as before");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var services = await ServicesAsync(ground, cancel);
        var wanted = run.Plan.Calls.Where(c => c.Operation is "UpdateService").ToDictionary(c => JsonNode.Parse(c.Arguments["service"])!.ToString(), c => int.Parse(c.Arguments["desiredCount"], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        var off = services.FindAll(s => wanted.TryGetValue(s.Name, out var count) && s.Desired != count);
        string[] seen = [.. services.Select(s => $"{s.Name}: {EcsNow.Shown(s.Running)} of {EcsNow.Shown(s.Desired)} tasks run")];
        if (off.Count > 0) return Verification.No([.. seen, $"something sets {string.Join(", ", off.Select(s => s.Name))} back"]);
        return services.TrueForAll(s => s.Running == s.Desired) ? Verification.Yes(seen) : Verification.NotYet(seen);
    }

    private static PlannedCall Count(ActionGround ground, string service, int count) => EcsNow.Update(ground, service, new JsonObject { ["desiredCount"] = count });

    private static PlannedCall Scaling(JsonObject target, bool suspend) => AwsCalling.Call("application-autoscaling", "RegisterScalableTarget", new JsonObject
    {
        ["ServiceNamespace"] = "ecs",
        ["ResourceId"] = target.Text("ResourceId"),
        ["ScalableDimension"] = target.Text("ScalableDimension") ?? "ecs:service:DesiredCount",
        ["SuspendedState"] = new JsonObject { ["DynamicScalingInSuspended"] = suspend, ["DynamicScalingOutSuspended"] = suspend, ["ScheduledScalingSuspended"] = suspend },
    });

    // Whatever sends to the environment from outside, and does not wait.
    private static IEnumerable<string> Lost(ActionGround ground)
    {
        yield return "nothing answers while it lasts: shops, panels and the API are down for everybody";
        foreach (var queue in ground.Map.Services.SelectMany(s => s.Works).Distinct(StringComparer.Ordinal)) yield return $"jobs of {queue} stay in the queue";
        yield return "webhooks from outside are refused; senders try again for hours at most, and what they give up is lost";
    }

    private static async Task<List<EcsNow>> ServicesAsync(ActionGround ground, CancellationToken cancel)
    {
        var found = new List<EcsNow>();
        foreach (var some in ground.Map.Services.Chunk(10))
        {
            var answer = await ground.AskAsync("ecs", "DescribeServices", new JsonObject { ["cluster"] = ground.Map.Cluster, ["services"] = new JsonArray([.. some.Select(s => (JsonNode)s.Name)]) }, cancel);
            found.AddRange(from raw in answer.Items("services") where raw.Text("status") == "ACTIVE" select new EcsNow(some.First(s => s.Name == raw.Text("serviceName")), raw));
        }
        return found;
    }

    private static async Task<List<JsonObject>> TargetsAsync(ActionGround ground, CancellationToken cancel)
    {
        var answer = await ground.AskAsync("application-autoscaling", "DescribeScalableTargets", new JsonObject { ["ServiceNamespace"] = "ecs" }, cancel);
        return [.. answer.Items("ScalableTargets").Where(t => (t.Text("ResourceId") ?? "").StartsWith($"service/{ground.Map.Cluster}/", StringComparison.Ordinal))];
    }

    // It depends on which services and targets there are, and not on their counts: those move in an outage, and all of them go to 0.
    private static ImmutableSortedDictionary<string, string> Facts(List<EcsNow> services, List<JsonObject> targets) =>
        ActionOrder.None.AddRange(services.Select(s => KeyValuePair.Create($"service {s.Name}", "is there"))).AddRange(targets.Select(t => KeyValuePair.Create(Key(t), "is there")));

    private static ImmutableSortedDictionary<string, string> Remembered(List<EcsNow> services, List<JsonObject> targets) =>
        ActionOrder.None.AddRange(services.Select(s => KeyValuePair.Create(s.Name, EcsNow.Shown(s.Desired)))).AddRange(targets.Select(t => KeyValuePair.Create(Key(t), Scales(t))));

    private static string Scales(JsonObject target) => IsSuspended(target) ? Suspended : "scales";

    private static string Key(JsonObject target) => $"scaling of {(target.Text("ResourceId") ?? "").LastPart()}";

    private static bool IsSuspended(JsonObject? target) => target.Map("SuspendedState").Flag("DynamicScalingInSuspended") ?? false;
}
