using NodaTime;

namespace Tocsin.Lab.World;

/// <summary>
/// The lab's two times. <see cref="Now"/> is wall-clock UTC and stands on everything that the lab says. <see cref="Elapsed"/> is lab time: it runs
/// <see cref="Scale"/> times as fast and can be stepped, so that an hour of retention is seconds in a test. Every duration of the lab is in lab time.
/// </summary>
public sealed class LabClock : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly long started;
    private readonly List<Waiter> waiters = [];
    private readonly ITimer timer;
    private Duration stepped = Duration.Zero;

    public LabClock(TimeProvider time, double scale)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scale);
        this.time = time;
        Scale = scale;
        started = time.GetTimestamp();
        timer = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public double Scale { get; }

    public Instant Now => Instant.FromDateTimeOffset(time.GetUtcNow());

    /// <summary>Lab time since the lab began.</summary>
    public Duration Elapsed
    {
        get
        {
            lock (gate) return Running() + stepped;
        }
    }

    /// <summary>Lets lab time jump ahead; whoever waits for a moment within it is woken.</summary>
    public void Step(Duration by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, Duration.Zero);
        lock (gate) stepped += by;
        Wake();
    }

    /// <summary>Waits for a duration of lab time.</summary>
    public async Task Delay(Duration wait, CancellationToken cancel)
    {
        if (wait <= Duration.Zero) return;
        var waiter = new Waiter(Elapsed + wait, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gate) waiters.Add(waiter);
        await using var registration = cancel.Register(() => waiter.Done.TrySetCanceled(cancel));
        Wake();
        try
        {
            await waiter.Done.Task;
        }
        finally
        {
            lock (gate) waiters.Remove(waiter);
        }
    }

    /// <summary>How long a duration of lab time takes on the wall.</summary>
    public TimeSpan OnTheWall(Duration lab) => (lab / Scale).ToTimeSpan();

    public void Dispose() => timer.Dispose();

    private Duration Running() => Duration.FromTimeSpan(time.GetElapsedTime(started)) * Scale;

    private void Wake()
    {
        List<Waiter> due;
        lock (gate)
        {
            var now = Running() + stepped;
            due = waiters.FindAll(w => w.Until <= now);
            waiters.RemoveAll(w => w.Until <= now);
            if (waiters.Count > 0)
            {
                var next = OnTheWall(waiters.Min(w => w.Until) - now);
                timer.Change(next < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : next, Timeout.InfiniteTimeSpan);
            }
        }
        foreach (var waiter in due) waiter.Done.TrySetResult();
    }

    private sealed record Waiter(Duration Until, TaskCompletionSource Done);
}
