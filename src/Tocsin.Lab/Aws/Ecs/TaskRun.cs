using System.Collections.Immutable;
using NodaTime;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>What a task's life needs of the lab around it.</summary>
internal sealed record TaskGround(LabWorld World, MemoryLimits Limits, string WorkingFolder)
{
    /// <summary>Whether a task of the region can reach AWS's own endpoints.</summary>
    public required Func<string, bool> HasEgress { get; init; }

    public required Func<string, string, bool> HasLogGroup { get; init; }

    /// <summary>Region, group, stream, time, line.</summary>
    public required Action<string, string, string, Instant, string> Log { get; init; }

    public required Action Changed { get; init; }
}

/// <summary>The life of one task, from PROVISIONING to STOPPED; its containers are processes.</summary>
internal sealed class TaskRun
{
    private static readonly Duration Provisioning = Duration.FromSeconds(4);
    private static readonly Duration Pulling = Duration.FromSeconds(3);
    private static readonly Duration Draining = Duration.FromSeconds(5);
    private static readonly Duration Deprovisioning = Duration.FromSeconds(1);
    private readonly TaskGround ground;
    private readonly LabRegion region;
    private readonly EcsTask task;
    private readonly IReadOnlyList<ServiceBalancer> balancers;
    private readonly TaskCompletionSource<(string Code, string Reason)> stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(ContainerPlan Plan, ContainerRun Run, TaskProcess Process)> running = [];

    public TaskRun(TaskGround ground, LabRegion region, EcsTask task, IReadOnlyList<ServiceBalancer> balancers)
    {
        this.ground = ground;
        this.region = region;
        this.task = task;
        this.balancers = balancers;
        foreach (var container in task.Definition.Containers) task.Containers.Add(new ContainerRun(container["name"]!.ToString(), container["image"]!.ToString()));
    }

    public EcsTask Task => task;

    private LabClock Clock => ground.World.Clock;

    /// <summary>The first to ask decides the reason. Called with the world's lock held.</summary>
    public void RequestStop(string code, string reason)
    {
        if (!stop.TrySetResult((code, reason))) return;
        task.DesiredStatus = "STOPPED";
        task.Stopping ??= Clock.Now;
    }

