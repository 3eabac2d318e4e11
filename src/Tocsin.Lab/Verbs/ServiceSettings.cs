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
        ["host"] = Host,
    };

    private static readonly Dictionary<string, Action<VerbCall, JsonObject, string>> ByDeployment = new(StringComparer.Ordinal)
    {
        ["port"] = (c, b, v) => ServiceVerbs.Variables(c, b, [$"PORT={c.Whole(v, "port")}"]),
        ["stop-timeout"] = (c, b, v) => ServiceVerbs.ContainerOf(c, b)["stopTimeout"] = c.Whole(v, "stop-timeout"),
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
