namespace Tocsin.Server.Tests.Notify;

/// <summary>Time whose limits come five times sooner, for receivers that never answer.</summary>
internal sealed class HastyTime : TimeProvider
{
    private const int Times = 5;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Times : dueTime, period);
}
