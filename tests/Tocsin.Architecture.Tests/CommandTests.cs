using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Architecture.Tests;

/// <summary>Commands that the documents tell a reader to type can be typed.</summary>
public sealed partial class CommandTests
{
    private static readonly string[] Documents = ["README.md", "CONTRIBUTING.md", "docs/writing-entries.md", "docs/incidents.md", "docs/server.md", "docs/playbooks.md", "docs/post-mortems.md", "docs/response.md", "docs/lab.md", "docs/lab-aws.md", "docs/watch.md", "docs/actions.md", "docs/channels.md", "docs/deploy.md", "docs/real-account.md"];
    private static readonly ConcurrentDictionary<string, string> Helps = new(StringComparer.Ordinal);

    [Fact]
    public async Task Every_command_named_in_the_documents_exists()
    {
        var wrong = new List<string>();
        var commands = Documents.Select(Document.Of).SelectMany(d => d.Inline.Concat(d.BlockLines).SelectMany(Commands).Select(c => (d.Path, Words: c))).ToList();
        Assert.Contains(commands, c => c.Words is ["tocsin", "scan", ..]);
        foreach (var (document, words) in commands)
        {
            var problem = words[0] is "dev" ? OfDev(words) : await OfTocsin(words, TestContext.Current.CancellationToken);
            if (problem is not null) wrong.Add($"{document}: {string.Join(' ', words)}: {problem}");
        }
        Breaches.None(wrong);
    }

    [Fact]
    public void Every_command_of_the_developer_is_in_its_usage_and_the_other_way_round()
    {
        var dev = Repository.Read("dev");
        var usage = UsageLine().Matches(dev).Select(m => m.Groups[1].Value);
        var handled = CaseLine().Matches(dev).Select(m => m.Groups[1].Value);
        Assert.Equal(usage.Order(StringComparer.Ordinal), handled.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("entry", "catalog/entry.schema.json")]
    [InlineData("samples", "catalog/samples.schema.json")]
    [InlineData("response", "platforms/response.schema.json")]
    [InlineData("platform", "platforms/platform.schema.json")]
    public async Task The_schema_for_editors_is_what_the_program_prints(string kind, string file)
    {
        var printed = await Run(["catalog", "schema", kind], TestContext.Current.CancellationToken);
        Assert.Equal(printed, Repository.Read(file));
    }

    [Fact]
    public void A_command_is_found_behind_a_pipe_and_ends_before_a_comment()
    {
        Assert.Equal(["tocsin scan -"], Commands("kubectl logs deploy/api | ./tocsin scan -   # from a pipe").Select(c => string.Join(' ', c)));
        Assert.Equal(["tocsin explain a | b"], Commands("./tocsin explain \"a | b\"").Select(c => string.Join(' ', c)));
        Assert.Empty(Commands("settings in tocsin.yaml"));
    }

    private static string? OfDev(string[] words) =>
        words.Length == 1 || UsageLine().Matches(Repository.Read("dev")).Any(m => string.Equals(m.Groups[1].Value, words[1], StringComparison.Ordinal)) ? null : "no such command";

    private static async Task<string?> OfTocsin(string[] words, CancellationToken cancel)
    {
        var path = new List<string>();
        var help = await Help(path, cancel);
        var at = 1;
        for (; at < words.Length && Subcommands(help) is { Count: > 0 } known && !words[at].StartsWith('-'); at++)
        {
            if (!known.Contains(words[at])) return $"there is no command {words[at]}, only {string.Join(", ", known)}";
            path.Add(words[at]);
            help = await Help(path, cancel);
        }
        var options = Option().Matches(help).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        var unknown = words[at..].Where(w => w.Length > 1 && w[0] == '-').Select(w => w.Split('=')[0]).FirstOrDefault(w => !options.Contains(w));
        return unknown is null ? null : $"there is no option {unknown}";
    }

    private static async Task<string> Help(List<string> path, CancellationToken cancel)
    {
        var key = string.Join(' ', path);
        if (!Helps.TryGetValue(key, out var help)) Helps[key] = help = await Run([.. path, "--help"], cancel);
        return help;
    }

    private static HashSet<string> Subcommands(string help)
    {
        var at = help.IndexOf("\nCommands:", StringComparison.Ordinal);
        return at < 0 ? [] : [.. CommandLine().Matches(help[at..]).Select(m => m.Groups[1].Value)];
    }

    private static async Task<string> Run(string[] arguments, CancellationToken cancel)
    {
        var start = ProgramUnderTest.Start(arguments);
        start.RedirectStandardOutput = true;
        start.WorkingDirectory = Repository.Root;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    /// <summary>The calls of tocsin and dev in a line of code, each as its words.</summary>
    private static IEnumerable<string[]> Commands(string line)
    {
        var words = Word().Matches(line).Select(m => m.Value).TakeWhile(w => w[0] != '#').ToList();
        while (words.Count > 0)
        {
            var end = words.FindIndex(w => w is "|" or "&&" or ";" or ">" or "<");
            var call = (end < 0 ? words : words[..end]).Select(w => w.Trim('"', '\'')).SkipWhile(w => w is "$").ToArray();
            words = end < 0 ? [] : words[(end + 1)..];
            if (call.Length > 0 && call[0] is "tocsin" or "./tocsin" or "./dev") yield return [call[0].Replace("./", "", StringComparison.Ordinal), .. call[1..]];
        }
    }

    [GeneratedRegex("""\"[^\"]*\"|'[^']*'|\S+""", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"^  ([a-z]+)  ", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex UsageLine();

    [GeneratedRegex(@"^  ([a-z]+)\)", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex CaseLine();

    [GeneratedRegex(@"^  ([a-z][a-z-]*)", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"(?<![\w-])-{1,2}[a-zA-Z][a-z-]*", RegexOptions.CultureInvariant)]
    private static partial Regex Option();
}
