using System.Collections.Concurrent;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify.Issues;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>
/// The pages on their way. A page is claimed before it is sent and finished after: one whose claim ran out was in the hands of a process that died,
/// and nobody knows whether it arrived. It is sent again with the same key, and counted as a possible double; it is never dropped.
/// What a channel took is marked at once, by a statement that waits for no other writer's incident; its incident hears of it after.
/// </summary>
public sealed class Outbox(Database database, IncidentDesk desk, TimeProvider time, string node)
{
    private readonly ConcurrentDictionary<string, byte> inHand = new(StringComparer.Ordinal);

    // A claim outlasts the attempt's own limit by a little.
    private static readonly Duration Lease = Sending.Limit + Duration.FromSeconds(1);

    /// <summary>A single process that starts knows that whatever was being sent is so no longer.</summary>
    public Task ReleaseAsync(CancellationToken cancel) =>
        database.Dialect.OneWriter ? database.WriteAsync((s, c) => s.ExecuteAsync("update outbox set claimed_until = 0 where state = 'sending'", null, c), cancel) : Task.CompletedTask;

    /// <summary>This process is done with it: kept, or given up to whoever claims it next.</summary>
    public void LetGo(OutboxRow row) => inHand.TryRemove(row.Id, out _);

    /// <summary>Takes what is due, the worst first. Rows with doubts may have been sent before. What this process still has in hand is not in doubt, however old its claim.</summary>
    public Task<List<OutboxRow>> ClaimAsync(int most, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var (now, lease) = (Micros.Of(time.Now()), (long)Lease.TotalSeconds * 1_000_000);
                // A claim that lasts longer than any can was made before the clock was set back.
                var clock = s.Dialect.ServerMicroseconds is { Length: > 0 } server ? server : "@now";
                var rows = await s.QueryAsync<OutboxRow>($"select {OutboxRows.Columns} from outbox where state in ('waiting', 'sending') and ((state = 'waiting' and due <= @now) or (state = 'sending' and (claimed_until < {clock} or claimed_until > {clock} + @lease))) and not (id {s.Dialect.OneOf}) order by severity, due, id limit {most}{s.Dialect.ForUpdateSkipLocked}", new { now, lease, many = inHand.Keys.ToArray() }, c);
                if (rows.Count == 0) return rows;
                await s.ExecuteAsync(
                    $"update outbox set doubts = doubts + case when state = 'sending' and finished is null then 1 else 0 end, attempts = attempts + case when finished is null then 1 else 0 end, state = 'sending', claimed_by = @node, claimed_until = {clock} + @lease where id {s.Dialect.OneOf}",
                    new { now, node, lease, many = rows.Select(r => r.Id).ToArray() },
                    c);
                s.AfterCommit(() => rows.ForEach(r => inHand[r.Id] = 0));
                return rows.ConvertAll(r => r.IsTaken ? r with { ClaimedBy = node } : r with { Attempts = r.Attempts + 1, Doubts = r.Doubts + (r.State == "sending" ? 1 : 0), ClaimedBy = node });
            },
            cancel);

    /// <summary>Channels took these pages. From here on a crash doubles none of them.</summary>
    public Task MarkAsync(IReadOnlyList<AttemptEnd> ends, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                foreach (var alike in ends.GroupBy(e => (e.Reference, e.Outcome)))
                {
                    await s.ExecuteAsync(
                        $"update outbox set reference = @Reference, outcome = @Outcome, finished = @now where state = 'sending' and claimed_by = @node and id {s.Dialect.OneOf}",
                        new { alike.Key.Reference, alike.Key.Outcome, now = Micros.Of(time.Now()), node, many = alike.Select(e => e.Row.Id).ToArray() },
                        c);
                }
            },
            cancel);

    /// <summary>What became of attempts, all of it or nothing; their incidents hear of it in the same transaction.</summary>
    public Task KeepAsync(IReadOnlyList<AttemptEnd> ends, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                foreach (var alike in ends.GroupBy(e => (e.State, e.Reference, e.Outcome, e.Due, e.InDoubt))) await KeepAsync(s, alike.First(), [.. alike.Select(e => e.Row)], c);
                var told = ends.Where(e => e.Row is { Incident: > 0, Purpose: "page" }).SelectMany(e => e.Commands.Select(x => (new IncidentId((int)e.Row.Incident), x))).Concat(ends.Where(IsOverForRoom).Select(e => (new IncidentId((int)e.Row.Incident), Told(e)))).ToList();
                await desk.DecideAsync(s, told, c);
            },
            cancel);

    // An update to a room has no receipts that the clock waits for: people read in the timeline what became of it.
    private static bool IsOverForRoom(AttemptEnd end) => end is { Row: { Incident: > 0, Purpose: "update" or Reminders.Purpose or IssueTracker.Purpose }, State: "sent" or "would" or "failed" };

    private static IncidentCommand Told(AttemptEnd end)
    {
        var said = end.Row.Purpose switch { Reminders.Purpose => Reminder(end), IssueTracker.Purpose => Issue(end), _ => Update(end) };
        return new IncidentCommand.Record("", end.Row.Id, [said]);
    }

    private static string Reminder(AttemptEnd end)
    {
        var who = end.Row.Person.Length > 0 ? $"{end.Row.Person} by {end.Row.Channel}" : end.Row.Channel;
        return end.State switch { "sent" => $"reminded {who}: {end.Row.First}", "would" => $"would have reminded {who}, the server only observes: {end.Row.First}", _ => $"the reminder did NOT reach {who} ({end.Outcome}): {end.Row.First}" };
    }

    private static string Issue(AttemptEnd end) => end.State switch { "sent" => $"it is an issue now, {end.Reference}: {end.Row.First}", "would" => $"it would have become an issue, the server only observes: {end.Row.First}", _ => $"it did NOT become an issue ({end.Outcome}): {end.Row.First}" };

    private static string Update(AttemptEnd end)
    {
        return end.State switch { "sent" => $"the update reached {end.Row.Channel}", "would" => $"the update would have gone to {end.Row.Channel}: the server only observes", _ => $"the update did NOT reach {end.Row.Channel}: {end.Outcome}" };
    }

    // Whoever sent it for good says so; a later attempt is left to whoever claimed the page meanwhile.
    private Task<int> KeepAsync(Session s, AttemptEnd end, OutboxRow[] rows, CancellationToken cancel)
    {
        var many = rows.Select(r => r.Id).ToArray();
        return end.State == "waiting"
            ? s.ExecuteAsync($"update outbox set state = 'waiting', due = @due, doubts = doubts + @doubt, outcome = @Outcome where state = 'sending' and claimed_by = @node and id {s.Dialect.OneOf}", new { due = Micros.Of(end.Due), doubt = end.InDoubt ? 1 : 0, end.Outcome, node, many }, cancel)
            : s.ExecuteAsync($"update outbox set state = @State, reference = @Reference, outcome = @Outcome, finished = @now where id {s.Dialect.OneOf}", new { end.State, end.Reference, end.Outcome, now = Micros.Of(time.Now()), many }, cancel);
    }
}
