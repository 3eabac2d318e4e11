using System.Globalization;
using System.Runtime.CompilerServices;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <param name="Rows">How many rows were looked at.</param>
/// <param name="Head">The hash of the last one: who keeps it elsewhere can tell later that nothing was cut off.</param>
/// <param name="Problem">The first thing that is not as it was written; empty: all is.</param>
public sealed record AuditVerdict(long Rows, string Head, string Problem);

/// <summary>The audit log, to read and to check.</summary>
public sealed class AuditTrail(Database database)
{
    private const string Columns = "seq, at, who, what, subject, detail, digest, previous, hash";
    private const int Batch = 1000;

    public Task<List<AuditRow>> NewestAsync(long? before, string subject, int most, CancellationToken cancel) =>
        database.ReadAsync((s, c) => s.QueryAsync<AuditRow>($"select {Columns} from audit where seq < @before and (@subject = '' or subject = @subject) order by seq desc limit @most", new { before = before ?? long.MaxValue, subject, most }, c), cancel);

    /// <summary>All rows, the oldest first.</summary>
    public async IAsyncEnumerable<AuditRow> AllAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = 0L; ;)
        {
            var at = after;
            var rows = await database.ReadAsync((s, c) => BatchAsync(s, at, c), cancel);
            foreach (var row in rows) yield return row;
            if (rows.Count < Batch) yield break;
            after = rows[^1].Seq;
        }
    }

    /// <summary>Recomputes every hash, and the digest of every event that a row vouches for. Then each event must be vouched for. One moment of the whole: what is done meanwhile is no gap.</summary>
    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel) => database.SnapshotAsync(VerifyAsync, cancel);

    private static async Task<AuditVerdict> VerifyAsync(Session s, CancellationToken cancel)
    {
        var (rows, head, events) = (0L, AuditChain.Origin, 0L);
        while (await BatchAsync(s, rows, cancel) is { Count: > 0 } batch)
        {
            foreach (var row in batch)
            {
                rows++;
                if (row.Seq != rows) return new AuditVerdict(rows, head, $"row {rows} is missing: the next one is {row.Seq}");
                if (row.Previous != head) return new AuditVerdict(rows, head, $"row {row.Seq} does not follow the one before it");
                if (AuditChain.Hash(row.Seq, new AuditEntry(row.At, row.Who, row.What, row.Subject, row.Detail, row.Digest), row.Previous) != row.Hash) return new AuditVerdict(rows, head, $"row {row.Seq} was changed");
                if (await EventsAsync(s, row, cancel) is not { } vouched) return new AuditVerdict(rows, head, $"the events of {row.Subject} that row {row.Seq} vouches for ({row.Detail}) were changed");
                events += vouched;
                head = row.Hash;
            }
        }
        var written = await s.FirstAsync<long>("select value from counters where name = 'audit'", null, cancel);
        if (written != rows) return new AuditVerdict(rows, head, $"{written - rows} rows are missing at the end");
        var all = await s.FirstAsync<long>("select (select count(*) from events) + (select count(*) from stream_events) + (select count(*) from action_events)", null, cancel);
        return new AuditVerdict(rows, head, all == events ? "" : $"there are {all} events, and the log vouches for {events}");
    }

    private static Task<List<AuditRow>> BatchAsync(Session s, long after, CancellationToken cancel) =>
        s.QueryAsync<AuditRow>($"select {Columns} from audit where seq > @after order by seq limit {Batch}", new { after }, cancel);

    // How many events a row vouches for, all of them right; null where one is not.
    private static async Task<long?> EventsAsync(Session s, AuditRow row, CancellationToken cancel)
    {
        if (!row.Detail.StartsWith("events ", StringComparison.Ordinal) || row.Digest.Length == 0) return 0;
        var versions = row.Detail[7..].Split('-').Select(v => long.Parse(v, CultureInfo.InvariantCulture)).ToArray();
        if (row.Subject.StartsWith(ActionJournal.Subject, StringComparison.Ordinal))
        {
            var done = await ActionJournal.PartAsync(s, row.Subject[ActionJournal.Subject.Length..], versions[0], versions[^1], cancel);
            return ActionJournal.DigestOf(done) == row.Digest ? done.Count : null;
        }
        if (!row.Subject.StartsWith("INC-", StringComparison.Ordinal))
        {
            var part = await Streams.PartAsync(s, row.Subject, versions[0], versions[^1], cancel);
            return Streams.DigestOf(part) == row.Digest ? part.Count : null;
        }
        if (IncidentIds.Parse(row.Subject) is not { } id) return 0;
        var events = await s.QueryAsync<EventRow>("select incident, version, position, at, type, person, body from events where incident = @Number and version >= @from and version <= @to order by version", new { id.Number, from = versions[0], to = versions[^1] }, cancel);
        return Journal.DigestOf(events) == row.Digest ? events.Count : null;
    }
}
