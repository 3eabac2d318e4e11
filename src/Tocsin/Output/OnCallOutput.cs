using System.Globalization;
using System.Text.Json;
using System.Xml;
using NodaTime;
using Tocsin.Cli.Commands.Response;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Output;

/// <summary>On-call reports for people: wall clock of the schedule.</summary>
internal sealed class OnCallText(Terminal terminal, ResponsePlan plan)
{
    public void Shifts(Interval range, IReadOnlyList<OnCallTurn> turns)
    {
        foreach (var schedule in plan.Roster.Schedules.Values.OrderBy(s => s.Id, StringComparer.Ordinal))
        {
            terminal.Out.WriteLine($"{terminal.Bold(schedule.Id)}  {schedule.About}");
            terminal.Out.WriteLine($"  now: {terminal.Green(Words.List(schedule.At(range.Start).Select(Name)))}");
            if (schedule.Ready is { } ready) terminal.Out.WriteLine($"  whoever's turn begins confirms it within {Words.Length(ready.Within)}, else {Name(ready.Backup)} is told{Answer(OnCallTurn.Of(turns, schedule, range.Start), schedule.Zone)}");
            foreach (var shift in schedule.Shifts(range)) terminal.Out.WriteLine($"  {Span(shift.When, schedule.Zone)}  {Name(shift.Person)}  {terminal.Dim(shift.By)}");
        }
        foreach (var contact in plan.Roster.Contacts)
            terminal.Out.WriteLine($"{terminal.Bold(contact.Title)}  {string.Join("; ", contact.When)}  {terminal.Dim($"{string.Join(", ", contact.How)}{(contact.Link.Length > 0 ? $" {contact.Link}" : "")}")}");
    }

    private string Answer(OnCallTurn? turn, DateTimeZone zone) => turn switch
    {
        null => "",
        { Confirmed: { } at } => $"; {Name(turn.Person)} {terminal.Green("confirmed")} on {Words.Local(at, zone)}",
        { Told: { } at } => $"; {Name(turn.Person)} {terminal.Red("has not confirmed")}, {Name(turn.Backup)} was told on {Words.Local(at, zone)}",
        _ => $"; {Name(turn.Person)} was asked and {terminal.Yellow("has not confirmed yet")}, until {Words.Local(turn.Until, zone)}",
    };

    public void Findings(IReadOnlyCollection<ReadinessFinding> found, Interval range)
    {
        foreach (var one in found) terminal.Out.WriteLine($"{(one.IsWarning ? terminal.Yellow("warning") : terminal.Red("error"))} {one.What}");
        if (found.All(f => f.IsWarning)) terminal.Out.WriteLine($"{terminal.Green("ok")}: someone can be paged at every minute until {Words.Time(range.End)}");
    }

    public void Coverage(IReadOnlyCollection<(OnCallSchedule Schedule, Coverage Coverage)> found, Interval range)
    {
        foreach (var (schedule, coverage) in found)
            terminal.Out.WriteLine($"{schedule.Id}  {Span(coverage.When, schedule.Zone)}  {(coverage.People.IsEmpty ? terminal.Red("nobody") : $"several: {string.Join(", ", coverage.People)}")}");
        if (found.Count == 0) terminal.Out.WriteLine($"neither gap nor overlap until {Words.Time(range.End)}");
    }

