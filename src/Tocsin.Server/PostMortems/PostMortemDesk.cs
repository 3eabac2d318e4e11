using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Storage;

namespace Tocsin.Server.PostMortems;

/// <summary>The document of one incident: the account that wrote itself, what people added, and what keeps it from being final.</summary>
public sealed record Document(IncidentId Id, IncidentAccount Account, DocumentRecord Record, string Filed)
{
    public PostMortem Whole => new(Account, Record.Text);
}

/// <summary>What became of a command about a document.</summary>
public abstract record DocumentOutcome
{
    public sealed record Done(Document Document) : DocumentOutcome;

    public sealed record Nothing(Document Document, string Why) : DocumentOutcome;

    public sealed record Refused(string Why) : DocumentOutcome;

    public sealed record Unknown(IncidentId Id) : DocumentOutcome;

    /// <summary>Somebody wrote since the version that the command was meant for.</summary>
    public sealed record Stale(int Version) : DocumentOutcome;
}

/// <summary>One line of the list of post-mortems.</summary>
/// <param name="Due">Null: none is asked for.</param>
/// <param name="State">none, draft, final or elsewhere.</param>
/// <param name="Items">Action items, done and all.</param>
public sealed record DocumentLine(IncidentId Id, string Title, Severity Severity, Instant? Resolved, Instant? Due, string State, string Author, int ItemsDone, int Items, bool Late);

/// <summary>
/// Post-mortems that the server keeps. What the events know is written anew at each look; only what people wrote is stored. The final document is filed with its
/// incident in the same transaction, so that its clock ends when it is there.
/// </summary>
public sealed class PostMortemDesk(Database database, Journal journal, IncidentDesk incidents, Links links, PlanSource plan, TimeProvider time)
{
    public const string Kind = "post-mortem";
    private const int MostListed = 300;

    public Task<Document?> ReadAsync(IncidentId id, CancellationToken cancel) => database.ReadAsync((s, c) => ReadAsync(s, id, c), cancel);

    /// <param name="expected">The version that the text was written upon; null: whatever it is.</param>
    public Task<DocumentOutcome> WriteAsync(IncidentId id, PostMortemText text, int? expected, string by, CancellationToken cancel) =>
        DoAsync(id, expected, by, (d, now) => DocumentDecisions.Write(d.Record, text, by, now), cancel);

    public Task<DocumentOutcome> CloseAsync(IncidentId id, string by, CancellationToken cancel) => DoAsync(id, null, by, (d, now) => DocumentDecisions.Close(d.Record, d.Account, by, now), cancel);

    public Task<DocumentOutcome> OpenAgainAsync(IncidentId id, string why, string by, CancellationToken cancel) => DoAsync(id, null, by, (d, now) => DocumentDecisions.OpenAgain(d.Record, why, by, now), cancel);

    public Task<DocumentOutcome> TickAsync(IncidentId id, int item, bool done, string by, CancellationToken cancel) => DoAsync(id, null, by, (d, now) => DocumentDecisions.Tick(d.Record, item, done, by, now), cancel);

    /// <summary>Those that are asked for and those that were begun; what is due first stands first, then the newest.</summary>
    public Task<ImmutableArray<DocumentLine>> ListAsync(CancellationToken cancel) => database.ReadAsync<ImmutableArray<DocumentLine>>(
        async (s, c) =>
        {
            var numbers = await s.QueryAsync<long>($"select number from incidents where resolved is not null or number in (select incident from streams where kind = '{Kind}') order by number desc limit {MostListed}", null, c);
            if (numbers.Count == 0) return [];
            var lines = ImmutableArray.CreateBuilder<DocumentLine>();
            var written = await Streams.EventsOfAllAsync(s, numbers.Select(n => StreamOf(new IncidentId((int)n))), c);
            foreach (var incident in await journal.LookAllAsync(s, numbers, c))
            {
                var record = DocumentRecord.Of(written[StreamOf(incident.Id)].Select(StreamForms.Documents.Read));
                var due = AccountOfEvents.DocumentDue(incident);
                if (due is null && record.Version == 0 && incident.PostMortem.Length == 0) continue;
                lines.Add(Line(incident, record, due));
            }
            return [.. lines.OrderBy(l => l.State is "final" or "elsewhere").ThenBy(l => l.State is "final" or "elsewhere" ? Instant.MaxValue : l.Due ?? Instant.MaxValue).ThenByDescending(l => l.Id.Number)];
        },
        cancel);

    public Uri Address(IncidentId id) => new(links.Address, $"post-mortems/{id}");

