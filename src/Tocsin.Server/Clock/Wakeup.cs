namespace Tocsin.Server.Clock;

/// <summary>Lets a loop sleep until its time has come or somebody has work for it.</summary>
public sealed class Wakeup : IDisposable
{
    private readonly SemaphoreSlim signal = new(0, 1);

    public void Set()
    {
        try
        {
            if (signal.CurrentCount == 0) signal.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Another one was quicker, or the loop has ended.
            _ = e;
        }
    }

    public async Task WaitAsync(TimeSpan longest, CancellationToken cancel) => await signal.WaitAsync(longest, cancel);

    public void Dispose() => signal.Dispose();
}
