using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tocsin.Server.Clock;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <summary>One number of a metric, with what tells it from the others of the same name.</summary>
public sealed record Sample(ImmutableArray<(string Name, string Value)> Labels, long Value);

/// <param name="IsCounter">It only grows.</param>
public sealed record Metric(string Name, bool IsCounter, string Help, ImmutableArray<Sample> Samples);

/// <summary>What is counted. Counts come from the database, so that every node tells the same and a restart forgets nothing.</summary>
public sealed partial class Metrics(Database database, ServerState state, Watchdog dog, ServerOptions options, TimeProvider time)
{
    /// <summary>Prometheus' text format.</summary>
    public async Task<string> WriteAsync(CancellationToken cancel)
    {
        var text = new StringBuilder();
        foreach (var metric in await ReadAsync(cancel))
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {metric.Name} {metric.Help}\n# TYPE {metric.Name} {(metric.IsCounter ? "counter" : "gauge")}\n");
            foreach (var (labels, value) in metric.Samples) text.Append(CultureInfo.InvariantCulture, $"{metric.Name}{(labels.IsEmpty ? "" : $"{{{string.Join(',', labels.Select(l => $"{l.Name}=\"{l.Value}\""))}}}")} {value}\n");
        }
        return text.ToString();
    }

    public async Task<List<Metric>> ReadAsync(CancellationToken cancel)
    {
        var all = new List<Metric>
        {
            Gauge("tocsin_live", "Whether pages leave.", options.Live ? 1 : 0),
            Gauge("tocsin_database_up", "Whether the database answers.", state.DatabaseDownSince is null ? 1 : 0),
        };
        all.AddRange(OfTheWatchdog());
        await database.ReadAsync(
            async (s, c) =>
            {
                all.Add(await CountAsync(s, "tocsin_incidents_open", isCounter: false, "Open incidents.", "select 'severity=\"P' || severity || '\"', count(*) from incidents where resolved is null and merged_into is null group by severity", c));
                all.Add(await CountAsync(s, "tocsin_signals_total", isCounter: true, "Signals that were kept, by where they went.", "select 'state=\"' || state || '\"', cast(sum(count) as bigint) from signals group by state", c));
                all.Add(await CountAsync(s, "tocsin_pages_total", isCounter: true, "Pages by channel and how their sending stands.", "select 'channel=\"' || channel || '\",state=\"' || state || '\"', count(*) from outbox where purpose = 'page' group by channel, state", c));
                all.Add(await CountAsync(s, "tocsin_pages_possibly_doubled_total", isCounter: true, "Pages that were sent again because nobody knew whether they arrived.", "select '', count(*) from outbox where doubts > 0 and attempts > 1", c));
                all.Add(await CountAsync(s, "tocsin_events_total", isCounter: true, "Events of all incidents.", "select '', coalesce(max(position), 0) from events", c));
                var due = await s.FirstAsync<long?>("select min(due) from incidents where due is not null", null, c);
                all.Add(Gauge("tocsin_clock_behind_seconds", "How long the oldest deadline has been due.", due is { } at ? Math.Max(0, (Micros.Of(time.Now()) - at) / 1_000_000) : 0));
                return true;
            },
            cancel);
        all.Add(Gauge("tocsin_memory_bytes", "What this process holds.", Environment.WorkingSet));
        return all;
    }

    private IEnumerable<Metric> OfTheWatchdog()
    {
        if (dog.Last is not { } look) yield break;
        yield return Gauge("tocsin_watchdog_dead", "What the watchdog found overdue or not waited for; 0: every deadline is alive.", look.Dead.Length);
        yield return Gauge("tocsin_watchdog_incidents", "Incidents whose next deadline the watchdog recomputed.", look.Incidents);
        yield return Gauge("tocsin_watchdog_age_seconds", "How long ago the watchdog looked.", (long)(time.Now() - look.At).TotalSeconds);
        if (dog.Pinged is { } pinged) yield return Gauge("tocsin_watchdog_ping_age_seconds", "How long ago the address outside was reached.", (long)(time.Now() - pinged).TotalSeconds);
    }

    private static Metric Gauge(string name, string help, long value) => new(name, IsCounter: false, help, [new Sample([], value)]);

    private static async Task<Metric> CountAsync(Session s, string name, bool isCounter, string help, string sql, CancellationToken cancel)
    {
        var rows = await s.QueryAsync<(string Labels, long Value)>(sql, null, cancel);
        return new Metric(name, isCounter, help, [.. rows.Select(r => new Sample([.. Label().Matches(r.Labels).Select(m => (m.Groups[1].Value, m.Groups[2].Value))], r.Value))]);
    }

    [GeneratedRegex("([a-z]+)=\"([^\"]*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Label();
}
