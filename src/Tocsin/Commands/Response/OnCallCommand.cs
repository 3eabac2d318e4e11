using System.CommandLine;
using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Commands.Response;

/// <summary>tocsin oncall: who is on call, from response.yaml and without a server.</summary>
internal sealed class OnCallCommand(CommonOptions common, Terminal terminal)
{
    private const string TwoYears = "104w";

    private readonly Option<string?> at = new("--at") { Description = "From when, such as 2026-11-22T03:00Z (default: now)", HelpName = "TIME" };
    private readonly Option<string> format = CommonOptions.Format("text", "json");

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var all = new OnCallCommand(common, terminal);
        var command = new Command("oncall", "Who is on call, whether everyone can be reached, gaps, hours and calendars.");
        foreach (var one in (Command[])[all.Show(), all.Check(), all.Gaps(), all.Hours(), all.Calendar(), all.Diff()]) command.Subcommands.Add(one);
        return command;
    }

    private ExampledCommand Show()
    {
        var length = Length("1w");
        var command = New("show", "Who is on call now, and the shifts to come.", ["tocsin oncall show", "tocsin oncall show --at 2026-12-24T18:00Z --for 2w"], at, length, format);
        command.SetAction(async (parsed, cancel) =>
        {
            var (plan, range) = Load(parsed, length);
            var (turns, code) = await OnCallTurn.AskAsync(terminal, cancel);
            if (IsJson(parsed)) OnCallJson.Shifts(terminal, plan.Roster, range, turns);
            else new OnCallText(terminal, plan).Shifts(range, turns);
            return code;
        });
        return command;
    }

    private ExampledCommand Check()
    {
        var length = Length(TwoYears);
        var command = New("check", "Whether everyone who must be paged can be; exits with 1 when not.", ["tocsin oncall check"], at, length, format);
        command.SetAction(parsed =>
        {
            var (plan, range) = Load(parsed, length);
            var found = Readiness.Check(plan, range).ToList();
            if (IsJson(parsed)) OnCallJson.Findings(terminal, found);
            else new OnCallText(terminal, plan).Findings(found, range);
            return found.Exists(f => !f.IsWarning) ? ExitCode.Found : ExitCode.Done;
        });
        return command;
    }

    private ExampledCommand Gaps()
    {
        var length = Length(TwoYears);
        var exit = CommonOptions.GiveExitCode();
        var command = New("gaps", "When nobody, or several people, are on call.", ["tocsin oncall gaps --for 104w"], at, length, exit, format);
        command.SetAction(parsed =>
        {
            var (plan, range) = Load(parsed, length);
            var found = plan.Roster.Schedules.Values.OrderBy(s => s.Id, StringComparer.Ordinal)
                .SelectMany(s => OnCallReport.Coverage(s, range).Where(c => c.People.Length != 1).Select(c => (Schedule: s, Coverage: c))).ToList();
            if (IsJson(parsed)) OnCallJson.Coverage(terminal, found);
            else new OnCallText(terminal, plan).Coverage(found, range);
            return found.Count > 0 && parsed.GetValue(exit) ? ExitCode.Found : ExitCode.Done;
        });
        return command;
    }

    private ExampledCommand Hours()
    {
        var length = Length("4w");
        var command = New("hours", "How long each person is on call, at night and on free days too.", ["tocsin oncall hours --at 2026-11-01 --for 30d"], at, length, format);
        command.SetAction(parsed =>
        {
            var (plan, range) = Load(parsed, length);
            var found = plan.Roster.Schedules.Values.OrderBy(s => s.Id, StringComparer.Ordinal)
                .SelectMany(s => OnCallReport.Hours(s, range, plan.Policy.Calendar).Select(h => (s.Id, Hours: h))).ToList();
            if (IsJson(parsed)) OnCallJson.Hours(terminal, found);
            else new OnCallText(terminal, plan).Hours(found);
            return ExitCode.Done;
        });
        return command;
    }

    private ExampledCommand Calendar()
    {
        var length = Length("12w");
        var schedule = new Argument<string>("SCHEDULE") { Description = "The schedule" };
        var input = new Option<string?>("--in") { Description = "Read a calendar's events and print them as overrides for response.yaml", HelpName = "FILE" };
        var command = New("ical", "Print a schedule as iCalendar, or read one.", ["tocsin oncall ical primary > primary.ics", "tocsin oncall ical primary --in leave.ics"], at, length, input);
        command.Arguments.Add(schedule);
        command.SetAction(parsed =>
        {
            var (plan, range) = Load(parsed, length);
            var named = parsed.GetValue(schedule)!;
            if (!plan.Roster.Schedules.TryGetValue(named, out var known)) throw new SettingsException($"there is no schedule {named}; {Nearest.Suggest(named, plan.Roster.Schedules.Keys)}known: {string.Join(", ", plan.Roster.Schedules.Keys.Order(StringComparer.Ordinal))}");
            if (parsed.GetValue(input) is { } file) return Import(file, known, plan.Roster);
            terminal.Out.Write(OnCallCalendar.Write(known, plan.Roster, range, range.Start));
            return ExitCode.Done;
        });
        return command;
    }

    private int Import(string file, OnCallSchedule schedule, Roster roster)
    {
        var (overrides, problems) = OnCallCalendar.Read(ResponseFile.Text(file), file, roster, schedule.Zone);
        var moment = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");
        terminal.Out.WriteLine($"    overrides: # of schedules.{schedule.Id}, wall clock of {schedule.Zone.Id}");
        foreach (var one in overrides)
            terminal.Out.WriteLine($"      - {{ from: {moment.Format(one.When.Start.InZone(schedule.Zone).LocalDateTime)}, to: {moment.Format(one.When.End.InZone(schedule.Zone).LocalDateTime)}, person: {one.Person} }}");
        foreach (var problem in problems) terminal.Fail(problem.ToString());
        return problems.IsEmpty ? ExitCode.Done : ExitCode.CouldNotLook;
    }

    private ExampledCommand Diff()
    {
        var length = Length("26w");
        var exit = CommonOptions.GiveExitCode();
        var other = new Argument<string>("FILE") { Description = "The response.yaml to come, or its folder" };
        var command = New("diff", "Who would be on call instead of whom, before a change is applied.", ["tocsin oncall diff ./response.yaml --for 26w"], at, length, exit, format);
        command.Arguments.Add(other);
        command.SetAction(parsed =>
        {
            var (plan, range) = Load(parsed, length);
            var changes = OnCallReport.Diff(plan.Roster, ResponseFile.Load(parsed.GetValue(other)!).Roster, range).ToList();
            if (IsJson(parsed)) OnCallJson.Changes(terminal, changes);
            else new OnCallText(terminal, plan).Changes(changes);
            return changes.Count > 0 && parsed.GetValue(exit) ? ExitCode.Found : ExitCode.Done;
        });
        return command;
    }

    private static ExampledCommand New(string name, string about, string[] examples, params Option[] options)
    {
        var command = new ExampledCommand(name, about, [.. examples]);
        foreach (var option in options) command.Options.Add(option);
        return command;
    }

    private static Option<string> Length(string usual) => new("--for") { Description = "How far to look", HelpName = "DURATION", DefaultValueFactory = _ => usual };

    private bool IsJson(ParseResult parsed) => parsed.GetValue(format) is "json";

    private (ResponsePlan Plan, Interval Range) Load(ParseResult parsed, Option<string> length)
    {
        var start = OnCallTimes.Instant(parsed.GetValue(at), at.Name);
        var time = OnCallTimes.Duration(parsed.GetValue(length)!, length.Name);
        if (time <= Duration.Zero || time > Duration.FromDays(7 * 520)) throw new SettingsException(string.Create(CultureInfo.InvariantCulture, $"{length.Name}: between a second and {520} weeks is expected"));
        return (ResponseFile.Load(common.Load(parsed)), new Interval(start, start + time));
    }
}
