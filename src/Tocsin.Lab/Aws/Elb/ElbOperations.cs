using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Elb;

/// <summary>ELBv2: load balancers, listeners, target groups and what their health checks see.</summary>
internal sealed class ElbOperations(LabWorld world)
{
    public IEnumerable<Operation> All() =>
    [
        Op("DescribeLoadBalancers", DescribeLoadBalancers, _ => ["*"]),
        Op("DescribeLoadBalancerAttributes", c => Attributes(Balancer(c)), _ => ["*"]),
        Op("ModifyLoadBalancerAttributes", ModifyAttributes, c => [c.Text("LoadBalancerArn") ?? "*"]),
        Op("DescribeListeners", DescribeListeners, _ => ["*"]),
        Op("DescribeRules", DescribeRules, _ => ["*"]),
        Op("DescribeTargetGroups", DescribeTargetGroups, _ => ["*"]),
        Op("ModifyTargetGroup", ModifyTargetGroup, c => [c.Text("TargetGroupArn") ?? "*"]),
        Op("DescribeTargetGroupAttributes", DescribeTargetGroupAttributes, _ => ["*"]),
        Op("DescribeTargetHealth", DescribeTargetHealth, _ => ["*"]),
        Op("RegisterTargets", RegisterTargets, c => [c.Text("TargetGroupArn") ?? "*"]),
        Op("DeregisterTargets", DeregisterTargets, c => [c.Text("TargetGroupArn") ?? "*"]),
    ];

    private static Operation Op(string name, Func<AwsCall, JsonObject> answer, Func<AwsCall, IEnumerable<string>> resources) =>
        new("elasticloadbalancing", name, answer) { Resources = resources, Support = Support.Real };

    private ElbState Elb(AwsCall call) => world.Regions[call.Region].Elb;

    private JsonObject DescribeLoadBalancers(AwsCall call)
    {
        var (names, arns) = (call.Texts("Names").ToList(), call.Texts("LoadBalancerArns").ToList());
        var found = Elb(call).Balancers.Values.Where(b => (names.Count == 0 && arns.Count == 0) || names.Contains(b.Name) || arns.Contains(b.Arn)).ToList();
        if (found.Count < Math.Max(names.Count, arns.Count)) throw new AwsException("LoadBalancerNotFound", names.Count > 0 ? $"Load balancers '[{string.Join(", ", names)}]' not found" : "One or more load balancers not found");
        return new JsonObject
        {
            ["LoadBalancers"] = List(found, b => new JsonObject
            {
                ["LoadBalancerArn"] = b.Arn,
                ["DNSName"] = b.DnsName,
                ["CanonicalHostedZoneId"] = "Z" + LabIds.Letters(b.Name, 13),
                ["CreatedTime"] = AwsTime.Iso(b.Created),
                ["LoadBalancerName"] = b.Name,
                ["Scheme"] = "internet-facing",
                ["State"] = new JsonObject { ["Code"] = "active" },
                ["Type"] = b.Type,
                ["AvailabilityZones"] = new JsonArray(new JsonObject { ["ZoneName"] = call.Region + "a", ["LoadBalancerAddresses"] = new JsonArray(new JsonObject { ["IpAddress"] = b.Address }) }),
                ["IpAddressType"] = "ipv4",
            }),
        };
    }

    private static JsonObject Attributes(LoadBalancer balancer) => new() { ["Attributes"] = List(balancer.Attributes.OrderBy(a => a.Key, StringComparer.Ordinal), a => new JsonObject { ["Key"] = a.Key, ["Value"] = a.Value }) };

    private JsonObject ModifyAttributes(AwsCall call)
    {
        var balancer = Balancer(call);
        foreach (var pair in call.Items("Attributes").OfType<JsonObject>())
        {
            var (key, value) = (pair["Key"]?.ToString() ?? "", pair["Value"]?.ToString() ?? "");
            if (!balancer.Attributes.ContainsKey(key)) throw Invalid($"Load balancer attribute key '{key}' is not recognized");
            if (key is "idle_timeout.timeout_seconds" && !(int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 4000)) throw Invalid("Load balancer attribute value 'idle_timeout.timeout_seconds' must be between 1 and 4000");
            balancer.Attributes[key] = value;
        }
        return Attributes(balancer);
    }

