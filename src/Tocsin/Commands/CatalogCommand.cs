using System.CommandLine;
using System.Globalization;
using NodaTime;
using Tocsin.Cli.Output;
using Tocsin.Cli.Rendering;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands;

/// <summary>tocsin catalog: lint, test, docs, new, schema.</summary>
internal sealed class CatalogCommand
{
    private readonly CommonOptions common;
    private readonly Terminal terminal;

    private CatalogCommand(CommonOptions common, Terminal terminal)
    {
        this.common = common;
        this.terminal = terminal;
    }

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var catalog = new CatalogCommand(common, terminal);
        var command = new Command("catalog", "Check, prove, render and extend the error reference.");
        command.Subcommands.Add(catalog.CreateLint());
        command.Subcommands.Add(catalog.CreateTest());
        command.Subcommands.Add(catalog.CreateDocs());
        command.Subcommands.Add(catalog.CreateNew());
        command.Subcommands.Add(catalog.CreateSchema());
        command.Subcommands.Add(catalog.CreatePatterns());
        return command;
    }

    private Command CreateLint()
    {
        var format = CommonOptions.Format("text", "json");
        var command = new ExampledCommand(
            "lint",
            "Refuse what would make the reference untrue: unknown names, causes nothing tells apart, samples that miss, secrets; exits with 1 on an error.",
            [
                "tocsin catalog lint",
                "tocsin catalog lint --catalog ./my-catalog",
            ]);
        command.Options.Add(format);
        command.SetAction(parsed => Lint(common.Load(parsed), parsed.GetValue(format) is "json"));
        return command;
    }

    private int Lint(Settings settings, bool json)
    {
        var store = new CatalogStore(settings);
        var problems = Linter.Lint(store.Whole, PlatformNames.Known(PlatformFile.Load(settings)), SystemClock.Instance.GetCurrentInstant())
            .OrderBy(p => p.Place.File, StringComparer.Ordinal).ThenBy(p => p.Place.Line).ToList();
        var errors = problems.Count(p => !p.IsWarning);
        if (json)
        {
            terminal.Out.WriteLine(Json.Write(Json.Indented, w =>
            {
                w.WriteStartArray();
                foreach (var problem in problems)
                {
                    w.WriteStartObject();
                    w.WriteString("file", problem.Place.File);
                    w.WriteNumber("line", problem.Place.Line);
                    w.WriteNumber("column", problem.Place.Column);
                    w.WriteString("severity", problem.IsWarning ? "warning" : "error");
                    w.WriteString("rule", problem.Rule);
                    w.WriteString("message", problem.Message);
                    w.WriteEndObject();
                }
                w.WriteEndArray();
            }));
            return errors > 0 ? ExitCode.Found : ExitCode.Done;
        }
        foreach (var problem in problems)
            terminal.Out.WriteLine($"{terminal.Cyan(problem.Place.ToString())}: {(problem.IsWarning ? terminal.Yellow("warning") : terminal.Red("error"))} {problem.Rule}: {problem.Message}");
        var whole = store.Whole;
        var counted = string.Create(
            CultureInfo.InvariantCulture,
            $"{whole.Entries.Length} entries, {whole.Entries.Sum(e => e.Entry.Signatures.Length)} signatures, {whole.Entries.Sum(e => e.Entry.Causes.Length)} causes, {whole.Entries.Sum(e => e.Samples.Length)} samples, {whole.Entries.Sum(e => e.NearMisses.Length)} near misses, {whole.Quiet.Length} healthy logs");
        terminal.Out.WriteLine(errors == 0
            ? $"{terminal.Green("ok")}: {counted}{Warnings(problems.Count)}"
            : string.Create(CultureInfo.InvariantCulture, $"{terminal.Red($"{errors} errors")}{Warnings(problems.Count - errors)} in {counted}"));
        return errors > 0 ? ExitCode.Found : ExitCode.Done;
    }

    private static string Warnings(int count) => count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {count} {(count == 1 ? "warning" : "warnings")}");

    private Command CreateTest()
    {
        var format = CommonOptions.Format("text", "json");
        var only = new Option<string[]>("--only") { Description = "Only these entries or layers", HelpName = "ID", DefaultValueFactory = _ => [] };
        var command = new ExampledCommand(
            "test",
            "Run every sample against the whole catalog and show hits, misses and confusions; exits with 1 when one fails.",
            [
                "tocsin catalog test",
                "tocsin catalog test --only mysql-unreachable",
            ]);
        command.Options.Add(format);
        command.Options.Add(only);
        command.SetAction(parsed => Test(common.Load(parsed), parsed.GetValue(only) ?? [], parsed.GetValue(format) is "json"));
        return command;
    }

    private int Test(Settings settings, string[] only, bool json)
    {
        var whole = new CatalogStore(settings).Whole;
        foreach (var problem in whole.Problems) terminal.Error.WriteLine(problem);
        if (!EntryFilter.TryApply([.. whole.Entries.Select(e => e.Entry)], only, [], out var wanted, out var usage))
        {
            terminal.Fail(usage);
            return ExitCode.Usage;
        }
        var set = MatchSet.Build(whole.Entries.Select(e => e.Entry));
        var now = SystemClock.Instance.GetCurrentInstant();
        var outcomes = whole.Entries.Where(e => wanted.Contains(e.Entry)).Select(e => (e.Entry.Id, Outcomes: SampleTest.Run(set, e, now).ToList())).ToList();
        if (json) terminal.Out.WriteLine(CatalogTestOutput.ToJson(outcomes));
        else CatalogTestOutput.Write(terminal, outcomes);
        var failed = outcomes.Sum(o => o.Outcomes.Count(x => x.Problem is not null));
        return failed > 0 || !whole.Problems.IsEmpty ? ExitCode.Found : ExitCode.Done;
    }

    private Command CreateDocs()
    {
        var output = new Option<string>("--out") { Description = "The folder to write", DefaultValueFactory = _ => "reference", HelpName = "FOLDER" };
        var format = CommonOptions.Format("html", "markdown");
        var command = new ExampledCommand(
            "docs",
            "Render the reference as one static HTML site with search, or as Markdown pages.",
            [
                "tocsin catalog docs --out site && open site/index.html",
                "tocsin catalog docs --format markdown --out docs/reference",
            ]);
        command.Options.Add(output);
        command.Options.Add(format);
        command.SetAction(parsed => Docs(common.Load(parsed), parsed.GetValue(output)!, parsed.GetValue(format)!));
        return command;
    }

    private int Docs(Settings settings, string folder, string format)
    {
        var store = new CatalogStore(settings);
        foreach (var problem in store.Whole.Problems) terminal.Error.WriteLine(problem);
        var platform = PlatformFile.Load(settings);
        var pages = format is "html" ? ReferenceSite.Pages(store.Whole, platform) : ReferenceMarkdown.Pages(store.Whole, platform);
        var written = 0;
        foreach (var (path, text) in pages)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
            written++;
        }
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{written} files in {folder}, start with {Path.Combine(folder, format is "html" ? "index.html" : "README.md")}"));
        return store.Whole.Problems.IsEmpty ? ExitCode.Done : ExitCode.CouldNotLook;
    }

    private Command CreateNew()
    {
        var id = new Argument<string>("LAYER/ID") { Description = "Where the entry goes, such as database/mysql-deadlock" };
        var folder = new Option<string?>("--into") { Description = "The catalog to add it to (default: your first --catalog, else the folder catalog)", HelpName = "FOLDER" };
        var command = new ExampledCommand(
            "new",
            "Write a draft of an entry; catalog lint then leads it to completion.",
            [
                "tocsin catalog new database/mysql-deadlock",
                "tocsin catalog new queue/redis-memory-full --into ./my-catalog",
            ]);
        command.Arguments.Add(id);
        command.Options.Add(folder);
        command.SetAction(parsed => New(parsed.GetValue(id)!, parsed.GetValue(folder) ?? parsed.GetValue(common.Catalog)?.FirstOrDefault() ?? "catalog"));
        return command;
    }

    private int New(string path, string folder)
    {
        var draft = EntryDraft.Create(path);
        if (draft.Problem is { } problem)
        {
            terminal.Fail(problem);
            return ExitCode.Usage;
        }
        var target = Path.Combine(folder, path);
        if (Directory.Exists(target) || File.Exists(target))
        {
            terminal.Fail($"{target} is there already; nothing was written");
            return ExitCode.Usage;
        }
        foreach (var (name, text) in draft.Files)
        {
            var file = Path.Combine(target, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
        terminal.Out.WriteLine($"a draft is in {target}; tocsin catalog lint --catalog {folder} says what it still needs");
        return ExitCode.Done;
    }

    private Command CreateSchema()
    {
        var kind = new Argument<string>("KIND") { Description = "entry, samples, response or platform" };
        kind.AcceptOnlyFromAmong("entry", "samples", "response", "platform");
        var command = new ExampledCommand(
            "schema",
            "Print the JSON Schema of entry.yaml, samples/*.yaml, response.yaml or platform.yaml, for editors.",
            [
                "tocsin catalog schema entry > catalog/entry.schema.json",
            ]);
        command.Arguments.Add(kind);
        command.SetAction(parsed =>
        {
            terminal.Out.Write(parsed.GetValue(kind) switch
            {
                "entry" => JsonSchema.Of(EntryShape.Entry, "An entry of the error reference"),
                "samples" => JsonSchema.Of(EntryShape.Samples, "Samples of an entry"),
                "platform" => JsonSchema.Of(Core.Platforms.PlatformReader.Root, "A platform"),
                _ => JsonSchema.Of(Core.Response.ResponseShape.Root, "How incidents are answered"),
            });
            return ExitCode.Done;
        });
        return command;
    }

    private Command CreatePatterns()
    {
        var command = new ExampledCommand(
            "patterns",
            "Print what the scanner looks for, a regular expression a line, for other tools.",
            [
                "tocsin catalog patterns > patterns.txt && rg -c -f patterns.txt app.log",
            ]);
        command.SetAction(parsed =>
        {
            foreach (var pattern in PatternExport.Of(new CatalogStore(common.Load(parsed)).Entries(terminal))) terminal.Out.WriteLine(pattern);
            return ExitCode.Done;
        });
        return command;
    }
}
