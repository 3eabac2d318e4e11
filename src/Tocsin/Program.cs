using System.CommandLine;
using Tocsin.Cli.Commands;
using Tocsin.Cli.Setup;

var terminal = Terminal.System();
var common = new CommonOptions();
var root = new RootCommand("Tocsin recognises the known errors in what a platform says: where and how often they occur, what causes them and what to do.");
root.Options.Add(common.Config);
root.Options.Add(common.Catalog);
root.Options.Add(common.Platform);
(string Name, Func<CommonOptions, Terminal, Command> Create)[] commands =
[
    ("scan", ScanCommand.Create),
    ("explain", ExplainCommand.Create),
    ("catalog", CatalogCommand.Create),
];
// A command that is named at once is the only one made: making all of them costs as much as a small scan.
var named = Array.FindIndex(commands, c => args.Length > 0 && string.Equals(args[0], c.Name, StringComparison.Ordinal));
foreach (var command in named < 0 ? commands : [commands[named]]) root.Subcommands.Add(command.Create(common, terminal));
HelpPage.Use(root, terminal);
return Run(root, args, terminal);

static int Run(RootCommand root, string[] args, Terminal terminal)
{
    try
    {
        // A text to explain may begin with @, which is no file of arguments here.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var errors = UsageErrors.Of(parsed);
        foreach (var error in errors) terminal.Fail(error);
        if (errors.Count > 0) terminal.Error.WriteLine($"Try: {UsageErrors.Path(parsed)}--help");
        var ended = errors.Count > 0
            ? ExitCode.Usage
            : parsed.Invoke(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        terminal.Out.Flush();
        return ended;
    }
    catch (OutputClosedException)
    {
        return ExitCode.Done;
    }
    catch (SettingsException e)
    {
        terminal.Fail(e.Message);
        return ExitCode.Usage;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        terminal.Fail(e.Message);
        return ExitCode.CouldNotLook;
    }
}
