using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>
/// The pages on their way. A page is claimed before it is sent and finished after: one whose claim ran out was in the hands of a process that died,
/// and nobody knows whether it arrived. It is sent again with the same key, and counted as a possible double; it is never dropped.
/// </summary>
public sealed class Outbox(Database database, IncidentDesk desk, TimeProvider time, string node)
{
    private const string Claimable = "(state = 'waiting' and due <= @now) or (state = 'sending' and claimed_until < ";

    // A claim outlasts the attempt's own limit by a little.
    private static readonly Duration Lease = Sending.Limit + Duration.FromSeconds(1);

    /// <summary>A single process that starts knows that whatever was being sent is so no longer.</summary>
    public Task ReleaseAsync(CancellationToken cancel) =>
        database.Dialect.OneWriter ? database.WriteAsync((s, c) => s.ExecuteAsync("update outbox set claimed_until = 0 where state = 'sending'", null, c), cancel) : Task.CompletedTask;

    /// <summary>Takes what is due, the worst first. Rows with doubts may have been sent before.</summary>
    public Task<List<OutboxRow>> ClaimAsync(int most, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var now = Micros.Of(time.Now());
                var clock = s.Dialect.ServerMicroseconds is { Length: > 0 } server ? server : "@now";
                var rows = await s.QueryAsync<OutboxRow>($"select {OutboxRows.Columns} from outbox where {Claimable}{clock}) order by severity, due, id limit {most}{s.Dialect.ForUpdateSkipLocked}", new { now }, c);
                if (rows.Count == 0) return rows;
                await s.ExecuteAsync(
                    $"update outbox set doubts = doubts + case when state = 'sending' then 1 else 0 end, state = 'sending', claimed_by = @node, claimed_until = {clock} + @lease, attempts = attempts + 1 where id {s.Dialect.OneOf}",
                    new { now, node, lease = (long)Lease.TotalSeconds * 1_000_000, many = rows.Select(r => r.Id).ToArray() },
                    c);
                return rows.ConvertAll(r => r with { Attempts = r.Attempts + 1, Doubts = r.Doubts + (r.State == "sending" ? 1 : 0), ClaimedBy = node });
            },
            cancel);

    /// <summary>It arrived, or would have: the incident hears of it in the same transaction.</summary>
    public Task SentAsync(OutboxRow row, string state, IEnumerable<Receipt> receipts, string reference, string outcome, CancellationToken cancel) =>
        FinishAsync(row, state, [.. receipts.Select(r => new IncidentCommand.RecordReceipt((int)row.Page, r))], reference, outcome, cancel);

    public Task FailedAsync(OutboxRow row, string why, CancellationToken cancel) =>
        FinishAsync(row, "failed", [new IncidentCommand.RecordFailure((int)row.Page, why)], "", why, cancel);

    public Task LaterAsync(OutboxRow row, Duration after, bool inDoubt, string why, CancellationToken cancel) =>
        database.WriteAsync(
            (s, c) => s.ExecuteAsync(
                "update outbox set state = 'waiting', due = @due, doubts = doubts + @doubt, outcome = @why where id = @Id and claimed_by = @node and attempts = @Attempts",
                new { row.Id, row.Attempts, node, due = Micros.Of(time.Now() + after), doubt = inDoubt ? 1 : 0, why },
                c),
            cancel);

    private Task FinishAsync(OutboxRow row, string state, List<IncidentCommand> commands, string reference, string outcome, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                if (row is { Incident: > 0, Purpose: "page" })
                {
                    foreach (var command in commands) await desk.DecideAsync(s, new IncidentId((int)row.Incident), null, (i, now) => IncidentDecisions.Decide(i, command, now), c);
                }
                await s.ExecuteAsync(
                    "update outbox set state = @state, reference = @reference, outcome = @outcome, finished = @now where id = @Id",
                    new { row.Id, state, reference, outcome, now = Micros.Of(time.Now()) },
                    c);
            },
            cancel);
}
