using System.Data.Common;
using Microsoft.Extensions.Logging;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>The signals that are kept and not yet placed, one after the other, over all nodes: two that belong together must not open two incidents.</summary>
public sealed class SignalQueue(Database database, Placement placement, ILogger<SignalQueue> log)
{
    /// <summary>Places the oldest; null where none is left.</summary>
    public async Task<(Signal Signal, Placed Placed)?> NextAsync(CancellationToken cancel)
    {
        var id = "";
        try
        {
            return await database.WriteAsync(
                async (s, c) =>
                {
                    // Whoever declares holds this counter: so do we, from the first look on.
                    await s.FirstAsync<long>($"select value from counters where name = 'incident'{s.Dialect.ForUpdate}", null, c);
                    if (await s.FirstAsync<SignalRow>($"select {SignalRow.Columns} from signals where state = 'new' order by at, id limit 1", null, c) is not { } row) return null;
                    id = row.Id;
                    var signal = row.Read();
                    var placed = await placement.PlaceAsync(s, signal, c);
                    await s.ExecuteAsync("update signals set state = @State, incident = @Number, why = @Why where id = @Id", new { row.Id, placed.State, placed.Why, Number = (long?)placed.Incident?.Number }, c);
                    return ((Signal, Placed)?)(signal, placed);
                },
                cancel);
        }
        catch (Exception e) when (id.Length > 0 && e is not (OperationCanceledException or DbException))
        {
            // One that cannot be placed keeps none of the others waiting; it stays to be seen.
            ServerMessages.SignalFailed(log, id, e);
            await database.WriteAsync((s, c) => s.ExecuteAsync("update signals set state = 'failed', why = @why where id = @id", new { id, why = e.Message }, c), cancel);
            return await NextAsync(cancel);
        }
    }
}
