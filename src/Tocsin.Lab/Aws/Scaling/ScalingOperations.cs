using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Scaling;

/// <summary>Application Auto Scaling: bounds, suspension, policies, activities.</summary>
public static class ScalingOperations
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        ScalingState Of(AwsCall call) => world.Regions[call.Region].Scaling;
        yield return new Operation("application-autoscaling", "DescribeScalableTargets", call => Targets(Of(call), call));
        yield return new Operation("application-autoscaling", "RegisterScalableTarget", call => Register(Of(call), call))
        {
            Resources = static call => [LabIds.Arn("application-autoscaling", call.Region, "scalable-target/*")],
            ReadOnly = false,
            Note = "the bounds and the suspension are kept; scaling is up to the lab's load",
        };
        yield return new Operation("application-autoscaling", "DescribeScalingPolicies", call => Policies(Of(call), call));
        yield return new Operation("application-autoscaling", "DescribeScalingActivities", call => Activities(Of(call), call));
    }

    private static string Namespace(AwsCall call) => call.Text("ServiceNamespace") is { Length: > 0 } ns && ns.All(c => char.IsAsciiLetterLower(c) || c is '-' or '2') ? ns
        : throw new AwsException("ValidationException", $"1 validation error detected: Value '{Inputs.Short(call.Text("ServiceNamespace") ?? "")}' at 'serviceNamespace' failed to satisfy constraint: Member must satisfy enum value set");

    private static Func<string, string, bool> Named(AwsCall call)
    {
        var (resource, dimension) = (call.Text("ResourceId"), call.Text("ScalableDimension"));
        return (r, d) => (resource is null || resource == r) && (dimension is null || dimension == d);
    }

    private static JsonObject Page<T>(AwsCall call, string list, IEnumerable<T> all, Func<T, string> key, Func<T, JsonNode?> shape)
    {
        var (page, next) = Pages.Of(all, key, call.Text("NextToken"), call.Within("MaxResults", 1, 50, 50, _ => new AwsException("ValidationException", "Maximum results must be between 1 and 50.")), () => new AwsException("InvalidNextTokenException", "The next token is not valid."));
        return new JsonObject { [list] = page.Array(shape) }.With("NextToken", next);
    }

    private static JsonObject Targets(ScalingState state, AwsCall call)
    {
        var ids = call.Texts("ResourceIds").ToHashSet(StringComparer.Ordinal);
        var (ns, named) = (Namespace(call), Named(call));
        return Page(call, "ScalableTargets", state.Targets.Where(t => t.Namespace == ns && (ids.Count == 0 || ids.Contains(t.ResourceId)) && named(t.ResourceId, t.Dimension)), t => $"{t.ResourceId} {t.Dimension}", t => new JsonObject
        {
            ["ServiceNamespace"] = t.Namespace,
            ["ResourceId"] = t.ResourceId,
            ["ScalableDimension"] = t.Dimension,
            ["MinCapacity"] = t.Min,
            ["MaxCapacity"] = t.Max,
            ["RoleARN"] = $"arn:aws:iam::{LabIds.Account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
            ["CreationTime"] = AwsTime.Epoch(t.Created),
            ["SuspendedState"] = new JsonObject { ["DynamicScalingInSuspended"] = t.InSuspended, ["DynamicScalingOutSuspended"] = t.OutSuspended, ["ScheduledScalingSuspended"] = t.ScheduledSuspended },
        });
    }

    private static JsonObject Register(ScalingState state, AwsCall call)
    {
        var (ns, resource, dimension) = (Namespace(call), call.Required("ResourceId"), call.Required("ScalableDimension"));
        if (!dimension.StartsWith(ns + ":", StringComparison.Ordinal)) throw new AwsException("ValidationException", $"Unsupported service namespace, resource type or scalable dimension: {Inputs.Short(dimension)}");
        if (ns is "ecs" && resource.Split('/') is not ["service", { Length: > 0 }, { Length: > 0 }]) throw new AwsException("ValidationException", $"Unsupported service namespace, resource type or scalable dimension: {Inputs.Short(resource)}");
        var known = state.Find(ns, resource, dimension);
        var (min, max) = (call.Number("MinCapacity") ?? known?.Min, call.Number("MaxCapacity") ?? known?.Max);
        if (min is null || max is null) throw new AwsException("ValidationException", "MinCapacity and MaxCapacity must be specified when registering a new scalable target.");
        if (min is < 0 or > 100_000 || max is < 0 or > 100_000) throw new AwsException("ValidationException", "Capacity must be between 0 and 100000.");
        if (min > max) throw new AwsException("ValidationException", "Maximum capacity cannot be less than minimum capacity");
        var suspended = call.Object("SuspendedState");
        var target = known ?? new ScalableTarget(ns, resource, dimension, call.Now);
        if (known is null) state.Targets.Add(target);
        (target.Min, target.Max) = ((int)min, (int)max);
        target.InSuspended = Flag(suspended, "DynamicScalingInSuspended", target.InSuspended);
        target.OutSuspended = Flag(suspended, "DynamicScalingOutSuspended", target.OutSuspended);
        target.ScheduledSuspended = Flag(suspended, "ScheduledScalingSuspended", target.ScheduledSuspended);
        return new JsonObject { ["ScalableTargetARN"] = LabIds.Arn("application-autoscaling", call.Region, $"scalable-target/{LabIds.Letters(resource + dimension, 16).ToLowerInvariant()}") };
    }

    private static bool Flag(JsonObject? within, string name, bool before) => within.Leaf(name) is { } text ? string.Equals(text, "true", StringComparison.OrdinalIgnoreCase) : before;

    private static JsonObject Policies(ScalingState state, AwsCall call)
    {
        var (ns, named) = (Namespace(call), Named(call));
        var names = call.Texts("PolicyNames").ToHashSet(StringComparer.Ordinal);
        return Page(call, "ScalingPolicies", state.Policies.Where(p => p.Namespace == ns && named(p.ResourceId, p.Dimension) && (names.Count == 0 || names.Contains(p.Name))), p => p.Id, p => new JsonObject
        {
            ["PolicyARN"] = $"arn:aws:autoscaling:{call.Region}:{LabIds.Account}:scalingPolicy:{p.Id}:resource/{p.Namespace}/{p.ResourceId}:policyName/{p.Name}",
            ["PolicyName"] = p.Name,
            ["ServiceNamespace"] = p.Namespace,
            ["ResourceId"] = p.ResourceId,
            ["ScalableDimension"] = p.Dimension,
            ["PolicyType"] = "TargetTrackingScaling",
            ["TargetTrackingScalingPolicyConfiguration"] = new JsonObject
            {
                ["TargetValue"] = p.Target,
                ["PredefinedMetricSpecification"] = new JsonObject { ["PredefinedMetricType"] = p.Metric },
                ["ScaleOutCooldown"] = p.ScaleOutCooldown,
                ["ScaleInCooldown"] = p.ScaleInCooldown,
            },
            ["Alarms"] = new JsonArray(),
            ["CreationTime"] = AwsTime.Epoch(p.Created),
        });
    }

    private static JsonObject Activities(ScalingState state, AwsCall call)
    {
        var (ns, named) = (Namespace(call), Named(call));
        return Page(call, "ScalingActivities", state.Activities.Where(a => a.Namespace == ns && named(a.ResourceId, a.Dimension)), a => a.Id, a => new JsonObject
        {
            ["ActivityId"] = a.Id,
            ["ServiceNamespace"] = a.Namespace,
            ["ResourceId"] = a.ResourceId,
            ["ScalableDimension"] = a.Dimension,
            ["Description"] = a.Description,
            ["Cause"] = a.Cause,
            ["StartTime"] = AwsTime.Epoch(a.Started),
            ["StatusCode"] = a.Status,
            ["StatusMessage"] = a.Message,
        }.With("EndTime", a.Ended is { } ended ? AwsTime.Epoch(ended) : null));
    }
}
