using System.Globalization;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Web;

/// <summary>What is wrong now, and who minds it.</summary>
/// <param name="Position">Up to which change this holds.</param>
/// <param name="Minutes">Sixty counts of signals, the oldest first.</param>
/// <param name="Mutes">Pages that are held back now, or will be within a day.</param>
public sealed record NowBoard(
    long Position,
    IReadOnlyList<IncidentSummary> Open,
    IReadOnlyList<OnCallNow> OnCall,
    IReadOnlyList<SignalMinuteSum> Minutes,
    IReadOnlyList<SeenSignal> Newest,
    IReadOnlyList<SeverityRule> Severities,
    HealthGrid Health,
    IReadOnlyList<MuteShown> Mutes)
{
    /// <summary>So many are shown at most; there may be more.</summary>
    public const int Most = 100;
}

public sealed record SignalMinuteSum(Instant At, long Count);

/// <summary>One time in which pages are held back.</summary>
public sealed record MuteShown(MaintenanceWindow Window, Interval When);

/// <summary>Puts together what the first page shows.</summary>
/// <param name="watch">Null: this server watches nothing.</param>
public sealed class NowDesk(IncidentList incidents, OnCallBoard onCall, SignalHour signals, ChangeFeed feed, PlanSource plan, ServerOptions options, TimeProvider time, PlatformWatch? watch = null)
{
    private const int Shown = 5;
    private readonly Shared<NowBoard> boards = new();
    private static readonly Duration Ahead = Duration.FromDays(1);

    /// <summary>As <see cref="LookAsync(CancellationToken)"/>; who asks at the same moment gets the same.</summary>
    public async Task<NowBoard> WatchAsync(CancellationToken cancel)
    {
        var position = await feed.HeadAsync(cancel);
        return await boards.OfAsync(position.ToString(CultureInfo.InvariantCulture), c => LookAsync(position, c), cancel);
    }

    public async Task<NowBoard> LookAsync(CancellationToken cancel) => await LookAsync(await feed.HeadAsync(cancel), cancel);

    private async Task<NowBoard> LookAsync(long position, CancellationToken cancel)
    {
        var open = await incidents.FindAsync(new IncidentFilter(Open: true, Most: NowBoard.Most), cancel);
        // The worst first; of equal ones that which nobody holds, then the one that waits longest.
        open.Sort((a, b) => a.Severity != b.Severity ? a.Severity.CompareTo(b.Severity) : a.HeldBy.Length == 0 != (b.HeldBy.Length == 0) ? (a.HeldBy.Length == 0 ? -1 : 1) : a.Declared.CompareTo(b.Declared));
        var now = time.Now();
        return new NowBoard(
            position,
            open,
            onCall.Now(),
            await MinutesAsync(now, cancel),
            await signals.NewestAsync(now - Duration.FromHours(1), Shown, cancel),
            plan.Now.Policy.Severities,
            HealthGrid.Of(options.Platform, watch?.View(), open),
            Mutes(plan.Now, now));
    }

    private static List<MuteShown> Mutes(ResponsePlan plan, Instant now) =>
        [.. plan.Maintenance.SelectMany(w => w.Occurrences(new Interval(now, now + Ahead)).Select(o => new MuteShown(w, o))).OrderBy(m => m.When.Start)];

    private async Task<List<SignalMinuteSum>> MinutesAsync(Instant now, CancellationToken cancel)
    {
        var first = now - Duration.FromMinutes(59);
        var counts = (await signals.ByMinuteAsync(first, cancel)).GroupBy(m => m.At.ToUnixTimeSeconds() / 60).ToDictionary(g => g.Key, g => g.Sum(m => m.Count));
        return [.. Enumerable.Range(0, 60).Select(i => (first.ToUnixTimeSeconds() / 60) + i).Select(m => new SignalMinuteSum(Instant.FromUnixTimeSeconds(m * 60), counts.GetValueOrDefault(m)))];
    }
}
