using System.Globalization;
using System.Text;
using Tocsin.Server.Clock;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <summary>Prometheus' text format. Counts come from the database, so that every node tells the same and a restart forgets nothing.</summary>
public sealed class Metrics(Database database, ServerState state, Watchdog dog, ServerOptions options, TimeProvider time)
{
    public async Task<string> WriteAsync(CancellationToken cancel)
    {
        var text = new StringBuilder();
        Add(text, "tocsin_live", "gauge", "Whether pages leave.", [("", options.Live ? 1 : 0)]);
        Add(text, "tocsin_database_up", "gauge", "Whether the database answers.", [("", state.DatabaseDownSince is null ? 1 : 0)]);
        AddWatchdog(text);
        await database.ReadAsync(
            async (s, c) =>
            {
                await AddAsync(s, text, "tocsin_incidents_open", "gauge", "Open incidents.", "select 'severity=\"P' || severity || '\"', count(*) from incidents where resolved is null and merged_into is null group by severity", c);
                await AddAsync(s, text, "tocsin_signals_total", "counter", "Signals that were kept, by where they went.", "select 'state=\"' || state || '\"', cast(sum(count) as bigint) from signals group by state", c);
                await AddAsync(s, text, "tocsin_pages_total", "counter", "Pages by channel and how their sending stands.", "select 'channel=\"' || channel || '\",state=\"' || state || '\"', count(*) from outbox where purpose = 'page' group by channel, state", c);
                await AddAsync(s, text, "tocsin_pages_possibly_doubled_total", "counter", "Pages that were sent again because nobody knew whether they arrived.", "select '', count(*) from outbox where doubts > 0 and attempts > 1", c);
                await AddAsync(s, text, "tocsin_events_total", "counter", "Events of all incidents.", "select '', coalesce(max(position), 0) from events", c);
                var due = await s.FirstAsync<long?>("select min(due) from incidents where due is not null", null, c);
                Add(text, "tocsin_clock_behind_seconds", "gauge", "How long the oldest deadline has been due.", [("", due is { } at ? Math.Max(0, (Micros.Of(time.Now()) - at) / 1_000_000) : 0)]);
                return true;
            },
            cancel);
        Add(text, "tocsin_memory_bytes", "gauge", "What this process holds.", [("", Environment.WorkingSet)]);
        return text.ToString();
    }

    private void AddWatchdog(StringBuilder text)
    {
        if (dog.Last is not { } look) return;
        Add(text, "tocsin_watchdog_dead", "gauge", "What the watchdog found overdue or not waited for; 0: every deadline is alive.", [("", look.Dead.Length)]);
        Add(text, "tocsin_watchdog_incidents", "gauge", "Incidents whose next deadline the watchdog recomputed.", [("", look.Incidents)]);
        Add(text, "tocsin_watchdog_age_seconds", "gauge", "How long ago the watchdog looked.", [("", (long)(time.Now() - look.At).TotalSeconds)]);
        if (dog.Pinged is { } pinged) Add(text, "tocsin_watchdog_ping_age_seconds", "gauge", "How long ago the address outside was reached.", [("", (long)(time.Now() - pinged).TotalSeconds)]);
    }

    private static async Task AddAsync(Session s, StringBuilder text, string name, string kind, string help, string sql, CancellationToken cancel) =>
        Add(text, name, kind, help, await s.QueryAsync<(string Labels, long Value)>(sql, null, cancel));

    private static void Add(StringBuilder text, string name, string kind, string help, IEnumerable<(string Labels, long Value)> samples)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {kind}\n");
        foreach (var (labels, value) in samples) text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {value}\n");
    }
}