    public void Hours(IEnumerable<(string Schedule, OnCallHours Hours)> found)
    {
        foreach (var (schedule, hours) in found)
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{schedule}  {Name(hours.Person)}  {hours.Total.TotalHours:0.#} h, at night {hours.Nights.TotalHours:0.#} h, on free days {hours.FreeDays.TotalHours:0.#} h, {hours.Shifts} {(hours.Shifts == 1 ? "shift" : "shifts")}"));
    }

    public void Changes(IReadOnlyCollection<OnCallChange> changes)
    {
        foreach (var change in changes)
        {
            var zone = plan.Roster.Schedules.TryGetValue(change.Schedule, out var schedule) ? schedule.Zone : DateTimeZone.Utc;
            terminal.Out.WriteLine($"{change.Schedule}  {Span(change.When, zone)}  {terminal.Red(Words.List(change.Before))} → {terminal.Green(Words.List(change.After))}");
        }
        if (changes.Count == 0) terminal.Out.WriteLine("the same people at the same times");
    }

    private string Name(string id) => plan.Roster.People.TryGetValue(id, out var person) ? $"{person.Name} ({id})" : id;

    private static string Span(Interval when, DateTimeZone zone) => $"{Words.Local(when.Start, zone)} – {Words.Local(when.End, zone)} {zone.Id}";
}

/// <summary>On-call reports for programs: UTC.</summary>
internal static class OnCallJson
{
    public static void Shifts(Terminal terminal, Roster roster, Interval range, IReadOnlyList<OnCallTurn> turns) => All(terminal, roster.Schedules.Values.OrderBy(s => s.Id, StringComparer.Ordinal).SelectMany(s => s.Shifts(range).Select(shift => (Schedule: s, Shift: shift))), (w, one) =>
    {
        w.WriteString("schedule", one.Schedule.Id);
        w.WriteString("person", one.Shift.Person);
        w.WriteString("by", one.Shift.By);
        Span(w, one.Shift.When);
        if (one.Schedule.Ready is not { } ready) return;
        w.WriteString("confirmWithin", XmlConvert.ToString(ready.Within.ToTimeSpan()));
        w.WriteString("backup", ready.Backup);
        if (one.Shift.When.Start != range.Start || OnCallTurn.Of(turns, one.Schedule, range.Start) is not { } turn || turn.Person != one.Shift.Person) return;
        if (turn.Confirmed is { } confirmed) w.Time("confirmed", confirmed);
        if (turn.Told is { } told) w.Time("backupTold", told);
    });

    public static void Findings(Terminal terminal, IEnumerable<ReadinessFinding> found) => All(terminal, found, (w, one) =>
    {
        w.WriteString("severity", one.IsWarning ? "warning" : "error");
        w.WriteString("message", one.What);
    });

    public static void Coverage(Terminal terminal, IEnumerable<(OnCallSchedule Schedule, Coverage Coverage)> found) => All(terminal, found, (w, one) =>
    {
        w.WriteString("schedule", one.Schedule.Id);
        Span(w, one.Coverage.When);
        w.Texts("people", one.Coverage.People);
    });

    public static void Hours(Terminal terminal, IEnumerable<(string Schedule, OnCallHours Hours)> found) => All(terminal, found, (w, one) =>
    {
        w.WriteString("schedule", one.Schedule);
        w.WriteString("person", one.Hours.Person);
        w.WriteNumber("hours", one.Hours.Total.TotalHours);
        w.WriteNumber("nightHours", one.Hours.Nights.TotalHours);
        w.WriteNumber("freeDayHours", one.Hours.FreeDays.TotalHours);
        w.WriteNumber("shifts", one.Hours.Shifts);
    });

    public static void Changes(Terminal terminal, IEnumerable<OnCallChange> changes) => All(terminal, changes, (w, one) =>
    {
        w.WriteString("schedule", one.Schedule);
        Span(w, one.When);
        w.Texts("before", one.Before);
        w.Texts("after", one.After);
    });

    private static void Span(Utf8JsonWriter w, Interval when)
    {
        w.Time("from", when.Start);
        w.Time("to", when.End);
    }

    private static void All<T>(Terminal terminal, IEnumerable<T> items, Action<Utf8JsonWriter, T> write) => terminal.Out.WriteLine(Json.Write(Json.Indented, w =>
    {
        w.WriteStartArray();
        foreach (var item in items)
        {
            w.WriteStartObject();
            write(w, item);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }));
}
