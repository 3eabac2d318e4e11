using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Response.StatusPages;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Publishing;

/// <summary>What is said to the public beside an update; written for it, never taken from the incident.</summary>
public sealed record PublicText(string Title, string Text, ReportStage Stage, ComponentState Impact, ImmutableArray<string> Components);

/// <param name="Rooms">Channels by their ids.</param>
/// <param name="Call">Whether the people whom the template names are called.</param>
/// <param name="Public">Null: the status page says nothing new.</param>
public sealed record UpdateToSend(string Template, string Text, Instant? NextBy, ImmutableArray<string> Rooms, bool Call, PublicText? Public);

/// <summary>
/// Status updates that leave: the incident's event with its promise, the messages to rooms, and what the public reads are kept in one transaction. The sender
/// takes the messages from the outbox as it takes pages, so that a crash loses none.
/// </summary>
public sealed class UpdateDesk(Database database, IncidentDesk incidents, Composer composer, StatusDesk status, PlanSource plan, TimeProvider time)
{
    public async Task<Outcome> SendAsync(IncidentId id, UpdateToSend wanted, string by, CancellationToken cancel)
    {
        var rooms = composer.Rooms(plan.Now.Policy, wanted.Template);
        if (wanted.Rooms.FirstOrDefault(r => !rooms.Any(k => k.Id == r)) is { } unknown) return new Outcome.Refused($"there is no room {unknown}; known: {Words.List(rooms.Select(r => r.Id))}");
        var sent = await database.WriteAsync((s, c) => SendAsync(s, id, wanted, [.. rooms.Where(r => wanted.Rooms.Contains(r.Id, StringComparer.Ordinal))], by, c), cancel);
        status.Forget();
        return sent;
    }

    private async Task<Outcome> SendAsync(Session s, IncidentId id, UpdateToSend wanted, ImmutableArray<RoomChoice> rooms, string by, CancellationToken cancel)
    {
        var (held, decided) = wanted.Public is { } told ? await status.DecideAsync(s, page => CommandOf(page, id, told, by), cancel) : (null, null);
        if (decided is Decided<StatusEvent>.Refuse refuse) return new Outcome.Refused($"the status page: {refuse.Why}");
        var lines = decided is Decided<StatusEvent>.Accept accept ? StatusDesk.Lines(held!.Page, accept.Events) : [];
        var outcome = await incidents.DecideAsync(s, id, null, (incident, now) => Decide(incident, wanted, by, lines, now), cancel);
        if (outcome is not Outcome.Done done) return outcome;
        await s.InsertAsync("outbox", OutboxRows.Columns, [.. rooms.Select(r => RowOf(done.Incident, wanted, r))], "", cancel);
        if (decided is Decided<StatusEvent>.Accept published) await status.KeepAsync(s, held!, published.Events, cancel);
        return done;
    }

    // After the resolution a last word is still due: it promises nothing more, so it is a note.
    private static Decision Decide(Incident incident, UpdateToSend wanted, string by, ImmutableArray<string> lines, Instant now)
    {
        IncidentCommand say = incident.Phase == IncidentPhase.Resolved ? new IncidentCommand.Note(by, wanted.Text) : new IncidentCommand.PostUpdate(by, wanted.Text, wanted.NextBy);
        if (IncidentDecisions.Decide(incident, say, now) is not Decision.Accept said) return IncidentDecisions.Decide(incident, say, now);
        if (lines.IsEmpty) return said;
        return IncidentDecisions.Decide(incident.With(said.Events), new IncidentCommand.Record(by, StatusDesk.Id, lines), now) is Decision.Accept recorded ? new Decision.Accept([.. said.Events, .. recorded.Events]) : said;
    }

    private static StatusCommand CommandOf(StatusPage page, IncidentId id, PublicText told, string by) =>
        page.OpenOf(id) is { } open ? new StatusCommand.Update(by, open.Number, told.Stage, told.Impact, told.Text) : new StatusCommand.Open(by, told.Title, id, told.Components, told.Impact, told.Stage, told.Text);

    private object?[] RowOf(Incident incident, UpdateToSend wanted, RoomChoice room)
    {
        var lines = composer.For(room.Kind, wanted.Template, wanted.Text, wanted.Call).ReplaceLineEndings("\n").Split('\n', 2);
        var words = new PageWords(lines[0].Length > PageText.Most ? $"{lines[0][..(PageText.Most - 1)]}…" : lines[0], lines.Length > 1 ? lines[1].Trim('\n') : "");
        var key = string.Create(CultureInfo.InvariantCulture, $"{incident.Id}/u{incident.Version}/{room.Id}");
        return OutboxRows.Row(incident.Id.Number, 0, key, key, "update", "", room.Id, incident.Severity, incident.Id.ToString(), words, time.Now());
    }
}
