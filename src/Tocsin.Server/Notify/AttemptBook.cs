namespace Tocsin.Server.Notify;

/// <summary>
/// Writes down how attempts ended, as many at once as are there: while one transaction runs, the answers that come meanwhile wait for the next one together.
/// Between a channel's answer and the database a crash doubles a page. So what a channel took is marked first, which is a statement and a commit; that its incident hears of it may take its time.
/// </summary>
public sealed class AttemptBook(Outbox outbox) : IDisposable
{
    private readonly Together<AttemptEnd> marks = new(outbox.MarkAsync);
    private readonly Together<AttemptEnd> ends = new(outbox.KeepAsync);

    /// <summary>Returns when it is marked as taken.</summary>
    public Task MarkAsync(AttemptEnd end, CancellationToken cancel) => marks.WriteAsync(end, cancel);

    /// <summary>Returns when it is kept; throws where it is not, and then nothing of it waits here any more.</summary>
    public Task KeepAsync(AttemptEnd end, CancellationToken cancel) => ends.WriteAsync(end, cancel);

    public void Dispose()
    {
        marks.Dispose();
        ends.Dispose();
    }
}

/// <summary>Writes what comes while a transaction runs by the next one, all together.</summary>
internal sealed class Together<T>(Func<IReadOnlyList<T>, CancellationToken, Task> write) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();
    private List<Entry> waiting = [];

    public async Task WriteAsync(T value, CancellationToken cancel)
    {
        var mine = new Entry(value);
        lock (gate) waiting.Add(mine);
        await turn.WaitAsync(cancel);
        try
        {
            if (!mine.IsKept) await WriteAllAsync(mine, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task WriteAllAsync(Entry mine, CancellationToken cancel)
    {
        List<Entry> batch;
        lock (gate) (batch, waiting) = (waiting, []);
        try
        {
            await write(batch.ConvertAll(e => e.Value), cancel);
            foreach (var entry in batch) entry.IsKept = true;
        }
        catch (Exception e) when (e is not System.Data.Common.DbException && batch.Count > 1)
        {
            // One of them cannot be kept; whose it is finds out alone.
            Return(batch, mine);
            await write([mine.Value], cancel);
        }
        catch
        {
            Return(batch, mine);
            throw;
        }
    }

    // The others wait on: each of them has its own turn to come.
    private void Return(List<Entry> batch, Entry mine)
    {
        lock (gate) waiting.InsertRange(0, batch.Where(e => e != mine));
    }

    private sealed class Entry(T value)
    {
        public T Value => value;

        public bool IsKept { get; set; }
    }
}
