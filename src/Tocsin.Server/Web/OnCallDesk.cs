using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>One turn on one day, cut to the day.</summary>
/// <param name="Person">Empty: nobody.</param>
/// <param name="By">The rotation, or why it is not its person.</param>
public sealed record DayTurn(string Schedule, string Person, LocalTime From, LocalTime To, bool WholeDay, string By);

/// <param name="IsFree">No business day.</param>
/// <param name="IsOfMonth">In a month's calendar: not of the one before or after.</param>
public sealed record CalendarDay(LocalDate Date, bool IsToday, bool IsFree, string Holiday, bool IsOfMonth, IReadOnlyList<DayTurn> Turns);

/// <summary>All that the page of who is on call shows.</summary>
public sealed record OnCallView
{
    public required IReadOnlyList<OnCallNow> Now { get; init; }

    public required Roster Roster { get; init; }

    public required DateTimeZone Zone { get; init; }

    public required bool IsMonth { get; init; }

    public required LocalDate First { get; init; }

    public required IReadOnlyList<CalendarDay> Days { get; init; }

    public required IReadOnlyList<(string Schedule, OnCallHours Hours)> Hours { get; init; }

    /// <summary>What would keep a page from someone in the next weeks.</summary>
    public required IReadOnlyList<ReadinessFinding> Findings { get; init; }

    /// <summary>Turns that were changed on this page, and hold now or later.</summary>
    public required IReadOnlyList<PlanChangeRow> Changes { get; init; }

    public required IReadOnlyList<TestPage> Tests { get; init; }

    /// <summary>The newest turn of each schedule that somebody was asked about.</summary>
    public required IReadOnlyList<Turn> Turns { get; init; }

    public required IReadOnlyList<(string Schedule, Uri Address)> Calendars { get; init; }

    public LocalDate Before => IsMonth ? First.PlusMonths(-1) : First.PlusDays(-7);

    public LocalDate After => IsMonth ? First.PlusMonths(1) : First.PlusDays(7);
}

/// <summary>Puts together who is on call when.</summary>
public sealed class OnCallDesk(OnCallBoard board, PlanSource plan, PlanChanges changes, PagesSeen pages, TurnStarts starts, Links links, TimeProvider time)
{
    private const int MostTests = 12;
    private static readonly Duration Ahead = Duration.FromDays(56);

    /// <param name="from">Any day of the week or month; null: today.</param>
    public async Task<OnCallView> LookAsync(bool month, LocalDate? from, CancellationToken cancel)
    {
        var (now, all) = (time.Now(), plan.Now);
        var calendar = all.Policy.Calendar;
        var today = now.InZone(calendar.Zone).Date;
        var day = from is { Year: > 2000 and < 2200 } given ? given : today;
        var first = month ? new LocalDate(day.Year, day.Month, 1) : Monday(day);
        var (start, end) = month ? (Monday(first), Monday(first.PlusMonths(1).PlusDays(6))) : (first, first.PlusDays(7));
        var range = new Interval(calendar.Zone.AtStartOfDay(start).ToInstant(), calendar.Zone.AtStartOfDay(end).ToInstant());
        var schedules = all.Roster.Schedules.Values.OrderBy(s => s.Id, StringComparer.Ordinal).ToList();
        var turns = schedules.ConvertAll(s => (Schedule: s, Coverage: OnCallReport.Coverage(s, range), Shifts: s.Shifts(range)));
        return new OnCallView
        {
            Now = board.Now(),
            Roster = all.Roster,
            Zone = calendar.Zone,
            IsMonth = month,
            First = first,
            Days = [.. Enumerable.Range(0, Period.DaysBetween(start, end)).Select(start.PlusDays).Select(d => new CalendarDay(d, d == today, !calendar.IsBusinessDay(d), calendar.Holidays.GetValueOrDefault(d, ""), !month || d.Month == first.Month, [.. turns.SelectMany(t => TurnsOf(d, t.Schedule, t.Shifts, t.Coverage, calendar.Zone))]))],
            Hours = [.. schedules.SelectMany(s => OnCallReport.Hours(s, range, calendar).Select(h => (s.Id, h)))],
            Findings = [.. Readiness.Check(all, new Interval(now, now + Ahead))],
            Changes = [.. (await changes.AllAsync(cancel)).Where(c => c.Kind != "hold-back" && c.Ended is null && Micros.At(c.Finish) > now)],
            Tests = await pages.TestsAsync(now - Duration.FromHours(1), MostTests, cancel),
            Turns = [.. (await starts.NewestAsync(cancel)).GroupBy(t => t.Schedule, StringComparer.Ordinal).SelectMany(g => g.Where(t => t.Began == g.Max(x => x.Began)))],
            Calendars = [.. schedules.Select(s => (s.Id, links.Calendar(s.Id)))],
        };
    }

    /// <summary>A day as an address has it; null: none, or none that can be read.</summary>
    public static LocalDate? Day(string? text) => LocalDatePattern.Iso.Parse(text ?? "") is { Success: true, Value: var day } ? day : null;

    private static LocalDate Monday(LocalDate day) => day.PlusDays(1 - (int)day.DayOfWeek);

    private static IEnumerable<DayTurn> TurnsOf(LocalDate day, OnCallSchedule schedule, IEnumerable<Shift> shifts, IEnumerable<Coverage> coverage, DateTimeZone zone)
    {
        var whole = new Interval(zone.AtStartOfDay(day).ToInstant(), zone.AtStartOfDay(day.PlusDays(1)).ToInstant());
        var gaps = coverage.Where(c => c.People.IsEmpty).Select(c => new Shift("", c.When, ""));
        foreach (var shift in shifts.Concat(gaps).Where(s => s.When.Start < whole.End && s.When.End > whole.Start).OrderBy(s => s.When.Start))
        {
            var (from, to) = (Instant.Max(shift.When.Start, whole.Start), Instant.Min(shift.When.End, whole.End));
            yield return new DayTurn(schedule.Id, shift.Person, from.InZone(zone).TimeOfDay, to.InZone(zone).TimeOfDay, from == whole.Start && to == whole.End, shift.By);
        }
    }
}
