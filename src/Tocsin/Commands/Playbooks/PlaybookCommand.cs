using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using NodaTime;
using Tocsin.Cli.Rendering;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Cli.Commands.Playbooks;

/// <summary>tocsin playbook: list, show, run, lint, without a server; the others ask one.</summary>
internal sealed class PlaybookCommand(CommonOptions common, Terminal terminal)
{
    private readonly Argument<string> id = new("ID") { Description = "A playbook's id, or the beginning of one, such as p0-b" };
    private readonly Option<string?> environment = new("--env") { Description = "The environment whose names are filled in (default: the platform's first)", HelpName = "ENVIRONMENT" };
    private readonly Option<string?> service = new("--service") { Description = "The service a playbook of single steps is about, by name or role (default: the playbook's own)", HelpName = "SERVICE" };

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var all = new PlaybookCommand(common, terminal);
        var command = new Command("playbook", "How a response goes, step by step: list, show, run and check playbooks; and the runs that a server keeps for everybody.");
        command.Subcommands.Add(all.CreateList());
        command.Subcommands.Add(all.CreateShow());
        command.Subcommands.Add(all.CreateRun());
        command.Subcommands.Add(all.CreateLint());
        foreach (var one in new RunCommands(terminal).All()) command.Subcommands.Add(one);
        return command;
    }

    private ExampledCommand CreateList()
    {
        var severity = new Option<string?>("--severity") { Description = "P0 to P3: how bad it is", HelpName = "SEVERITY" };
        var facts = new Option<string[]>("--fact") { Description = $"What is known of the harm: {string.Join(", ", ImpactFacts.Words)}; may be repeated", HelpName = "FACT", DefaultValueFactory = _ => [] };
        var entries = new Option<string[]>("--entry") { Description = "An entry of the error reference that matched or was diagnosed; may be repeated", HelpName = "ENTRY", DefaultValueFactory = _ => [] };
        var format = CommonOptions.Format("text", "json");
        severity.AcceptOnlyFromAmong("P0", "P1", "P2", "P3");
        facts.AcceptOnlyFromAmong([.. ImpactFacts.Words]);
        var command = new ExampledCommand("list", "All playbooks, or those that fit what is known, the best first.", ["tocsin playbook list", "tocsin playbook list --severity P1 --fact revenue --entry razorpay-signature"]);
        foreach (var option in (Option[])[severity, facts, entries, environment, format]) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var settings = common.Load(parsed);
            var books = PlaybookFiles.Load(settings, terminal);
            var known = (Facts: parsed.GetValue(facts) ?? [], Entries: parsed.GetValue(entries) ?? []);
            var production = parsed.GetValue(environment) is null or "production";
            var situation = new Situation(Enum.Parse<Severity>(parsed.GetValue(severity) ?? "P2"), ImpactFacts.Of(known.Facts, null, production), [.. known.Entries]);
            var asked = known.Facts.Length + known.Entries.Length > 0;
            var shown = asked ? PlaybookProposal.For(books, situation) : [.. books.Where(b => parsed.GetValue(severity) is not { } only || b.Severity == Enum.Parse<Severity>(only)).OrderBy(b => b.Severity ?? (Severity)9).ThenBy(b => b.Id, StringComparer.Ordinal).Select(b => new ProposedPlaybook(b, ""))];
            if (parsed.GetValue(format) is "json") PlaybookJson.List(terminal, shown);
            else List(shown);
            return ExitCode.Done;
        });
        return command;
    }

    private void List(ImmutableArray<ProposedPlaybook> shown)
    {
        if (shown.IsEmpty) terminal.Out.WriteLine("no playbook fits; tocsin playbook list shows all");
        var width = shown.Select(s => s.Playbook.Id.Length).DefaultIfEmpty().Max();
        foreach (var (book, because) in shown)
            terminal.Out.WriteLine($"{terminal.Bold(book.Severity?.ToString() ?? "  ")}  {book.Id.PadRight(width)}  {book.About}{(because.Length > 0 ? terminal.Dim($"  ({because})") : "")}");
    }

    private ExampledCommand CreateShow()
    {
        var format = CommonOptions.Format("text", "md", "json");
        var command = new ExampledCommand("show", "One playbook with the names of an environment.", ["tocsin playbook show p0-b --env production", "tocsin playbook show ecs-runbook --service storefront", "tocsin playbook show p1-a --format md"]);
        command.Arguments.Add(id);
        foreach (var option in (Option[])[environment, service, format]) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var (book, name) = Filled(parsed);
            Show(book, name, parsed.GetValue(format)!);
            return ExitCode.Done;
        });
        return command;
    }

    private ExampledCommand CreateRun()
    {
        var by = new Option<string?>("--as") { Description = "Who does it (default: the user of this machine)", HelpName = "PERSON" };
        var format = CommonOptions.Format("text", "md", "json");
        var command = new ExampledCommand(
            "run",
            "Lead through a playbook: in a terminal step by step, in its order; else as a checklist to print. It runs nothing by itself.",
            ["tocsin playbook run p0-a --env production", "tocsin playbook run p0-b > checklist.txt"]);
        command.Arguments.Add(id);
        foreach (var option in (Option[])[environment, service, by, format]) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var (book, name) = Filled(parsed);
            if (Console.IsInputRedirected || Console.IsOutputRedirected || parsed.GetValue(format) is not "text") Show(book, name, parsed.GetValue(format)!);
            else new PlaybookTalk(terminal, Console.In, () => SystemClock.Instance.GetCurrentInstant(), parsed.GetValue(by) ?? Environment.UserName).Lead(book, name);
            return ExitCode.Done;
        });
        return command;
    }

    private ExampledCommand CreateLint()
    {
        var folder = new Argument<string?>("FOLDER") { Description = "A folder of playbooks (default: those of the platform)", Arity = ArgumentArity.ZeroOrOne };
        var format = CommonOptions.Format("text", "json");
        var command = new ExampledCommand("lint", "Refuse playbooks that would fail in the hour they are needed: unknown steps, checks and actions, ways that lead nowhere, actions without verify, names that nothing fills; exits with 1 on an error.", ["tocsin playbook lint", "tocsin playbook lint ./our-playbooks"]);
        command.Arguments.Add(folder);
        command.Options.Add(format);
        command.SetAction(parsed =>
        {
            var settings = common.Load(parsed);
            var world = PlaybookFiles.World(settings);
            var files = PlaybookFiles.Read(parsed.GetValue(folder) ?? PlaybookFiles.Folder(settings));
            var problems = files.SelectMany(f => f.Read.Value is { } book ? PlaybookLint.Check(book, f.File, world) : f.Read.Problems).ToList();
            if (parsed.GetValue(format) is "json") PlaybookJson.Problems(terminal, problems);
            else Tell(files.Length, problems);
            return problems.Count > 0 ? ExitCode.Found : ExitCode.Done;
        });
        return command;
    }

    private void Tell(int files, List<Problem> problems)
    {
        foreach (var problem in problems) terminal.Out.WriteLine(problem);
        terminal.Out.WriteLine(problems.Count == 0 ? string.Create(CultureInfo.InvariantCulture, $"{files} playbooks, nothing to refuse") : string.Create(CultureInfo.InvariantCulture, $"{problems.Count} problems in {files} playbooks"));
    }

    private (Playbook Book, string Environment) Filled(ParseResult parsed)
    {
        var settings = common.Load(parsed);
        var platform = PlatformFile.Load(settings);
        var book = PlaybookFiles.Find(settings, terminal, parsed.GetValue(id)!);
        var wanted = parsed.GetValue(environment);
        var found = wanted is null ? platform.Environments[0] : platform.Environment(wanted);
        if (found is null) throw new SettingsException($"there is no environment \"{wanted}\"; {Nearest.Suggest(wanted!, platform.Environments.Select(e => e.Name))}known: {string.Join(", ", platform.Environments.Select(e => e.Name))}");
        if (parsed.GetValue(service) is { } named) book = book with { Service = platform.Service(named)?.Name ?? throw new SettingsException($"there is no service \"{named}\"; {Nearest.Suggest(named, platform.Services.Select(s => s.Name))}known: {string.Join(", ", platform.Services.Select(s => s.Name))}") };
        return (PlaybookNames.Fill(book, platform, found), found.Name);
    }

    private void Show(Playbook book, string name, string format)
    {
        if (format is "json") PlaybookJson.Whole(terminal, book, name);
        else if (format is "md") terminal.Out.Write(PlaybookPage.Of(book, name));
        else terminal.Out.Write(TerminalMarkdown.Render(PlaybookPage.Of(book, name), new TerminalStyle(terminal.Width, terminal.Colour)));
    }
}