    private DocumentLine Line(Incident incident, DocumentRecord record, Instant? due)
    {
        var state = record.IsFinal ? "final" : incident.PostMortem.Length > 0 ? "elsewhere" : record.Version > 0 ? "draft" : "none";
        return new DocumentLine(incident.Id, incident.Title, incident.Severity, incident.Times.Resolved, due, state, record.Text.Author, record.Text.Items.Count(i => i.Done), record.Text.Items.Length, state is "none" or "draft" && due < time.Now());
    }

    private async Task<DocumentOutcome> DoAsync(IncidentId id, int? expected, string by, Func<Document, Instant, Decided<DocumentEvent>> decide, CancellationToken cancel) => await database.WriteAsync(
        async (s, c) =>
        {
            var row = await Streams.HoldAsync(s, StreamOf(id), c);
            if (await ReadAsync(s, id, c) is not { } document) return new DocumentOutcome.Unknown(id);
            if (expected is { } version && version != document.Record.Version) return new DocumentOutcome.Stale(document.Record.Version);
            return decide(document, time.Now()) switch
            {
                Decided<DocumentEvent>.Refuse refuse => new DocumentOutcome.Refused(refuse.Why),
                Decided<DocumentEvent>.Nothing nothing => new DocumentOutcome.Nothing(document, nothing.Why),
                Decided<DocumentEvent>.Accept accept => await KeepAsync(s, row, document, by, accept.Events, c),
                _ => throw new InvalidOperationException("unknown decision"),
            };
        },
        cancel);

    private async Task<DocumentOutcome> KeepAsync(Session s, StreamRow? row, Document before, string by, ImmutableArray<DocumentEvent> events, CancellationToken cancel)
    {
        var record = events.Aggregate(before.Record, (r, e) => r.With(e));
        var commands = events.Select(e => Told(before, e)).OfType<IncidentCommand>().ToList();
        foreach (var command in commands)
        {
            if (await incidents.DecideAsync(s, before.Id, null, (i, now) => IncidentDecisions.Decide(i, command, now), cancel) is Outcome.Refused refused) return new DocumentOutcome.Refused(refused.Why);
        }
        var next = (row ?? new StreamRow { Id = StreamOf(before.Id), Kind = Kind, Incident = before.Id.Number }) with { State = record.IsFinal ? "final" : "draft", Title = before.Account.Title, Due = Micros.Of(ItemReminders.Next(record, before.Account, plan.Now.Policy.Calendar, time.Now())) };
        await Streams.AppendAsync(s, row, next, [.. events.Select(StreamForms.Documents.Write)], cancel);
        return new DocumentOutcome.Done(before with { Record = record });

        // Every save would bury the timeline: it tells of the begin and of the end.
        IncidentCommand? Told(Document document, DocumentEvent e) => e switch
        {
            DocumentClosed => new IncidentCommand.FilePostMortem(by, Address(document.Id).AbsoluteUri),
            DocumentOpenedAgain again => new IncidentCommand.Record(by, StreamOf(document.Id), [$"{by} opens the post-mortem again: {again.Why}"]),
            DocumentWritten when document.Record.Version == 0 => new IncidentCommand.Record(by, StreamOf(document.Id), [$"{by} begins the post-mortem"]),
            _ => null,
        };
    }

    /// <summary>As above, within a transaction of the caller's.</summary>
    public async Task<Document?> ReadAsync(Session s, IncidentId id, CancellationToken cancel)
    {
        var events = await journal.EventsAsync(s, id, cancel);
        if (events.IsEmpty) return null;
        var runs = ImmutableArray.CreateBuilder<PlaybookEvent>();
        foreach (var run in await Streams.OfIncidentAsync(s, id, PlaybookDesk.Kind, cancel)) runs.AddRange((await Streams.EventsAsync(s, run.Id, cancel)).Select(StreamForms.Runs.Read));
        return AccountOfEvents.Of(events, runs.ToImmutable(), await ActionJournal.OfIncidentAsync(s, id, cancel)) is { } account ? new Document(id, account, await RecordAsync(s, id, cancel), IncidentFold.Of(events)!.PostMortem) : null;
    }

    private static async Task<DocumentRecord> RecordAsync(Session s, IncidentId id, CancellationToken cancel) => DocumentRecord.Of((await Streams.EventsAsync(s, StreamOf(id), cancel)).Select(StreamForms.Documents.Read));

    private static string StreamOf(IncidentId id) => $"pm-{id}";
}
