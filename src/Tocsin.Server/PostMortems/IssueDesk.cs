using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify.Issues;
using Tocsin.Server.Storage;

namespace Tocsin.Server.PostMortems;

/// <summary>An action item, and the issue that it became.</summary>
/// <param name="Due">Its own date, or the one its severity gives; null while the incident is open.</param>
/// <param name="Issue">Its address; "on its way" or why it is none; empty: nobody asked for one.</param>
public sealed record ItemShown(int Number, string Text, string Owner, NodaTime.LocalDate? Due, bool Done, string Issue);

/// <summary>An action item of an earlier incident with the same error.</summary>
public sealed record RecalledItem(IncidentId Incident, string Title, string Text, string Owner, NodaTime.LocalDate? Due, bool Done, string Issue);

/// <summary>Action items as issues, and those that are remembered when their error comes back.</summary>
public sealed class IssueDesk(Database database, PostMortemDesk desk, IncidentDesk incidents, IssueTracker tracker, TimeProvider time, Clock.ClockLoop loop)
{
    private const int MostRecalled = 50;

    public bool IsSet => tracker.Repository.Length > 0;

    /// <summary>Each open item that was never asked for goes to the outbox; gives what became of it in words, with false where nothing could be done.</summary>
    public Task<(bool Done, string Words)> PushAsync(IncidentId id, string by, CancellationToken cancel) => database.WriteAsync<(bool, string)>(
        async (s, c) =>
        {
            if (!IsSet) return (false, "no repository is set: server: issues: repository: in tocsin.yaml");
            await Streams.HoldAsync(s, $"pm-{id}", c);
            if (await desk.ReadAsync(s, id, c) is not { } document) return (false, $"there is no incident {id}");
            var open = (await ShownAsync(s, document, c)).Where(i => !i.Done && i.Issue.Length == 0).ToList();
            if (open.Count == 0) return (true, "every open action item was sent already");
            var rows = open.ConvertAll(i => RowOf(document, i));
            await s.InsertAsync("outbox", OutboxRows.Columns, rows, "on conflict (id) do nothing", c);
            await incidents.DecideAsync(s, id, null, (i, now) => IncidentDecisions.Decide(i, new IncidentCommand.Record(by, $"pm-{id}", [string.Create(CultureInfo.InvariantCulture, $"{by} makes {open.Count} action items issues of {tracker.Repository}")]), now), c);
            s.AfterCommit(loop.Pages.Set);
            return (true, string.Create(CultureInfo.InvariantCulture, $"{open.Count} action items go to {tracker.Repository}"));
        },
        cancel);

    public Task<ImmutableArray<ItemShown>> ShownAsync(Document document, CancellationToken cancel) => database.ReadAsync((s, c) => ShownAsync(s, document, c), cancel);

    /// <summary>What earlier incidents with the same entry or fingerprint left to be done, the open ones first.</summary>
    public static async Task<ImmutableArray<RecalledItem>> RecallAsync(Session s, IncidentId id, string entry, CancellationToken cancel)
    {
        var rows = await s.QueryAsync<(long Number, string Title)>(
            "select i.number, i.title from incidents i join streams t on t.incident = i.number and t.kind = @Kind where i.number <> @Number and ((@entry <> '' and i.entry = @entry) or i.number in (select incident from fingerprints where fingerprint in (select fingerprint from fingerprints where incident = @Number))) order by i.number desc limit 10",
            new { id.Number, entry, PostMortemDesk.Kind },
            cancel);
        var found = ImmutableArray.CreateBuilder<RecalledItem>();
        foreach (var (number, title) in rows)
        {
            var earlier = new IncidentId((int)number);
            var record = DocumentRecord.Of((await Streams.EventsAsync(s, $"pm-{earlier}", cancel)).Select(StreamForms.Documents.Read));
            var issues = await IssuesAsync(s, earlier, cancel);
            found.AddRange(record.Text.Items.Select(i => new RecalledItem(earlier, title, i.Text, i.Owner, i.Due, i.Done, issues.GetValueOrDefault(KeyOf(earlier, i.Text), ""))));
        }
        return [.. found.OrderBy(i => i.Done).ThenByDescending(i => i.Incident.Number).Take(MostRecalled)];
    }

    private static async Task<ImmutableArray<ItemShown>> ShownAsync(Session s, Document document, CancellationToken cancel)
    {
        var issues = await IssuesAsync(s, document.Id, cancel);
        var resolved = document.Account.Times.Resolved;
        return [.. document.Record.Text.Items.Select((i, n) => new ItemShown(n, i.Text, i.Owner, resolved is { } at ? ItemDue.Of(i, document.Account.Worst, at) : i.Due, i.Done, issues.GetValueOrDefault(KeyOf(document.Id, i.Text), "")))];
    }

    private static async Task<Dictionary<string, string>> IssuesAsync(Session s, IncidentId id, CancellationToken cancel) =>
        (await s.QueryAsync<(string Id, string State, string Reference, string Outcome)>($"select id, state, reference, outcome from outbox where incident = @Number and purpose = '{IssueTracker.Purpose}'", new { id.Number }, cancel))
            .ToDictionary(r => r.Id, r => r.State switch { "sent" => r.Reference, "would" => "not sent: the server only observes", "failed" => $"failed: {r.Outcome}", _ => "on its way" }, StringComparer.Ordinal);

    private object?[] RowOf(Document document, ItemShown item)
    {
        var key = KeyOf(document.Id, item.Text);
        var due = item.Due is { } day ? day.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture) : "not set";
        var text = PageText.Plain(item.Text);
        var more = $"{text}\n\n- Owner: {(item.Owner.Length > 0 ? item.Owner : "nobody yet")}\n- Due: {due}\n- From the post-mortem of {document.Id}: {PageText.Plain(document.Account.Title)}";
        return OutboxRows.Row(document.Id.Number, 0, key, key, IssueTracker.Purpose, "", IssueTracker.Channel, document.Account.Worst, document.Id.ToString(), new PageWords(text.Length > PageText.Most ? $"{text[..(PageText.Most - 1)]}…" : text, more), time.Now());
    }

    private static string KeyOf(IncidentId id, string text) => $"{id}/item/{AuditChain.Digest([text])[..16]}";
}
