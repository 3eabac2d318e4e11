using System.Collections.Concurrent;

namespace Tocsin.Server.Tests.Notify;

/// <summary>Time whose limits are over when the test says so: however slow the machine is, what is to come before the limit has come.</summary>
internal sealed class LimitTime : TimeProvider
{
    private readonly ConcurrentQueue<Limit> limits = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var limit = new Limit(callback, state);
        limits.Enqueue(limit);
        return limit;
    }

    /// <summary>All limits that were set are over.</summary>
    public void Pass()
    {
        while (limits.TryDequeue(out var limit)) limit.End();
    }

    private sealed class Limit(TimerCallback callback, object? state) : ITimer
    {
        private volatile bool isGone;

        public void End()
        {
            if (!isGone) callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => !isGone;

        public void Dispose() => isGone = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
