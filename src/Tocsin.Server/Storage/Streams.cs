using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Incidents;

namespace Tocsin.Server.Storage;

/// <summary>One stream beside those of incidents, as lists show it.</summary>
public sealed record StreamRow
{
    public string Id { get; init; } = "";

    /// <summary>run, post-mortem or status.</summary>
    public string Kind { get; init; } = "";
    public long? Incident { get; init; }
    public long Version { get; init; }
    public long Begun { get; init; }
    public long Changed { get; init; }

    /// <summary>One word by which lists choose.</summary>
    public string State { get; init; } = "";
    public string Title { get; init; } = "";

    /// <summary>When the clock looks at it next; null: never.</summary>
    public long? Due { get; init; }

    public IncidentId? Of => Incident is { } number ? new IncidentId((int)number) : null;
}

/// <summary>One event of such a stream as it is stored.</summary>
public sealed record StreamEventRow(string Stream, long Version, long At, string Type, string Person, string Body);

/// <summary>
/// Streams of events beside those of incidents: read, and append. With the events stand or fall the row of the list and the row of the audit log. Who appends
/// to an incident as well does that first: position and audit chain are locked in that order everywhere.
/// </summary>
public static class Streams
{
    private const string Columns = "id, kind, incident, version, begun, changed, state, title, due";
    private const string EventColumns = "stream, version, at, type, person, body";

    public static Task<StreamRow?> RowAsync(Session s, string id, CancellationToken cancel) =>
        s.FirstAsync<StreamRow>($"select {Columns} from streams where id = @id", new { id }, cancel);

    /// <summary>As above, and nobody else appends to it until the transaction ends.</summary>
    public static Task<StreamRow?> HoldAsync(Session s, string id, CancellationToken cancel) =>
        s.FirstAsync<StreamRow>($"select {Columns} from streams where id = @id{s.Dialect.ForUpdate}", new { id }, cancel);

    public static Task<List<StreamRow>> OfIncidentAsync(Session s, IncidentId incident, string kind, CancellationToken cancel) =>
        s.QueryAsync<StreamRow>($"select {Columns} from streams where incident = @Number and kind = @kind order by begun, id", new { incident.Number, kind }, cancel);

    public static Task<List<StreamEventRow>> EventsAsync(Session s, string id, CancellationToken cancel) =>
        s.QueryAsync<StreamEventRow>($"select {EventColumns} from stream_events where stream = @id order by version", new { id }, cancel);

    /// <summary>Of many streams at once.</summary>
    public static async Task<ILookup<string, StreamEventRow>> EventsOfAllAsync(Session s, IEnumerable<string> ids, CancellationToken cancel) =>
        (await s.QueryAsync<StreamEventRow>($"select {EventColumns} from stream_events where stream {s.Dialect.OneOf} order by stream, version", new { many = ids.ToArray() }, cancel)).ToLookup(e => e.Stream, StringComparer.Ordinal);

    /// <summary>Throws <see cref="StaleException"/> where the stream has moved on since it was read.</summary>
    /// <param name="before">As it was held; null: it begins here.</param>
    /// <param name="after">With its new state and title; version and times are set here.</param>
    public static async Task<StreamRow> AppendAsync(Session s, StreamRow? before, StreamRow after, IReadOnlyList<(long At, string Type, string Person, string Body)> events, CancellationToken cancel)
    {
        var version = before?.Version ?? 0;
        var rows = events.Select(e => new StreamEventRow(after.Id, ++version, e.At, e.Type, e.Person, e.Body)).ToImmutableArray();
        after = after with { Version = version, Begun = before?.Begun ?? rows[0].At, Changed = rows[^1].At };
        if (before is null) await s.InsertAsync("streams", Columns, [[after.Id, after.Kind, after.Incident, after.Version, after.Begun, after.Changed, after.State, after.Title, after.Due]], "", cancel);
        else
        {
            var saved = await s.ExecuteAsync("update streams set version = @Version, changed = @Changed, state = @State, title = @Title, due = @Due where id = @Id and version = @was", new { after.Id, after.Version, after.Changed, after.State, after.Title, after.Due, was = before.Version }, cancel);
            if (saved != 1) throw new StaleException($"{after.Id} has moved on since it was read");
        }
        await s.InsertAsync("stream_events", EventColumns, [.. rows.Select(e => new object?[] { e.Stream, e.Version, e.At, e.Type, e.Person, e.Body })], "", cancel);
        await AuditChain.AppendAsync(s, [EntryOf(after, rows)], cancel);
        return after;
    }

    /// <summary>What the audit log says of these events.</summary>
    public static string DigestOf(IEnumerable<StreamEventRow> rows) =>
        AuditChain.Digest(rows.SelectMany(r => new[] { r.Stream, r.Version.ToString(CultureInfo.InvariantCulture), r.At.ToString(CultureInfo.InvariantCulture), r.Type, r.Person, r.Body }));

    /// <summary>The events of a stream that a row of the audit log vouches for.</summary>
    public static Task<List<StreamEventRow>> PartAsync(Session s, string id, long from, long to, CancellationToken cancel) =>
        s.QueryAsync<StreamEventRow>($"select {EventColumns} from stream_events where stream = @id and version >= @from and version <= @to order by version", new { id, from, to }, cancel);

    private static AuditEntry EntryOf(StreamRow stream, ImmutableArray<StreamEventRow> rows) => new(
        rows[^1].At,
        rows.Select(r => r.Person).FirstOrDefault(p => p.Length > 0) ?? "",
        $"{stream.Kind}: {string.Join(' ', rows.Select(r => r.Type).Distinct(StringComparer.Ordinal))}",
        stream.Id,
        string.Create(CultureInfo.InvariantCulture, $"events {rows[0].Version}-{rows[^1].Version}"),
        DigestOf(rows));
}
