using System.Data.Common;
using Microsoft.Extensions.Logging;
using Tocsin.Core.Incidents;
using Tocsin.Server.Incidents;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Storage;
using Tocsin.Server.Telemetry;

namespace Tocsin.Server.Clock;

/// <summary>Lets Core decide what came due. Which incidents are due stands in the database, so a node that dies leaves its part to the others.</summary>
public sealed class DueIncidents(Database database, Journal journal, PlanSource plan, Reminders reminders, TimeProvider time, ILogger<DueIncidents> log)
{
    private const int Most = 500;

    // Where several may write, one batch is decided while the database takes another.
    private const int Lanes = 2;

    /// <summary>Handles what is due; gives how many incidents moved.</summary>
    public async Task<int> TickAsync(CancellationToken cancel)
    {
        var first = await BatchAsync(cancel);
        if (first < Most || database.Dialect.OneWriter) return first;
        return first + (await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => UntilFewAsync(cancel)))).Sum();
    }

    private async Task<int> UntilFewAsync(CancellationToken cancel)
    {
        var moved = 0;
        while (true)
        {
            var some = await BatchAsync(cancel);
            moved += some;
            if (some < Most) return moved;
        }
    }

    private async Task<int> BatchAsync(CancellationToken cancel)
    {
        using var span = Traces.Start("decide what is due");
        var moved = await DecideAsync(cancel);
        span?.SetTag("tocsin.incidents", moved);
        if (moved == 0) span.Forget();
        return moved;
    }

    private async Task<int> DecideAsync(CancellationToken cancel)
    {
        try
        {
            return await database.WriteAsync((s, c) => TickAsync(s, $"order by due limit {Most}", c), cancel);
        }
        catch (Exception e) when (e is not (OperationCanceledException or DbException))
        {
            // One incident that cannot be read keeps none of the others waiting.
            ServerMessages.BatchFailed(log, e);
            return await OneByOneAsync(cancel);
        }
    }

    private async Task<int> OneByOneAsync(CancellationToken cancel)
    {
        var moved = 0;
        foreach (var number in await database.ReadAsync((s, c) => s.QueryAsync<long>("select number from incidents where due <= @now order by due", new { now = Micros.Of(time.Now()) }, c), cancel))
        {
            try
            {
                moved += await database.WriteAsync((s, c) => TickAsync(s, $"and number = {number}", c), cancel);
            }
            catch (Exception e) when (e is not (OperationCanceledException or DbException))
            {
                ServerMessages.ClockFailed(log, number, e);
            }
        }
        return moved;
    }

    private async Task<int> TickAsync(Session s, string which, CancellationToken cancel)
    {
        var now = time.Now();
        var due = await journal.HoldDueAsync(s, now, which, cancel);
        if (due.Count == 0) return 0;
        var appends = due.ConvertAll(i => Append.Of(i, IncidentClock.Tick(i, plan.Duty, now)));
        await journal.AppendAsync(s, appends, cancel);
        if (appends.SelectMany(reminders.Rows).ToList() is { Count: > 0 } rows) await s.InsertAsync("outbox", OutboxRows.Columns, rows, "on conflict (id) do nothing", cancel);
        return appends.Count(a => !a.Events.IsEmpty);
    }
}
