namespace Tocsin.Server.Tests.Watch;

/// <summary>Time that runs faster than the wall's, timers and all. What is shorter than any pace is a limit of a look, which takes as long as it takes on this machine: it stays the wall's.</summary>
internal sealed class SwiftTime(int times) : TimeProvider
{
    private static readonly TimeSpan LongestLimit = TimeSpan.FromSeconds(9);

    private readonly DateTimeOffset start = System.GetUtcNow();
    private readonly long began = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => start + (System.GetElapsedTime(began) * times);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, Swift(dueTime), Swift(period));

    private TimeSpan Swift(TimeSpan time) => time > LongestLimit ? time / times : time;
}

/// <summary>A clock that stands until it is moved; timers are the wall's, for limits that nothing here reaches.</summary>
internal sealed class StandingTime : TimeProvider
{
    private DateTimeOffset now = new(2026, 11, 22, 8, 0, 0, TimeSpan.Zero);

    public void Advance(TimeSpan by) => now += by;

    public override DateTimeOffset GetUtcNow() => now;
}
