using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <param name="Reached">Person or room, and the channel that took it.</param>
public sealed record SelfTold(Instant At, Instant Since, ImmutableArray<string> Reached);

/// <summary>
/// Tells who is on call that this server cannot do its work. It uses what the process holds in memory (the plan, the addresses, the channels) and asks no
/// database, for it is the database that is gone. When it is back, the same people hear that too, and the audit log keeps both.
/// </summary>
public sealed class SelfAlarm(PlanSource plan, ChannelSet channels, ServerOptions options, ServerState state, Database database, TimeProvider time, ILogger<SelfAlarm> log)
{
    /// <summary>A database that is started again, or fails over, is back within this time and wakes nobody.</summary>
    public static readonly Duration Grace = Duration.FromSeconds(30);

    private static readonly Duration Remind = Duration.FromMinutes(30);
    private static readonly Duration Retry = Duration.FromMinutes(1);
    private SelfTold? told;

    /// <summary>Who was told that the database is gone; null: nobody, or it is there.</summary>
    public SelfTold? Told => told;

    /// <summary>Gives how many were reached.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        var now = time.Now();
        if (state.DatabaseDownSince is not { } since) return told is null ? 0 : await BackAsync(told, now, cancel);
        if (now - since < Grace || now < NextAt(since)) return 0;
        var reached = await TellAsync($"down/{Micros.Of(since)}/{Micros.Of(now)}", $"{Severity.P1} Tocsin since {Words.Time(since)}: its database does not answer", "Until it does no signal is taken in (senders get 503 and come again), no clock of an incident runs, and no page leaves. Look at the database, and at the disk it lies on.", now, cancel);
        told = new SelfTold(now, since, reached);
        if (reached.IsEmpty) ServerMessages.SelfAlarmUnheard(log);
        return reached.Length;
    }

    private Instant NextAt(Instant since) => told is { } before && before.Since == since ? before.At + (before.Reached.IsEmpty ? Retry : Remind) : since;

    private async Task<int> BackAsync(SelfTold before, Instant now, CancellationToken cancel)
    {
        var away = Words.Length(now - before.Since);
        var detail = $"away since {Words.Time(before.Since)}, {away}; told: {(before.Reached.IsEmpty ? "nobody could be reached" : Words.List(before.Reached))}";
        await database.WriteAsync((s, c) => AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(now), "", "database away", "", detail, "")], c), cancel);
        told = null;
        return (await TellAsync($"back/{Micros.Of(before.Since)}", $"{Severity.P2} Tocsin works again: its database was away for {away}", "Senders come again by themselves, and what came due meanwhile is handled now.", now, cancel)).Length;
    }

    // Whom a P1 pages at once, each by the first channel that takes it.
    private async Task<ImmutableArray<string>> TellAsync(string key, string first, string more, Instant now, CancellationToken cancel)
    {
        var policy = plan.Now.Policy;
        var about = new Declaration(new IncidentId(1), first, "", "tocsin", "", "", new SuggestedSeverity(Severity.P1, "its own failure"), new ImpactFacts(), null, null);
        var made = Append.Start(IncidentDecisions.Declare(about, policy, "", now).Events).After;
        var reaches = policy.Steps(Severity.P1).Where(s => s.After == Duration.Zero && s.Step.Since == StepSince.Start).SelectMany(s => Escalation.Resolve(s.Step, made, plan.Now.Roster, now).Reached);
        var page = new OutgoingPage(PagePurpose.Page, key, 1, "Tocsin", "", "", "", Severity.P1, first, more, null, null, now);
        var reached = await Task.WhenAll(reaches.DistinctBy(r => (r.Person, r.Channels[0])).Select(r => ReachAsync(r, page, cancel)));
        return [.. reached.Where(r => r.Length > 0)];
    }

    private async Task<string> ReachAsync(Reach reach, OutgoingPage page, CancellationToken cancel)
    {
        var who = reach.Person.Length > 0 ? reach.Person : "everyone";
        foreach (var channel in reach.Channels)
        {
            if (!options.Live)
            {
                options.Write($"would page {who} by {channel}: {page.First}");
                return $"{who} by {channel}, not sent: the server only observes";
            }
            if (channels.Of(channel) is not { } way || channels.Address(plan.Now.Roster, reach.Person, channel, out _) is not { } address) continue;
            if (await TakesAsync(way, page with { IdempotencyKey = $"{page.IdempotencyKey}/{who}", Channel = channel, Person = reach.Person, Address = address }, cancel)) return $"{who} by {channel}";
        }
        return "";
    }

    // Whatever a channel does here, the next one is tried: nobody else would.
    private async Task<bool> TakesAsync(IChannel channel, OutgoingPage page, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Sending.Limit.ToTimeSpan());
        try
        {
            return await channel.SendAsync(page, limit.Token) is SendResult.Taken;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e)
        {
            ServerMessages.ChannelThrew(log, page.Channel, e);
            return false;
        }
    }
}
