using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>One incident as a list shows it.</summary>
public sealed record IncidentSummary(
    IncidentId Id,
    long Version,
    string Title,
    string Environment,
    string Service,
    string Entry,
    Severity Severity,
    string Phase,
    Instant ImpactStart,
    Instant Declared,
    Instant? Acknowledged,
    Instant? Mitigated,
    Instant? Resolved,
    string HeldBy,
    Instant? LeaseUntil,
    Instant? AcknowledgeBy,
    Instant? UpdateBy,
    Instant? NextDue,
    string NextDueWhy,
    long Signals,
    bool Storm,
    long Alarms,
    string Verdict,
    IncidentId? MergedInto)
{
    public static IncidentSummary Of(IncidentRow r) => new(
        r.Id, r.Version, r.Title, r.Environment, r.Service, r.Entry, r.Level, r.Phase, Micros.At(r.Impact), Micros.At(r.Declared), Micros.At(r.Acknowledged), Micros.At(r.Mitigated), Micros.At(r.Resolved),
        r.HeldBy, Micros.At(r.LeaseUntil), Micros.At(r.AcknowledgeBy), Micros.At(r.UpdateBy), Micros.At(r.Due), r.DueWhy, r.Signals, r.Storm == 1, r.Alarms, r.Verdict, r.MergedInto is { } other ? new IncidentId((int)other) : null);
}

/// <param name="Open">True: only open ones; false: only ended ones; null: all.</param>
/// <param name="Before">Only with lower numbers: the next page of a list.</param>
public sealed record IncidentFilter(bool? Open = null, Severity? Severity = null, string Environment = "", string Service = "", string Entry = "", int? Before = null, int Most = 50);

/// <summary>Lists of incidents, the newest first.</summary>
public sealed class IncidentList(Database database)
{
    public async Task<List<IncidentSummary>> FindAsync(IncidentFilter filter, CancellationToken cancel)
    {
        var where = new List<string> { "1 = 1" };
        if (filter.Open is true) where.Add("resolved is null and merged_into is null");
        if (filter.Open is false) where.Add("(resolved is not null or merged_into is not null)");
        if (filter.Severity is not null) where.Add("severity = @level");
        if (filter.Environment.Length > 0) where.Add("environment = @Environment");
        if (filter.Service.Length > 0) where.Add("service = @Service");
        if (filter.Entry.Length > 0) where.Add("entry = @Entry");
        if (filter.Before is not null) where.Add("number < @Before");
        var rows = await database.ReadAsync(
            (s, c) => s.QueryAsync<IncidentRow>($"select {IncidentRow.Columns} from incidents where {string.Join(" and ", where)} order by number desc limit @Most", new { level = (long?)filter.Severity, filter.Environment, filter.Service, filter.Entry, filter.Before, filter.Most }, c),
            cancel);
        return rows.ConvertAll(IncidentSummary.Of);
    }

    public async Task<IncidentSummary?> OneAsync(IncidentId id, CancellationToken cancel) =>
        await database.ReadAsync((s, c) => s.FirstAsync<IncidentRow>($"select {IncidentRow.Columns} from incidents where number = @Number", new { id.Number }, c), cancel) is { } row ? IncidentSummary.Of(row) : null;

    /// <summary>How many are open of each severity.</summary>
    public async Task<Dictionary<Severity, long>> OpenAsync(CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<(long Severity, long Count)>("select severity, count(*) from incidents where resolved is null and merged_into is null group by severity", null, c), cancel)).ToDictionary(r => (Severity)r.Severity, r => r.Count);
}
