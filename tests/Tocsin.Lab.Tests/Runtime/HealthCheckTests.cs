using System.Net;
using NodaTime;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Runtime;

public sealed class HealthCheckTests
{
    private static readonly HealthCheckSettings Quick = new()
    {
        Interval = Duration.FromMilliseconds(50), Timeout = Duration.FromMilliseconds(40), HealthyThreshold = 2, UnhealthyThreshold = 2, Path = "/health?full=1",
    };

    private readonly LabClock clock = new(TimeProvider.System, 1);

    [Fact]
    public async Task A_target_that_answers_well_becomes_healthy_and_is_asked_as_the_load_balancer_asks()
    {
        await using var upstream = Upstream.Answering(200, "ok");
        await using var check = new HealthCheck(Quick, clock);
        Assert.Equal(TargetHealth.NotRegistered, check.Health(upstream.Address));
        check.Register(upstream.Address);
        await BecomesAsync(check, upstream.Address, TargetHealth.Healthy);
        var request = upstream.Requests.First();
        Assert.StartsWith("GET /health?full=1 HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nUser-Agent: ELB-HealthChecker/2.0\r\n", request, StringComparison.Ordinal);
        Assert.Contains($"\r\nHost: {upstream.Address}\r\n", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_fault_has_its_reason()
    {
        await using var missing = Upstream.Answering(404, "");
        await using var silent = Upstream.Start(p => p.BeSilentAsync());
        await using var noHttp = Upstream.Saying("+OK ready\r\n");
        await using var closes = Upstream.Start(p => p.CloseAsync());
        var nobody = Upstream.Nobody();
        await using var check = new HealthCheck(Quick, clock);
        foreach (var target in new[] { missing.Address, silent.Address, noHttp.Address, closes.Address, nobody }) check.Register(target);
        await BecomesAsync(check, missing.Address, TargetHealth.Mismatch(404));
        await BecomesAsync(check, silent.Address, TargetHealth.TimedOut);
        await BecomesAsync(check, noHttp.Address, TargetHealth.FailedChecks);
        await BecomesAsync(check, closes.Address, TargetHealth.FailedChecks);
        await BecomesAsync(check, nobody, TargetHealth.FailedChecks);
    }

    [Fact]
    public async Task A_target_that_is_repaired_becomes_healthy_again()
    {
        var status = 500;
        await using var upstream = Upstream.Start(p => p.SayAsync($"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n"));
        await using var check = new HealthCheck(Quick, clock);
        check.Register(upstream.Address);
        await BecomesAsync(check, upstream.Address, TargetHealth.Mismatch(500));
        status = 200;
        await BecomesAsync(check, upstream.Address, TargetHealth.Healthy);
    }

    [Fact]
    public async Task The_check_can_go_to_another_port_over_TCP()
    {
        await using var traffic = Upstream.Start(p => p.CloseAsync());
        await using var health = Upstream.Start(p => p.BeSilentAsync());
        await using var check = new HealthCheck(Quick with { For = LoadBalancerKind.Network, Protocol = HealthProtocol.Tcp, Port = health.Address.Port }, clock);
        check.Register(traffic.Address);
        await BecomesAsync(check, traffic.Address, TargetHealth.Healthy);
        Assert.Equal(0, traffic.Connections);
    }

    [Fact]
    public async Task A_deregistered_target_drains_for_its_delay_of_lab_time_and_is_gone()
    {
        await using var upstream = Upstream.Answering(200, "");
        await using var check = new HealthCheck(Quick, clock);
        check.Register(upstream.Address);
        await BecomesAsync(check, upstream.Address, TargetHealth.Healthy);
        check.Deregister(upstream.Address, Duration.FromMinutes(5));
        Assert.Equal([new CheckedTarget(upstream.Address, TargetHealth.Deregistering)], check.Targets);
        clock.Step(Duration.FromMinutes(6));
        await BecomesAsync(check, upstream.Address, TargetHealth.NotRegistered);
        Assert.Empty(check.Targets);
    }

    [Fact]
    public async Task A_group_without_a_load_balancer_is_unused_and_not_asked()
    {
        await using var upstream = Upstream.Answering(200, "");
        await using var check = new HealthCheck(Quick, clock) { InUse = false };
        check.Register(upstream.Address);
        Assert.Equal(TargetHealth.NotInUse, check.Health(upstream.Address));
        check.InUse = true;
        await BecomesAsync(check, upstream.Address, TargetHealth.Healthy);
    }

    [Fact]
    public async Task Healthy_targets_stay_so_when_an_hour_is_stepped_over()
    {
        await using var upstream = Upstream.Start(async p =>
        {
            await Task.Delay(100, p.Cancel);
            await p.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var check = new HealthCheck(Quick with { Interval = Duration.FromMinutes(10), Timeout = Duration.FromMinutes(1), UnhealthyThreshold = 1 }, clock);
        check.Register(upstream.Address);
        for (var asked = 1; asked <= 3; asked++)
        {
            var expected = asked;
            await Wait.UntilAsync(() => upstream.Requests.Count == expected, $"check {expected}");
            clock.Step(Duration.FromHours(1));
        }
        Assert.Equal(TargetHealth.Healthy, check.Health(upstream.Address));
    }

    private static Task BecomesAsync(HealthCheck check, IPEndPoint target, TargetHealth health) =>
        Wait.UntilAsync(() => check.Health(target) == health, $"{target} becomes {health.State} {health.Reason}, is {check.Health(target)}");
}
