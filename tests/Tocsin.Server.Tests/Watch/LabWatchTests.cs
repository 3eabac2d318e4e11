using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Tocsin.Core.Signals.Watching;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Tests.Watch;

/// <summary>The watch over the shipped platform in a real lab, with the paces that ship; both run ten times faster than the wall's clock.</summary>
public sealed class LabWatchTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly ConcurrentQueue<WatchSignal> taken = new();

    [Fact]
    public async Task A_healthy_platform_is_quiet_and_a_fault_is_said_within_a_minute()
    {
        await using var lab = await WatchedLab.StartAsync(cancel);
        var time = new SwiftTime(WatchedLab.Times);
        var watch = new PlatformWatch(lab.Setup, TakeAsync, time, NullLogger<PlatformWatch>.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = watch.RunAsync(stop.Token);
        await UntilAsync(() => watch.View() is { LastFacts: not null } v && v.Things.Count(t => t.Subject.Kind is WatchKind.Address && t.Known.LastSeen is not null) == 3, "nothing is looked at");
        await UntilAsync(() => watch.View().Things.Count(t => t.Known.GoodRun >= 3) > 10, "nothing is well");
        Assert.Empty(taken.Select(s => s.Title));

        var broken = time.GetUtcNow();
        lab.Do("service scale fastify-nova 0");
        await UntilAsync(() => taken.Any(s => s.Subject.Id is "core-api"), "the address is not said");
        var seconds = (taken.First(s => s.Subject.Id is "core-api").At - Instant.FromDateTimeOffset(broken)).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"from the fault to the signal: {seconds:0.0} s");
        Assert.InRange(seconds, 0, 60);
        await UntilAsync(() => taken.Any(s => s.Subject.Id is "no-task" && s.Entry is "alb-503"), "the fact is not said");

        lab.Do("service scale fastify-nova 2");
        await UntilAsync(() => taken.Any(s => s.Subject.Id is "core-api" && s.Kind is WatchSignalKind.Recovery), "the return is not said");
        TestContext.Current.TestOutputHelper!.WriteLine($"{watch.View().CallsLastHour} calls; {string.Join("; ", taken.Select(s => $"{s.Kind} {s.Service} {s.Title}"))}");
        await stop.CancelAsync();
        await running;
    }

    private Task TakeAsync(WatchSignal signal, CancellationToken cancel)
    {
        taken.Enqueue(signal);
        return Task.CompletedTask;
    }

    private async Task UntilAsync(Func<bool> holds, string what)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        while (!holds())
        {
            Assert.False(limit.IsCancellationRequested, $"{what}: {string.Join("; ", taken.Select(s => s.Title))}");
            await Task.Delay(50, cancel);
        }
    }
}
