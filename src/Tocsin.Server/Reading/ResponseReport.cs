using System.Collections.Concurrent;
using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>A time over several incidents, in seconds; what is no number is counted apart.</summary>
public sealed record ReportTime(long? MeanSeconds, long? MedianSeconds, long? LongestSeconds, int Took, int NotYet, int NotApplicable, int Invalid)
{
    public static ReportTime Of(MetricTime t) => new(Seconds(t.Mean), Seconds(t.Median), Seconds(t.Longest), t.Took, t.NotYet, t.NotApplicable, t.Invalid);

    private static long? Seconds(Duration? time) => time is { } known ? (long)known.TotalSeconds : null;
}

/// <param name="ToAcknowledge">MTTA.</param>
/// <param name="ToResolve">MTTR.</param>
/// <param name="Kept">Promises: acknowledged, updated, fixed, written up in time.</param>
public sealed record ReportRow(string Name, int Incidents, ReportTime ToAcknowledge, ReportTime ToResolve, int Kept, int Missed, int Open);

/// <param name="Pages">To this person, in the time of the report.</param>
/// <param name="AtNight">Of them between 22 and 6 UTC.</param>
/// <param name="Hours">All of them by the hour of the day in UTC, from midnight on.</param>
public sealed record ReportPerson(string Person, int Pages, int AtNight, int Acknowledged, ImmutableArray<long> Hours);

/// <param name="Cut">Whether there were more incidents than are counted.</param>
public sealed record ReportWhole(Instant From, Instant To, string By, int Incidents, bool Cut, ImmutableArray<ReportRow> Rows, ImmutableArray<ReportPerson> People);

/// <summary>MTTA, MTTR and promises over the incidents of some days, from their events.</summary>
public sealed class ResponseReport(Database database, Journal journal, TimeProvider time)
{
    public const int MostDays = 366;
    private const int Most = 2000;
    private const int Batch = 100;
    private readonly ConcurrentDictionary<long, (long Version, IncidentAccount Account)> known = new();

    public async Task<ReportWhole> OfAsync(MetricGroup by, int days, CancellationToken cancel)
    {
        var now = time.Now();
        var from = now - Duration.FromDays(days);
        var rows = await database.ReadAsync((s, c) => s.QueryAsync<(long Number, long Version)>("select number, version from incidents where declared >= @from and merged_into is null order by number desc limit @most", new { from = Micros.Of(from), most = Most + 1 }, c), cancel);
        var counted = rows.Take(Most).ToList();
        foreach (var missing in counted.Where(r => !known.TryGetValue(r.Number, out var seen) || seen.Version != r.Version).Chunk(Batch)) await ReadAsync([.. missing], cancel);
        if (known.Count > Most * 2) known.Clear();
        var accounts = counted.Select(r => known.GetValueOrDefault(r.Number).Account).OfType<IncidentAccount>().ToList();
        return new ReportWhole(from, now, by.ToString().ToLowerInvariant(), accounts.Count, rows.Count > Most, [.. ResponseMetrics.Of(accounts, by).Select(Row)], People(accounts));
    }

    private Task<bool> ReadAsync((long Number, long Version)[] wanted, CancellationToken cancel) => database.ReadAsync(
        async (s, c) =>
        {
            foreach (var (number, _) in wanted)
            {
                var events = await journal.EventsAsync(s, new IncidentId((int)number), c);
                // Without what only a single document shows: a thousand timelines are much.
                if (AccountOfEvents.Of(events, [], []) is { } account) known[number] = (events.Length, account with { Timeline = [], Errors = [], Alarms = [] });
            }
            return true;
        },
        cancel);

    private static ReportRow Row(MetricRow r) => new(r.Name, r.Incidents, ReportTime.Of(r.ToAcknowledge), ReportTime.Of(r.ToResolve), r.Kept, r.Missed, r.Open);

    private static ImmutableArray<ReportPerson> People(List<IncidentAccount> accounts) =>
    [
        .. accounts.SelectMany(a => a.Pages).GroupBy(p => p.Person, StringComparer.Ordinal)
            .Select(g => new ReportPerson(g.Key, g.Count(), g.Count(p => p.At.InUtc().Hour is >= 22 or < 6), g.Count(p => p.Acknowledged is not null), [.. Enumerable.Range(0, 24).Select(h => (long)g.Count(p => p.At.InUtc().Hour == h))]))
            .OrderByDescending(p => p.Pages).ThenBy(p => p.Person, StringComparer.Ordinal),
    ];
}
