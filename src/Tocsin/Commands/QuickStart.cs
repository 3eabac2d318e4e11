using System.Reflection;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands;

/// <summary>Command lines without any option: they mean the same as through <see cref="CommandLine"/>, and begin sooner.</summary>
internal static class QuickStart
{
    /// <summary>The exit code, or null where the command line is to be parsed.</summary>
    public static int? TryRun(string[] args, Terminal terminal)
    {
        if (args is ["--version"]) return WriteVersion(terminal);
        return args.Length > 1 && string.Equals(args[0], "scan", StringComparison.Ordinal) && Array.TrueForAll(args, IsPlain)
            ? Scan.Run(new ScanRequest { Files = args[1..] }, terminal)
            : null;
    }

    // Options begin with a dash; the help also answers to /h and /?.
    private static bool IsPlain(string argument) => argument.Length > 0 && (argument[0] != '-' || argument.Length == 1) && argument is not ("/h" or "/?");

    private static int WriteVersion(Terminal terminal)
    {
        var program = typeof(QuickStart).Assembly;
        terminal.Out.WriteLine(program.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? program.GetName().Version?.ToString());
        return ExitCode.Done;
    }
}
