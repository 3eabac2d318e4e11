using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Response;

/// <summary>A time with nobody, or with several people, on call.</summary>
public sealed record Coverage(Interval When, ImmutableArray<string> People);

/// <summary>What a person's shifts come to. A night is 22 to 7 of the schedule's wall clock, a free day a weekend or a holiday.</summary>
public sealed record OnCallHours(string Person, Duration Total, Duration Nights, Duration FreeDays, int Shifts);

/// <summary>A time in which another schedule puts other people on call.</summary>
public sealed record OnCallChange(string Schedule, Interval When, ImmutableArray<string> Before, ImmutableArray<string> After);

/// <summary>What a schedule comes to over a time.</summary>
public static class OnCallReport
{
    private static readonly WeekWindow Nights = new([.. Enum.GetValues<IsoDayOfWeek>().Where(d => d != IsoDayOfWeek.None)], new LocalTime(22, 0), new LocalTime(7, 0));

    /// <summary>The range cut wherever somebody comes or goes; neighbours with the same people are one.</summary>
    public static ImmutableArray<Coverage> Coverage(OnCallSchedule schedule, Interval range)
    {
        var shifts = schedule.Shifts(range);
        var edges = shifts.SelectMany(s => new[] { s.When.Start, s.When.End }).Append(range.Start).Append(range.End).Distinct().Order().ToList();
        var result = new List<Coverage>();
        var (next, running) = (0, new List<Shift>());
        for (var i = 0; i + 1 < edges.Count; i++)
        {
            running.RemoveAll(s => s.When.End <= edges[i]);
            for (; next < shifts.Length && shifts[next].When.Start <= edges[i]; next++) running.Add(shifts[next]);
            ImmutableArray<string> people = [.. running.Select(s => s.Person).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            if (result.Count > 0 && result[^1].People.SequenceEqual(people, StringComparer.Ordinal)) result[^1] = new Coverage(new Interval(result[^1].When.Start, edges[i + 1]), people);
            else result.Add(new Coverage(new Interval(edges[i], edges[i + 1]), people));
        }
        return [.. result];
    }

    public static IEnumerable<Coverage> Gaps(OnCallSchedule schedule, Interval range) => Coverage(schedule, range).Where(c => c.People.IsEmpty);

    public static IEnumerable<Coverage> Overlaps(OnCallSchedule schedule, Interval range) => Coverage(schedule, range).Where(c => c.People.Length > 1);

    public static ImmutableArray<OnCallHours> Hours(OnCallSchedule schedule, Interval range, BusinessCalendar calendar)
    {
        var shifts = schedule.Shifts(range);
        var nights = Nights.Within(range, schedule.Zone).ToList();
        var free = FreeDays(range, calendar).ToList();
        return
        [
            .. shifts.GroupBy(s => s.Person, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(own => new OnCallHours(own.Key, Sum(own.Select(s => s.When)), Sum(own.SelectMany(s => Common(s.When, nights))), Sum(own.SelectMany(s => Common(s.When, free))), own.Count())),
        ];
    }

    public static IEnumerable<OnCallChange> Diff(Roster before, Roster after, Interval range)
    {
        foreach (var id in before.Schedules.Keys.Union(after.Schedules.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var was = Timeline(before.Schedules.GetValueOrDefault(id), range);
            var will = Timeline(after.Schedules.GetValueOrDefault(id), range);
            foreach (var change in Changes(id, was, will)) yield return change;
        }
    }

    private static ImmutableArray<Coverage> Timeline(OnCallSchedule? schedule, Interval range) => schedule is null ? [new Coverage(range, [])] : Coverage(schedule, range);

    // Both timelines cover the whole range in order, so they are walked together.
    private static IEnumerable<OnCallChange> Changes(string id, ImmutableArray<Coverage> was, ImmutableArray<Coverage> will)
    {
        for (var (i, j) = (0, 0); i < was.Length && j < will.Length;)
        {
            if (Spans.Common(was[i].When, will[j].When) is { } common && !was[i].People.SequenceEqual(will[j].People, StringComparer.Ordinal))
                yield return new OnCallChange(id, common, was[i].People, will[j].People);
            if (was[i].When.End <= will[j].When.End) i++;
            else j++;
        }
    }

    private static IEnumerable<Interval> FreeDays(Interval range, BusinessCalendar calendar)
    {
        var last = range.End.InZone(calendar.Zone).Date;
        for (var date = range.Start.InZone(calendar.Zone).Date; date <= last; date = date.PlusDays(1))
        {
            if (!calendar.IsBusinessDay(date)) yield return new Interval(calendar.Zone.AtStartOfDay(date).ToInstant(), calendar.Zone.AtStartOfDay(date.PlusDays(1)).ToInstant());
        }
    }

    private static IEnumerable<Interval> Common(Interval one, IEnumerable<Interval> others) => others.Select(o => Spans.Common(one, o)).OfType<Interval>();

    private static Duration Sum(IEnumerable<Interval> parts) => parts.Aggregate(Duration.Zero, (sum, part) => sum + part.Duration);
}
