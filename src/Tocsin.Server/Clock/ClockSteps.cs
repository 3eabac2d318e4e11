using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Clock;

/// <summary>
/// Notices that the clock of this machine was set back, also while the server was off, and brings forward what would wait until the old time comes again:
/// deadlines of incidents, pages that are tried again, heartbeats. A clock that was set on needs nothing: what came due by it comes once.
/// </summary>
public sealed class ClockSteps(Database database, Journal journal, PlanSource plan, TimeProvider time, ILogger<ClockSteps> log)
{
    private const int Batch = 500;
    private Instant? latest;

    /// <summary>Gives how many incidents were set right.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        latest ??= Micros.At(await database.ReadAsync((s, c) => s.FirstAsync<long>("select at from events order by position desc limit 1", null, c), cancel));
        var now = time.Now();
        if (latest - now is not { } back || back <= IncidentClock.Tolerance)
        {
            latest = Instant.Max(latest ?? now, now);
            return 0;
        }
        ServerMessages.ClockSetBack(log, Words.Length(back));
        await PagesAndBeatsAsync(back, now, cancel);
        var moved = 0;
        var open = await database.ReadAsync((s, c) => s.QueryAsync<long>("select number from incidents where due is not null order by number", null, c), cancel);
        foreach (var batch in open.Chunk(Batch)) moved += await IncidentsAsync(batch, now, cancel);
        latest = now;
        return moved;
    }

    private Task PagesAndBeatsAsync(Duration back, Instant now, CancellationToken cancel) => database.WriteAsync(
        async (s, c) =>
        {
            var at = new { now = Micros.Of(now) };
            await s.ExecuteAsync("update outbox set due = @now where state = 'waiting' and due > @now", at, c);
            await s.ExecuteAsync("update heartbeats set due = @now + every where state = 'armed' and due > @now + every", at, c);
            await AuditChain.AppendAsync(s, [new AuditEntry(at.now, "", "clock set back", "", Words.Length(back), "")], c);
        },
        cancel);

    // Its own clock sees what was set back (IncidentClock); it only has to be asked before its deadline comes.
    private Task<int> IncidentsAsync(IReadOnlyList<long> numbers, Instant now, CancellationToken cancel) => database.WriteAsync(
        async (s, c) =>
        {
            var appends = (await journal.HoldAllAsync(s, numbers, c)).ConvertAll(i => Append.Of(i, IncidentClock.Tick(i, plan.Duty, now)));
            await journal.AppendAsync(s, appends, c);
            return appends.Count(a => !a.Events.IsEmpty);
        },
        cancel);
}
