using NodaTime;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>One thing that the scheduler wants done. Steps are done in their order.</summary>
internal abstract record SchedulerStep;

internal sealed record StartTasks(Deployment Deployment, int Count) : SchedulerStep;

internal sealed record StopTask(EcsTask Task, string Reason) : SchedulerStep;

/// <summary>A task that a load balancer's health checks fail, whatever its own state.</summary>
internal sealed record StopUnhealthy(EcsTask Task, TaskHealth Health) : SchedulerStep;

/// <summary>All tasks of the newest deployment run and are healthy, and no other is left.</summary>
internal sealed record CompleteDeployment(Deployment Deployment) : SchedulerStep;

/// <summary>The circuit breaker opened.</summary>
internal sealed record FailDeployment(Deployment Deployment, Deployment? RollBackTo) : SchedulerStep;

internal sealed record RetireDeployment(Deployment Deployment) : SchedulerStep;

internal sealed record SayOnce(string Key, string Message) : SchedulerStep;

/// <summary>What the load balancers say of a task.</summary>
internal sealed record TaskHealth(bool Registered, bool Healthy, bool Unhealthy, string? Group, int Port, string? Reason)
{
    /// <summary>A task of a service without load balancer is healthy as long as it runs.</summary>
    public static TaskHealth Unasked { get; } = new(Registered: true, Healthy: true, Unhealthy: false, null, 0, null);
}

/// <summary>What the scheduler looks at.</summary>
internal sealed record SchedulerView(EcsServiceState Service, IReadOnlyList<EcsTask> Tasks, Func<EcsTask, TaskHealth> Health, string? PlacementFailure, Duration LabNow);
