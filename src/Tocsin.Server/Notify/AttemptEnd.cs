using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>How an attempt at a page ended, as it is written down.</summary>
/// <param name="State">sent, would or failed for good; waiting: it is tried again at <paramref name="Due"/>.</param>
/// <param name="Commands">What its incident hears in the same transaction.</param>
/// <param name="InDoubt">It may have arrived all the same.</param>
public sealed record AttemptEnd(OutboxRow Row, string State, ImmutableArray<IncidentCommand> Commands, string Reference, string Outcome, Instant Due, bool InDoubt)
{
    /// <summary>It arrived, or would have.</summary>
    public static AttemptEnd Sent(OutboxRow row, string state, IEnumerable<Receipt> receipts, string reference, string outcome) =>
        new(row, state, [.. receipts.Select(r => new IncidentCommand.RecordReceipt((int)row.Page, r))], reference, outcome, Instant.MinValue, InDoubt: false);

    public static AttemptEnd Failed(OutboxRow row, string why) =>
        new(row, "failed", [new IncidentCommand.RecordFailure((int)row.Page, why)], "", why, Instant.MinValue, InDoubt: false);

    public static AttemptEnd Later(OutboxRow row, Instant due, bool inDoubt, string why) => new(row, "waiting", [], "", why, due, inDoubt);
}

/// <summary>
/// Writes down how attempts ended, as many at once as are there: while one transaction runs, the answers that come meanwhile wait for the next one together.
/// Between a channel's answer and the database a crash doubles a page, so this time is kept as short as two commits, however many pages are on their way.
/// </summary>
public sealed class AttemptBook(Outbox outbox) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();
    private List<Entry> waiting = [];

    /// <summary>Returns when it is kept; throws where it is not, and then nothing of it waits here any more.</summary>
    public async Task KeepAsync(AttemptEnd end, CancellationToken cancel)
    {
        var mine = new Entry(end);
        lock (gate) waiting.Add(mine);
        await turn.WaitAsync(cancel);
        try
        {
            if (!mine.IsKept) await WriteAsync(mine, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task WriteAsync(Entry mine, CancellationToken cancel)
    {
        List<Entry> batch;
        lock (gate) (batch, waiting) = (waiting, []);
        try
        {
            await outbox.KeepAsync(batch.ConvertAll(e => e.End), cancel);
            foreach (var entry in batch) entry.IsKept = true;
        }
        catch (Exception e) when (e is not System.Data.Common.DbException && batch.Count > 1)
        {
            // One of them cannot be kept; whose it is finds out alone.
            Return(batch, mine);
            await outbox.KeepAsync([mine.End], cancel);
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

    private sealed class Entry(AttemptEnd end)
    {
        public AttemptEnd End => end;

        public bool IsKept { get; set; }
    }
}
