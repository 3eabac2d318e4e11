using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Host;

/// <summary>How one service stands.</summary>
public sealed record ServiceStatus(string Environment, string Service, int Desired, int Running, int Pending, string Rollout, string Health, string Definition)
{
    public bool Healthy => Desired > 0 && Running == Desired && Pending == 0 && Rollout is "COMPLETED" && Health is "healthy" or "-";
}

/// <summary>Something that was broken on purpose and not healed yet.</summary>
public sealed record Broken(string By, string Environment, string What, NodaTime.Instant At);

/// <summary>The whole lab at one moment.</summary>
public sealed record StatusReport(bool Healthy, double Scale, string Endpoint, string MemoryLimits, double MemoryMegabytes, IReadOnlyList<ServiceStatus> Services, IReadOnlyList<Broken> Broken, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Traffic)
{
    /// <summary>The full profile's components; none in the core profile.</summary>
    public IReadOnlyList<ComponentStatus> Components { get; init; } = [];

    /// <summary>Components that cannot be here, and why.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
}

/// <summary>How one component stands: up, paused (it resumes by itself), slow, changed or down, and whether it is blocked. Milliseconds are the wall's.</summary>
public sealed record ComponentStatus(string Name, string Environment, string State, bool Healthy, string Address, int Port, string Version, double StartedInMs);

internal static class Standing
{
    /// <summary>Called with the world's lock held.</summary>
    public static List<ServiceStatus> Of(LabWorld world, IReadOnlyList<(string Environment, string Region)> places) =>
    [
        .. places.SelectMany(p => world.Regions[p.Region].Ecs.Clusters.Values.SelectMany(c => c.Services.Values.Select(s => Of(p.Environment, world.Regions[p.Region], c, s)))),
    ];

    private static ServiceStatus Of(string environment, LabRegion region, EcsCluster cluster, EcsServiceState service)
    {
        var tasks = cluster.Tasks.Values.Where(t => t.Group == $"service:{service.Name}").ToList();
        var targets = service.Balancers.SelectMany(b => region.Elb.Group(b.TargetGroupArn)?.Targets ?? []).Where(t => t.GoneAt is null).ToList();
        var health = service.Balancers.Count == 0 ? "-"
            : targets.Count == 0 ? "no targets"
            : targets.TrueForAll(t => t.State is "healthy") ? "healthy"
            : string.Join(", ", targets.Where(t => t.State is not "healthy").Select(t => t.Reason ?? t.State).Distinct(StringComparer.Ordinal));
        return new ServiceStatus(environment, service.Name, service.Desired, tasks.Count(EcsJson.IsRunning), tasks.Count(EcsJson.IsPending), service.Primary.Rollout, health, $"{service.Definition.Family}:{service.Definition.Revision}");
    }
}
