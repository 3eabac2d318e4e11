using System.CommandLine;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands;

/// <summary>tocsin scan: known errors in logs, which, where, how often.</summary>
internal sealed class ScanCommand
{
    private readonly Argument<string[]> files = new("FILE") { Description = "Files, folders, globs, .gz, or - for standard input", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string> format = CommonOptions.Format(ScanRequest.DefaultFormat, "json", "ndjson");
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

    private int Run(ParseResult parsed) => Scan.Run(
        new ScanRequest
        {
            Files = parsed.GetValue(files) ?? [],
            Format = parsed.GetValue(format)!,
            Follow = parsed.GetValue(follow),
            Since = parsed.GetValue(since),
            Until = parsed.GetValue(until),
            Only = parsed.GetValue(only) ?? [],
            Except = parsed.GetValue(except) ?? [],
            Context = parsed.GetValue(context),
            GiveExitCode = parsed.GetValue(exitCode),
            Config = parsed.GetValue(common.Config),
            Catalogs = parsed.GetValue(common.Catalog) ?? [],
            Platform = parsed.GetValue(common.Platform),
        },
        terminal);
}
