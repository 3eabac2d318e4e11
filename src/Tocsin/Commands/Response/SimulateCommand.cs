using System.CommandLine;
using NodaTime;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Commands.Response;

/// <summary>tocsin simulate: a made-up event through the decisions of real ones.</summary>
internal sealed class SimulateCommand(Terminal terminal)
{
    private readonly Argument<string> what = new("WHAT") { Description = "What is broken, or the id of an entry of the error reference" };
    private readonly Option<string?> severity = new("--severity") { Description = "P0 to P3, as a person decides (default: what the facts suggest)", HelpName = "SEVERITY" };
    private readonly Option<string[]> facts = new("--fact") { Description = $"What is known of the harm: {string.Join(", ", ImpactFacts.Words)}; may be repeated", HelpName = "FACT", DefaultValueFactory = _ => [] };
    private readonly Option<double?> users = new("--users") { Description = "Percent of users that are affected", HelpName = "PERCENT" };
    private readonly Option<string> source = new("--source") { Description = "Who says so: person, observation, text; text alone opens at most a P2", HelpName = "SOURCE", DefaultValueFactory = _ => "person" };
    private readonly Option<string?> failing = new("--all-failing") { Description = "For how long every watched address has failed", HelpName = "DURATION" };
    private readonly Option<string> environment = new("--env") { Description = "The environment", HelpName = "ENVIRONMENT", DefaultValueFactory = _ => "production" };
    private readonly Option<string> service = new("--service") { Description = "The service", HelpName = "SERVICE", DefaultValueFactory = _ => "" };
    private readonly Option<string?> at = new("--at") { Description = "When, such as 2026-11-22T03:00Z (default: now)", HelpName = "TIME" };
    private readonly Option<string> length = new("--for") { Description = "How long to follow it", HelpName = "DURATION", DefaultValueFactory = _ => "2h" };
    private readonly Option<string[]> acts = new("--then") { Description = "What a person does at a time after the start, such as \"4m ack engineer-1\"; may be repeated", HelpName = "ACT", DefaultValueFactory = _ => [] };
    private readonly Option<bool> postMortem = new("--postmortem") { Description = "Print the post-mortem that these events give, as Markdown" };
    private readonly Option<string> format = CommonOptions.Format("text", "json");

    public static Command Create(CommonOptions common, Terminal terminal) => new SimulateCommand(terminal).Create(common);

