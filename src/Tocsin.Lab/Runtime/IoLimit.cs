using System.Net.Sockets;
using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// Time limits on real input and output. They count in lab time, but the machine does not get faster with it: within <see cref="Floor"/> on the wall no
/// limit strikes, else an hour's step would time out every request under way and a tenfold scale every healthy target. A health check's floor is higher:
/// what it judges is killed, and a busy machine lets a healthy program wait for a second.
/// </summary>
internal static class IoLimit
{
    public static readonly TimeSpan Floor = TimeSpan.FromMilliseconds(500);

    public static readonly TimeSpan ProbeFloor = TimeSpan.FromSeconds(3);

    public static Task<T> WithinAsync<T>(LabClock clock, Duration limit, Func<CancellationToken, ValueTask<T>> work, CancellationToken cancel) => WithinAsync(clock, limit, Floor, work, cancel);

    /// <summary>Throws <see cref="TimeoutException"/> at the limit; the work is cancelled and waited for.</summary>
    public static async Task<T> WithinAsync<T>(LabClock clock, Duration limit, TimeSpan floor, Func<CancellationToken, ValueTask<T>> work, CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var begun = work(ended.Token);
        if (begun.IsCompleted) return await begun;
        var running = begun.AsTask();
        var inTime = await Task.WhenAny(running, OverAsync(clock, limit, floor, ended.Token)) == running;
        await ended.CancelAsync();
        if (inTime) return await running;
        await running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        // Whatever the cancelled work threw, its reason is the limit.
        _ = running.Exception;
        cancel.ThrowIfCancellationRequested();
        throw new TimeoutException();
    }

    /// <summary>What reading from and writing to a peer throws when the peer is the cause.</summary>
    public static bool IsPeer(Exception error) => error is IOException or SocketException or ObjectDisposedException;

    private static async Task OverAsync(LabClock clock, Duration limit, TimeSpan floor, CancellationToken cancel)
    {
        var least = Task.Delay(floor, cancel);
        await clock.Delay(limit, cancel);
        await least;
    }
}

/// <summary>The idle timeout: each single wait for a peer may take this long.</summary>
internal readonly record struct SilenceLimit(LabClock Clock, Duration Limit)
{
    public Task<T> HoldAsync<T>(Func<CancellationToken, ValueTask<T>> work, CancellationToken cancel) => IoLimit.WithinAsync(Clock, Limit, work, cancel);
}
