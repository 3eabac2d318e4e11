using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>One line of a timeline.</summary>
public sealed record TimelineEntry(long Version, Instant At, string Type, string By, string Text);

/// <summary>A page with how its sending went.</summary>
/// <param name="State">waiting, sending, sent, would or failed.</param>
/// <param name="PossibleDouble">An attempt may have arrived without anybody knowing, and it was sent again.</param>
public sealed record PageState(int Number, Instant At, string Person, string Channel, string Why, string State, string Outcome, long Attempts, bool PossibleDouble, ImmutableArray<Receipt> Receipts);

/// <summary>Errors that joined, with their counts.</summary>
public sealed record SeenError(string Fingerprint, string Entry, string Service, long Count, Instant First, Instant Last);

/// <summary>All of one incident.</summary>
public sealed record IncidentDetail(
    IncidentSummary Summary,
    ImmutableSortedDictionary<string, string> Roles,
    ImmutableArray<string> Alarms,
    AttachedDiagnosis? Diagnosis,
    ImpactFacts Impact,
    string Policy,
    string PostMortem,
    ImmutableArray<SeenError> Errors,
    ImmutableArray<IncidentSummary> Earlier,
    ImmutableArray<PageState> Pages,
    ImmutableArray<UpcomingDeadline> Ahead,
    ImmutableArray<TimelineEntry> Timeline,
    ImmutableArray<AccountAction> Actions,
    ImmutableArray<RecalledItem> ActionItems);

public sealed record UpcomingDeadline(Instant At, string Kind, string Why);

/// <summary>One incident with its timeline.</summary>
public sealed class IncidentRoom(Database database, Journal journal, IncidentList list)
{
    private const int MostEarlier = 5;

    public async Task<IncidentDetail?> ReadAsync(IncidentId id, CancellationToken cancel)
    {
        if (await list.OneAsync(id, cancel) is not { } summary) return null;
        return await database.ReadAsync(
            async (s, c) =>
            {
                var events = await journal.EventsAsync(s, id, c);
                var incident = IncidentFold.Of(events)!;
                return new IncidentDetail(
                    summary with { Version = incident.Version },
                    incident.Roles.ToImmutableSortedDictionary(r => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(r.Key.ToString()), r => r.Value, StringComparer.Ordinal),
                    incident.Alarms,
                    incident.Diagnosis,
                    incident.Facts,
                    incident.Policy.Version,
                    incident.PostMortem,
                    await ErrorsAsync(s, id, c),
                    await EarlierAsync(s, id, c),
                    await PagesAsync(s, incident, c),
                    [.. Deadlines.Of(incident).Take(10).Select(d => new UpcomingDeadline(d.At, System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(d.Kind.ToString()), d.Why))],
                    [.. events.Select((e, i) => new TimelineEntry(i + 1, e.At, EventJson.NameOf(e), e.By, EventWords.Whole(e)))],
                    AccountOfActions.Of(await ActionJournal.OfIncidentAsync(s, id, c)),
                    await IssueDesk.RecallAsync(s, id, incident.Entry, c));
            },
            cancel);
    }

    /// <summary>The events as they are, for decisions about them.</summary>
    public async Task<ImmutableArray<IncidentEvent>> EventsAsync(IncidentId id, CancellationToken cancel) => await database.ReadAsync((s, c) => journal.EventsAsync(s, id, c), cancel);

    /// <summary>The incident itself, for decisions about it.</summary>
    public Task<Incident?> StateAsync(IncidentId id, CancellationToken cancel) => database.ReadAsync((s, c) => journal.ReadAsync(s, id, c), cancel);

    public Task<List<OutboxRow>> OutboxAsync(IncidentId id, CancellationToken cancel) =>
        database.ReadAsync((s, c) => s.QueryAsync<OutboxRow>($"select {OutboxRows.Columns} from outbox where incident = @Number order by page", new { id.Number }, c), cancel);

    private static async Task<ImmutableArray<SeenError>> ErrorsAsync(Session s, IncidentId id, CancellationToken cancel) =>
    [
        .. (await s.QueryAsync<(string Fingerprint, string Entry, string Service, long Count, long First, long Last)>("select fingerprint, entry, service, count, first, last from fingerprints where incident = @Number order by count desc", new { id.Number }, cancel))
            .Select(f => new SeenError(f.Fingerprint, f.Entry, f.Service, f.Count, Micros.At(f.First), Micros.At(f.Last))),
    ];

    // What was seen before with the same fingerprint: its post-mortem may say what to do.
    private static async Task<ImmutableArray<IncidentSummary>> EarlierAsync(Session s, IncidentId id, CancellationToken cancel) =>
    [
        .. (await s.QueryAsync<IncidentRow>($"select {IncidentRow.Columns} from incidents where number < @Number and number in (select incident from fingerprints where fingerprint in (select fingerprint from fingerprints where incident = @Number)) order by number desc limit {MostEarlier}", new { id.Number }, cancel))
            .Select(IncidentSummary.Of),
    ];

    private static async Task<ImmutableArray<PageState>> PagesAsync(Session s, Incident incident, CancellationToken cancel)
    {
        var rows = (await s.QueryAsync<OutboxRow>($"select {OutboxRows.Columns} from outbox where incident = @Number and purpose = 'page'", new { incident.Id.Number }, cancel)).ToDictionary(r => r.Page);
        return [.. incident.Pages.Select(p => rows.GetValueOrDefault(p.Sent.Number, new OutboxRow { State = "unknown" }) is var row ? new PageState(p.Sent.Number, p.Sent.At, p.Sent.Person, p.Sent.Channel, p.Sent.Why, row.State, row.Outcome, row.Attempts, row.Doubts > 0 && row.Attempts > 1, p.Receipts) : null!)];
    }
}
