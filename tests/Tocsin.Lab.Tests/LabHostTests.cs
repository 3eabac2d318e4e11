namespace Tocsin.Lab.Tests;

public sealed class LabHostTests
{
    [Fact]
    public async Task The_healthy_platform_comes_up_and_answers_through_its_load_balancer()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = await TestLab.StartAsync(10, cancel);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var status = await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        Console.WriteLine($"healthy after {watch.Elapsed.TotalSeconds:0.0} s, {status.MemoryMegabytes} MB");
        var production = lab.Host.State.Environments[0];
        using var http = new HttpClient { BaseAddress = new Uri($"http://{production.Components["alb"].Host}:{production.Components["alb"].Port}") };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health") { Headers = { Host = "api.zelly.in" } };
        using var response = await http.SendAsync(request, cancel);
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_stopped_task_is_forgotten_after_an_hour_of_lab_time_and_an_unhealthy_one_is_replaced()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = await TestLab.StartAsync(10, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        var tasks = lab.Host.World.Regions["ap-south-1"].Ecs.Clusters["zelly-production"].Tasks;
        string[] before;
        lock (lab.Host.World.Gate) before = [.. tasks.Values.Where(t => t.Group is "service:orion-backend").Select(t => t.Id)];
        Tocsin.Lab.Verbs.VerbTable.Run(lab.Host, Tocsin.Lab.Verbs.VerbRequest.Read("service set orion-backend health-path=/nowhere", "production", "test"));
        await lab.UntilAsync(_ => Stopped(lab, tasks, before), TimeSpan.FromSeconds(60), cancel);
        lab.Host.Heal();
        lab.Host.Step(NodaTime.Duration.FromMinutes(61));
        await lab.UntilAsync(_ => Gone(lab, tasks, before), TimeSpan.FromSeconds(60), cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
    }

    [Fact]
    public async Task Metrics_of_processor_memory_and_requests_are_what_the_tasks_use()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = await TestLab.StartAsync(60, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        string[] wanted = ["CPUUtilization", "MemoryUtilization", "RequestCount", "HealthyHostCount"];
        await lab.UntilAsync(_ => wanted.All(w => Highest(lab, w) > 0), TimeSpan.FromSeconds(30), cancel);
        Assert.InRange(Highest(lab, "MemoryUtilization"), 0.1, 100);
    }

    private static double Highest(TestLab lab, string metric)
    {
        lock (lab.Host.World.Gate)
        {
            var metrics = lab.Host.World.Regions["ap-south-1"].Metrics;
            return metrics.Names.Where(n => n.Name == metric)
                .SelectMany(n => metrics.Read(n, lab.Host.World.Clock.Now - NodaTime.Duration.FromHours(1), lab.Host.World.Clock.Now + NodaTime.Duration.FromMinutes(1), 60)).Max(b => b.Value("Maximum")) ?? 0;
        }
    }

    private static bool Stopped(TestLab lab, Dictionary<string, Tocsin.Lab.Aws.Ecs.EcsTask> tasks, string[] ids)
    {
        lock (lab.Host.World.Gate) return ids.All(i => tasks[i] is { LastStatus: "STOPPED", StopCode: "ServiceSchedulerInitiated" } t && t.StoppedReason!.StartsWith("Task failed ELB health checks in (target-group arn:", StringComparison.Ordinal));
    }

    private static bool Gone(TestLab lab, Dictionary<string, Tocsin.Lab.Aws.Ecs.EcsTask> tasks, string[] ids)
    {
        lock (lab.Host.World.Gate) return !ids.Any(tasks.ContainsKey);
    }
}
