using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>The service, its events and its tasks, as ECS tells them.</summary>
internal static class EcsProbes
{
    private const string Quota = "L-3032A538";
    private static readonly Duration Hour = Duration.FromHours(1);
    private static readonly Duration AtOnce = Duration.FromSeconds(5);

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view) =>
    [
        ground.Probe("ecs.service", view.Subject, "ecs", (s, c) => ServiceAsync(ground, view, s, c), "ecs:DescribeServices"),
        ground.Probe("ecs.events", view.Subject, "ecs", (s, c) => EventsAsync(ground, view, s, c), "ecs:DescribeServices"),
        ground.Probe("ecs.tasks", view.Subject, "ecs", (s, c) => TasksAsync(ground, view, s, c), "ecs:ListTasks", "ecs:DescribeTasks"),
        ground.Probe("ecs.stoppedTasks", view.Subject, "ecs", (s, c) => StoppedAsync(ground, view, s, c), "ecs:ListTasks", "ecs:DescribeTasks"),
        ground.Probe("ecs.capacity", view.Subject, "ec2", (s, c) => CapacityAsync(ground, view, s, c), "servicequotas:GetServiceQuota", "ec2:DescribeSubnets", "ecs:DescribeServices"),
    ];

    private static async Task ServiceAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        if (await view.FindAsync(sighting, cancel) is not { } service)
        {
            sighting.Fact("found", false);
            sighting.Empty();
            return;
        }
        var (desired, running) = (service.Number("desiredCount") ?? 0, service.Number("runningCount") ?? 0);
        sighting.Fact("found", true);
        sighting.Fact("desired", desired);
        sighting.Fact("running", running);
        sighting.Fact("pending", service.Number("pendingCount"));
        sighting.Fact("missing", Math.Max(0, desired - running));
        sighting.Fact("healthCheckGraceSeconds", service.Number("healthCheckGracePeriodSeconds"));
        sighting.Fact("loadBalanced", service.Items("loadBalancers").Any());
        var primary = service.Items("deployments").FirstOrDefault(d => d.Text("status") == "PRIMARY");
        var rollout = primary.Text("rolloutState");
        sighting.Fact("rollout", rollout is "COMPLETED" or "IN_PROGRESS" or "FAILED" ? rollout : "NONE");
        var begun = primary.Time("createdAt");
        if (begun is { } at)
        {
            sighting.ChangedAt(at);
            sighting.Fact("minutesSinceDeployment", at.MinutesTo(ground.Now));
            sighting.Fact("rolloutMinutes", rollout == "COMPLETED" ? 0 : at.MinutesTo(ground.Now));
        }
        sighting.Fact("circuitBreakerFired", WasTakenBack(service, ground.Since));
        await PartAsync(sighting, async _ => sighting.Fact("forcedRedeployOnly", await ForcedAsync(ground, view, primary, sighting, cancel)), cancel);
        if (desired != running || rollout != "COMPLETED") return;
        var since = WellSince(service, primary);
        await PartAsync(sighting, async _ => since = Later(since, LastReplaced(await view.TasksAsync(sighting, cancel), primary)), cancel);
        sighting.Since(since);
    }

    // What tasks that were replaced do until they are gone belongs to the time before.
    private static Instant? LastReplaced(List<JsonObject> tasks, JsonObject? primary) =>
        tasks.Where(t => Stopped.Is(t) && t.Text("startedBy") != primary.Text("id") && Stopped.IsOrdered(Stopped.Reason(t))).Max(t => t.Time("stoppedAt"));

    private static Instant? Later(Instant? a, Instant? b) => a is null || b > a ? b : a;

    /// <summary>Whether the circuit breaker went back. A rollback is a deployment of its own; one that a later deployment followed is over.</summary>
    internal static bool WasTakenBack(JsonObject service, Instant since)
    {
        var deployments = service.Items("deployments").ToList();
        var begun = deployments.Find(d => d.Text("status") == "PRIMARY").Time("createdAt");
        var recent = service.Items("events").Where(e => e.Time("createdAt") >= since && (begun is not { } last || e.Time("createdAt") >= last - AtOnce)).Select(e => e.Text("message") ?? "");
        return deployments.Exists(d => Stopped.Has(d.Text("rolloutStateReason") ?? "", "circuit breaker")) || recent.Any(m => Stopped.Has(m, "rolling back") || Stopped.Has(m, "rolled back"));
    }

    // All has been well since the newest steady state that followed something else.
    private static Instant? WellSince(JsonObject service, JsonObject? primary)
    {
        Instant? since = null;
        foreach (var e in service.Items("events").OrderByDescending(e => e.Time("createdAt")))
        {
            if (!Stopped.Has(e.Text("message") ?? "", "steady state")) break;
            since = e.Time("createdAt");
        }
        return since ?? primary.Time("updatedAt");
    }

    // With the newest revision running, starting it again is nothing to wonder at. The tasks of the deployment before say which revision it had; without any the answer is unknown.
    private static async Task<bool?> ForcedAsync(AwsGround ground, ServiceView view, JsonObject? primary, Sighting sighting, CancellationToken cancel)
    {
        if (primary is null) return null;
        var newest = await RevisionProbes.NewestAsync(ground, view, await view.RevisionAsync(sighting, cancel), sighting, cancel);
        if (newest.Text("taskDefinitionArn") == primary.Text("taskDefinition")) return false;
        // What was registered only afterwards could not have been deployed then.
        if (newest.Time("registeredAt") > primary.Time("createdAt")) return false;
        var before = (await view.TasksAsync(sighting, cancel)).Where(t => t.Text("startedBy") != primary.Text("id") && t.Text("startedBy")?.StartsWith("ecs-svc/", StringComparison.Ordinal) == true)
            .OrderByDescending(t => t.Time("createdAt")).FirstOrDefault();
        return before is null ? null : before.Text("taskDefinitionArn") == primary.Text("taskDefinition");
    }

    private static async Task EventsAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var service = await view.GetAsync(sighting, cancel);
        var all = service.Items("events").OrderByDescending(e => e.Time("createdAt")).ToList();
        var events = all.Where(e => e.Time("createdAt") >= ground.Since).Select(e => e.Text("message") ?? "").ToList();
        // What was said before the newest steady state is over.
        var open = events.TakeWhile(m => !Stopped.Has(m, "steady state")).ToList();
        if (all.Count == 0) sighting.Empty();
        ground.Texts.Add(view.Subject, "ecs service events", all.Where(e => e.Time("createdAt") >= ground.Since).Select(e => (e.Time("createdAt")!.Value, e.Text("message") ?? "")));
        var refused = open.Find(m => Stopped.Has(m, "unable to place a task"));
        sighting.Fact("unableToPlace", refused is not null);
        sighting.Fact("placeReason", refused is null ? "NONE" : PlaceReason(refused));
        sighting.Fact("failedHealthChecks", events.Exists(m => Stopped.Has(m, "health checks") || Stopped.Has(m, "is unhealthy")));
        sighting.Fact("unableToStart", open.Exists(m => Stopped.Has(m, "unable to consistently start tasks")));
        if (all.Count > 0) sighting.Fact("steadyState", Stopped.Has(all[0].Text("message") ?? "", "steady state"));
    }

    private static string PlaceReason(string message) => message switch
    {
        _ when Stopped.Has(message, "Capacity is unavailable") || Stopped.Has(message, "capacity is not available") => "CAPACITY",
        _ when Stopped.Has(message, "limit on the number") || Stopped.Has(message, "quota") => "QUOTA",
        _ when Stopped.Has(message, "RESOURCE:ENI") => "NETWORK",
        _ when Stopped.Has(message, "RESOURCE:") || Stopped.Has(message, "insufficient") => "RESOURCES",
        _ when Stopped.Has(message, "subnet") || Stopped.Has(message, "network interface") || Stopped.Has(message, "ENI") => "NETWORK",
        _ => "OTHER",
    };

    private static async Task TasksAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var tasks = await view.TasksAsync(sighting, cancel);
        var running = tasks.FindAll(t => t.Text("lastStatus") == "RUNNING");
        sighting.Fact("running", running.Count);
        var started = running.Select(t => t.Time("startedAt")).OfType<Instant>().ToList();
        if (started.Count > 0)
        {
            sighting.Fact("youngestSeconds", Math.Max(0, (ground.Now - started.Max()).TotalSeconds));
            sighting.ChangedAt(started.Max());
        }
        sighting.Fact("restartsLastHour", tasks.Count(t => t.Time("startedAt") > ground.Now - Hour));
        sighting.Fact("imageTags", running.Select(t => t.Items("containers").FirstOrDefault(c => c.Text("name") == view.Service.Name).Text("image")).OfType<string>().Distinct(StringComparer.Ordinal).Count());
        if (running.Count == 0) sighting.Empty();
    }

    private static async Task StoppedAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var tasks = await view.TasksAsync(sighting, cancel);
        var bad = Stopped.InTrouble(tasks, ground.Since);
        sighting.Fact("ordered", tasks.Count(t => Stopped.Is(t) && t.Time("stoppedAt") >= ground.Since && Stopped.IsOrdered(Stopped.Reason(t))));
        sighting.Fact("count", bad.Count(t => !Stopped.IsOrdered(Stopped.Reason(t))));
        if (bad.Count == 0)
        {
            sighting.Empty();
            return;
        }
        var wanted = (await view.GetAsync(sighting, cancel)).Text("taskDefinition");
        Instant? EndOf(JsonObject task) => Stopped.Over(task, wanted);
        ground.Texts.Add(view.Subject, "ecs stopped tasks", bad.Select(t => (EndOf(t) ?? ground.Now, Stopped.Told(t))));
        var newest = bad[0];
        var words = newest.Text("stoppedReason") ?? "";
        sighting.Fact("stopCode", bad.GroupBy(t => t.Text("stopCode") ?? "NONE", StringComparer.Ordinal).OrderByDescending(g => g.Count()).First().Key is var code && Codes.Contains(code) ? code : "NONE");
        sighting.Fact("reason", Stopped.Reason(newest));
        sighting.Fact("initError", Stopped.InitError(words));
        sighting.Fact("pullError", Stopped.PullError(words));
        sighting.Fact("exitCode", Stopped.ExitCode(newest));
        sighting.Fact("oomReason", bad.Exists(Stopped.OutOfMemory));
        sighting.Fact("neverStarted", newest.Time("startedAt") is null);
        sighting.Fact("stoppedBySignal", Stopped.Reason(newest) is "DEPLOYMENT" or "SCALING" or "USER" or "HEALTH_CHECK");
        var lives = bad.Select(Stopped.LifetimeSeconds).OfType<double>().Order().ToList();
        if (lives.Count > 0) sighting.Fact("lifetimeSeconds", lives[lives.Count / 2]);
        sighting.Fact("sidecarExited", SidecarFirst(newest, view.Service.Name));
        sighting.Since(EndOf(bad[^1]));
    }

    private static readonly string[] Codes = ["TaskFailedToStart", "EssentialContainerExited", "UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice"];

    // The others are ended after it, so theirs is the exit of a signal, or a zero.
    private static bool? SidecarFirst(JsonObject task, string application)
    {
        var exits = task.Items("containers").Where(c => c.Number("exitCode") is not null).ToList();
        if (exits.Count < 2 || Stopped.Reason(task) != "ESSENTIAL_EXITED") return exits.Count == 0 ? null : false;
        var bad = exits.FindAll(c => c.Number("exitCode") is not (0 or 137 or 143));
        return bad.Count > 0 && bad.TrueForAll(c => c.Text("name") != application);
    }

    private static async Task CapacityAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var service = await view.GetAsync(sighting, cancel);
        var own = service.Map("networkConfiguration").Map("awsvpcConfiguration").Texts("subnets").ToHashSet(StringComparer.Ordinal);
        await PartAsync(sighting, async _ =>
        {
            var subnets = (await ground.AskAsync(sighting, "ec2", "DescribeSubnets", [], cancel)).Items("Subnets").Concat((await ground.AskAsync(sighting, "ec2", "DescribeSubnets", [], cancel)).Items("subnetSet"));
            var free = subnets.Where(s => own.Contains(s.Text("subnetId") ?? s.Text("SubnetId") ?? "")).Select(s => s.Number("availableIpAddressCount") ?? s.Number("AvailableIpAddressCount")).OfType<double>().ToList();
            if (free.Count > 0) sighting.Fact("freeAddresses", free.Min());
        }, cancel);
        await PartAsync(sighting, async _ =>
        {
            var quota = (await ground.AskAsync(sighting, "servicequotas", "GetServiceQuota", new JsonObject { ["ServiceCode"] = "fargate", ["QuotaCode"] = Quota }, cancel)).Map("Quota").Number("Value");
            var used = (await Task.WhenAll(ground.Services.Select(s => new ServiceView(ground, s).RunningAsync(sighting, cancel)))).SelectMany(t => t).Sum(t => (t.Number("cpu") ?? 0) / 1024);
            if (quota is > 0) sighting.Fact("quotaUsedShare", Math.Round(100 * used / quota.Value, 1));
        }, cancel);
        var events = service.Items("events").Where(e => e.Time("createdAt") >= ground.Since).Select(e => e.Text("message") ?? "");
        sighting.Fact("throttled", events.Any(m => Stopped.Has(m, "throttl") || Stopped.Has(m, "Rate exceeded")));
    }

    /// <summary>A part that may be denied while the rest is seen.</summary>
    internal static async Task PartAsync(Sighting sighting, Func<CancellationToken, Task> look, CancellationToken cancel)
    {
        try
        {
            await look(cancel);
        }
        catch (Collect.Aws.AwsFailure e)
        {
            sighting.Lacks(Refusals.Words(e));
        }
    }
}
