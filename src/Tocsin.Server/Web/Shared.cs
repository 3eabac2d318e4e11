using System.Diagnostics;

namespace Tocsin.Server.Web;

/// <summary>What many ask for at the same moment is made once: after a change everybody who looks on fetches the same part of a page.</summary>
/// <param name="life">For how long what was made is given; null: a quarter of a second.</param>
/// <remarks>Nothing is older than that, and a key that names the position of the newest change never gives what was made before that change.</remarks>
public sealed class Shared<T>(TimeSpan? life = null)
{
    private const int Most = 200;
    private readonly TimeSpan longest = life ?? TimeSpan.FromMilliseconds(250);
    private readonly Dictionary<string, (long Made, TaskCompletionSource<T> Part)> parts = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <param name="make">Its own cancellation is nobody's: whoever asked first may go while others wait.</param>
    public async Task<T> OfAsync(string key, Func<CancellationToken, Task<T>> make, CancellationToken cancel)
    {
        var (part, own) = Take(key);
        if (own)
        {
            try
            {
                part.SetResult(await make(CancellationToken.None));
            }
            catch (Exception e)
            {
                // Whoever waits for it hears the same; the next one tries anew.
                Drop(key);
                part.SetException(e);
            }
        }
        return await part.Task.WaitAsync(cancel);
    }

    private (TaskCompletionSource<T> Part, bool Own) Take(string key)
    {
        lock (gate)
        {
            if (parts.TryGetValue(key, out var known) && Stopwatch.GetElapsedTime(known.Made) < longest) return (known.Part, false);
            if (parts.Count >= Most) foreach (var old in parts.Where(p => Stopwatch.GetElapsedTime(p.Value.Made) >= longest).Select(p => p.Key).ToList()) parts.Remove(old);
            var part = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            parts[key] = (Stopwatch.GetTimestamp(), part);
            return (part, true);
        }
    }

    private void Drop(string key)
    {
        lock (gate) parts.Remove(key);
    }
}
