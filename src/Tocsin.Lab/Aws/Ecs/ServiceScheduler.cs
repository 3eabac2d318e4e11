using NodaTime;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>
/// ECS's rolling deployment as a pure function: from the service, its tasks and their health to what must be done next. It is asked again after every change
/// and at every tick, so a step that could not be done yet comes again.
/// </summary>
internal static class ServiceScheduler
{
    /// <summary>The circuit breaker opens after half of the desired tasks failed, but between these two.</summary>
    private const int LeastFailures = 3;
    private const int MostFailures = 200;

    /// <summary>After this many failures in a row the scheduler slows down and says so.</summary>
    public const int FailuresToSlow = 3;

    /// <summary>A task that ends sooner never was part of a steady state.</summary>
    private static readonly Duration SettlesAfter = Duration.FromSeconds(15);

    private static readonly Duration FirstPause = Duration.FromSeconds(10);
    private static readonly Duration LongestPause = Duration.FromMinutes(15);

    public static List<SchedulerStep> Next(SchedulerView view)
    {
        var steps = new List<SchedulerStep>();
        var service = view.Service;
        if (service.Status is not "ACTIVE") return steps;
        var primary = service.Primary;
        if (FailedTooOften(service, primary))
        {
            var back = service.RollbackOnFailure ? service.Deployments.Where(d => d != primary && d.Rollout is "COMPLETED").MaxBy(d => d.Created) : null;
            return [new FailDeployment(primary, back)];
        }
        var live = view.Tasks.Where(t => t.Counts).ToList();
        StopTheUnhealthy(view, live, steps);
        live.RemoveAll(t => steps.OfType<StopUnhealthy>().Any(s => s.Task == t));
        var current = live.Where(t => t.StartedBy == primary.Id).ToList();
        var old = live.Where(t => t.StartedBy != primary.Id).ToList();
        StartMissing(view, primary, current, old, steps);
        StopSurplus(view, current, old, steps);
        if (steps.Count > 0) return steps;
        if (old.Count > 0 && current.Count < service.Desired && Room(service, current, old) <= 0 && old.TrueForAll(t => IsHealthy(view, t)))
            steps.Add(new SayOnce("stuck", $"(service {service.Name}) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again."));
        Settle(view, primary, current, old, steps);
        return steps;
    }

    /// <summary>How long the next start waits after so many failures in a row.</summary>
    public static Duration PauseAfter(int failuresInRow)
    {
        if (failuresInRow < FailuresToSlow) return Duration.Zero;
        var pause = FirstPause * Math.Pow(2, Math.Min(failuresInRow - FailuresToSlow, 10));
        return pause < LongestPause ? pause : LongestPause;
    }


    private static bool FailedTooOften(EcsServiceState service, Deployment primary) =>
        service.CircuitBreaker && primary.Rollout is "IN_PROGRESS" && primary.FailedTasks >= Math.Clamp((int)Math.Ceiling(service.Desired * 0.5), LeastFailures, MostFailures);

    private static void StopTheUnhealthy(SchedulerView view, List<EcsTask> live, List<SchedulerStep> steps)
    {
        foreach (var task in live.Where(t => t.LastStatus is "RUNNING" && view.LabNow - t.StartedLab > view.Service.HealthGrace))
        {
            var health = view.Health(task);
            if (health.Unhealthy) steps.Add(new StopUnhealthy(task, health));
        }
    }

    private static void StartMissing(SchedulerView view, Deployment primary, List<EcsTask> current, List<EcsTask> old, List<SchedulerStep> steps)
    {
        var service = view.Service;
        var missing = Math.Min(service.Desired - current.Count, Room(service, current, old));
        if (missing <= 0 || primary.Rollout is "FAILED") return;
        if (view.LabNow < primary.NotBefore) return;
        if (view.PlacementFailure is { } why) steps.Add(new SayOnce(why, $"(service {service.Name}) was unable to place a task. Reason: {why}"));
        else steps.Add(new StartTasks(primary, missing));
    }

    private static int Room(EcsServiceState service, List<EcsTask> current, List<EcsTask> old) => Math.Max(1, service.Desired * service.MaximumPercent / 100) - current.Count - old.Count;

    // Old tasks go as new ones become healthy; never more of them than the minimum that stays healthy allows.
    private static void StopSurplus(SchedulerView view, List<EcsTask> current, List<EcsTask> old, List<SchedulerStep> steps)
    {
        var service = view.Service;
        var reason = $"Scaling activity initiated by (deployment {service.Primary.Id})";
        foreach (var extra in current.OrderByDescending(t => t.Created).Take(Math.Max(0, current.Count - service.Desired))) steps.Add(new StopTask(extra, reason));
        var least = (int)Math.Ceiling(service.Desired * service.MinimumHealthyPercent / 100.0);
        var healthy = current.Concat(old).Count(t => IsHealthy(view, t));
        foreach (var task in old.OrderBy(t => IsHealthy(view, t)).ThenBy(t => t.Created))
        {
            var serves = IsHealthy(view, task);
            if (serves && healthy - 1 < least) continue;
            if (serves) healthy--;
            steps.Add(new StopTask(task, reason));
        }
    }

    private static void Settle(SchedulerView view, Deployment primary, List<EcsTask> current, List<EcsTask> old, List<SchedulerStep> steps)
    {
        if (old.Count > 0 || current.Count != view.Service.Desired || !current.TrueForAll(t => IsHealthy(view, t) && view.LabNow - t.StartedLab >= SettlesAfter)) return;
        foreach (var other in view.Service.Deployments.Where(d => d != primary)) steps.Add(new RetireDeployment(other));
        if (primary.Rollout is "IN_PROGRESS" || !view.Service.Steady) steps.Add(new CompleteDeployment(primary));
    }

    private static bool IsHealthy(SchedulerView view, EcsTask task) => task.LastStatus is "RUNNING" && view.Health(task).Healthy;
}
