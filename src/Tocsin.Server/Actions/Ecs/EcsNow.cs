using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Ecs;

/// <summary>A service of ECS as it is now.</summary>
internal sealed record EcsNow(Service Service, JsonObject Raw)
{
    public string Name => Service.Name;

    public string Revision => Raw.Text("taskDefinition") ?? throw new ActionRefused($"ECS does not say which revision {Name} runs");

    public int Desired => (int)(Raw.Number("desiredCount") ?? 0);

    public int Running => (int)(Raw.Number("runningCount") ?? 0);

    public JsonObject? Primary => Raw.Items("deployments").FirstOrDefault(d => d.Text("status") == "PRIMARY");

    public string Deployment => Primary.Text("id") ?? "";

    /// <summary>The newest deployment is through and nothing older runs beside it.</summary>
    public bool IsSteady => Raw.Items("deployments").Count() == 1 && Running == Desired && Primary.Text("rolloutState") is null or "COMPLETED";

    public static string Shown(int number) => number.ToString(CultureInfo.InvariantCulture);

    public static async Task<EcsNow> FindAsync(ActionGround ground, string name, CancellationToken cancel)
    {
        var service = ground.Map.Platform.Service(name) ?? throw new ActionRefused($"the platform has no service {name}; {Nearest.Suggest(name, ground.Map.Services.Select(s => s.Name))}known: {string.Join(", ", ground.Map.Services.Select(s => s.Name))}");
        var answer = await ground.AskAsync("ecs", "DescribeServices", new JsonObject { ["cluster"] = ground.Map.Cluster, ["services"] = new JsonArray(service.Name) }, cancel);
        var raw = answer.Items("services").FirstOrDefault(s => s.Text("status") == "ACTIVE") ?? throw new ActionRefused($"{service.Name} is not in the cluster {ground.Map.Cluster}, or is not active");
        return new EcsNow(service, raw);
    }

    public static async Task<JsonObject> DefinitionAsync(ActionGround ground, string revision, CancellationToken cancel) =>
        (await ground.AskAsync("ecs", "DescribeTaskDefinition", new JsonObject { ["taskDefinition"] = revision }, cancel)).Map("taskDefinition") ?? throw new ActionRefused($"ECS does not show {revision}");

    /// <summary>Revisions of a family that can be run, the newest first.</summary>
    public static async Task<ImmutableArray<string>> FamilyAsync(ActionGround ground, string family, CancellationToken cancel)
    {
        var list = await ground.AskAsync("ecs", "ListTaskDefinitions", new JsonObject { ["familyPrefix"] = family, ["status"] = "ACTIVE", ["sort"] = "DESC", ["maxResults"] = 100 }, cancel);
        return [.. list.Texts("taskDefinitionArns").Where(a => Family(a) == family).OrderByDescending(Number)];
    }

    public static string Family(string revision) => revision.LastPart().Split(':')[0];

    public static int Number(string revision) => int.TryParse(revision.Split(':')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Within what the service's own scaling keeps it; null: nothing scales it.</summary>
    public static async Task<(int Least, int Most)?> ScalingAsync(ActionGround ground, string service, CancellationToken cancel)
    {
        var answer = await ground.AskAsync("application-autoscaling", "DescribeScalableTargets", new JsonObject { ["ServiceNamespace"] = "ecs", ["ResourceIds"] = new JsonArray($"service/{ground.Map.Cluster}/{service}") }, cancel);
        return answer.Items("ScalableTargets").FirstOrDefault() is { } target ? ((int)(target.Number("MinCapacity") ?? 0), (int)(target.Number("MaxCapacity") ?? int.MaxValue)) : null;
    }

    public static PlannedCall Update(ActionGround ground, string service, JsonObject changes)
    {
        var input = new JsonObject { ["cluster"] = ground.Map.Cluster, ["service"] = service };
        foreach (var (name, value) in changes) input[name] = value?.DeepClone();
        return AwsCalling.Call("ecs", "UpdateService", input);
    }
}

/// <summary>What actions on one service share: it is found, at least one task stays, and it is looked at until it is steady and its targets are healthy.</summary>
public abstract class EcsKind : ActionKind
{
    public override string Target => "a service, by its name or role";

    public override async Task<int?> LeastAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Math.Max(1, (await EcsNow.ScalingAsync(ground, plan.Target, cancel))?.Least ?? 1);

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, run.Plan.Target, cancel);
        var seen = ImmutableArray.CreateBuilder<string>();
        seen.Add($"{now.Name}: {now.Revision.LastPart()}, {EcsNow.Shown(now.Running)} of {EcsNow.Shown(now.Desired)} tasks run, deployment {now.Primary.Text("rolloutState") ?? "unknown"}");
        if (now.Primary.Text("rolloutState") is "FAILED") return Verification.No([.. seen, $"the deployment failed: {now.Primary.Text("rolloutStateReason")}"]);
        var (unhealthy, words) = await TargetsAsync(ground, now, cancel);
        if (words.Length > 0) seen.Add(words);
        return now.IsSteady && !unhealthy ? Verification.Yes([.. seen]) : Verification.NotYet([.. seen]);
    }

    private static async Task<(bool Unhealthy, string Words)> TargetsAsync(ActionGround ground, EcsNow now, CancellationToken cancel)
    {
        var states = new List<string>();
        foreach (var group in now.Raw.Items("loadBalancers").Select(l => l.Text("targetGroupArn")).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            var answer = await ground.AskAsync("elasticloadbalancing", "DescribeTargetHealth", new JsonObject { ["TargetGroupArn"] = group }, cancel);
            states.AddRange(answer.Items("TargetHealthDescriptions").Select(t => t.Map("TargetHealth").Text("State") ?? "").Where(s => s is not "draining"));
        }
        if (states.Count == 0) return (now.Raw.Items("loadBalancers").Any() && now.Desired > 0, "");
        var healthy = states.Count(s => s == "healthy");
        return (healthy < Math.Min(now.Desired, states.Count), $"{EcsNow.Shown(healthy)} of {EcsNow.Shown(states.Count)} targets are healthy");
    }
}
