using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.PostMortems;

/// <summary>The clock of action items: which documents are due stands in the database; what was said, and the messages themselves, are kept in one transaction.</summary>
public sealed class ItemReminders(Database database, Journal journal, PostMortemDesk desk, Reminders reminders, PlanSource plan, TimeProvider time, ILogger<ItemReminders> log)
{
    // An incident that was opened again has no due dates until it is over; its document is asked after.
    private static readonly Duration Again = Duration.FromHours(1);

    /// <summary>Looks at the document that is due first; gives whether there was one.</summary>
    public async Task<int> TickAsync(CancellationToken cancel)
    {
        string? at = null;
        try
        {
            return await database.WriteAsync(
                async (s, c) =>
                {
                    at = await s.FirstAsync<string>($"select id from streams where kind = '{PostMortemDesk.Kind}' and due <= @now order by due limit 1{s.Dialect.ForUpdateSkipLocked}", new { now = Micros.Of(time.Now()) }, c);
                    return at is not null && await TickAsync(s, at, c) ? 1 : 0;
                },
                cancel);
        }
        catch (Exception e) when (e is not (OperationCanceledException or System.Data.Common.DbException) && at is not null)
        {
            // One that cannot be read keeps none of the others waiting.
            ServerMessages.LoopFailed(log, $"the action items of {at}", e);
            await database.WriteAsync((s, c) => s.ExecuteAsync("update streams set due = @due where id = @at", new { due = Micros.Of(time.Now() + Again), at }, c), cancel);
            return 1;
        }
    }

    /// <summary>When the clock looks at a document next.</summary>
    public static Instant? Next(DocumentRecord record, IncidentAccount account, BusinessCalendar calendar, Instant now) =>
        record.Text.Items.All(i => i.Done) ? null : account.Times.Resolved is { } resolved ? ItemClock.Ahead(record, account.Worst, resolved, calendar).Select(c => (Instant?)c.At).FirstOrDefault() : now + Again;

    private async Task<bool> TickAsync(Session s, string stream, CancellationToken cancel)
    {
        var (row, now, calendar) = (await Streams.HoldAsync(s, stream, cancel), time.Now(), plan.Now.Policy.Calendar);
        if (row?.Of is not { } id || await desk.ReadAsync(s, id, cancel) is not { } document || await journal.ReadAsync(s, id, cancel) is not { } incident) return false;
        var calls = document.Account.Times.Resolved is { } resolved ? ItemClock.Due(document.Record, document.Account.Worst, resolved, calendar, now) : [];
        var events = ImmutableArray.CreateBuilder<DocumentEvent>();
        foreach (var call in calls)
        {
            var (rows, people) = reminders.Rows(incident, call, now);
            await s.InsertAsync("outbox", OutboxRows.Columns, [.. rows], "on conflict (id) do nothing", cancel);
            events.Add(new ItemReminded(now, call.What.Text, call.What.Owner, call.Due, call.Step, people));
        }
        var due = Micros.Of(Next(events.Aggregate(document.Record, (r, e) => r.With(e)), document.Account, calendar, now));
        if (events.Count == 0) await s.ExecuteAsync("update streams set due = @due where id = @stream", new { due, stream }, cancel);
        else await Streams.AppendAsync(s, row, row with { Due = due }, [.. events.Select(StreamForms.Documents.Write)], cancel);
        return true;
    }
}
