using NodaTime;
using Tocsin.Server.Ingest;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>One signal as people see it.</summary>
public sealed record SeenSignal(string Id, Instant At, string Source, string Environment, string Service, string Entry, string Fingerprint, string Title, string Text, long Count, string State, string? Incident, string Why);

/// <summary>Signals that no entry of the reference knows and that are of one kind.</summary>
/// <param name="Text">Of one of them.</param>
public sealed record UnknownPattern(string Fingerprint, string Environment, string Service, string Title, string Text, long Count, Instant First, Instant Last);

/// <param name="State">Empty: all.</param>
/// <param name="Before">Only those before: the next page of a list.</param>
public sealed record SignalFilter(Instant Since, string Fingerprint = "", string State = "", string Environment = "", string Service = "", Instant? Before = null, int Most = 100);

/// <summary>How many signals a minute had.</summary>
public sealed record SignalMinute(Instant At, string Service, long Count);

/// <summary>The signals of a time: as they came, and counted by minute.</summary>
public sealed class SignalHour(Database database)
{
    private const long Minute = 60_000_000;

    public Task<List<SeenSignal>> NewestAsync(Instant since, int most, CancellationToken cancel) => FindAsync(new SignalFilter(since, Most: most), cancel);

    /// <summary>The newest first.</summary>
    public async Task<List<SeenSignal>> FindAsync(SignalFilter filter, CancellationToken cancel)
    {
        var where = new List<string> { "at >= @since" };
        if (filter.Before is not null) where.Add("at < @before");
        if (filter.Fingerprint.Length > 0) where.Add("fingerprint = @Fingerprint");
        if (filter.State.Length > 0) where.Add("state = @State");
        if (filter.Environment.Length > 0) where.Add("environment = @Environment");
        if (filter.Service.Length > 0) where.Add("service = @Service");
        var rows = await database.ReadAsync(
            (s, c) => s.QueryAsync<SignalRow>($"select {SignalRow.Columns} from signals where {string.Join(" and ", where)} order by at desc, id desc limit @Most", new { since = Micros.Of(filter.Since), before = Micros.Of(filter.Before), filter.Fingerprint, filter.State, filter.Environment, filter.Service, filter.Most }, c),
            cancel);
        return rows.ConvertAll(Seen);
    }

    /// <summary>By entry: how often and when last, and where. Nothing but an index is read.</summary>
    public async Task<List<(string Entry, string Environment, string Service, long Count, Instant Last)>> ByEntryAsync(Instant since, CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<(string Entry, string Environment, string Service, long Count, long Last)>("select entry, environment, service, cast(sum(count) as bigint), max(at) from signals where at >= @since and entry <> '' group by entry, environment, service", new { since = Micros.Of(since) }, c), cancel))
        .ConvertAll(r => (r.Entry, r.Environment, r.Service, r.Count, Micros.At(r.Last)));

    /// <summary>How often an entry was seen in each of equal parts of the time from <paramref name="since"/> on; only parts in which it was.</summary>
    public Task<List<(long Part, long Count)>> OfEntryAsync(string entry, Instant since, Duration each, CancellationToken cancel) => database.ReadAsync(
        (s, c) => s.QueryAsync<(long Part, long Count)>("select (at - @since) / @each as part, cast(sum(count) as bigint) from signals where at >= @since and entry = @entry group by (at - @since) / @each", new { entry, since = Micros.Of(since), each = (long)each.TotalSeconds * Micros.PerSecond }, c),
        cancel);

    /// <summary>The most frequent first.</summary>
    public async Task<List<UnknownPattern>> UnknownAsync(Instant since, int most, CancellationToken cancel) =>
        (await database.ReadAsync(
            (s, c) => s.QueryAsync<(string Fingerprint, string Environment, string Service, string Title, string Text, long Count, long First, long Last)>(
                "select fingerprint, environment, service, max(title) as title, max(text) as text, cast(sum(count) as bigint) as count, min(at) as first, max(at) as last from signals where at >= @since and entry = '' and ends = 0 group by fingerprint, environment, service order by 6 desc limit @most",
                new { since = Micros.Of(since), most },
                c),
            cancel))
        .ConvertAll(r => new UnknownPattern(r.Fingerprint, r.Environment, r.Service, r.Title, r.Text, r.Count, Micros.At(r.First), Micros.At(r.Last)));

    private static SeenSignal Seen(SignalRow r) => new SeenSignal(r.Id, Micros.At(r.At), r.Source.ToLowerInvariant(), r.Environment, r.Service, r.Entry, r.Fingerprint, r.Title, r.Text, r.Count, r.State, r.Incident is { } n ? $"INC-{n}" : null, r.Why);

    public async Task<List<SignalMinute>> ByMinuteAsync(Instant since, CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<(long At, string Service, long Count)>($"select at / {Minute} as minute, service, cast(sum(count) as bigint) from signals where at >= @since group by at / {Minute}, service order by 1", new { since = Micros.Of(since) }, c), cancel))
        .ConvertAll(r => new SignalMinute(Micros.At(r.At * Minute), r.Service, r.Count));
}
