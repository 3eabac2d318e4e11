using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>What is wrong now, and who minds it.</summary>
/// <param name="Position">Up to which change this holds.</param>
/// <param name="Minutes">Sixty counts of signals, the oldest first.</param>
public sealed record NowBoard(long Position, IReadOnlyList<IncidentSummary> Open, IReadOnlyList<OnCallNow> OnCall, IReadOnlyList<SignalMinuteSum> Minutes, IReadOnlyList<SeenSignal> Newest, IReadOnlyList<SeverityRule> Severities);

public sealed record SignalMinuteSum(Instant At, long Count);

/// <summary>Puts together what the first page shows.</summary>
public sealed class NowDesk(IncidentList incidents, OnCallBoard onCall, SignalHour signals, ChangeFeed feed, PlanSource plan, TimeProvider time)
{
    private const int Most = 100;
    private const int Shown = 5;

    public async Task<NowBoard> LookAsync(CancellationToken cancel)
    {
        var position = await feed.HeadAsync(cancel);
        var open = await incidents.FindAsync(new IncidentFilter(Open: true, Most: Most), cancel);
        // The worst first; of equal ones that which nobody holds, then the one that waits longest.
        open.Sort((a, b) => a.Severity != b.Severity ? a.Severity.CompareTo(b.Severity) : a.HeldBy.Length == 0 != (b.HeldBy.Length == 0) ? (a.HeldBy.Length == 0 ? -1 : 1) : a.Declared.CompareTo(b.Declared));
        var now = time.Now();
        var first = now - Duration.FromMinutes(59);
        var counts = (await signals.ByMinuteAsync(first, cancel)).GroupBy(m => m.At.ToUnixTimeSeconds() / 60).ToDictionary(g => g.Key, g => g.Sum(m => m.Count));
        var minutes = Enumerable.Range(0, 60).Select(i => (first.ToUnixTimeSeconds() / 60) + i).Select(m => new SignalMinuteSum(Instant.FromUnixTimeSeconds(m * 60), counts.GetValueOrDefault(m))).ToList();
        return new NowBoard(position, open, onCall.Now(), minutes, await signals.NewestAsync(now - Duration.FromHours(1), Shown, cancel), plan.Now.Policy.Severities);
    }
}
