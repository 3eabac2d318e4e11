using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using NodaTime;

namespace Tocsin.Core.Response;

/// <summary>A part of the week; a window that ends at or before its start runs over midnight.</summary>
public sealed record WeekWindow(ImmutableArray<IsoDayOfWeek> Days, LocalTime From, LocalTime To)
{
    public IEnumerable<Interval> Within(Interval range, DateTimeZone zone)
    {
        var last = range.End.InZone(zone).Date;
        for (var date = range.Start.InZone(zone).Date.PlusDays(-1); date <= last; date = date.PlusDays(1))
        {
            if (!Days.Contains(date.DayOfWeek)) continue;
            var start = WallTime.At(date + From, zone);
            var end = WallTime.At((To <= From ? date.PlusDays(1) : date) + To, zone);
            if (end > start && end > range.Start && start < range.End) yield return new Interval(start, end);
        }
    }
}

/// <summary>People who take turns of equal length in wall-clock time.</summary>
/// <param name="Hours">The length of a turn in hours of the wall clock: a day is 24 also when the clocks change.</param>
/// <param name="Only">When it holds at all; none: always.</param>
public sealed record Rotation(string Id, ImmutableArray<string> People, int Hours, LocalDateTime Start, ImmutableArray<WeekWindow> Only)
{
    /// <summary>The start of a turn; turn 0 is the first.</summary>
    public Instant Boundary(long turn, DateTimeZone zone) => WallTime.At(Start.PlusHours(turn * Hours), zone);

    /// <summary>The turn that runs at an instant; negative before the start.</summary>
    public long Turn(Instant at, DateTimeZone zone)
    {
        var hours = Period.Between(Start, at.InZone(zone).LocalDateTime, PeriodUnits.Hours).Hours;
        var turn = hours / Hours;
        while (Boundary(turn, zone) > at) turn--;
        while (Boundary(turn + 1, zone) <= at) turn++;
        return turn;
    }

    public IEnumerable<Shift> Shifts(Interval range, DateTimeZone zone)
    {
        for (var turn = Math.Max(0, Turn(range.Start, zone)); Boundary(turn, zone) < range.End; turn++)
        {
            var whole = new Interval(Boundary(turn, zone), Boundary(turn + 1, zone));
            if (whole.Duration <= Duration.Zero) continue;
            var person = People[(int)(turn % People.Length)];
            if (Only.IsEmpty) yield return new Shift(person, whole, Id);
            else foreach (var part in Parts(whole, zone)) yield return new Shift(person, part, Id);
        }
    }

    private IEnumerable<Interval> Parts(Interval whole, DateTimeZone zone) =>
        Only.SelectMany(w => w.Within(whole, zone)).Select(w => Spans.Common(w, whole)).OfType<Interval>().OrderBy(i => i.Start);
}

/// <summary>One person takes over for a time, for everybody or in place of one.</summary>
public sealed record Override(Interval When, string Person, string Instead);

/// <summary>Two people take each other's turns for a time.</summary>
public sealed record Swap(Interval When, string One, string Other);

/// <param name="By">The rotation, or why it is not its person.</param>
public sealed record Shift(string Person, Interval When, string By);

/// <summary>Whoever's turn begins says that they can be reached.</summary>
/// <param name="Within">How long that may take.</param>
/// <param name="Backup">A person who is told where nobody said so.</param>
public sealed record TurnCheck(Duration Within, string Backup);

/// <summary>Who is on call when. Several rotations at once mean several people at once.</summary>
public sealed record OnCallSchedule(string Id, string About, DateTimeZone Zone, ImmutableArray<Rotation> Rotations, ImmutableArray<Override> Overrides, ImmutableArray<Swap> Swaps)
{
    private static readonly Duration Moment = Duration.FromTicks(1);

    /// <summary>Null: nobody is asked when a turn begins.</summary>
    public TurnCheck? Ready { get; init; }

    // Thousands of incidents that come due together ask for one moment. Beside the record, so that two of them stay equal.
    private static readonly ConditionalWeakTable<OnCallSchedule, Answer> Newest = [];

    /// <summary>Each person once, in the order of the rotations.</summary>
    public ImmutableArray<string> At(Instant at)
    {
        if (Newest.TryGetValue(this, out var known) && known.At == at) return known.People;
        ImmutableArray<string> people = [.. Shifts(new Interval(at, at + Moment)).Select(s => s.Person).Distinct(StringComparer.Ordinal)];
        Newest.AddOrUpdate(this, new Answer(at, people));
        return people;
    }

    /// <summary>The shifts that touch the range, cut to it, by start; neighbours of one person and one reason are one.</summary>
    public ImmutableArray<Shift> Shifts(Interval range)
    {
        var shifts = Rotations.SelectMany(r => r.Shifts(range, Zone)).ToList();
        foreach (var swap in Swaps) shifts = [.. shifts.SelectMany(s => Swapped(s, swap))];
        foreach (var one in Overrides) shifts = Overridden(shifts, one, range);
        var cut = shifts.Select(s => Spans.Common(s.When, range) is { } when ? s with { When = when } : null).OfType<Shift>()
            .OrderBy(s => s.When.Start).ThenBy(s => s.Person, StringComparer.Ordinal);
        return Joined(cut);
    }

    private static IEnumerable<Shift> Swapped(Shift shift, Swap swap)
    {
        var other = shift.Person == swap.One ? swap.Other : shift.Person == swap.Other ? swap.One : null;
        if (other is null || Spans.Common(shift.When, swap.When) is not { } common) return [shift];
        return [.. Spans.Without(shift.When, common).Select(w => shift with { When = w }), new Shift(other, common, $"swap with {shift.Person}")];
    }

    private static List<Shift> Overridden(List<Shift> shifts, Override one, Interval range)
    {
        if (Spans.Common(one.When, range) is null) return shifts;
        var kept = shifts.SelectMany(s => one.Instead.Length > 0 && s.Person != one.Instead ? [s] : Spans.Without(s.When, one.When).Select(w => s with { When = w })).ToList();
        if (one.Instead.Length == 0) return [.. kept, new Shift(one.Person, one.When, "override")];
        var taken = shifts.Where(s => s.Person == one.Instead).Select(s => Spans.Common(s.When, one.When)).OfType<Interval>();
        return [.. kept, .. taken.Select(w => new Shift(one.Person, w, $"override for {one.Instead}"))];
    }

    private static ImmutableArray<Shift> Joined(IEnumerable<Shift> ordered)
    {
        var joined = new List<Shift>();
        foreach (var shift in ordered)
        {
            var before = joined.FindLastIndex(s => s.Person == shift.Person && s.By == shift.By && s.When.End == shift.When.Start);
            if (before < 0) joined.Add(shift);
            else joined[before] = shift with { When = new Interval(joined[before].When.Start, shift.When.End) };
        }
        return [.. joined];
    }

    private sealed record Answer(Instant At, ImmutableArray<string> People);
}

/// <summary>Intervals with both ends.</summary>
internal static class Spans
{
    public static Interval? Common(Interval one, Interval other)
    {
        var start = Instant.Max(one.Start, other.Start);
        var end = Instant.Min(one.End, other.End);
        return start < end ? new Interval(start, end) : null;
    }

    public static IEnumerable<Interval> Without(Interval whole, Interval part)
    {
        if (Common(whole, part) is not { } common) return [whole];
        return new[] { (whole.Start, common.Start), (common.End, whole.End) }.Where(p => p.Item1 < p.Item2).Select(p => new Interval(p.Item1, p.Item2));
    }
}
