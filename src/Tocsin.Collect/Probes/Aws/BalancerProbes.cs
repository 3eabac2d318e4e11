using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>The load balancer's side of a service: its targets, its health check, its rules.</summary>
internal static partial class BalancerProbes
{
    private static readonly string[] Reasons =
    [
        "Target.ResponseCodeMismatch", "Target.Timeout", "Target.FailedHealthChecks", "Target.NotRegistered", "Target.NotInUse", "Target.DeregistrationInProgress",
        "Target.InvalidState", "Target.IpUnusable", "Elb.RegistrationInProgress", "Elb.InitialHealthChecking", "Elb.InternalError",
    ];

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view)
    {
        if (view.Service.Fields.GetValueOrDefault("ingress") is "none") return [];
        return
        [
            ground.Probe("alb.targets", view.Subject, "elb", (s, c) => TargetsAsync(ground, view, s, c), "ecs:DescribeServices", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"),
            ground.Probe("alb.targetGroup", view.Subject, "elb", (s, c) => GroupAsync(ground, view, s, c), "ecs:DescribeServices", "elasticloadbalancing:DescribeTargetGroups"),
            ground.Probe("alb.settings", view.Subject, "elb", (s, c) => SettingsAsync(ground, view, s, c), "ecs:DescribeServices", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeTargetHealth"),
            .. view.Service.Fields.GetValueOrDefault("ingress") is "nlb" ? Array.Empty<Probe>() : [ground.Probe("alb.http", view.Subject, "elb", (s, c) => new BalancerRequest(ground, view, s).AskAsync(c), "ecs:DescribeServices", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules") with { Vantage = Core.Diagnosis.Vantage.Host }],
        ];
    }

    private static async Task TargetsAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var targets = new List<JsonObject>();
        foreach (var group in await view.GroupsAsync(sighting, cancel))
            targets.AddRange((await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeTargetHealth", new JsonObject { ["TargetGroupArn"] = group.Text("TargetGroupArn") }, cancel)).Items("TargetHealthDescriptions").Select(t => t.Map("TargetHealth")).OfType<JsonObject>());
        var leaving = targets.Count(t => t.Text("State") == "draining");
        sighting.Fact("registered", targets.Count - leaving);
        sighting.Fact("healthy", targets.Count(t => t.Text("State") == "healthy"));
        var ill = targets.FindAll(t => t.Text("State") is not ("healthy" or "draining"));
        var reason = ill.Select(t => t.Text("Reason")).OfType<string>().GroupBy(r => r, StringComparer.Ordinal).OrderByDescending(g => g.Count()).FirstOrDefault()?.Key;
        sighting.Fact("reason", reason is not null && Reasons.Contains(reason, StringComparer.Ordinal) ? reason : "NONE");
        var status = ill.Select(t => Code().Match(t.Text("Description") ?? "")).FirstOrDefault(m => m.Success);
        sighting.Fact("statusSeen", status is null ? 0 : double.Parse(status.Groups[1].Value, CultureInfo.InvariantCulture));
        sighting.Fact("zoneMissing", ill.Exists(t => Stopped.Has(t.Text("Description") ?? "", "Availability Zone")));
        if (targets.Count == 0) sighting.Empty();
    }

    private static async Task GroupAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var service = await view.GetAsync(sighting, cancel);
        var group = (await view.GroupsAsync(sighting, cancel))[0];
        sighting.Fact("timeoutSeconds", group.Number("HealthCheckTimeoutSeconds"));
        sighting.Fact("intervalSeconds", group.Number("HealthCheckIntervalSeconds"));
        var port = service.Items("loadBalancers").FirstOrDefault().Number("containerPort");
        var asked = group.Text("HealthCheckPort") is "traffic-port" or null ? group.Number("Port") : group.Number("HealthCheckPort");
        if (port is not null && asked is not null) sighting.Fact("portMatches", asked == port);
        if (group.Text("HealthCheckPath") is { } path && await ServedPathAsync(ground, view, group, sighting, cancel) is { } served) sighting.Fact("pathMatches", path == served);
        await EcsProbes.PartAsync(sighting, _ => SlowStartAsync(ground, view, service, group, sighting, cancel), cancel);
    }

    // As the platform says; else as the same group is set in another environment.
    private static async Task<string?> ServedPathAsync(AwsGround ground, ServiceView view, JsonObject group, Sighting sighting, CancellationToken cancel)
    {
        if (view.Service.Fields.GetValueOrDefault("health") is { } known) return known;
        foreach (var other in ground.Map.Others)
        {
            try
            {
                var groups = await ground.Calls.AskAsync(sighting, "elasticloadbalancing", other.Region, "DescribeTargetGroups", [], cancel);
                if (groups.Items("TargetGroups").FirstOrDefault(g => g.Text("TargetGroupName") == group.Text("TargetGroupName")).Text("HealthCheckPath") is { } path) return path;
            }
            catch (Collect.Aws.AwsFailure e)
            {
                // A comparison with another environment is a help and no part of the look.
                _ = e;
            }
        }
        return null;
    }

    // What a task may take until its first good check: the grace period, then as many intervals as make it unhealthy.
    private static async Task SlowStartAsync(AwsGround ground, ServiceView view, JsonObject service, JsonObject group, Sighting sighting, CancellationToken cancel)
    {
        var allowed = (service.Number("healthCheckGracePeriodSeconds") ?? 0) + ((group.Number("HealthCheckIntervalSeconds") ?? 30) * (group.Number("UnhealthyThresholdCount") ?? 2));
        if (view.Service.Fields.GetValueOrDefault("logGroup") is not { } log) return;
        var lines = await LogLook.LinesAsync(ground, log, sighting, cancel);
        var ready = lines.Events.GroupBy(e => e.Stream, StringComparer.Ordinal).Select(g => (First: g.Min(e => e.At), Ready: g.Where(e => LogLook.SaysReady(e.Text)).Select(e => (NodaTime.Instant?)e.At).Min())).ToList();
        var seconds = ready.Where(r => r.Ready is not null).Select(r => (r.Ready!.Value - r.First).TotalSeconds).ToList();
        if (await KilledBeforeAsync(ground, view, lines, sighting, cancel)) sighting.Fact("slowStartNeeded", true);
        else if (seconds.Count > 0) sighting.Fact("slowStartNeeded", seconds.Max() > allowed);
    }

    // A task that was stopped for its health check before it said that it is ready, where others of the service say it, or before it said anything.
    private static async Task<bool> KilledBeforeAsync(AwsGround ground, ServiceView view, LogPage lines, Sighting sighting, CancellationToken cancel)
    {
        var ready = lines.Events.Where(e => LogLook.SaysReady(e.Text)).Select(e => e.Stream[(e.Stream.LastIndexOf('/') + 1)..]).ToHashSet(StringComparer.Ordinal);
        var killed = Stopped.InTrouble(await view.TasksAsync(sighting, cancel), ground.Since).Where(t => Stopped.Reason(t) is "HEALTH_CHECK").Select(t => (t.Text("taskArn") ?? "").LastPart()).ToList();
        return killed.Count > 0 && !killed.Exists(ready.Contains) && (ready.Count > 0 || !lines.Events.Any(e => killed.Exists(k => e.Stream.EndsWith(k, StringComparison.Ordinal))));
    }

    private static async Task SettingsAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var found = await view.GetAsync(sighting, cancel);
        if (!found.Items("loadBalancers").Any() && view.Service.Fields.ContainsKey("targetGroup"))
        {
            sighting.Fact("listenerHasTarget", false);
            return;
        }
        var arns = (await view.GroupsAsync(sighting, cancel)).Select(g => g.Text("TargetGroupArn")!).ToList();
        var balancers = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeLoadBalancers", [], cancel)).Items("LoadBalancers").ToList();
        var (forwards, others) = (false, new HashSet<string>(StringComparer.Ordinal));
        foreach (var balancer in balancers.Select(b => b.Text("LoadBalancerArn")).OfType<string>())
        {
            var actions = await ActionsAsync(ground, balancer, sighting, cancel);
            others.UnionWith(actions.SelectMany(a => Group().Matches(a)).Select(m => m.Value));
            if (!actions.Exists(a => arns.Exists(g => a.Contains(g, StringComparison.Ordinal)))) continue;
            forwards = true;
            var attributes = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeLoadBalancerAttributes", new JsonObject { ["LoadBalancerArn"] = balancer }, cancel)).Items("Attributes").ToList();
            sighting.Fact("idleTimeoutSeconds", attributes.Find(a => a.Text("Key") == "idle_timeout.timeout_seconds").Number("Value"));
        }
        sighting.Fact("listenerHasTarget", forwards);
        if (!forwards) await EcsProbes.PartAsync(sighting, async _ => sighting.Fact("ruleToEmptyGroup", await AnyEmptyAsync(ground, others, sighting, cancel)), cancel);
    }

    private static async Task<bool> AnyEmptyAsync(AwsGround ground, IEnumerable<string> groups, Sighting sighting, CancellationToken cancel)
    {
        var targets = await Task.WhenAll(groups.Select(g => ground.AskAsync(sighting, "elasticloadbalancing", "DescribeTargetHealth", new JsonObject { ["TargetGroupArn"] = g }, cancel)));
        return Array.Exists(targets, t => !t.Items("TargetHealthDescriptions").Any());
    }

    /// <summary>What the listeners and rules of a load balancer do, each as JSON.</summary>
    public static async Task<List<string>> ActionsAsync(AwsGround ground, string balancer, Sighting sighting, CancellationToken cancel)
    {
        var all = new List<string>();
        var listeners = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeListeners", new JsonObject { ["LoadBalancerArn"] = balancer }, cancel)).Items("Listeners").ToList();
        foreach (var listener in listeners)
        {
            all.AddRange(listener.Items("DefaultActions").Select(a => a.ToJsonString()));
            all.AddRange((await RulesAsync(ground, listener, sighting, cancel)).SelectMany(r => r.Items("Actions")).Select(a => a.ToJsonString()));
        }
        return all;
    }

    public static async Task<IEnumerable<JsonObject>> RulesAsync(AwsGround ground, JsonObject listener, Sighting sighting, CancellationToken cancel) =>
        listener.Text("Protocol") is "HTTP" or "HTTPS" && listener.Text("ListenerArn") is { } arn
            ? (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeRules", new JsonObject { ["ListenerArn"] = arn }, cancel)).Items("Rules")
            : [];

    [GeneratedRegex(@"arn:[^""]+:targetgroup/[^""]+", RegexOptions.CultureInvariant)]
    private static partial Regex Group();

    [GeneratedRegex(@"codes: \[(\d{3})\]", RegexOptions.CultureInvariant)]
    private static partial Regex Code();
}
