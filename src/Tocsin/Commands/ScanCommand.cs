using System.CommandLine;
using NodaTime;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Logs;
using Tocsin.Core.Matching;

namespace Tocsin.Cli.Commands;

/// <summary>tocsin scan: known errors in logs, which, where, how often.</summary>
internal sealed class ScanCommand
{
    private readonly Argument<string[]> files = new("FILE") { Description = "Files, folders, globs, .gz, or - for standard input", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string> format = CommonOptions.Format("text", "json", "ndjson");
    private readonly Option<bool> follow = new("--follow", "-f") { Description = "Go on as the files grow, through rotation and truncation, until Ctrl-C" };
    private readonly Option<string?> since = new("--since") { Description = "Only what is not older: a time (2026-11-21T20:00:00Z, 20:00) or an age (30m, 2h, 1d)", HelpName = "TIME" };
    private readonly Option<string?> until = new("--until") { Description = "Only what is not younger", HelpName = "TIME" };
    private readonly Option<string[]> only = new("--only") { Description = "Only these entries or layers; may be repeated", HelpName = "ID", DefaultValueFactory = _ => [] };
    private readonly Option<string[]> except = new("--except") { Description = "Not these entries or layers; may be repeated", HelpName = "ID", DefaultValueFactory = _ => [] };
    private readonly Option<int> context = new("--context", "-C") { Description = "Show each find with this many lines around it", HelpName = "N" };
    private readonly Option<bool> exitCode = CommonOptions.GiveExitCode();
    private readonly CommonOptions common;
    private readonly Terminal terminal;

    private ScanCommand(CommonOptions common, Terminal terminal)
    {
        this.common = common;
        this.terminal = terminal;
    }

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var scan = new ScanCommand(common, terminal);
        var command = new ExampledCommand(
            "scan",
            "Find the known errors in logs: which, where, how often, what causes them and what to do.",
            [
                "tocsin scan app.log                                 one file",
                "tocsin scan logs/ old/app.log.2.gz                  folders and compressed files",
                "aws logs tail GROUP | tocsin scan -                 standard input",
                "tocsin scan app.log --since 30m --only database     a time and a layer",
                "tocsin scan --follow /var/log/app.log               as it grows",
                "tocsin scan app.log --format ndjson | jq .error     for a program",
            ]);
        command.Arguments.Add(scan.files);
        foreach (var option in (Option[])[scan.format, scan.follow, scan.since, scan.until, scan.only, scan.except, scan.context, scan.exitCode]) command.Options.Add(option);
        command.SetAction(scan.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var now = SystemClock.Instance.GetCurrentInstant();
        if (!TimeWindow.TryParse(parsed.GetValue(since), parsed.GetValue(until), now, out var window, out var problem)) return Usage(problem);
        if (parsed.GetValue(context) is < 0 or > 1000) return Usage("--context takes a whole number from 0 to 1000");
        var typed = parsed.GetValue(files) ?? [];
        if (typed.Length == 0 && !Console.IsInputRedirected) return Usage("nothing to scan: name files or folders, or - for standard input");
        var sources = LogFinder.Find(typed.Length == 0 ? [LogSource.StandardInput] : typed);
        var entries = new CatalogStore(common.Load(parsed)).Entries(terminal);
        if (!EntryFilter.TryApply(entries, parsed.GetValue(only) ?? [], parsed.GetValue(except) ?? [], out var wanted, out problem)) return Usage(problem);
        var options = new StreamOptions(now, parsed.GetValue(context));
        using var output = ScanOutput.Create(parsed.GetValue(format)!, terminal, options.ContextLines > 0, parsed.GetValue(follow));
        using var stop = new StopSignal();
        var run = new ScanRun(MatchSet.Build(wanted), options, window, output, terminal);
        var ended = parsed.GetValue(follow) ? run.Follow(sources, stop.Token) : run.Read(sources, stop.Token);
        if (ended != ExitCode.Done) return ended;
        return parsed.GetValue(exitCode) && output.Tally.Total > 0 ? ExitCode.Found : ExitCode.Done;
    }

    private int Usage(string problem)
    {
        terminal.Fail(problem);
        return ExitCode.Usage;
    }
}
