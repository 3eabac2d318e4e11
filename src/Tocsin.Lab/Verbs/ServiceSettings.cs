using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Aws.Elb;

namespace Tocsin.Lab.Verbs;

/// <summary>The settings of <c>lab service set</c>: of the target group and the service at once, of the task by a new deployment.</summary>
internal static class ServiceSettings
{
    private static readonly Dictionary<string, Action<VerbCall, string>> AtOnce = new(StringComparer.Ordinal)
    {
        ["health-path"] = (c, v) => Group(c).HealthPath = v,
        ["health-port"] = (c, v) => Group(c).HealthPort = v is "traffic-port" ? v : c.Whole(v, "health-port").ToString(CultureInfo.InvariantCulture),
        ["matcher"] = (c, v) => Group(c).Matcher = v,
        ["grace"] = (c, v) => c.Running(0).HealthGrace = Duration.FromSeconds(c.Whole(v, "grace")),
        ["minimum-healthy"] = (c, v) => c.Running(0).MinimumHealthyPercent = c.Whole(v, "minimum-healthy"),
        ["breaker"] = (c, v) => (c.Running(0).CircuitBreaker, c.Running(0).RollbackOnFailure) = v switch
        {
            "off" => (false, false),
            "on" => (true, false),
            "rollback" => (true, true),
            _ => throw VerbCall.Unknown("setting of breaker", v, ["off", "on", "rollback"]),
        },
        ["maximum"] = (c, v) => c.Running(0).MaximumPercent = c.Whole(v, "maximum"),
        ["host"] = Host,
        ["listener"] = Forward,
    };

    private static readonly Dictionary<string, Action<VerbCall, JsonObject, string>> ByDeployment = new(StringComparer.Ordinal)
    {
        ["port"] = (c, b, v) => ServiceVerbs.Variables(c, b, [$"PORT={c.Whole(v, "port")}"]),
        ["stop-timeout"] = (c, b, v) => ServiceVerbs.ContainerOf(c, b)["stopTimeout"] = c.Whole(v, "stop-timeout"),
        ["repository"] = (c, b, v) => Repository(ServiceVerbs.ContainerOf(c, b), v),
        ["command"] = (c, b, v) => ServiceVerbs.ContainerOf(c, b)["command"] = new JsonArray([.. v.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => (JsonNode)w)]),
    };

    public static string Set(VerbCall call)
    {
        var settings = call.From(1).Select(VerbCall.Pair).ToList();
        if (settings.Find(s => !AtOnce.ContainsKey(s.Key) && !ByDeployment.ContainsKey(s.Key)) is { Key: { } unknown }) throw VerbCall.Unknown("setting", unknown, AtOnce.Keys.Concat(ByDeployment.Keys).Order(StringComparer.Ordinal));
        foreach (var (key, value) in settings.Where(s => AtOnce.ContainsKey(s.Key))) AtOnce[key](call, value);
        call.Host.Engine.Signal();
        var deployed = settings.Where(s => ByDeployment.ContainsKey(s.Key)).ToList();
        return deployed.Count == 0
            ? $"{call.Running(0).Name}: {string.Join(", ", settings.Select(s => $"{s.Key} is {s.Value}"))}"
            : ServiceVerbs.Deployed(call, b => deployed.ForEach(s => ByDeployment[s.Key](call, b, s.Value)));
    }

    private static TargetGroup Group(VerbCall call)
    {
        var balancers = call.Running(0).Balancers;
        if (balancers.Count == 0) throw new Tocsin.Lab.Host.LabException($"{call.Running(0).Name} stands behind no load balancer");
        return call.Region.Elb.Group(balancers[0].TargetGroupArn)!;
    }

    private static void Repository(JsonObject container, string name)
    {
        var image = container["image"]!.ToString();
        container["image"] = $"{image[..image.IndexOf('/', StringComparison.Ordinal)]}/{name}:{image.Split(':')[^1]}";
    }

    // On: the rules are as they were at first. Off: requests for its host names meet the listener's default. Empty: they meet a group of the same settings in which nobody registers.
    private static void Forward(VerbCall call, string how)
    {
        if (how is not ("on" or "off" or "empty")) throw VerbCall.Unknown("setting of listener", how, ["on", "off", "empty"]);
        if (how is "on")
        {
            call.Host.RestoreRules(call.Region);
            return;
        }
        var group = Group(call);
        string? instead = null;
        if (how is "empty")
        {
            var name = group.Name + "-old";
            instead = (call.Region.Elb.TargetGroups.GetValueOrDefault(name) ?? (call.Region.Elb.TargetGroups[name] = new TargetGroup(name, call.Region.Name, group.Protocol, group.Port))).Arn;
        }
        foreach (var listener in call.Region.Elb.Balancers.Values.SelectMany(b => b.Listeners))
        {
            var rules = listener.Rules.Where(r => r.TargetGroupArn == group.Arn).ToList();
            foreach (var rule in rules)
            {
                if (instead is null) listener.Rules.Remove(rule);
                else listener.Rules[listener.Rules.IndexOf(rule)] = rule with { TargetGroupArn = instead };
            }
        }
    }

    // The rules of its target group get another host name: what a wrong subdomain base does.
    private static void Host(VerbCall call, string host)
    {
        var arn = Group(call).Arn;
        foreach (var listener in call.Region.Elb.Balancers.Values.SelectMany(b => b.Listeners))
        {
            for (var i = 0; i < listener.Rules.Count; i++)
            {
                var rule = listener.Rules[i];
                if (rule.TargetGroupArn == arn && rule.Host is { } was && !System.Net.IPAddress.TryParse(was, out _)) listener.Rules[i] = rule with { Host = host };
            }
        }
    }
}
