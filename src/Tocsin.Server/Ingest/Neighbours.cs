using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Catalog;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>What is asked of the database to place a signal: the incidents it may belong to, and how often the same was seen.</summary>
public static class Neighbours
{
    private const string Columns = "number, environment, service, entry, opened, last_signal as LastSignal, resolved, storm";

    /// <summary>The incidents that could take the signal, and those of the last minutes, by which a storm is seen.</summary>
    public static async Task<List<KnownIncident>> OfAsync(Session s, Signal signal, CorrelationRule rule, CancellationToken cancel)
    {
        var rows = await s.QueryAsync<IncidentRow>(
            $"""
            select {Columns} from incidents where lower(environment) = lower(@Environment) and merged_into is null and resolved is null and (service = @Service or storm = 1)
            union select {Columns} from incidents where lower(environment) = lower(@Environment) and merged_into is null and declared >= @storm
            union select {Columns} from incidents where lower(environment) = lower(@Environment) and merged_into is null and number in (select incident from fingerprints where fingerprint = @Fingerprint)
              and (resolved is null or resolved >= @reopen)
            """,
            new { signal.Environment, signal.Service, signal.Fingerprint, storm = Micros.Of(signal.At - rule.StormWithin), reopen = Micros.Of(signal.At - rule.Reopen) },
            cancel);
        if (rows.Count == 0) return [];
        var known = await s.QueryAsync<(long Incident, string Fingerprint)>($"select incident, fingerprint from fingerprints where incident {s.Dialect.OneOf} and fingerprint = @Fingerprint", new { many = rows.Select(r => r.Number).ToArray(), signal.Fingerprint }, cancel);
        return rows.ConvertAll(r => new KnownIncident(r.Id, r.Environment, r.Service, r.Entry, [.. known.Where(k => k.Incident == r.Number).Select(k => k.Fingerprint)], Times(r.Opened), Micros.At(r.LastSignal), Micros.At(r.Resolved), r.Storm == 1));
    }

    /// <summary>The severity at which an entry's page rule lets a text open an incident; null while it does not.</summary>
    public static async Task<(Severity? Severity, string Why)> PageAsync(Session s, Signal signal, Entry entry, CancellationToken cancel)
    {
        if (entry.Page.Any.IsEmpty) return (null, entry.Page.Never);
        foreach (var when in entry.Page.Any.Where(w => w.Impact.Length == 0))
        {
            var severity = Enum.Parse<Severity>(when.Severity);
            if (when.Count > 0 && await CountAsync(s, signal, when.WithinSeconds, cancel) is var count && count >= when.Count)
                return (severity, string.Create(CultureInfo.InvariantCulture, $"{entry.Id} {count} times within {when.WithinSeconds} s, {when.Count} page"));
            if (when.LastingSeconds > 0 && await LastsAsync(s, signal, when.LastingSeconds, cancel))
                return (severity, string.Create(CultureInfo.InvariantCulture, $"{entry.Id} for {when.LastingSeconds} s"));
        }
        return (null, $"{entry.Id} is counted; its page rule does not hold yet");
    }

    /// <summary>Counts the signal where it belongs; gives whether this incident saw its fingerprint for the first time.</summary>
    public static async Task<bool> CountAsync(Session s, Signal signal, IncidentId id, CancellationToken cancel)
    {
        var at = Micros.Of(signal.At);
        await s.ExecuteAsync("update incidents set last_signal = case when last_signal > @at then last_signal else @at end, signals = signals + @Count where number = @Number", new { at, signal.Count, id.Number }, cancel);
        var total = await s.FirstAsync<long>(
            "insert into fingerprints (fingerprint, incident, entry, service, count, first, last) values (@Fingerprint, @Number, @Entry, @Service, @Count, @at, @at) on conflict (fingerprint, incident) do update set count = fingerprints.count + @Count, last = @at returning count",
            new { signal.Fingerprint, id.Number, signal.Entry, signal.Service, signal.Count, at },
            cancel);
        return total == signal.Count;
    }

    private static async Task<long> CountAsync(Session s, Signal signal, long seconds, CancellationToken cancel) =>
        await s.FirstAsync<long>(
            "select cast(coalesce(sum(count), 0) as bigint) from signals where entry = @Entry and environment = @Environment and service = @Service and ends = 0 and at > @since and at <= @at",
            new { signal.Entry, signal.Environment, signal.Service, at = Micros.Of(signal.At), since = Micros.Of(signal.At) - (seconds * 1_000_000) },
            cancel);

    // It lasts where it was seen that long ago, and no part as long as half of it went by without it.
    private static async Task<bool> LastsAsync(Session s, Signal signal, long seconds, CancellationToken cancel)
    {
        var at = Micros.Of(signal.At);
        var times = await s.QueryAsync<long>(
            "select at from signals where entry = @Entry and environment = @Environment and service = @Service and ends = 0 and at >= @since and at <= @at order by at desc",
            new { signal.Entry, signal.Environment, signal.Service, at, since = at - (seconds * 1_500_000) },
            cancel);
        var last = at;
        foreach (var time in times)
        {
            if (last - time > seconds * 500_000) return false;
            last = time;
            if (at - time >= seconds * 1_000_000) return true;
        }
        return false;
    }

    private static ImmutableArray<NodaTime.Instant> Times(string opened) =>
        [.. opened.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(t => Micros.At(long.Parse(t, CultureInfo.InvariantCulture)))];
}