    private JsonObject DescribeListeners(AwsCall call)
    {
        var arns = call.Texts("ListenerArns").ToList();
        var listeners = call.Text("LoadBalancerArn") is not null ? Balancer(call).Listeners.Select(l => (Balancer: Balancer(call), Listener: l))
            : Elb(call).Balancers.Values.SelectMany(b => b.Listeners.Select(l => (Balancer: b, Listener: l))).Where(l => arns.Contains(l.Listener.Arn));
        return new JsonObject
        {
            ["Listeners"] = List(listeners, l => new JsonObject
            {
                ["ListenerArn"] = l.Listener.Arn,
                ["LoadBalancerArn"] = l.Balancer.Arn,
                ["Port"] = l.Listener.Port,
                ["Protocol"] = l.Listener.Protocol,
                ["DefaultActions"] = new JsonArray(Action(l.Listener.Rules.FirstOrDefault(r => r.Host is null)?.TargetGroupArn)),
            }),
        };
    }

    private JsonObject DescribeRules(AwsCall call)
    {
        var arn = call.Text("ListenerArn");
        var listener = Elb(call).Balancers.Values.SelectMany(b => b.Listeners).FirstOrDefault(l => l.Arn == arn) ?? throw new AwsException("ListenerNotFound", "One or more listeners not found");
        return new JsonObject
        {
            ["Rules"] = List(listener.Rules, r => new JsonObject
            {
                ["RuleArn"] = r.Arn,
                ["Priority"] = r.Priority,
                ["Conditions"] = r.Host is null ? [] : new JsonArray(new JsonObject { ["Field"] = "host-header", ["Values"] = new JsonArray(r.Host), ["HostHeaderConfig"] = new JsonObject { ["Values"] = new JsonArray(r.Host) } }),
                ["Actions"] = new JsonArray(Action(r.TargetGroupArn)),
                ["IsDefault"] = r.Host is null ? "true" : "false",
            }),
        };
    }

    private static JsonObject Action(string? group) => group is null
        ? new JsonObject { ["Type"] = "fixed-response", ["FixedResponseConfig"] = new JsonObject { ["StatusCode"] = "404", ["ContentType"] = "text/plain" } }
        : new JsonObject { ["Type"] = "forward", ["TargetGroupArn"] = group };

    private JsonObject DescribeTargetGroups(AwsCall call)
    {
        var (names, arns, balancer) = (call.Texts("Names").ToList(), call.Texts("TargetGroupArns").ToList(), call.Text("LoadBalancerArn"));
        var found = Elb(call).TargetGroups.Values
            .Where(g => (names.Count == 0 || names.Contains(g.Name)) && (arns.Count == 0 || arns.Contains(g.Arn)) && (balancer is null || Elb(call).BalancersOf(g).Any(b => b.Arn == balancer))).ToList();
        if (found.Count < Math.Max(names.Count, arns.Count)) throw NoGroup();
        return new JsonObject { ["TargetGroups"] = List(found, g => Json(g, Elb(call))) };
    }

    private static JsonObject Json(TargetGroup group, ElbState elb) => new()
    {
        ["TargetGroupArn"] = group.Arn,
        ["TargetGroupName"] = group.Name,
        ["Protocol"] = group.Protocol,
        ["Port"] = group.Port,
        ["HealthCheckProtocol"] = group.HealthProtocol,
        ["HealthCheckPort"] = group.HealthPort,
        ["HealthCheckEnabled"] = "true",
        ["HealthCheckIntervalSeconds"] = (int)group.Interval.TotalSeconds,
        ["HealthCheckTimeoutSeconds"] = (int)group.Timeout.TotalSeconds,
        ["HealthyThresholdCount"] = group.HealthyThreshold,
        ["UnhealthyThresholdCount"] = group.UnhealthyThreshold,
        ["HealthCheckPath"] = group.HealthProtocol is "HTTP" ? group.HealthPath : null,
        ["Matcher"] = group.HealthProtocol is "HTTP" ? new JsonObject { ["HttpCode"] = group.Matcher } : null,
        ["LoadBalancerArns"] = List(elb.BalancersOf(group), b => b.Arn),
        ["TargetType"] = "ip",
        ["IpAddressType"] = "ipv4",
    };

    private JsonObject ModifyTargetGroup(AwsCall call)
    {
        var group = Group(call);
        group.HealthPath = call.Text("HealthCheckPath") ?? group.HealthPath;
        group.HealthPort = call.Text("HealthCheckPort") ?? group.HealthPort;
        group.Matcher = call.Object("Matcher")?["HttpCode"]?.ToString() ?? group.Matcher;
        if (call.Number("HealthCheckIntervalSeconds") is { } interval) group.Interval = Duration.FromSeconds(Between(interval, 5, 300, "Health check interval"));
        if (call.Number("HealthCheckTimeoutSeconds") is { } timeout) group.Timeout = Duration.FromSeconds(Between(timeout, 2, 120, "Health check timeout"));
        if (call.Number("HealthyThresholdCount") is { } healthy) group.HealthyThreshold = (int)Between(healthy, 2, 10, "Healthy threshold count");
        if (call.Number("UnhealthyThresholdCount") is { } unhealthy) group.UnhealthyThreshold = (int)Between(unhealthy, 2, 10, "Unhealthy threshold count");
        return new JsonObject { ["TargetGroups"] = new JsonArray(Json(group, Elb(call))) };
    }