    /// <summary>Ends when the task is STOPPED and no process of it is left, also when cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            if (await PrepareAsync(cancel) is not { } plans) return;
            if (!Start(plans)) return;
            await LiveAsync(cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One task's mishap is that task's end, told where a person looks, and not the scheduler's.
            lock (ground.World.Gate) End("TaskFailedToStart", $"LAB: the task could not be run: {e.GetType().Name}: {e.Message}");
        }
        finally
        {
            foreach (var (_, _, process) in running) await ((IAsyncDisposable)process).DisposeAsync();
        }
    }

    private async Task<List<ContainerPlan>?> PrepareAsync(CancellationToken cancel)
    {
        if (!await WaitAsync(Provisioning, cancel)) return null;
        Change(() => (task.LastStatus, task.PullStarted) = ("PENDING", Clock.Now));
        if (!await WaitAsync(Pulling, cancel)) return null;
        lock (ground.World.Gate)
        {
            try
            {
                var plans = new TaskPreparation(ground.World, region, task, ground.HasEgress, ground.HasLogGroup).Plan();
                task.PullStopped = Clock.Now;
                foreach (var (plan, run) in plans.Zip(task.Containers)) run.Digest = plan.Digest;
                return plans;
            }
            catch (TaskRefusedException refused)
            {
                End("TaskFailedToStart", refused.Message);
                return null;
            }
        }
    }

    private bool Start(List<ContainerPlan> plans)
    {
        foreach (var (plan, run) in plans.Zip(task.Containers))
        {
            var launch = new TaskLaunch($"{task.Id}-{plan.Name}", [.. plan.Command], ground.WorkingFolder, line => Log(plan, line))
            {
                Environment = plan.Environment.ToImmutableDictionary(StringComparer.Ordinal),
                MemoryMegabytes = plan.MemoryMegabytes,
            };
            var start = TaskProcess.Start(launch, ground.Limits, Clock);
            if (start is TaskStart.Refused refused)
            {
                lock (ground.World.Gate) Refuse(run, refused.Why);
                return false;
            }
            running.Add((plan, run, ((TaskStart.Started)start).Process));
        }
        lock (ground.World.Gate)
        {
            (task.LastStatus, task.Started, task.StartedLab) = ("RUNNING", Clock.Now, Clock.Elapsed);
            foreach (var (_, run, process) in running)
            {
                run.LastStatus = "RUNNING";
                task.Pids.Add(process.Pid);
            }
            foreach (var (group, port) in Groups()) group.Targets.Add(new Elb.Target(task.Ip, port, Clock.Now));
        }
        ground.Changed();
        return true;
    }

    private void Refuse(ContainerRun run, string why)
    {
        run.Reason = $"CannotStartContainerError: failed to create new container runtime task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {why}: unknown";
        End("TaskFailedToStart", run.Reason);
    }

    private async Task LiveAsync(CancellationToken cancel)
    {
        var exits = running.Where(r => r.Plan.Essential).Select(r => r.Process.Exited).ToList();
        await System.Threading.Tasks.Task.WhenAny([stop.Task, .. exits]).WaitAsync(cancel);
        var byItself = !stop.Task.IsCompleted;
        lock (ground.World.Gate) RequestStop("EssentialContainerExited", "Essential container in task exited");
        var (code, reason) = await stop.Task;
        var drains = Drain();
        Change(() => task.LastStatus = "DEACTIVATING");
        if (!byItself && drains) await Clock.Delay(Draining, cancel);
        Change(() => task.LastStatus = "STOPPING");
        await System.Threading.Tasks.Task.WhenAll(running.Select(r => r.Process.StopAsync(r.Plan.StopTimeout, cancel)));
        foreach (var (_, run, process) in running)
        {
            var exit = await process.Exited;
            lock (ground.World.Gate) (run.ExitCode, run.Reason) = (exit.Code, exit.OutOfMemory ? "OutOfMemoryError: Container killed due to memory usage" : run.Reason);
        }
        Change(() => (task.LastStatus, task.ExecutionStopped) = ("DEPROVISIONING", Clock.Now));
        await Clock.Delay(Deprovisioning, cancel);
        lock (ground.World.Gate) End(code, reason);
        ground.Changed();
    }

    private bool Drain()
    {
        lock (ground.World.Gate)
        {
            var any = false;
            foreach (var (group, port) in Groups())
            {
                foreach (var target in group.Targets.Where(t => t.Ip == task.Ip && t.Port == port && t.GoneAt is null))
                {
                    (target.State, target.Reason, target.Description) = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
                    target.GoneAt = Clock.Elapsed + group.DeregistrationDelay;
                    any = true;
                }
            }
            return any;
        }
    }

    private IEnumerable<(Elb.TargetGroup Group, int Port)> Groups() =>
        balancers.Select(b => (Group: region.Elb.Group(b.TargetGroupArn), b.Port)).Where(b => b.Group is not null).Select(b => (b.Group!, b.Port));

    // False when the task was stopped before it had begun.
    private async Task<bool> WaitAsync(Duration lab, CancellationToken cancel)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var delay = Clock.Delay(lab, waiting.Token);
        if (await System.Threading.Tasks.Task.WhenAny(stop.Task, delay) == delay)
        {
            await delay;
            return true;
        }
        await waiting.CancelAsync();
        lock (ground.World.Gate) End(stop.Task.GetAwaiter().GetResult().Code, stop.Task.GetAwaiter().GetResult().Reason);
        ground.Changed();
        return false;
    }

    private void End(string code, string reason)
    {
        task.Stopping ??= Clock.Now;
        (task.LastStatus, task.DesiredStatus, task.StopCode, task.StoppedReason) = ("STOPPED", "STOPPED", code, reason);
        (task.Stopped, task.StoppedLab) = (Clock.Now, Clock.Elapsed);
        foreach (var run in task.Containers) run.LastStatus = "STOPPED";
        ground.Changed();
    }

    private void Change(Action change)
    {
        lock (ground.World.Gate) change();
        ground.Changed();
    }

    private void Log(ContainerPlan plan, string line)
    {
        if (plan.LogGroup is { } group) ground.Log(region.Name, group, plan.LogStream!, Clock.Now, line);
    }
}
