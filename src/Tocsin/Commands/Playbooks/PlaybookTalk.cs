using System.Globalization;
using NodaTime;
using Tocsin.Cli.Rendering;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Cli.Commands.Playbooks;

/// <summary>Leads one person through a playbook in a terminal. What may come next is decided by Core; this only asks and tells.</summary>
internal sealed class PlaybookTalk(Terminal terminal, TextReader input, Func<Instant> clock, string by)
{
    private const string Keys = "d [RESULT] done · f WHY failed · s WHY skip · NUMBER the way on · t STEP another step · l list · q WHY end";
    private readonly List<PlaybookEvent> events = [];

    public void Lead(Playbook playbook, string environment)
    {
        Take(PlaybookDecisions.Start(playbook, "local", null, environment, by, clock()));
        terminal.Out.WriteLine($"{terminal.Bold(playbook.Title)}\n{environment} · version {playbook.Digest} · {by} · begun {Words.Time(clock())}\n{terminal.Dim(Keys)}");
        if (playbook.Intro.Length > 0) Markdown($"\n{playbook.Intro}\n");
        var shown = "";
        while (State is { Ended: null } run)
        {
            if (Current(run) is { } step && shown != step.Id) Show(run, step);
            shown = Current(run)?.Id ?? "";
            terminal.Out.Write("> ");
            terminal.Out.Flush();
            if (input.ReadLine() is not { } line) break;
            Answer(run, line.Trim());
        }
        Summary();
    }

    private PlaybookRun State => PlaybookRun.Of(events)!;

    // What is held goes first, then what comes next.
    private PlaybookStep? Current(PlaybookRun run) => run.Way.FirstOrDefault(s => run.Of(s.Id) is { Status: StepStatus.Held } held && held.Holder == by) ?? run.Free.FirstOrDefault();

    private void Answer(PlaybookRun run, string line)
    {
        var (verb, rest) = line.Split(' ', 2, StringSplitOptions.TrimEntries) is [var v, var r] ? (v, r) : (line, "");
        var step = Current(run)?.Id ?? "";
        RunCommand? command = verb switch
        {
            "d" or "done" => new RunCommand.Done(by, step, rest),
            "f" or "fail" => new RunCommand.Fail(by, step, rest),
            "s" or "skip" => new RunCommand.Skip(by, step, rest),
            "t" or "take" => new RunCommand.Take(by, Named(run, rest), ""),
            "q" or "quit" => new RunCommand.End(by, rest.Length > 0 ? rest : "ended in the terminal"),
            _ when int.TryParse(verb, NumberStyles.None, CultureInfo.InvariantCulture, out var way) => new RunCommand.Choose(by, step, way),
            _ => null,
        };
        if (verb is "l" or "list") List(run);
        else if (command is null) terminal.Out.WriteLine(terminal.Dim(Keys));
        else if (command is RunCommand.Take && Held(run) is { } held) Both(new RunCommand.GiveBack(by, held), command);
        else Take(PlaybookDecisions.Decide(run, command, clock()));
    }

    private void Both(RunCommand first, RunCommand second)
    {
        Take(PlaybookDecisions.Decide(State, first, clock()));
        Take(PlaybookDecisions.Decide(State, second, clock()));
    }

    private string? Held(PlaybookRun run) => run.Way.FirstOrDefault(s => run.Of(s.Id) is { Status: StepStatus.Held } held && held.Holder == by)?.Id;

    private static string Named(PlaybookRun run, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= run.Playbook.Steps.Length ? run.Playbook.Steps[number - 1].Id : text;

    private void Take(PlaybookDecision decided)
    {
        events.AddRange(decided.Events);
        if (decided is PlaybookDecision.Refuse refuse) terminal.Out.WriteLine(terminal.Red($"refused: {refuse.Why}"));
        else if (decided is PlaybookDecision.Nothing nothing) terminal.Out.WriteLine(terminal.Yellow(nothing.Why));
    }

    private void Show(PlaybookRun run, PlaybookStep step)
    {
        foreach (var late in run.Overdue(clock())) terminal.Out.WriteLine(terminal.Red(string.Create(CultureInfo.InvariantCulture, $"late: step {late.Number}, {late.Title}, was to be over by {Words.Hour(run.Started + late.Within!.Value)}")));
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Bold(string.Create(CultureInfo.InvariantCulture, $"{step.Number}/{run.Playbook.Steps.Length}  {step.Title}")));
        Markdown(PlaybookPage.Of(run.Playbook, step));
    }

    private void List(PlaybookRun run)
    {
        var way = run.Way;
        foreach (var step in run.Playbook.Steps)
        {
            var state = run.Of(step.Id);
            var mark = state.Status switch { StepStatus.Done => "done   ", StepStatus.Skipped => "skipped", StepStatus.Failed => "FAILED ", StepStatus.Held => "now    ", _ => way.Contains(step) ? "       " : "–      " };
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mark} {step.Number,2}. {step.Title}{(state.Text.Length > 0 ? $": {state.Text}" : "")}"));
        }
    }

    private void Summary()
    {
        var run = State;
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Bold($"{run.Playbook.Title}, {run.Environment}: {run.Ended ?? "not ended"}"));
        foreach (var e in events) terminal.Out.WriteLine($"{Words.Time(e.At)}  {PlaybookWords.Of(e, run.Playbook)}");
    }

    private void Markdown(string text) => terminal.Out.Write(TerminalMarkdown.Render(text, new TerminalStyle(terminal.Width, terminal.Colour)));
}
