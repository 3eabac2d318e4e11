using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Response.StatusPages;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Publishing;

/// <summary>The status page as a transaction holds it.</summary>
/// <param name="Row">Null: nothing was ever published.</param>
public sealed record HeldStatus(StreamRow? Row, StatusPage Page);

/// <summary>What became of a command about the status page.</summary>
public abstract record StatusOutcome
{
    public sealed record Done(StatusPage Page) : StatusOutcome;

    public sealed record Nothing(StatusPage Page, string Why) : StatusOutcome;

    public sealed record Refused(string Why) : StatusOutcome;
}

/// <summary>The public status page: one stream of events, and its newest state in memory, asked for anew once a second at most, however many look.</summary>
public sealed class StatusDesk(Database database, IncidentDesk incidents, Subscribers subscribers, TimeProvider time)
{
    public const string Id = "status";
    private static readonly Duration Fresh = Duration.FromSeconds(1);
    private readonly SemaphoreSlim gate = new(1);
    private volatile Seen? seen;

    private sealed record Seen(StatusPage Page, Instant At);

    /// <summary>As it stands; where the database does not answer, as it was last seen.</summary>
    public async Task<StatusPage> NowAsync(CancellationToken cancel)
    {
        if (seen is { } fresh && time.Now() - fresh.At < Fresh && time.Now() >= fresh.At) return fresh.Page;
        await gate.WaitAsync(cancel);
        try
        {
            if (seen is { } newer && time.Now() - newer.At < Fresh && time.Now() >= newer.At) return newer.Page;
            var known = seen?.Page;
            var page = await database.ReadAsync(async (s, c) => await Streams.RowAsync(s, Id, c) is { } row && row.Version == known?.Version ? known : await ReadAsync(s, c), cancel);
            seen = new Seen(page!, time.Now());
            return page!;
        }
        catch (System.Data.Common.DbException) when (seen is { } old)
        {
            // The public reads on: what it says was true a moment ago, and nothing can be said anew anyway.
            return old.Page;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>What somebody just wrote is seen at once.</summary>
    public void Forget() => seen = null;

    public async Task<StatusOutcome> DoAsync(StatusCommand command, CancellationToken cancel)
    {
        var outcome = await database.WriteAsync((s, c) => DoAsync(s, command, c), cancel);
        Forget();
        return outcome;
    }

    /// <summary>Holds the page and decides, within a transaction of the caller's; it is kept by <see cref="KeepAsync"/>.</summary>
    public async Task<(HeldStatus? Held, Decided<StatusEvent>? Decided)> DecideAsync(Session s, Func<StatusPage, StatusCommand> command, CancellationToken cancel)
    {
        var row = await Streams.HoldAsync(s, Id, cancel);
        var page = await ReadAsync(s, cancel);
        return (new HeldStatus(row, page), StatusDecisions.Decide(page, command(page), time.Now()));
    }

    /// <summary>Keeps them, with what subscribers get by them.</summary>
    public async Task KeepAsync(Session s, HeldStatus held, ImmutableArray<StatusEvent> events, CancellationToken cancel)
    {
        var row = await Streams.AppendAsync(s, held.Row, (held.Row ?? new StreamRow { Id = Id, Kind = Id, Title = "The status page" }) with { State = "public" }, [.. events.Select(StreamForms.Status.Write)], cancel);
        await subscribers.TellAsync(s, events.Aggregate(held.Page, (p, e) => p.With(e)), events, row.Version, cancel);
    }

    /// <summary>What an incident's timeline says of it.</summary>
    public static ImmutableArray<string> Lines(StatusPage before, ImmutableArray<StatusEvent> events) => [.. events.Select(e => e switch
    {
        ReportOpened o => string.Create(CultureInfo.InvariantCulture, $"{o.By} tells the public (report {o.Number}, {o.Stage.ToString().ToLowerInvariant()}): {o.Title}. {o.Text}"),
        ReportUpdated u => string.Create(CultureInfo.InvariantCulture, $"{u.By} tells the public (report {u.Number}, {u.Stage.ToString().ToLowerInvariant()}): {u.Text}"),
        _ => $"{e.By} changes the status page (version {before.Version + 1})",
    })];

    private async Task<StatusOutcome> DoAsync(Session s, StatusCommand command, CancellationToken cancel)
    {
        var (held, decided) = await DecideAsync(s, _ => command, cancel);
        switch (decided)
        {
            case Decided<StatusEvent>.Refuse refuse: return new StatusOutcome.Refused(refuse.Why);
            case Decided<StatusEvent>.Nothing nothing: return new StatusOutcome.Nothing(held!.Page, nothing.Why);
        }
        var events = ((Decided<StatusEvent>.Accept)decided!).Events;
        if (Told(held!.Page, events[0]) is { } incident)
        {
            var lines = Lines(held.Page, events);
            if (await incidents.DecideAsync(s, incident, null, (i, now) => IncidentDecisions.Decide(i, new IncidentCommand.Record(command.By, Id, lines), now), cancel) is Outcome.Unknown unknown) return new StatusOutcome.Refused($"there is no incident {unknown.Id}");
        }
        await KeepAsync(s, held, events, cancel);
        return new StatusOutcome.Done(events.Aggregate(held.Page, (p, e) => p.With(e)));
    }

    private static IncidentId? Told(StatusPage page, StatusEvent e) => e switch
    {
        ReportOpened opened => opened.Incident,
        ReportUpdated updated => page.Report(updated.Number)?.Incident,
        _ => null,
    };

    private static async Task<StatusPage> ReadAsync(Session s, CancellationToken cancel) => StatusPage.Of((await Streams.EventsAsync(s, Id, cancel)).Select(StreamForms.Status.Read));
}