    private JsonObject DescribeTargetGroupAttributes(AwsCall call) => new()
    {
        ["Attributes"] = new JsonArray(
            new JsonObject { ["Key"] = "deregistration_delay.timeout_seconds", ["Value"] = ((int)Group(call).DeregistrationDelay.TotalSeconds).ToString(CultureInfo.InvariantCulture) },
            new JsonObject { ["Key"] = "stickiness.enabled", ["Value"] = "false" },
            new JsonObject { ["Key"] = "load_balancing.algorithm.type", ["Value"] = "round_robin" }),
    };

    private JsonObject DescribeTargetHealth(AwsCall call)
    {
        var group = Group(call);
        var asked = call.Items("Targets").OfType<JsonObject>().Select(t => (Id: t["Id"]?.ToString() ?? "", Port: t["Port"]?.ToString())).ToList();
        var shown = group.Targets.Where(t => asked.Count == 0 || asked.Exists(a => a.Id == t.Ip && (a.Port is null || a.Port == t.Port.ToString(CultureInfo.InvariantCulture)))).ToList();
        var unknown = asked.Where(a => !shown.Exists(t => t.Ip == a.Id)).Select(a => Health(a.Id, group.Port, "unused", "Target.NotRegistered", "Target is not registered to the target group"));
        var used = Elb(call).BalancersOf(group).Any();
        return new JsonObject
        {
            ["TargetHealthDescriptions"] = new JsonArray(
            [
                .. shown.Select(t => used ? Health(t.Ip, t.Port, t.State, t.Reason, t.Description) : Health(t.Ip, t.Port, "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")),
                .. unknown,
            ]),
        };
    }

    private static JsonObject Health(string ip, int port, string state, string? reason, string? description)
    {
        var health = new JsonObject { ["State"] = state };
        if (reason is not null && state is not "healthy") (health["Reason"], health["Description"]) = (reason, description);
        return new JsonObject
        {
            ["Target"] = new JsonObject { ["Id"] = ip, ["Port"] = port, ["AvailabilityZone"] = "all" },
            ["HealthCheckPort"] = port.ToString(CultureInfo.InvariantCulture),
            ["TargetHealth"] = health,
        };
    }

    private JsonObject RegisterTargets(AwsCall call)
    {
        var group = Group(call);
        foreach (var target in call.Items("Targets").OfType<JsonObject>())
        {
            var ip = target["Id"]?.ToString() ?? "";
            if (!System.Net.IPAddress.TryParse(ip, out var address) || !world.IsOwn(address)) throw Invalid($"The IP address '{ip}' is not a valid IPv4 address of this lab");
            var port = target["Port"] is { } given && int.TryParse(given.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var p) ? p : group.Port;
            if (!group.Targets.Exists(t => t.Ip == ip && t.Port == port && t.GoneAt is null)) group.Targets.Add(new Target(ip, port, call.Now));
        }
        return [];
    }

    private JsonObject DeregisterTargets(AwsCall call)
    {
        var group = Group(call);
        foreach (var id in call.Items("Targets").OfType<JsonObject>().Select(t => t["Id"]?.ToString()))
        {
            foreach (var target in group.Targets.Where(t => t.Ip == id))
            {
                (target.State, target.Reason, target.Description) = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
                target.GoneAt = world.Clock.Elapsed + group.DeregistrationDelay;
            }
        }
        return [];
    }

    private LoadBalancer Balancer(AwsCall call)
    {
        var arn = call.Text("LoadBalancerArn") ?? throw new AwsException("ValidationError", "LoadBalancerArn is required");
        return Elb(call).Balancers.Values.FirstOrDefault(b => b.Arn == arn) ?? throw new AwsException("LoadBalancerNotFound", $"Load balancer '{arn}' not found");
    }

    private TargetGroup Group(AwsCall call)
    {
        var arn = call.Text("TargetGroupArn") ?? throw new AwsException("ValidationError", "TargetGroupArn is required");
        if (!arn.StartsWith("arn:", StringComparison.Ordinal)) throw new AwsException("ValidationError", $"'{arn}' is not a valid target group ARN");
        return Elb(call).Group(arn) ?? throw NoGroup();
    }

    private static long Between(long value, int least, int most, string what) => value >= least && value <= most ? value : throw Invalid($"{what} must be between {least} and {most}");

    private static AwsException NoGroup() => new("TargetGroupNotFound", "One or more target groups not found");

    private static AwsException Invalid(string message) => new("InvalidConfigurationRequest", message);

    private static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode?> json) => [.. items.Select(json)];
}
