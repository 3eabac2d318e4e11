using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>Drives every service towards what is desired: asks the scheduler, does its steps, and owns the tasks' lives.</summary>
internal sealed class EcsEngine : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private static readonly Duration StoppedKept = Duration.FromHours(1);
    private static readonly Duration StartsWithin = Duration.FromSeconds(5);
    private readonly TaskGround ground;
    private readonly Func<string, EcsCluster, string> address;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly Dictionary<string, (TaskRun Run, Task Life)> lives = new(StringComparer.Ordinal);
    private readonly List<TaskRun> pending = [];

    // Tasks whose end a deployment has counted already.
    private readonly HashSet<string> counted = new(StringComparer.Ordinal);

    /// <param name="address">Gives a task of a region's cluster a loopback address of its own.</param>
    public EcsEngine(TaskGround ground, Func<string, EcsCluster, string> address, TimeProvider time)
    {
        this.ground = ground with { Changed = Signal };
        this.address = address;
        this.time = time;
    }

    private LabWorld World => ground.World;

    /// <summary>Something was changed that the scheduler should look at now rather than at its next beat.</summary>
    public void Signal()
    {
        lock (changed)
        {
            if (changed.CurrentCount == 0) changed.Release();
        }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                lock (World.Gate) Tick(ending.Token);
                await ReapAsync(cancel);
                await changed.WaitAsync(Beat, cancel);
            }
        }
        finally
        {
            await ending.CancelAsync();
            foreach (var (_, life) in lives.Values.ToList()) await life.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A task outside any service, as RunTask makes it. Called with the world's lock held.</summary>
    public EcsTask Run(LabRegion region, EcsCluster cluster, TaskDefinition definition, string group, string? startedBy)
    {
        var id = LabIds.Hex(32);
        var task = new EcsTask(id, LabIds.Arn("ecs", region.Name, $"task/{cluster.Name}/{id}"), definition, group, startedBy, address(region.Name, cluster), World.Clock.Now);
        cluster.Tasks[id] = task;
        var service = cluster.Services.Values.FirstOrDefault(s => s.Deployments.Any(d => d.Id == startedBy));
        pending.Add(new TaskRun(ground, region, task, service?.Balancers ?? []));
        Signal();
        return task;
    }

    /// <summary>Called with the world's lock held.</summary>
    public void Stop(EcsTask task, string code, string reason)
    {
        if (lives.TryGetValue(task.Id, out var life)) life.Run.RequestStop(code, reason);
        else pending.FirstOrDefault(p => p.Task == task)?.RequestStop(code, reason);
        Signal();
    }

    public void Dispose() => changed.Dispose();

    private void Tick(CancellationToken ending)
    {
        foreach (var region in World.Regions.Values)
        {
            foreach (var group in region.Elb.TargetGroups.Values) group.Targets.RemoveAll(t => t.GoneAt <= World.Clock.Elapsed);
            foreach (var cluster in region.Ecs.Clusters.Values)
            {
                foreach (var service in cluster.Services.Values) Schedule(region, cluster, service);
                foreach (var old in cluster.Tasks.Values.Where(t => t.StoppedLab + StoppedKept < World.Clock.Elapsed).ToList())
                {
                    cluster.Tasks.Remove(old.Id);
                    counted.Remove(old.Id);
                }
            }
        }
        foreach (var run in pending) lives[run.Task.Id] = (run, run.RunAsync(ending));
        pending.Clear();
    }

    private void Schedule(LabRegion region, EcsCluster cluster, EcsServiceState service)
    {
        var tasks = cluster.Tasks.Values.Where(t => t.Group == $"service:{service.Name}").ToList();
        CountFailures(service, tasks);
        if (service.Status is "DRAINING" && tasks.TrueForAll(t => t.Gone)) service.Status = "INACTIVE";
        var view = new SchedulerView(service, tasks, t => Health(region, service, t), WhyNoPlace(region, service), World.Clock.Elapsed);
        foreach (var step in ServiceScheduler.Next(view)) Do(region, cluster, service, step);
    }

    private void Do(LabRegion region, EcsCluster cluster, EcsServiceState service, SchedulerStep step)
    {
        var now = World.Clock.Now;
        var said = $"(service {service.Name})";
        switch (step)
        {
            case StartTasks start:
                service.Steady = false;
                var started = Enumerable.Range(0, start.Count).Select(_ => Run(region, cluster, start.Deployment.Definition, $"service:{service.Name}", start.Deployment.Id)).ToList();
                service.Say(now, $"{said} has started {started.Count} tasks: {string.Join(' ', started.Select(t => $"(task {t.Id})"))}.");
                break;
            case StopTask stop:
                service.Steady = false;
                if (service.Balancers.Count > 0) service.Say(now, $"{said} has begun draining connections on 1 tasks.");
                service.Say(now, $"{said} has stopped 1 running tasks: (task {stop.Task.Id}).");
                Stop(stop.Task, "ServiceSchedulerInitiated", stop.Reason);
                break;
            case StopUnhealthy stop:
                service.Steady = false;
                service.Say(now, $"{said} (task {stop.Task.Id}) (port {stop.Health.Port}) is unhealthy in (target-group {stop.Health.Group}) due to (reason {stop.Health.Reason}).");
                Stop(stop.Task, "ServiceSchedulerInitiated", $"Task failed ELB health checks in (target-group {stop.Health.Group})");
                break;
            case CompleteDeployment complete:
                if (complete.Deployment.Rollout is "IN_PROGRESS")
                {
                    Turn(complete.Deployment, "COMPLETED", $"ECS deployment {complete.Deployment.Id} completed.");
                    service.Say(now, $"{said} (deployment {complete.Deployment.Id}) deployment completed.");
                }
                complete.Deployment.FailuresInRow = 0;
                service.Steady = true;
                service.Say(now, $"{said} has reached a steady state.");
                break;
            case FailDeployment fail:
                Fail(service, fail, said);
                break;
            case RetireDeployment retire:
                service.Deployments.Remove(retire.Deployment);
                break;
            case SayOnce once when !service.Events.Take(1).Any(e => e.Message == once.Message):
                service.Say(now, once.Message);
                break;
        }
    }

    private void Fail(EcsServiceState service, FailDeployment fail, string said)
    {
        Turn(fail.Deployment, "FAILED", "ECS deployment circuit breaker: tasks failed to start.");
        service.Say(World.Clock.Now, $"{said} (deployment {fail.Deployment.Id}) deployment failed: tasks failed to start.");
        if (fail.RollBackTo is not { } back) return;
        service.Say(World.Clock.Now, $"{said} rolling back to deployment {back.Id}.");
        Deploy(service, back.Definition, $"ECS deployment circuit breaker: rolling back to deploymentId {back.Id}.");
    }

    /// <summary>A new primary deployment; the one before is kept until its tasks are gone. Called with the world's lock held.</summary>
    public Deployment Deploy(EcsServiceState service, TaskDefinition definition, string? reason)
    {
        foreach (var other in service.Deployments) other.Status = "ACTIVE";
        var deployment = new Deployment(definition, World.Clock.Now);
        deployment.RolloutReason = reason ?? $"ECS deployment {deployment.Id} in progress.";
        service.Deployments.Insert(0, deployment);
        service.Definition = definition;
        service.Steady = false;
        Signal();
        return deployment;
    }

    private void Turn(Deployment deployment, string state, string reason)
    {
        (deployment.Rollout, deployment.RolloutReason, deployment.Updated) = (state, reason, World.Clock.Now);
    }

    private void CountFailures(EcsServiceState service, List<EcsTask> tasks)
    {
        var primary = service.Primary;
        foreach (var task in tasks.Where(t => t.Gone && t.StartedBy == primary.Id && counted.Add(t.Id)))
        {
            var failed = task.StopCode is "TaskFailedToStart" or "EssentialContainerExited" || task.StoppedReason!.StartsWith("Task failed ELB", StringComparison.Ordinal);
            if (!failed) continue;
            service.Steady = false;
            primary.Updated = World.Clock.Now;
            if (primary.Rollout is "IN_PROGRESS") primary.FailedTasks++;
            primary.FailuresInRow++;
            primary.NotBefore = World.Clock.Elapsed + ServiceScheduler.PauseAfter(primary.FailuresInRow);
            if (task.StopCode is "TaskFailedToStart") service.Say(World.Clock.Now, $"(service {service.Name}) was unable to place a task. Reason: {task.StoppedReason}");
            if (primary.FailuresInRow == ServiceScheduler.FailuresToSlow) service.Say(World.Clock.Now, $"(service {service.Name}) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section.");
        }
        if (tasks.Any(t => t.Counts && t.StartedBy == primary.Id && t.LastStatus is "RUNNING" && World.Clock.Elapsed - t.StartedLab > Duration.FromMinutes(5))) primary.FailuresInRow = 0;
    }

    // Fargate places what fits into the region's vCPU quota.
    private static string? WhyNoPlace(LabRegion region, EcsServiceState service)
    {
        if (region.Ecs.PlacementFailure is { } why) return why;
        var used = region.Ecs.Clusters.Values.SelectMany(c => c.Tasks.Values).Where(t => !t.Gone).Sum(t => Vcpu(t.Definition));
        return used + Vcpu(service.Definition) <= region.Quotas.Find("fargate", Quotas.QuotaState.FargateVcpu)!.Value ? null : "You've reached the limit on the number of vCPUs you can run concurrently.";
    }

    private static double Vcpu(TaskDefinition definition) => double.TryParse(definition.Body["cpu"]?.ToString(), System.Globalization.CultureInfo.InvariantCulture, out var units) ? units / 1024 : 0.25;

    // A program takes its time to start whatever the scale: before that no task is called unhealthy.
    private TaskHealth Health(LabRegion region, EcsServiceState service, EcsTask task)
    {
        if (service.Balancers.Count == 0) return TaskHealth.Unasked;
        var all = service.Balancers.Select(b => (Group: region.Elb.Group(b.TargetGroupArn), b.Port))
            .Select(b => (b.Group, b.Port, Target: b.Group?.Targets.FirstOrDefault(t => t.Ip == task.Ip && t.Port == b.Port))).ToList();
        var bad = all.FirstOrDefault(b => b.Target is { State: "unhealthy" });
        return new TaskHealth(all.All(b => b.Target is not null), all.All(b => b.Target is { State: "healthy" or "unused" }), bad.Target is not null && World.Clock.Now - task.Started > StartsWithin, bad.Group?.Arn, bad.Port, bad.Target?.Description);
    }

    private async Task ReapAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        foreach (var (id, (_, life)) in lives.Where(l => l.Value.Life.IsCompleted).ToList())
        {
            await life;
            lock (World.Gate) lives.Remove(id);
        }
    }
}