    private ExampledCommand Create(CommonOptions common)
    {
        severity.AcceptOnlyFromAmong("P0", "P1", "P2", "P3");
        facts.AcceptOnlyFromAmong([.. ImpactFacts.Words]);
        source.AcceptOnlyFromAmong("person", "observation", "text");
        var command = new ExampledCommand(
            "simulate",
            "Show who would be paged when and on which channel, by the decisions of the real clock; exits with 1 when nobody would be paged within the acknowledge time.",
            [
                "tocsin simulate \"All services answer 503\" --fact all-down --at 2026-11-22T03:00Z",
                "tocsin simulate \"Checkout is broken\" --severity P1 --then \"4m ack engineer-1\" --then \"40m resolve engineer-1\"",
                "tocsin simulate alb-503 --env staging --source text --format json",
            ]);
        command.Arguments.Add(what);
        foreach (var option in (Option[])[severity, facts, users, source, failing, environment, service, at, length, acts, postMortem, format]) command.Options.Add(option);
        command.SetAction(parsed => Run(parsed, common.Load(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Settings settings)
    {
        var plan = ResponseFile.Load(settings);
        var start = OnCallTimes.Instant(parsed.GetValue(at), "--at");
        var decided = Severity(parsed, plan.Policy, start);
        var title = parsed.GetValue(what)!;
        var declaration = new Declaration(new IncidentId(1), title, parsed.GetValue(environment)!, parsed.GetValue(service)!, title.Contains(' ', StringComparison.Ordinal) ? "" : title, "", decided, Facts(parsed), null, null);
        var by = parsed.GetValue(source) is "person" ? "person" : "";
        var input = new SimulationInput(declaration, by, start, OnCallTimes.Duration(parsed.GetValue(length)!, "--for"), [.. (parsed.GetValue(acts) ?? []).Select(a => SimulatedActs.Parse(a, plan.Roster))]);
        var result = Simulation.Run(input, plan);
        if (result.Refusal.Length > 0) throw new SettingsException(result.Refusal);
        if (parsed.GetValue(postMortem)) terminal.Out.Write(PostMortemMarkdown.Of(new PostMortem(AccountOfEvents.Of([.. result.Events.Select(e => e.Event)], [], [])!, PostMortemText.Empty), everyEvent: false));
        else if (parsed.GetValue(format) is "json") SimulationJson.Write(terminal, decided, result);
        else new SimulationText(terminal, plan).Write(decided, result, ResponseFile.Template(settings, plan.Policy.Of(decided.Severity)));
        return result.IsPagedInTime ? ExitCode.Done : ExitCode.Found;
    }

    private SuggestedSeverity Severity(ParseResult parsed, ResponsePolicy policy, Instant start)
    {
        var wanted = parsed.GetValue(severity) is { } named ? new SuggestedSeverity(Enum.Parse<Severity>(named), "as it was asked") : SeverityMatrix.Suggest(Facts(parsed), policy.MajorUsers);
        var watch = parsed.GetValue(failing) is { } time ? new WatchedAddresses(3, start - OnCallTimes.Duration(time, "--all-failing")) : new WatchedAddresses(3, null);
        return Opening.Decide(wanted, Enum.Parse<SignalSource>(parsed.GetValue(source)!, ignoreCase: true), watch, policy.Opening, start);
    }

    private ImpactFacts Facts(ParseResult parsed) => ImpactFacts.Of(parsed.GetValue(facts) ?? [], parsed.GetValue(users), parsed.GetValue(environment) is "production");
}

/// <summary>An act of a simulation as it is written: a time, a verb, a person, and for raise the severity.</summary>
internal static class SimulatedActs
{
    private static readonly string[] Verbs = ["ack", "note", "update", "mitigate", "resolve", "reopen", "revenue", "breach", "lead", "P0", "P1", "P2", "P3"];

    public static SimulatedAct Parse(string text, Roster roster)
    {
        if (text.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var time, var verb, var person]) throw new SettingsException($"--then \"{text}\": a time, a verb and a person are expected, such as \"4m ack engineer-1\"");
        if (!roster.People.ContainsKey(person)) throw new SettingsException($"--then \"{text}\": there is no person {person}; known: {string.Join(", ", roster.People.Keys.Order(StringComparer.Ordinal))}");
        return new SimulatedAct(OnCallTimes.Duration(time, "--then"), Command(verb, person, text));
    }

    private static Func<Instant, IncidentCommand> Command(string verb, string person, string text) => verb switch
    {
        "ack" => _ => new IncidentCommand.Acknowledge(person),
        "note" => _ => new IncidentCommand.Note(person, "a note"),
        "update" => _ => new IncidentCommand.PostUpdate(person, "a status update", null),
        "mitigate" => _ => new IncidentCommand.Mitigate(person, "mitigated"),
        "resolve" => _ => new IncidentCommand.Resolve(person, "resolved"),
        "reopen" => _ => new IncidentCommand.Reopen(person, "it is back"),
        "revenue" => _ => new IncidentCommand.ReportImpact(person, new ImpactFacts { Revenue = true }),
        "breach" => _ => new IncidentCommand.ReportImpact(person, new ImpactFacts { Breach = true }),
        "lead" => _ => new IncidentCommand.Assign(person, IncidentRole.IncidentCommander, person),
        "P0" or "P1" or "P2" or "P3" => _ => new IncidentCommand.ChangeSeverity(person, Enum.Parse<Severity>(verb), $"{person} decided"),
        _ => throw new SettingsException($"--then \"{text}\": {verb} is unknown; one of {string.Join(", ", Verbs)} is expected"),
    };
}
