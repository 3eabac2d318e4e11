using System.CommandLine;
using Tocsin.Cli.Commands;
using Tocsin.Cli.Setup;

var terminal = Terminal.System();
var common = new CommonOptions();
var root = new RootCommand(
    """
    Tocsin: incident response and debugging for service platforms. It recognises the known errors in what a platform says,
    where and how often they occur, what causes them and what to do.
    """);
root.Options.Add(common.Config);
root.Options.Add(common.Catalog);
root.Options.Add(common.Platform);
root.Subcommands.Add(ScanCommand.Create(common, terminal));
root.Subcommands.Add(ExplainCommand.Create(common, terminal));
root.Subcommands.Add(CatalogCommand.Create(common, terminal));
return Run(root, args, terminal);

static int Run(RootCommand root, string[] args, Terminal terminal)
{
    try
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count == 0) return parsed.Invoke(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false });
        foreach (var error in parsed.Errors) terminal.Fail(error.Message);
        terminal.Error.WriteLine($"Try: tocsin {string.Concat(Names(parsed.CommandResult))}--help");
        return ExitCode.Usage;
    }
    catch (SettingsException e)
    {
        terminal.Fail(e.Message);
        return ExitCode.Usage;
    }
    catch (IOException e) when (e.HResult == BrokenPipe)
    {
        // The reader of a pipe went away (head, less): nobody is left to tell.
        return ExitCode.Done;
    }
    finally
    {
        Flush(terminal);
    }
}

static IEnumerable<string> Names(System.CommandLine.Parsing.CommandResult? command)
{
    var names = new List<string>();
    for (var at = command; at is not null && at.Command is not RootCommand; at = at.Parent as System.CommandLine.Parsing.CommandResult) names.Insert(0, at.Command.Name + " ");
    return names;
}

static void Flush(Terminal terminal)
{
    try
    {
        terminal.Out.Flush();
    }
    catch (IOException)
    {
        // See above: the pipe's reader went away.
    }
}

internal static partial class Program
{
    private const int BrokenPipe = 32;
}
