using NodaTime;
using Tocsin.Lab.Aws.Ecs;

namespace Tocsin.Lab.Tests.Ecs;

public sealed class ServiceSchedulerTests
{
    private static readonly Instant Start = Instant.FromUtc(2026, 11, 22, 1, 0);
    private readonly TaskDefinition first = new("api", 1, "ap-south-1", [], Start, "ci");
    private readonly TaskDefinition second = new("api", 2, "ap-south-1", [], Start, "ci");
    private readonly List<EcsTask> tasks = [];
    private readonly HashSet<string> unhealthy = new(StringComparer.Ordinal);
    private readonly EcsServiceState service;

    public ServiceSchedulerTests()
    {
        service = new EcsServiceState("api", "arn:service", "arn:cluster", Start) { Definition = first, Desired = 2 };
        service.Deployments.Add(new Deployment(first, Start));
    }

    [Fact]
    public void An_empty_service_starts_what_is_desired()
    {
        var start = Assert.IsType<StartTasks>(Assert.Single(Next()));
        Assert.Equal((2, service.Primary), (start.Count, start.Deployment));
    }

    [Fact]
    public void A_deployment_is_complete_when_all_its_tasks_run_and_are_healthy()
    {
        Run(service.Primary, 2);
        unhealthy.Add(tasks[0].Id);
        Assert.Empty(Next().OfType<CompleteDeployment>());
        unhealthy.Clear();
        Assert.Same(service.Primary, Assert.Single(Next().OfType<CompleteDeployment>()).Deployment);
    }

    [Fact]
    public void Old_tasks_stay_until_new_ones_are_healthy()
    {
        var old = service.Primary;
        Run(old, 2);
        var deployment = Replace();
        Assert.Equal(2, Assert.IsType<StartTasks>(Assert.Single(Next())).Count);
        Run(deployment, 2);
        foreach (var task in tasks.Where(t => t.StartedBy == deployment.Id)) unhealthy.Add(task.Id);
        Assert.Empty(Next().OfType<StopTask>());
        unhealthy.Clear();
        Assert.All(Next().OfType<StopTask>(), s => Assert.Equal(old.Id, s.Task.StartedBy));
        Assert.Equal(2, Next().OfType<StopTask>().Count());
    }

    [Fact]
    public void Never_more_than_the_maximum_run_at_once()
    {
        service.MaximumPercent = 150;
        Run(service.Primary, 2);
        Replace();
        Assert.Equal(1, Assert.IsType<StartTasks>(Assert.Single(Next())).Count);
    }

    [Fact]
    public void With_no_room_above_old_tasks_go_first_down_to_the_minimum()
    {
        (service.MaximumPercent, service.MinimumHealthyPercent) = (100, 50);
        Run(service.Primary, 2);
        Replace();
        Assert.Single(Next().OfType<StopTask>());
    }

