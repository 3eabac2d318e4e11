using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Server.Storage;

/// <summary>Events to add to one incident.</summary>
/// <param name="Before">As it was read; null: it begins here.</param>
/// <param name="After">With the events.</param>
public sealed record Append(Incident? Before, Incident After, ImmutableArray<IncidentEvent> Events)
{
    public IncidentId Id => After.Id;

    public static Append Of(Incident before, ImmutableArray<IncidentEvent> events) => new(before, before.With(events), events);

    public static Append Start(ImmutableArray<IncidentEvent> events) => new(null, IncidentFold.Of(events)!, events);
}

/// <summary>One event as it is stored.</summary>
public sealed record EventRow(long Incident, long Version, long Position, long At, string Type, string Person, string Body);

/// <summary>
/// The events of all incidents: read, and append. With the events stand or fall the row of the list, the next deadline, the pages to send and the row of
/// the audit log.
/// </summary>
/// <param name="keepsAlarm">Whether a channel must be told when a page is over.</param>
/// <param name="tracked">Whether what nobody is paged for becomes an issue.</param>
public sealed class Journal(EventJson json, Func<string, bool> keepsAlarm, bool tracked)
{
    private const string EventColumns = "incident, version, position, at, type, person, body";
    private readonly FoldedIncidents folded = new();

    /// <summary>Called after a commit that holds new events.</summary>
    public Action Appended { get; set; } = static () => { };

    public async Task<Incident?> ReadAsync(Session s, IncidentId id, CancellationToken cancel) => IncidentFold.Of(await EventsAsync(s, id, cancel));

    /// <summary>As above, and nobody else appends to it until the transaction ends.</summary>
    public async Task<Incident?> HoldAsync(Session s, IncidentId id, CancellationToken cancel) => (await HoldAsync(s, $"number = {id.Number}", null, s.Dialect.ForUpdate, cancel)).FirstOrDefault();

    /// <summary>Several at once; those who hold more than one hold them in the order of their numbers, so that nobody waits in a circle.</summary>
    public Task<List<Incident>> HoldAllAsync(Session s, IReadOnlyList<long> numbers, CancellationToken cancel) => HoldAsync(s, $"number in ({Listed(numbers)}) order by number", null, s.Dialect.ForUpdate, cancel);

    /// <summary>As they stand, for a list: nobody is kept from changing them.</summary>
    public Task<List<Incident>> LookAllAsync(Session s, IReadOnlyList<long> numbers, CancellationToken cancel) => HoldAsync(s, $"number in ({Listed(numbers)}) order by number", null, "", cancel);

    /// <summary>Those that are due, the earliest first; what another node holds is left to it.</summary>
    /// <param name="which">More of the condition, and the order.</param>
    public Task<List<Incident>> HoldDueAsync(Session s, Instant now, string which, CancellationToken cancel) => HoldAsync(s, $"due <= @now {which}", new { now = Micros.Of(now) }, s.Dialect.ForUpdateSkipLocked, cancel);

    // Known states are used as they are; of all others the events are read.
    private async Task<List<Incident>> HoldAsync(Session s, string which, object? args, string hold, CancellationToken cancel)
    {
        var held = await s.QueryAsync<IncidentVersion>($"select number, version, mark from incidents where {which}{hold}", args, cancel);
        var found = held.ConvertAll(folded.Find);
        var unknown = held.Where((_, i) => found[i] is null).ToList();
        if (unknown.Count == 0) return found!;
        var read = (await ReadAllAsync(s, unknown.ConvertAll(h => h.Number), cancel)).ToDictionary(i => (long)i.Id.Number);
        // What is read outside a transaction is committed already.
        void RememberAll() => unknown.ForEach(h => Remember(read.GetValueOrDefault(h.Number), h));
        if (s.Transaction is null) RememberAll();
        else s.AfterCommit(RememberAll);
        return [.. held.Select((h, i) => found[i] ?? read.GetValueOrDefault(h.Number)).OfType<Incident>()];
    }

    private void Remember(Incident? state, IncidentVersion of)
    {
        if (state?.Version == of.Version) folded.Keep(state, of.Mark);
    }

