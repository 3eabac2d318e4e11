using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Signals.Watching;

/// <summary>Calls of the last hour, by minute.</summary>
public sealed record CallBudget(int PerHour)
{
    private static readonly Duration Hour = Duration.FromHours(1);
    private static readonly Duration Minute = Duration.FromMinutes(1);

    public ImmutableArray<(Instant Minute, int Calls)> Minutes { get; init; } = [];

    public int Used(Instant now) => Minutes.Where(m => now - m.Minute < Hour).Sum(m => m.Calls);

    /// <summary>Whether as many calls as the dearest minute took still fit in.</summary>
    public bool Allows(Instant now) => Used(now) + Minutes.Where(m => now - m.Minute < Hour).Select(m => m.Calls).DefaultIfEmpty(0).Max() <= PerHour;

    public CallBudget Spend(Instant now, int calls)
    {
        var kept = Minutes.RemoveAll(m => now - m.Minute >= Hour);
        if (kept.IsEmpty || now - kept[^1].Minute >= Minute) return this with { Minutes = kept.Add((now, calls)) };
        return this with { Minutes = kept.SetItem(kept.Length - 1, (kept[^1].Minute, kept[^1].Calls + calls)) };
    }
}
