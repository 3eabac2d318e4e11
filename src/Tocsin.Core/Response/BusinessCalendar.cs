using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Response;

/// <summary>When people work: days, hours and holidays in one zone.</summary>
public sealed record BusinessCalendar(DateTimeZone Zone, ImmutableArray<IsoDayOfWeek> Days, LocalTime From, LocalTime To, ImmutableDictionary<LocalDate, string> Holidays)
{
    // A calendar without a business day in a year is refused by the reader; the bound only ends the search.
    private const int MostDays = 400;

    public bool IsBusinessDay(LocalDate date) => Days.Contains(date.DayOfWeek) && !Holidays.ContainsKey(date);

    /// <summary>The instant at which something counted from <paramref name="start"/> is due.</summary>
    public Instant At(Due due, Instant start) => due switch
    {
        Due.Within within => start + within.Time,
        Due.NextBusinessDay => End(BusinessDayFrom(start.InZone(Zone).Date.PlusDays(1))),
        Due.SameBusinessDay => End(BusinessDayFrom(Rest(start))),
        _ => throw new ArgumentOutOfRangeException(nameof(due), due, "unknown due time"),
    };

    // After hours the day is over: the next one counts.
    private LocalDate Rest(Instant start)
    {
        var local = start.InZone(Zone);
        return local.TimeOfDay < To ? local.Date : local.Date.PlusDays(1);
    }

    private LocalDate BusinessDayFrom(LocalDate date)
    {
        for (var i = 0; i < MostDays && !IsBusinessDay(date); i++) date = date.PlusDays(1);
        return date;
    }

    private Instant End(LocalDate date) => WallTime.At(date + To, Zone);
}

/// <summary>Wall time as instants. What the clocks skip is the moment they jump, what they show twice is the first time: so later wall times are never earlier instants.</summary>
public static class WallTime
{
    public static Instant At(LocalDateTime local, DateTimeZone zone)
    {
        var map = zone.MapLocal(local);
        return map.Count == 0 ? map.EarlyInterval.End : map.First().ToInstant();
    }
}
