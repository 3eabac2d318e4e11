using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Tocsin.Cli.Setup;

/// <summary>A command with lines to copy. Its own help shows them, its parent's does not.</summary>
internal sealed class ExampledCommand(string name, string description, ImmutableArray<string> examples) : Command(name, description)
{
    public ImmutableArray<string> Examples => examples;
}

/// <summary>The help in the terminal's width, with the command's examples at its end.</summary>
internal sealed class HelpPage(int width) : SynchronousCommandLineAction
{
    private readonly HelpAction inner = new() { MaxWidth = width };

    public override bool ClearsParseErrors => true;

    /// <summary>Makes it the help of the root and of every command below it. A command that only groups others shows it when it is called alone.</summary>
    public static void Use(RootCommand root, Terminal terminal)
    {
        var page = new HelpPage(terminal.Width);
        root.Options.OfType<HelpOption>().Single().Action = page;
        foreach (var group in root.Subcommands.Append(root).Where(c => c.Subcommands.Count > 0)) group.SetAction(page.Invoke);
    }

    public override int Invoke(ParseResult parsed)
    {
        var output = parsed.InvocationConfiguration.Output;
        output.WriteLine(Text(parsed));
        if (parsed.CommandResult.Command is not ExampledCommand command) return ExitCode.Done;
        output.WriteLine();
        output.WriteLine("Examples:");
        foreach (var example in command.Examples) output.WriteLine($"  {example}");
        return ExitCode.Done;
    }

    // The built-in help leaves blanks at the ends of its lines.
    private string Text(ParseResult parsed)
    {
        var configuration = parsed.InvocationConfiguration;
        var output = configuration.Output;
        using var text = new StringWriter();
        configuration.Output = text;
        inner.Invoke(parsed);
        configuration.Output = output;
        return string.Join('\n', text.ToString().TrimEnd().Split('\n').Select(l => l.TrimEnd()));
    }
}
