using Tocsin.Core.Catalog;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Matching;

/// <summary>
/// Counts, order and absence over named signatures of one source, in the time the stream itself carries. Events without any time prove no window,
/// so they fire nothing. A rule that fired rests for one window.
/// </summary>
internal sealed class TimingTracker
{
    private const int MaxRemembered = 10_000;
    private readonly Dictionary<(string Entry, string Signature), Queue<EventTime>> seen = [];
    private readonly Dictionary<(string Entry, string Rule), EventTime> fired = [];

    /// <summary>Notes that a signature held, and gives the rules that this completes.</summary>
    public IEnumerable<TimingRule> Note(Entry entry, string signature, EventTime? time)
    {
        if (entry.Timing.IsEmpty || time is not { } now || !entry.Timing.Any(r => Uses(r, signature))) return [];
        var queue = seen.TryGetValue((entry.Id, signature), out var known) ? known : seen[(entry.Id, signature)] = new();
        queue.Enqueue(now);
        var longest = TimeSpan.FromSeconds(entry.Timing.Max(r => r.WithinSeconds));
        while (queue.Count > MaxRemembered || (queue.TryPeek(out var oldest) && now - oldest > longest)) queue.Dequeue();
        return entry.Timing.Where(r => Completes(entry, r, signature, now)).ToList();
    }

    private bool Completes(Entry entry, TimingRule rule, string signature, EventTime now)
    {
        var window = TimeSpan.FromSeconds(rule.WithinSeconds);
        var completing = rule.InOrder.IsEmpty ? rule.Of.Contains(signature, StringComparer.Ordinal) : string.Equals(rule.InOrder[^1], signature, StringComparison.Ordinal);
        if (!completing) return false;
        if (fired.TryGetValue((entry.Id, rule.Id), out var last) && now - last < window && now >= last) return false;
        if (rule.Unless.Any(s => Times(entry, s).Any(t => Within(t, now, window)))) return false;
        var holds = rule.InOrder.IsEmpty
            ? rule.Of.Sum(s => Times(entry, s).Count(t => Within(t, now, window))) >= rule.Count
            : HoldsInOrder(entry, rule, now, window);
        if (holds) fired[(entry.Id, rule.Id)] = now;
        return holds;
    }

    private bool HoldsInOrder(Entry entry, TimingRule rule, EventTime now, TimeSpan window)
    {
        var bound = now;
        for (var i = rule.InOrder.Length - 2; i >= 0; i--)
        {
            var before = Times(entry, rule.InOrder[i]).Where(t => t <= bound && Within(t, now, window)).DefaultIfEmpty(EventTime.MinValue).Max();
            if (before == EventTime.MinValue) return false;
            bound = before;
        }
        return true;
    }

    private IEnumerable<EventTime> Times(Entry entry, string signature) => seen.TryGetValue((entry.Id, signature), out var times) ? times : [];

    private static bool Within(EventTime time, EventTime now, TimeSpan window) => time <= now && now - time <= window;

    private static bool Uses(TimingRule rule, string signature) =>
        rule.Of.Contains(signature, StringComparer.Ordinal)
        || rule.InOrder.Contains(signature, StringComparer.Ordinal)
        || rule.Unless.Contains(signature, StringComparer.Ordinal);
}
