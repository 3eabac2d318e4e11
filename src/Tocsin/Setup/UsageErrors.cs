using System.CommandLine;
using System.CommandLine.Parsing;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Setup;

/// <summary>What is wrong with a command line, in words that name the nearest right one.</summary>
internal static class UsageErrors
{
    private const string Unmatched = "Unrecognized command or argument";

    public static List<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var unknown = parsed.UnmatchedTokens.Concat(MistakenForArguments(parsed)).Distinct(StringComparer.Ordinal).Select(t => Unknown(parsed, command, t));
        var others = parsed.Errors.Select(e => e.Message).Where(m => !m.StartsWith(Unmatched, StringComparison.Ordinal))
            .Select(m => string.Join(' ', m.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Replace(" as expected type 'System.Int32'.", ": a whole number is expected", StringComparison.Ordinal));
        return [.. unknown, .. others];
    }

    /// <summary>The command as it is called, with a trailing blank, for a hint at its help.</summary>
    public static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (var at = parsed.CommandResult; at is not null; at = at.Parent as CommandResult) names.Insert(0, at.Command is RootCommand ? "tocsin " : at.Command.Name + " ");
        return string.Concat(names);
    }

    private static string Unknown(ParseResult parsed, Command command, string token)
    {
        if (!token.StartsWith('-')) return $"unknown command \"{token}\"; {Nearest.Suggest(token, command.Subcommands.Select(c => c.Name))}".TrimEnd(' ', ';');
        var options = command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(o => o.Recursive)).Select(o => o.Name);
        return $"unknown option {token}; {Nearest.Suggest(token.Split('=')[0], options)}".TrimEnd(' ', ';');
    }

    // An argument that takes any number of texts also takes a mistyped option. After -- it is meant.
    private static IEnumerable<string> MistakenForArguments(ParseResult parsed)
    {
        var before = parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash).ToHashSet();
        return parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Where(t => before.Contains(t) && LooksLikeOption(t.Value)).Select(t => t.Value);
    }

    private static bool LooksLikeOption(string token) =>
        token.Length > 1 && token[0] == '-' && token.TrimStart('-') is { Length: > 0 } name && char.IsAsciiLetter(name[0])
        && name.Split('=')[0].All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
