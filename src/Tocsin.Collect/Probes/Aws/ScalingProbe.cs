using System.Text.Json.Nodes;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>The bounds within which a service's tasks are scaled, and whether scaling is held.</summary>
internal static class ScalingProbe
{
    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view) =>
        [ground.Probe("ecs.scaling", view.Subject, "application-autoscaling", (s, c) => LookAsync(ground, view, s, c), "application-autoscaling:DescribeScalableTargets", "ecs:DescribeServices")];

    private static async Task LookAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var input = new JsonObject { ["ServiceNamespace"] = "ecs", ["ScalableDimension"] = "ecs:service:DesiredCount" };
        var targets = (await ground.AskAsync(sighting, "application-autoscaling", "DescribeScalableTargets", input, cancel)).Items("ScalableTargets");
        var own = targets.FirstOrDefault(t => t.Text("ResourceId") == $"service/{ground.Map.Cluster}/{view.Service.Name}");
        sighting.Fact("scales", own is not null);
        if (own is null)
        {
            sighting.Empty();
            return;
        }
        var (least, most) = (own.Number("MinCapacity"), own.Number("MaxCapacity"));
        sighting.Fact("minimum", least);
        sighting.Fact("maximum", most);
        var held = own.Map("SuspendedState");
        sighting.Fact("suspended", held.Flag("DynamicScalingOutSuspended") is true || held.Flag("DynamicScalingInSuspended") is true || held.Flag("ScheduledScalingSuspended") is true);
        if (most is not null && (await view.GetAsync(sighting, cancel)).Number("desiredCount") is { } desired) sighting.Fact("atMaximum", desired >= most);
    }
}
