using System.CommandLine;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands;

/// <summary>The whole command line: every command with its options, help and errors.</summary>
internal static class CommandLine
{
    private static readonly (string Name, Func<CommonOptions, Terminal, Command> Create)[] Commands =
    [
        ("scan", ScanCommand.Create),
        ("explain", ExplainCommand.Create),
        ("drill", Diagnose.DrillCommand.Create),
        ("bundle", Diagnose.BundleCommand.Create),
        ("compare", Platforms.CompareCommand.Create),
        ("checklist", Platforms.ChecklistCommand.Create),
        ("logs", Platforms.LogsCommand.Create),
        ("platform", Platforms.PlatformCommand.Create),
        ("catalog", CatalogCommand.Create),
        ("serve", Incidents.ServeCommand.Create),
        ("incident", Incidents.IncidentCommands.Create),
        ("why", Incidents.WhyCommand.Create),
        ("page", Incidents.PageCommand.Create),
        ("audit", Incidents.AuditCommand.Create),
        ("backup", Incidents.BackupCommand.Create),
        ("restore", Incidents.RestoreCommand.Create),
        ("export", Incidents.ExportCommand.Create),
        ("action", Actions.ActionCommand.Create),
        ("playbook", Playbooks.PlaybookCommand.Create),
        ("simulate", Response.SimulateCommand.Create),
        ("postmortem", PostMortems.PostMortemCommand.Create),
        ("report", PostMortems.ReportCommand.Create),
        ("mcp", Mcp.McpCommand.Create),
        ("oncall", Response.OnCallCommand.Create),
        ("lab", Lab.LabCommand.Create),
    ];

    public static int Run(string[] args, Terminal terminal)
    {
        // A text to explain may begin with @, which is no file of arguments here.
        var parsed = Root(args, terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var errors = UsageErrors.Of(parsed);
        foreach (var error in errors) terminal.Fail(error);
        if (errors.Count > 0) terminal.Error.WriteLine($"Try: {UsageErrors.Path(parsed)}--help");
        return errors.Count > 0
            ? ExitCode.Usage
            : parsed.Invoke(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static RootCommand Root(string[] args, Terminal terminal)
    {
        var common = new CommonOptions();
        var root = new RootCommand("Tocsin recognises the known errors in what a platform says: where and how often they occur, what causes them and what to do.");
        root.Options.Add(common.Config);
        root.Options.Add(common.Catalog);
        root.Options.Add(common.Platform);

        // A command that is named at once is the only one made: making all of them costs as much as a small scan.
        var named = Array.FindIndex(Commands, c => args.Length > 0 && string.Equals(args[0], c.Name, StringComparison.Ordinal));
        foreach (var command in named < 0 ? Commands : [Commands[named]]) root.Subcommands.Add(command.Create(common, terminal));
        HelpPage.Use(root, terminal);
        return root;
    }
}