    private static string Listed(IEnumerable<long> numbers) => string.Join(',', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));

    public async Task<ImmutableArray<IncidentEvent>> EventsAsync(Session s, IncidentId id, CancellationToken cancel) =>
        await ReadAsync(s, await s.QueryAsync<EventRow>($"select {EventColumns} from events where incident = @Number order by version", new { id.Number }, cancel), cancel);

    /// <summary>The streams of many incidents at once.</summary>
    public async Task<List<Incident>> ReadAllAsync(Session s, IReadOnlyList<long> numbers, CancellationToken cancel)
    {
        var rows = await s.QueryAsync<EventRow>($"select {EventColumns} from events where incident in ({Listed(numbers)}) order by incident, version", null, cancel);
        var events = await ReadAsync(s, rows, cancel);
        var incidents = new List<Incident>(numbers.Count);
        for (int start = 0, end; start < rows.Count; start = end)
        {
            for (end = start; end < rows.Count && rows[end].Incident == rows[start].Incident; end++) continue;
            if (IncidentFold.Of(events[start..end]) is { } incident) incidents.Add(incident);
        }
        return incidents;
    }

    public async Task<ImmutableArray<IncidentEvent>> ReadAsync(Session s, IReadOnlyList<EventRow> rows, CancellationToken cancel)
    {
        foreach (var digest in rows.Select(r => json.Unknown(r.Type, r.Body)).OfType<string>().Distinct(StringComparer.Ordinal).ToList())
        {
            var body = await s.FirstAsync<string>("select body from policies where digest = @digest", new { digest }, cancel) ?? throw new SchemaException($"the database lacks the policy {digest} that an incident started with");
            json.Know(digest, body);
        }
        return [.. rows.Select(r => json.Read(r.Type, r.Body))];
    }

    public async Task<IncidentId> NextIdAsync(Session s, CancellationToken cancel) => new((int)await s.TakeAsync("incident", 1, cancel));

    /// <summary>Throws <see cref="StaleException"/> where an incident has moved on since it was read.</summary>
    public async Task AppendAsync(Session s, IReadOnlyList<Append> appends, CancellationToken cancel)
    {
        // All that can be made before is: from the first counter on, whoever else appends waits.
        var all = appends.Where(a => !a.Events.IsEmpty).Select(Stored).ToList();
        if (all.Count == 0) return;
        await SaveRowsAsync(s, all, cancel);
        foreach (var start in all.SelectMany(a => a.Append.Events).OfType<Declared>())
        {
            var (digest, body) = json.Freeze(start.Policy);
            await s.ExecuteAsync("insert into policies (digest, body) values (@digest, @body) on conflict (digest) do nothing", new { digest, body }, cancel);
        }
        await s.InsertAsync("outbox", OutboxRows.Columns, [.. all.SelectMany(a => OutboxRows.Of(a.Append, keepsAlarm, tracked))], "on conflict (id) do nothing", cancel);
        await InsertEventsAsync(s, all, cancel);
        s.AfterCommit(() => all.ForEach(a => folded.Keep(a.Append.After, a.Mark)));
        s.AfterCommit(Appended);
    }

    private StoredAppend Stored(Append append)
    {
        var version = append.After.Version - append.Events.Length;
        var rows = append.Events.Select(e => new EventRow(append.Id.Number, ++version, 0, Micros.Of(e.At), EventJson.NameOf(e), e.By, json.Write(e))).ToList();
        return new StoredAppend(append, rows, EntryOf(append.Id, rows));
    }

    private static async Task InsertEventsAsync(Session s, List<StoredAppend> all, CancellationToken cancel)
    {
        var count = all.Sum(a => a.Rows.Count);
        var position = await s.TakeAsync("position", count, cancel) - count;
        await s.InsertAsync("events", EventColumns, [.. all.SelectMany(a => a.Rows).Select(e => new object?[] { e.Incident, e.Version, ++position, e.At, e.Type, e.Person, e.Body })], "", cancel);
        await AuditChain.AppendAsync(s, all.ConvertAll(a => a.Audit), cancel);
    }

    private static AuditEntry EntryOf(IncidentId id, List<EventRow> rows) => new(
        rows[^1].At,
        rows.Select(r => r.Person).FirstOrDefault(p => p.Length > 0) ?? "",
        string.Join(' ', rows.Select(r => r.Type).Distinct(StringComparer.Ordinal)),
        id.ToString(),
        string.Create(CultureInfo.InvariantCulture, $"events {rows[0].Version}-{rows[^1].Version}"),
        DigestOf(rows));

    /// <summary>What the audit log says of these events; who changes one of them is found out.</summary>
    public static string DigestOf(IEnumerable<EventRow> rows) =>
        AuditChain.Digest(rows.SelectMany(r => new[] { r.Incident.ToString(CultureInfo.InvariantCulture), r.Version.ToString(CultureInfo.InvariantCulture), r.At.ToString(CultureInfo.InvariantCulture), r.Type, r.Person, r.Body }));

    // Rows that another node changed meanwhile are not overwritten: either their version is behind, or their events collide.
    private static async Task SaveRowsAsync(Session s, List<StoredAppend> all, CancellationToken cancel)
    {
        var saved = await s.InsertAsync("incidents", IncidentRow.Columns, all.ConvertAll(a => IncidentRow.Of(a.Append, a.Mark).Values), IncidentRow.OnConflict, cancel);
        if (saved != all.Count) throw new StaleException($"{all.Count - saved} of {all.Count} incidents have moved on since they were read");
    }

    // An append as it is written, but for its place in the order of all events.
    private sealed record StoredAppend(Append Append, List<EventRow> Rows, AuditEntry Audit)
    {
        private const int MarkDigits = 16;

        public long Mark => long.Parse(Audit.Digest.AsSpan(0, MarkDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