    [Fact]
    public void A_deployment_that_can_neither_start_nor_stop_says_so()
    {
        (service.Desired, service.MaximumPercent) = (1, 150);
        Run(service.Primary, 1);
        Replace();
        Assert.Contains("was unable to stop or start tasks during a deployment", Assert.IsType<SayOnce>(Assert.Single(Next())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_fails_health_checks_is_stopped_and_replaced()
    {
        Run(service.Primary, 2);
        var bad = new TaskHealth(Registered: true, Healthy: false, Unhealthy: true, "arn:tg", 3000, "Health checks failed with these codes: [404]");
        var steps = ServiceScheduler.Next(View() with { Health = t => t == tasks[0] ? bad : TaskHealth.Unasked });
        Assert.Same(tasks[0], Assert.Single(steps.OfType<StopUnhealthy>()).Task);
        Assert.Equal(1, Assert.Single(steps.OfType<StartTasks>()).Count);
    }

    [Fact]
    public void Within_its_grace_an_unhealthy_task_is_left_alone()
    {
        service.HealthGrace = Duration.FromMinutes(10);
        Run(service.Primary, 2);
        var bad = new TaskHealth(Registered: true, Healthy: false, Unhealthy: true, "arn:tg", 3000, "Request timed out");
        Assert.Empty(ServiceScheduler.Next(View() with { Health = _ => bad }).OfType<StopUnhealthy>());
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void The_circuit_breaker_opens_after_three_failures(int failures, bool opens)
    {
        service.CircuitBreaker = true;
        service.Primary.FailedTasks = failures;
        Assert.Equal(opens, Next().OfType<FailDeployment>().Any());
    }

    [Fact]
    public void The_circuit_breaker_rolls_back_to_the_last_deployment_that_was_complete()
    {
        var good = service.Primary;
        good.Rollout = "COMPLETED";
        (service.CircuitBreaker, service.RollbackOnFailure) = (true, true);
        Replace().FailedTasks = 3;
        Assert.Same(good, Assert.IsType<FailDeployment>(Assert.Single(Next())).RollBackTo);
    }

    [Fact]
    public void Without_the_breaker_it_tries_for_ever_but_slower()
    {
        service.Primary.FailedTasks = 500;
        Assert.Single(Next().OfType<StartTasks>());
        Assert.Equal(Duration.Zero, ServiceScheduler.PauseAfter(2));
        Assert.Equal(Duration.FromSeconds(20), ServiceScheduler.PauseAfter(4));
        Assert.Equal(Duration.FromMinutes(15), ServiceScheduler.PauseAfter(1000));
        service.Primary.NotBefore = Duration.FromHours(2);
        Assert.Empty(Next());
    }

    [Fact]
    public void Scaled_down_the_newest_tasks_go_first()
    {
        Run(service.Primary, 2);
        service.Desired = 1;
        Assert.Same(tasks.MaxBy(t => t.Created), Assert.Single(Next().OfType<StopTask>()).Task);
    }

    [Fact]
    public void Whatever_happens_the_scheduler_comes_to_rest_at_what_is_desired()
    {
        for (var seed = 1; seed <= 200; seed++) ComesToRest(new Random(seed), seed);
    }

    // Random events until nothing more happens to the service: then the desired tasks of the newest deployment run, and never were there more than allowed.
    private void ComesToRest(Random random, int seed)
    {
        tasks.Clear();
        service.Deployments.Clear();
        service.Deployments.Add(new Deployment(first, Start));
        service.Desired = random.Next(0, 6);
        (service.MinimumHealthyPercent, service.MaximumPercent) = (random.Next(0, 3) * 50, 200);
        for (var round = 0; round < 60; round++)
        {
            if (round < 20) Disturb(random);
            foreach (var step in Next()) Apply(step);
            foreach (var task in tasks.Where(t => t.LastStatus is "PENDING")) task.LastStatus = "RUNNING";
            foreach (var task in tasks.Where(t => t is { DesiredStatus: "STOPPED", LastStatus: not "STOPPED" })) task.LastStatus = "STOPPED";
        }
        var live = tasks.Where(t => t.Counts).ToList();
        Assert.True(live.Count == service.Desired && live.TrueForAll(t => t.StartedBy == service.Primary.Id) && service.Deployments.Count == 1, $"seed {seed}: {live.Count} of {service.Desired}");
    }

    private void Disturb(Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                Replace();
                break;
            case 1:
                service.Desired = random.Next(0, 6);
                break;
            case 2 when tasks.Count > 0:
                tasks[random.Next(tasks.Count)].LastStatus = "STOPPED";
                break;
        }
    }

    private void Apply(SchedulerStep step)
    {
        switch (step)
        {
            case StartTasks start:
                Run(start.Deployment, start.Count, "PENDING");
                break;
            case StopTask stop:
                stop.Task.DesiredStatus = "STOPPED";
                break;
            case RetireDeployment retire:
                service.Deployments.Remove(retire.Deployment);
                break;
            case CompleteDeployment complete:
                (complete.Deployment.Rollout, service.Steady) = ("COMPLETED", true);
                break;
        }
    }

    private List<SchedulerStep> Next() => ServiceScheduler.Next(View());

    private SchedulerView View() => new(
        service,
        tasks,
        t => unhealthy.Contains(t.Id) ? new TaskHealth(Registered: true, Healthy: false, Unhealthy: false, null, 0, null) : TaskHealth.Unasked,
        null,
        Duration.FromHours(1));

    private Deployment Replace()
    {
        foreach (var other in service.Deployments) other.Status = "ACTIVE";
        var deployment = new Deployment(second, Start);
        service.Deployments.Insert(0, deployment);
        service.Definition = second;
        return deployment;
    }

    private void Run(Deployment deployment, int count, string status = "RUNNING")
    {
        for (var i = 0; i < count; i++)
        {
            var id = $"{tasks.Count:x32}";
            tasks.Add(new EcsTask(id, $"arn:task/{id}", deployment.Definition, "service:api", deployment.Id, "127.0.0.1", Start + Duration.FromSeconds(tasks.Count)) { LastStatus = status, StartedLab = Duration.FromMinutes(55) });
        }
    }
}
