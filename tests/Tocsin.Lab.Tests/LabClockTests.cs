using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests;

public sealed class LabClockTests
{
    [Fact]
    public async Task A_step_ends_every_wait_within_it()
    {
        using var clock = new LabClock(TimeProvider.System, 1);
        var hour = clock.Delay(Duration.FromHours(1), TestContext.Current.CancellationToken);
        var day = clock.Delay(Duration.FromDays(1), TestContext.Current.CancellationToken);
        clock.Step(Duration.FromHours(2));
        await hour;
        Assert.False(day.IsCompleted);
    }

    [Fact]
    public async Task Scaled_time_runs_faster_and_the_wall_clock_does_not()
    {
        using var clock = new LabClock(TimeProvider.System, 100_000);
        var before = SystemClock.Instance.GetCurrentInstant();
        await clock.Delay(Duration.FromHours(1), TestContext.Current.CancellationToken);
        Assert.InRange(clock.Now - before, Duration.Zero, Duration.FromMinutes(10));
        Assert.True(clock.Elapsed >= Duration.FromHours(1));
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        using var clock = new LabClock(TimeProvider.System, 1);
        using var give = new CancellationTokenSource();
        var wait = clock.Delay(Duration.FromHours(1), give.Token);
        await give.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }
}
