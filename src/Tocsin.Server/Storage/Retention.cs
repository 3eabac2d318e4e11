using NodaTime;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Storage;

/// <summary>
/// Lets go of what is old: what came in, with its texts; pages whose sending is long over; tokens that hold no more. What an incident is, its events, and the audit
/// log that vouches for them stay for good: a chain with a hole proves nothing.
/// </summary>
public sealed class Retention(Database database, ServerOptions options, TimeProvider time)
{
    private const int Batch = 2000;
    private static readonly Duration Pace = Duration.FromHours(1);
    private static readonly Duration Tokens = Duration.FromDays(90);
    private Instant? last;

    /// <summary>Every hour; gives how many rows went. Few at a time, so that nobody waits behind it.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        var now = time.Now();
        if (last is { } before && now - before < Pace) return 0;
        var gone = 0;
        foreach (var (table, key, old, keep) in new[]
        {
            ("signals", "id", "state <> 'new' and at < @before", options.KeepSignals),
            ("intake", "id", "received < @before and not exists (select 1 from signals s where s.intake = intake.id)", options.KeepSignals),
            ("outbox", "id", "finished < @before", options.KeepPages),
            ("tokens", "id", "coalesce(revoked, expires) < @before", Tokens),
        })
        {
            var limit = new { before = Micros.Of(now - keep) };
            int some;
            do gone += some = await database.WriteAsync((s, c) => s.ExecuteAsync($"delete from {table} where {key} in (select {key} from {table} where {old} limit {Batch})", limit, c), cancel);
            while (some == Batch);
        }
        last = now;
        return gone;
    }
}
