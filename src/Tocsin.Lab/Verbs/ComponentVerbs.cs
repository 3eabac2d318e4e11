using System.Globalization;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Verbs;

/// <summary>What stands around the services. In the core profile: the load balancers and AWS itself.</summary>
internal static class ComponentVerbs
{
    private static readonly VerbArgument Component = new("NAME", "The component");

    public static IEnumerable<Verb> All =>
    [
        new("component set", "Set a component's settings: alb idle-timeout=SECONDS; aws throttle.SERVICE=CALLS_PER_SECOND (0 ends it), placement=REASON (empty ends it).", [Component, new("KEY=VALUE", "What to set", Many: true)], Set)
        {
            Example = "component set alb idle-timeout=2",
        },
    ];

    private static string Set(VerbCall call)
    {
        foreach (var (key, value) in call.From(1).Select(VerbCall.Pair)) Set(call, key, value);
        return $"{call[0]}: {string.Join(", ", call.From(1))}";
    }

    private static void Set(VerbCall call, string key, string value)
    {
        switch (call[0], key)
        {
            case ("alb", "idle-timeout"):
                Balancer(call).Attributes["idle_timeout.timeout_seconds"] = call.Whole(value, key).ToString(CultureInfo.InvariantCulture);
                break;
            case ("aws", "placement"):
                call.Region.Ecs.PlacementFailure = value.Length == 0 ? null : value;
                call.Host.Engine.Signal();
                break;
            case ("aws", _) when key.StartsWith("throttle.", StringComparison.Ordinal):
                if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var perSecond)) throw new LabException($"{key} is a number of calls per second, not '{value}'");
                call.Host.Door.Throttle.Set(key["throttle.".Length..], perSecond);
                break;
            case ("alb" or "aws", _):
                throw VerbCall.Unknown($"setting of {call[0]}", key, call[0] is "alb" ? ["idle-timeout"] : ["placement", "throttle.SERVICE"]);
            default:
                throw VerbCall.Unknown("component", call[0], ["alb", "aws"]);
        }
    }

    private static LoadBalancer Balancer(VerbCall call) => call.Region.Elb.Balancers.Values.First(b => b.Type is "application");
}
