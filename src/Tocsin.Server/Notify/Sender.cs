using System.Data.Common;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Clock;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify.Issues;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Publishing;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Telemetry;

namespace Tocsin.Server.Notify;

/// <summary>Takes pages to their channels, several at once, and brings back what the channels say.</summary>
public sealed class Sender(Outbox outbox, AttemptBook book, ChannelSet channels, IssueTracker tracker, SubscriberMail subscribers, PlanSource plan, Links links, ServerOptions options, ServerState state, TimeProvider time, ILogger<Sender> log)
{
    private const int MostAtOnce = 64;
    private const int MostAttempts = 6;

    // A crash doubles the pages that left and are not marked as taken. So few are begun at once, and more only while there are many: then the share stays small.
    // An attempt that a channel has not answered within Fresh no longer counts, so that a slow one keeps no other page waiting; what was answered counts until it is marked.
    private const int FewAtOnce = 2;
    private const int ManyAtOnce = 16;
    private const int OneMoreFor = 100;
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Sends what is due and waits for the answers; gives how many attempts there were.</summary>
    public async Task<int> SendDueAsync(CancellationToken cancel)
    {
        var rows = await outbox.ClaimAsync(MostAtOnce, cancel);
        await Task.WhenAll(rows.Select(r => SendAsync(r, new Attempt(time.GetTimestamp()), cancel)));
        return rows.Count;
    }

