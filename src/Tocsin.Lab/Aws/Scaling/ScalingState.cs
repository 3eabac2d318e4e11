using NodaTime;

namespace Tocsin.Lab.Aws.Scaling;

/// <summary>What may scale a thing: its bounds and what of it is suspended.</summary>
public sealed class ScalableTarget(string serviceNamespace, string resourceId, string dimension, Instant created)
{
    public string Namespace { get; } = serviceNamespace;

    /// <summary>For ECS <c>service/CLUSTER/SERVICE</c>.</summary>
    public string ResourceId { get; } = resourceId;

    /// <summary>For ECS <c>ecs:service:DesiredCount</c>.</summary>
    public string Dimension { get; } = dimension;

    public Instant Created { get; } = created;

    public int Min { get; set; }

    public int Max { get; set; }

    public bool InSuspended { get; set; }

    public bool OutSuspended { get; set; }

    public bool ScheduledSuspended { get; set; }

    public bool Is(string ns, string resource, string dim) => Namespace == ns && ResourceId == resource && Dimension == dim;
}

/// <summary>A target-tracking policy.</summary>
public sealed record ScalingPolicy(string Name, string Namespace, string ResourceId, string Dimension, string Metric, double Target, Instant Created)
{
    public string Id { get; } = LabIds.Uuid();

    public int ScaleInCooldown { get; init; } = 300;

    public int ScaleOutCooldown { get; init; } = 60;
}

public sealed record ScalingActivity(string Namespace, string ResourceId, string Dimension, string Description, string Cause, Instant Started, Instant? Ended, string Status, string Message)
{
    public string Id { get; } = LabIds.Uuid();
}

/// <summary>Application Auto Scaling of one region.</summary>
public sealed class ScalingState
{
    private const int MostActivities = 1_000;

    public List<ScalableTarget> Targets { get; } = [];

    public List<ScalingPolicy> Policies { get; } = [];

    /// <summary>Newest first.</summary>
    public LinkedList<ScalingActivity> Activities { get; } = [];

    public ScalableTarget? Find(string ns, string resource, string dimension) => Targets.Find(t => t.Is(ns, resource, dimension));

    public void Record(ScalingActivity activity)
    {
        Activities.AddFirst(activity);
        if (Activities.Count > MostActivities) Activities.RemoveLast();
    }
}
