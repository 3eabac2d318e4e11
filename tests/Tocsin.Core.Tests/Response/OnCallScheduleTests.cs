using NodaTime;
using Tocsin.Core.Response;
using static Tocsin.Core.Tests.Response.Shipped;

namespace Tocsin.Core.Tests.Response;

public sealed class OnCallScheduleTests
{
    private static readonly Interval TenYears = new(At("2024-01-01T00:00:00Z"), At("2034-01-01T00:00:00Z"));

    private static OnCallSchedule Schedule(DateTimeZone zone, int hours, params WeekWindow[] only) =>
        new("s", "", zone, [new Rotation("r", ["a", "b", "c"], hours, new LocalDateTime(2024, 1, 1, 2, 30), [.. only])], [], []);

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(24)]
    [InlineData(168)]
    public void Around_every_change_of_every_clock_in_ten_years_somebody_is_on_call_and_nobody_twice(int hours)
    {
        var changes = 0;
        foreach (var zone in DateTimeZoneProviders.Tzdb.Ids.Select(id => DateTimeZoneProviders.Tzdb[id]))
        {
            var schedule = Schedule(zone, hours);
            foreach (var change in zone.GetZoneIntervals(TenYears).Skip(1).Select(i => i.Start))
            {
                changes++;
                var around = new Interval(change - Duration.FromHours(hours + 4), change + Duration.FromHours(hours + 4));
                Assert.All(OnCallReport.Coverage(schedule, around), c => Assert.Single(c.People));
                Assert.Equal(around.Duration, schedule.Shifts(around).Aggregate(Duration.Zero, (sum, s) => sum + s.When.Duration));
            }
        }
        Assert.True(changes > 2000);
    }

    [Fact]
    public void A_turn_begins_at_its_wall_time_on_both_sides_of_a_change()
    {
        foreach (var zone in DateTimeZoneProviders.Tzdb.Ids.Select(id => DateTimeZoneProviders.Tzdb[id]))
        {
            var rotation = new Rotation("r", ["a", "b"], 24, new LocalDateTime(2024, 1, 1, 9, 0), []);
            foreach (var change in zone.GetZoneIntervals(TenYears).Skip(1).Select(i => i.Start))
            {
                var turn = rotation.Turn(change, zone);
                foreach (var boundary in new[] { rotation.Boundary(turn, zone), rotation.Boundary(turn + 1, zone) }.Where(b => zone.MapLocal(b.InZone(zone).LocalDateTime).Count == 1 && b != change))
                    Assert.Equal(new LocalTime(9, 0), boundary.InZone(zone).TimeOfDay);
            }
        }
    }

    [Fact]
    public void The_turn_at_an_instant_is_the_one_whose_shift_holds_it()
    {
        var random = new Random(7);
        var zone = DateTimeZoneProviders.Tzdb["Europe/Berlin"];
        var schedule = Schedule(zone, 12);
        for (var i = 0; i < 2000; i++)
        {
            var at = TenYears.Start + (Duration.FromDays(1) + TenYears.Duration * (random.NextDouble() * 0.9));
            var shift = Assert.Single(schedule.Shifts(new Interval(at - Duration.FromDays(1), at + Duration.FromDays(1))), s => s.When.Contains(at));
            Assert.Equal([shift.Person], schedule.At(at));
        }
    }

    [Fact]
    public void A_restriction_leaves_gaps_and_they_are_found()
    {
        var business = new WeekWindow([IsoDayOfWeek.Monday, IsoDayOfWeek.Tuesday, IsoDayOfWeek.Wednesday, IsoDayOfWeek.Thursday, IsoDayOfWeek.Friday], new LocalTime(9, 0), new LocalTime(17, 0));
        var schedule = Schedule(DateTimeZone.Utc, 168, business);
        var weeks = new Interval(At("2024-01-08T00:00:00Z"), At("2024-01-08T00:00:00Z") + Duration.FromDays(7 * 104));
        Assert.Equal((5 * 104) + 1, OnCallReport.Gaps(schedule, weeks).Count());
        Assert.Equal(Duration.FromHours(40 * 104), OnCallReport.Hours(schedule, weeks, Plan.Policy.Calendar).Aggregate(Duration.Zero, (sum, h) => sum + h.Total));
    }

    [Fact]
    public void Overrides_and_swaps_take_over_for_their_time_only()
    {
        var day = At("2024-01-08T02:30:00Z");
        Interval Hours(int from, int to) => new(day + Duration.FromHours(from), day + Duration.FromHours(to));
        var plain = Schedule(DateTimeZone.Utc, 24);
        var swapped = plain with { Swaps = [new Swap(Hours(0, 48), "b", "c")] };
        Assert.Equal(["b", "c"], plain.Shifts(Hours(0, 48)).Select(s => s.Person));
        Assert.Equal(["c", "b"], swapped.Shifts(Hours(0, 48)).Select(s => s.Person));
        var covered = plain with { Overrides = [new Override(Hours(6, 12), "a", "")] };
        Assert.Equal(["b", "a", "b"], covered.Shifts(Hours(0, 24)).Select(s => s.Person));
        var other = plain with { Overrides = [new Override(Hours(6, 12), "a", "c")] };
        Assert.Equal(["b"], other.Shifts(Hours(0, 24)).Select(s => s.Person));
    }

    [Fact]
    public void Two_rotations_at_once_are_an_overlap_that_is_reported()
    {
        var one = Schedule(DateTimeZone.Utc, 24);
        var both = one with { Rotations = [.. one.Rotations, new Rotation("second", ["d"], 24, new LocalDateTime(2024, 1, 3, 0, 0), [])] };
        Assert.Single(OnCallReport.Overlaps(both, new Interval(At("2024-01-02T12:00:00Z"), At("2024-01-03T02:30:00Z"))));
    }

    [Fact]
    public void A_calendar_that_was_written_reads_back_as_the_same_shifts()
    {
        var range = new Interval(Start, Start + Duration.FromDays(70));
        var schedule = Plan.Roster.Schedules["primary"];
        var text = OnCallCalendar.Write(schedule, Plan.Roster, range, Start);
        Assert.All(text.Split("\r\n"), l => Assert.True(System.Text.Encoding.UTF8.GetByteCount(l) <= 75));
        var (overrides, problems) = OnCallCalendar.Read(text, "a.ics", Plan.Roster, schedule.Zone);
        Assert.Empty(problems);
        Assert.Equal(schedule.Shifts(range).Select(s => (s.Person, s.When)), overrides.Select(o => (o.Person, o.When)));
    }

    [Fact]
    public void A_strangers_calendar_gives_overrides_and_says_what_it_could_not_read()
    {
        var text = string.Join("\r\n", "BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART;TZID=Asia/Kolkata:20261124T100000", "DTEND;TZID=Asia/Kolkata:20261125T100000", "SUMMARY:Cover: Third", "  engineer", "END:VEVENT",
            "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261202", "SUMMARY:engineer-2", "END:VEVENT",
            "BEGIN:VEVENT", "DTSTART:20261201T000000Z", "DTEND:20261202T000000Z", "SUMMARY:Somebody else", "END:VEVENT",
            "BEGIN:VEVENT", "DTSTART:20261201T000000Z", "DTEND:20261202T000000Z", "RRULE:FREQ=WEEKLY", "SUMMARY:engineer-1", "END:VEVENT", "END:VCALENDAR");
        var (overrides, problems) = OnCallCalendar.Read(text, "a.ics", Plan.Roster, DateTimeZoneProviders.Tzdb["Asia/Kolkata"]);
        Assert.Equal(["engineer-3", "engineer-2"], overrides.Select(o => o.Person));
        Assert.Equal(At("2026-11-24T04:30:00Z"), overrides[0].When.Start);
        Assert.Equal(2, problems.Length);
    }

    [Fact]
    public void A_diff_names_the_times_at_which_others_would_be_on_call()
    {
        var later = ResponseReader.Parse(Text.Replace("people: [engineer-1, engineer-2, engineer-3], every: week", "people: [engineer-1, engineer-3], every: week", StringComparison.Ordinal), "r").Value!;
        var range = new Interval(Start, Start + Duration.FromDays(42));
        Assert.Empty(OnCallReport.Diff(Plan.Roster, Plan.Roster, range));
        var changes = OnCallReport.Diff(Plan.Roster, later.Roster, range).ToList();
        Assert.NotEmpty(changes);
        Assert.All(changes, c => Assert.NotEqual(Plan.Roster.Schedules["primary"].At(c.When.Start), later.Roster.Schedules["primary"].At(c.When.Start)));
    }
}
