namespace Tocsin.Server.Tests;

/// <summary>Waits for a condition, with a limit.</summary>
internal static class Wait
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<Task<bool>> holds, string what, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        while (!await holds())
        {
            if (limit.IsCancellationRequested) Assert.Fail($"after {Limit.TotalSeconds} s: {what}");
            await Task.WhenAny(Task.Delay(25, limit.Token));
        }
    }

    public static Task UntilAsync(Func<bool> holds, string what, CancellationToken cancel) => UntilAsync(() => Task.FromResult(holds()), what, cancel);
}
