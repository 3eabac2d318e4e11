using Tocsin.Cli.Commands;
using Tocsin.Cli.Setup;

var terminal = Terminal.System();
try
{
    // The parser's own start costs as much as a small scan; where there is nothing to parse, it is not made.
    var ended = QuickStart.TryRun(args, terminal) ?? CommandLine.Run(args, terminal);
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
