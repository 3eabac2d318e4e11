using System.Data.Common;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Clock;
using Tocsin.Server.Incidents;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>Takes pages to their channels, several at once, and brings back what the channels say.</summary>
public sealed class Sender(Outbox outbox, ChannelSet channels, PlanSource plan, Links links, ServerOptions options, ServerState state, ILogger<Sender> log)
{
    private const int MostAtOnce = 64;
    private const int MostAttempts = 6;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Sends what is due and waits for the answers; gives how many attempts there were.</summary>
    public async Task<int> SendDueAsync(CancellationToken cancel)
    {
        var rows = await outbox.ClaimAsync(MostAtOnce, cancel);
        await Task.WhenAll(rows.Select(r => SendAsync(r, cancel)));
        return rows.Count;
    }

    /// <summary>Goes on until it is cancelled; what is on its way then is waited for.</summary>
    public async Task RunAsync(Wakeup wakeup, CancellationToken cancel)
    {
        var onTheWay = new List<Task>();
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                onTheWay.RemoveAll(t => t.IsCompleted);
                var rows = onTheWay.Count < MostAtOnce ? await outbox.ClaimAsync(MostAtOnce - onTheWay.Count, cancel) : [];
                onTheWay.AddRange(rows.Select(r => SendAsync(r, cancel)));
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
        await Task.WhenAll(onTheWay);
    }

    private async Task SendAsync(OutboxRow row, CancellationToken cancel)
    {
        if (row.Doubts > 0) ServerMessages.InDoubt(log, row.Id);
        var result = options.Live ? await AttemptAsync(row, cancel) : null;
        options.Step("before-receipt");
        await UntilKeptAsync(c => KeepAsync(row, result, c), cancel);
        options.Step("after-receipt");
    }

    private async Task<SendResult> AttemptAsync(OutboxRow row, CancellationToken cancel)
    {
        if (channels.Of(row.Channel) is not { } channel) return new SendResult.Refused($"no channel {row.Channel} is set up");
        if (channels.Address(plan.Now.Roster, row.Person, row.Channel, out var problem) is not { } address) return new SendResult.Refused(problem);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Sending.Limit.ToTimeSpan());
        options.Step("before-send");
        try
        {
            return await channel.SendAsync(PageOf(row, address), limit.Token);
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
        row.Purpose switch { "test" => PagePurpose.Test, "ended" => PagePurpose.Ended, _ => PagePurpose.Page },
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
        row is { Incident: > 0, Person.Length: > 0, Purpose: "page" } ? links.Acknowledge(new IncidentId((int)row.Incident), (int)row.Page, row.Person) : null,
        Micros.At(row.Decided));

    private Task KeepAsync(OutboxRow row, SendResult? result, CancellationToken cancel)
    {
        switch (result)
        {
            case null:
                // As a simulation pretends: whom the clock would page next is to be seen too.
                var pretended = plan.Now.Policy.Channels.TryGetValue(row.Channel, out var rule) ? rule.Waits.Select(w => w.Receipt).Where(r => r <= Receipt.Delivered) : [];
                options.Write($"would page {(row.Person.Length > 0 ? row.Person : "everyone")} by {row.Channel}: {row.First}");
                return outbox.SentAsync(row, "would", pretended, "", "not sent: the server only observes", cancel);
            case SendResult.Taken taken:
                return outbox.SentAsync(row, "sent", [taken.Receipt], taken.Reference, taken.Receipt.ToString().ToLowerInvariant(), cancel);
            case SendResult.Refused refused:
                ServerMessages.SendFailed(log, row.Id, row.Channel, refused.Why, row.Attempts);
                return outbox.FailedAsync(row, refused.Why, cancel);
            case SendResult.TryAgain again:
                return AgainAsync(row, again.Why, again.After, inDoubt: false, cancel);
            case SendResult.InDoubt doubt:
                return AgainAsync(row, doubt.Why, null, inDoubt: true, cancel);
            default:
                throw new ArgumentOutOfRangeException(nameof(result), result, "unknown result");
        }
    }

    private Task AgainAsync(OutboxRow row, string why, Duration? after, bool inDoubt, CancellationToken cancel)
    {
        ServerMessages.SendFailed(log, row.Id, row.Channel, why, row.Attempts);
        return row.Attempts >= MostAttempts
            ? outbox.FailedAsync(row, $"{why}; given up after {row.Attempts} attempts", cancel)
            : outbox.LaterAsync(row, after ?? Duration.FromSeconds(1 << (int)Math.Min(row.Attempts - 1, 5)), inDoubt, why, cancel);
    }

    // The answer is known here and nowhere else: it is held until the database takes it.
    private async Task UntilKeptAsync(Func<CancellationToken, Task> keep, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await keep(CancellationToken.None);
                return;
            }
            catch (DbException e) when (!cancel.IsCancellationRequested)
            {
                state.DatabaseFailed(e);
                await Task.Delay(Look, CancellationToken.None);
            }
            catch (DbException e)
            {
                // The server ends: the claim runs out, and the page counts as in doubt.
                state.DatabaseFailed(e);
                return;
            }
        }
    }
}