    /// <summary>Goes on until it is cancelled; what is on its way then is waited for, for a page that is cut off may have arrived.</summary>
    public async Task RunAsync(Wakeup wakeup, CancellationToken cancel)
    {
        var onTheWay = new List<Attempt>();
        var inARow = 0;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                state.Turned("pages");
                onTheWay.RemoveAll(a => a.Whole.IsCompleted);
                var room = Math.Min(MostAtOnce - onTheWay.Count, AtOnce(inARow) - onTheWay.Count(a => a.IsAtRisk(time.GetElapsedTime(a.Begun) < Fresh)));
                if (room <= 0)
                {
                    await Task.WhenAny(onTheWay.Select(a => a.IsAtRisk(isFresh: true) ? a.Safe : a.Whole).Append(Task.Delay(Fresh / 4, cancel)));
                    continue;
                }
                var rows = await outbox.ClaimAsync(room, cancel);
                inARow = rows.Count < room ? 0 : inARow + rows.Count;
                onTheWay.AddRange(rows.Select(r => Begin(r, cancel)));
                if (rows.Count == 0) await wakeup.WaitAsync(Look, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                break;
            }
            catch (DbException e)
            {
                state.DatabaseFailed(e);
                await wakeup.WaitAsync(Look, CancellationToken.None);
            }
        }
        await Task.WhenAll(onTheWay.Select(a => a.Whole));
    }

    private Attempt Begin(OutboxRow row, CancellationToken cancel)
    {
        var attempt = new Attempt(time.GetTimestamp());
        attempt.Whole = SendAsync(row, attempt, cancel);
        return attempt;
    }

    /// <summary>How many pages may be begun together after so many that came without a pause.</summary>
    public static int AtOnce(int inARow) => Math.Min(ManyAtOnce, FewAtOnce + (inARow / OneMoreFor));

    private async Task SendAsync(OutboxRow row, Attempt attempt, CancellationToken cancel)
    {
        if (row.Doubts > 0) ServerMessages.InDoubt(log, row.Id);
        try
        {
            // Nothing ends it from outside: a page that is cut off may have arrived.
            var end = row.IsTaken ? AttemptEnd.Taken(row) : EndOf(row, options.Live ? await TracedAsync(row, CancellationToken.None) : null);
            attempt.Answered();
            options.Step("before-receipt");
            if (end.State is "sent" && !row.IsTaken) await UntilWrittenAsync(() => book.MarkAsync(end, CancellationToken.None), cancel);
            attempt.Marked();
            options.Step("after-mark");
            await UntilWrittenAsync(() => book.KeepAsync(end, CancellationToken.None), cancel);
            options.Step("after-receipt");
        }
        finally
        {
            attempt.Marked();
            outbox.LetGo(row);
        }
    }

    private async Task<SendResult> TracedAsync(OutboxRow row, CancellationToken cancel)
    {
        using var span = Traces.Start("send page", ActivityKind.Client);
        span?.SetTag("tocsin.page", row.Id).SetTag("tocsin.channel", row.Channel).SetTag("tocsin.purpose", row.Purpose).SetTag("tocsin.attempt", row.Attempts);
        var result = await AttemptAsync(row, cancel);
        span?.SetTag("tocsin.outcome", result.GetType().Name);
        if (result is not SendResult.Taken) span.Fail(result.GetType().Name);
        return result;
    }

    private async Task<SendResult> AttemptAsync(OutboxRow row, CancellationToken cancel)
    {
        if (row.Purpose is IssueTracker.Purpose) return await LimitedAsync(row, c => tracker.OpenAsync(row, links.Incident(new IncidentId((int)row.Incident)), c), cancel);
        if (SubscriberMail.Is(row)) return await LimitedAsync(row, c => subscribers.SendAsync(row, c), cancel);
        if (channels.Of(row.Channel) is not { } channel) return new SendResult.Refused($"no channel {row.Channel} is set up");
        if (channels.Address(plan.Now.Roster, row.Person, row.Channel, out var problem) is not { } address) return new SendResult.Refused(problem);
        return await LimitedAsync(row, c => channel.SendAsync(PageOf(row, address), c), cancel);
    }

    private async Task<SendResult> LimitedAsync(OutboxRow row, Func<CancellationToken, Task<SendResult>> send, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Sending.Limit.ToTimeSpan());
        options.Step("before-send");
        try
        {
            return await send(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return new SendResult.InDoubt($"no answer within {Words.Length(Sending.Limit)}");
        }
        catch (Exception e)
        {
            // A channel that breaks its word; whether anything left is not known.
            ServerMessages.ChannelThrew(log, row.Channel, e);
            return new SendResult.InDoubt($"the channel failed: {e.GetType().Name}");
        }
        finally
        {
            options.Step("after-send");
        }
    }

    private OutgoingPage PageOf(OutboxRow row, string address) => new(
        row.Purpose switch { "test" or "turn" => PagePurpose.Test, "ended" => PagePurpose.Ended, "update" or Reminders.Purpose => PagePurpose.Update, _ => PagePurpose.Page },
        row.Key,
        (int)row.Attempts,
        row.Subject,
        row.Channel,
        row.Person,
        address,
        (Severity)row.Severity,
        row.First,
        row.More,
        row.Incident > 0 ? links.Incident(new IncidentId((int)row.Incident)) : null,
        row.Purpose is "turn" ? links.Confirm(row.Subject) : row.Purpose is "test" ? links.Confirm(row.Id) : row is { Incident: > 0, Person.Length: > 0, Purpose: "page" } ? links.Acknowledge(new IncidentId((int)row.Incident), (int)row.Page, row.Person) : null,
        Micros.At(row.Decided));

    private AttemptEnd EndOf(OutboxRow row, SendResult? result)
    {
        switch (result)
        {
            case null:
                // As a simulation pretends: whom the clock would page next is to be seen too.
                var pretended = plan.Now.Policy.Channels.TryGetValue(row.Channel, out var rule) ? rule.Waits.Select(w => w.Receipt).Where(r => r <= Receipt.Delivered) : [];
                options.Write($"would page {(row.Person.Length > 0 ? row.Person : "everyone")} by {row.Channel}: {row.First}");
                return AttemptEnd.Sent(row, "would", pretended, "", "not sent: the server only observes");
            case SendResult.Taken taken:
                return AttemptEnd.Sent(row, "sent", [taken.Receipt], taken.Reference, taken.Receipt.ToString().ToLowerInvariant());
            case SendResult.Refused refused:
                ServerMessages.SendFailed(log, row.Id, row.Channel, refused.Why, row.Attempts);
                return AttemptEnd.Failed(row, refused.Why);
            case SendResult.TryAgain again:
                return Again(row, again.Why, again.After, inDoubt: false);
            case SendResult.InDoubt doubt:
                return Again(row, doubt.Why, null, inDoubt: true);
            default:
                throw new ArgumentOutOfRangeException(nameof(result), result, "unknown result");
        }
    }

    private AttemptEnd Again(OutboxRow row, string why, Duration? after, bool inDoubt)
    {
        ServerMessages.SendFailed(log, row.Id, row.Channel, why, row.Attempts);
        return row.Attempts >= MostAttempts
            ? AttemptEnd.Failed(row, $"{why}; given up after {row.Attempts} attempts")
            : AttemptEnd.Later(row, time.Now() + (after ?? Duration.FromSeconds(1 << (int)Math.Min(row.Attempts - 1, 5))), inDoubt, why);
    }

    // The answer is known here and nowhere else: it is held until the database takes it.
    private async Task UntilWrittenAsync(Func<Task> write, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await write();
                return;
            }
            catch (Exception e) when (e is DbException or StaleException)
            {
                if (e is DbException down) state.DatabaseFailed(down);
                // The server ends: the claim runs out, and the page counts as in doubt.
                if (cancel.IsCancellationRequested) return;
                await Task.Delay(Look, CancellationToken.None);
            }
        }
    }

    // One page on its way.
    private sealed class Attempt(long begun)
    {
        private readonly TaskCompletionSource safe = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool answered;

        public long Begun => begun;

        public Task Whole { get; set; } = Task.CompletedTask;

        /// <summary>Ends when a crash would not double it any more.</summary>
        public Task Safe => safe.Task;

        /// <summary>Whether a crash would double it: the channel has said what became of it and the database does not know yet, or it may at any moment.</summary>
        public bool IsAtRisk(bool isFresh) => !safe.Task.IsCompleted && (answered || isFresh);

        public void Answered() => answered = true;

        public void Marked() => safe.TrySetResult();
    }
}
