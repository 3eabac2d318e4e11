using System.CommandLine;
using System.Text.Json;
using Tocsin.Cli.Commands.Response;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>tocsin incident: what a person does with incidents, at a server.</summary>
internal sealed class IncidentCommands(Terminal terminal)
{
    private const string Base = "api/v1/incidents";

    private readonly Option<string> format = CommonOptions.Format("text", "json");

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        _ = common;
        var all = new IncidentCommands(terminal);
        var command = new Command("incident", "Incidents of a server: declare, acknowledge, update, resolve, merge, list.");
        foreach (var one in all.All()) command.Subcommands.Add(one);
        return command;
    }

    private IEnumerable<Command> All() =>
    [
        Declare(),
        Act("ack", "acknowledge", "Take it: nobody else is woken while you work on it.", "tocsin incident ack INC-12"),
        Update(),
        Assign(),
        Text("escalate", "escalate", "Page the next ones now.", "tocsin incident escalate INC-12 \"I need the tech lead\""),
        Severity(),
        Impact(),
        Text("note", "note", "Add a note to the timeline.", "tocsin incident note INC-12 \"Memory was raised yesterday\""),
        Text("mitigate", "mitigate", "Say that the harm is stopped, and how.", "tocsin incident mitigate INC-12 \"Traffic goes to the old revision\""),
        Text("resolve", "resolve", "Say that it is over, and how.", "tocsin incident resolve INC-12 \"Rolled back to revision 41\""),
        Text("reopen", "reopen", "Say that it is not over, and why.", "tocsin incident reopen INC-12 \"It is back\""),
        Merge(),
        Split(),
        List(),
        Show(),
    ];

    private ExampledCommand Declare()
    {
        var title = new Argument<string>("TITLE") { Description = "What is broken" };
        var severity = new Option<string?>("--severity") { Description = "P0 to P3 (default: what the facts suggest)", HelpName = "SEVERITY" };
        severity.AcceptOnlyFromAmong("P0", "P1", "P2", "P3");
        var (facts, users) = Harm();
        var environment = new Option<string>("--env") { Description = "The environment", HelpName = "ENVIRONMENT", DefaultValueFactory = _ => "production" };
        var service = new Option<string>("--service") { Description = "The service", HelpName = "SERVICE", DefaultValueFactory = _ => "" };
        var since = new Option<string?>("--since") { Description = "When the harm began, such as 2026-11-22T03:00Z (default: now)", HelpName = "TIME" };
        var command = New("declare", "Open an incident; who is to be paged is paged at once.", ["tocsin incident declare \"Checkout is broken\" --severity P1", "tocsin incident declare \"All services answer 503\" --fact all-down"], severity, facts, users, environment, service, since);
        command.Arguments.Add(title);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) => Answer(parsed, await server.PostAsync(
                Base,
                w =>
                {
                    w.WriteString("title", parsed.GetValue(title));
                    if (parsed.GetValue(severity) is { } level) w.WriteString("severity", level);
                    Write(w, parsed, facts, users);
                    w.WriteString("environment", parsed.GetValue(environment));
                    w.WriteString("service", parsed.GetValue(service));
                    if (parsed.GetValue(since) is { } start) w.Time("impactStart", OnCallTimes.Instant(start, "--since"));
                },
                c)),
            cancel));
        return command;
    }

    private ExampledCommand Act(string name, string path, string about, string example)
    {
        var (command, id) = Of(name, about, [example]);
        command.SetAction((parsed, cancel) => PostAsync(parsed, id, path, w => w.WriteString("text", ""), cancel));
        return command;
    }

    private ExampledCommand Text(string name, string path, string about, string example)
    {
        var text = new Argument<string>("TEXT") { Description = name is "escalate" or "reopen" ? "Why" : name is "mitigate" or "resolve" ? "How" : "What to say" };
        var (command, id) = Of(name, about, [example]);
        command.Arguments.Add(text);
        command.SetAction((parsed, cancel) => PostAsync(parsed, id, path, w => w.WriteString("text", parsed.GetValue(text)), cancel));
        return command;
    }

    private ExampledCommand Update()
    {
        var text = new Argument<string>("TEXT") { Description = "What to say" };
        var next = new Option<string?>("--next") { Description = "When the next update is promised, such as 30m (default: as the severity says)", HelpName = "DURATION" };
        var send = new Option<bool>("--send") { Description = "Send it to the rooms too" };
        var rooms = new Option<string[]>("--room") { Description = "With --send: only to this room, a channel of response.yaml; may be repeated", HelpName = "CHANNEL", DefaultValueFactory = _ => [] };
        var call = new Option<string?>("--call") { Description = "With --send: call the people whom this template names, such as p0", HelpName = "TEMPLATE" };
        var (command, id) = Of("update", "Post a status update; the next one is promised with it.", ["tocsin incident update INC-12 \"The rollback runs\" --next 20m", "tocsin incident update INC-12 \"Checkout works again\" --send"]);
        command.Arguments.Add(text);
        foreach (var option in (Option[])[next, send, rooms, call]) command.Options.Add(option);
        command.SetAction((parsed, cancel) => PostAsync(
            parsed,
            id,
            parsed.GetValue(send) ? "send" : "update",
            w =>
            {
                w.WriteString("text", parsed.GetValue(text));
                if (parsed.GetValue(next) is { } length) w.Time("nextBy", OnCallTimes.Instant(null, "--next") + OnCallTimes.Duration(length, "--next"));
                if (!parsed.GetValue(send)) return;
                if (parsed.GetValue(rooms) is { Length: > 0 } only) w.Texts("rooms", only);
                if (parsed.GetValue(call) is not { } template) return;
                w.WriteString("template", template);
                w.WriteBoolean("call", true);
            },
            cancel));
        return command;
    }

    private ExampledCommand Assign()
    {
        var role = new Argument<string>("ROLE") { Description = "incident-commander, communications, scribe or responder", HelpName = "ROLE" };
        role.AcceptOnlyFromAmong("incident-commander", "communications", "scribe", "responder");
        var person = new Argument<string>("PERSON") { Description = "A person of response.yaml" };
        var (command, id) = Of("assign", "Give a role to a person.", ["tocsin incident assign INC-12 incident-commander engineer-1"]);
        command.Arguments.Add(role);
        command.Arguments.Add(person);
        command.SetAction((parsed, cancel) => PostAsync(
            parsed,
            id,
            "assign",
            w =>
            {
                w.WriteString("role", parsed.GetValue(role) is "incident-commander" ? "incidentCommander" : parsed.GetValue(role));
                w.WriteString("person", parsed.GetValue(person));
            },
            cancel));
        return command;
    }

    private ExampledCommand Severity()
    {
        var severity = new Argument<string>("SEVERITY") { Description = "P0 to P3", HelpName = "SEVERITY" };
        severity.AcceptOnlyFromAmong("P0", "P1", "P2", "P3");
        var why = new Argument<string>("WHY") { Description = "Why it is changed" };
        var (command, id) = Of("severity", "Change the severity; its clocks are computed anew.", ["tocsin incident severity INC-12 P1 \"Payments fail too\""]);
        command.Arguments.Add(severity);
        command.Arguments.Add(why);
        command.SetAction((parsed, cancel) => PostAsync(
            parsed,
            id,
            "severity",
            w =>
            {
                w.WriteString("severity", parsed.GetValue(severity));
                w.WriteString("why", parsed.GetValue(why));
            },
            cancel));
        return command;
    }

    private ExampledCommand Impact()
    {
        var (facts, users) = Harm();
        var (command, id) = Of("impact", "Say what is known of the harm; the severity is changed by severity.", ["tocsin incident impact INC-12 --fact revenue --users 40"]);
        command.Options.Add(facts);
        command.Options.Add(users);
        command.SetAction((parsed, cancel) => PostAsync(parsed, id, "impact", w => Write(w, parsed, facts, users), cancel));
        return command;
    }

    private ExampledCommand Merge()
    {
        var into = new Argument<string>("INTO") { Description = "The incident that goes on, such as INC-11" };
        var (command, id) = Of("merge", "Say that it is part of another incident: its clocks stop, and what it knows goes there.", ["tocsin incident merge INC-12 INC-11"]);
        command.Arguments.Add(into);
        command.SetAction((parsed, cancel) => PostAsync(parsed, id, "merge", w => w.WriteString("into", parsed.GetValue(into)), cancel));
        return command;
    }

    private ExampledCommand Split()
    {
        var title = new Argument<string>("TITLE") { Description = "What the other incident is about" };
        var errors = new Option<string[]>("--error") { Description = "The fingerprint of an error that goes there, as show prints it; may be repeated", HelpName = "FINGERPRINT", Required = true };
        var (command, id) = Of("split", "Make some of its errors an incident of their own.", ["tocsin incident split INC-12 \"Payments fail\" --error 4f0c9b1e2a7d5580"]);
        command.Arguments.Add(title);
        command.Options.Add(errors);
        command.SetAction((parsed, cancel) => PostAsync(
            parsed,
            id,
            "split",
            w =>
            {
                w.Texts("fingerprints", parsed.GetValue(errors) ?? []);
                w.WriteString("title", parsed.GetValue(title));
            },
            cancel));
        return command;
    }

    private static (Option<string[]> Facts, Option<double?> Users) Harm()
    {
        var facts = new Option<string[]>("--fact") { Description = $"What is known of the harm: {string.Join(", ", ImpactFacts.Words)}; may be repeated", HelpName = "FACT", DefaultValueFactory = _ => [] };
        facts.AcceptOnlyFromAmong([.. ImpactFacts.Words]);
        return (facts, new Option<double?>("--users") { Description = "Percent of users that are affected", HelpName = "PERCENT" });
    }

    private static void Write(Utf8JsonWriter w, ParseResult parsed, Option<string[]> facts, Option<double?> users)
    {
        w.Texts("facts", parsed.GetValue(facts) ?? []);
        if (parsed.GetValue(users) is { } share) w.WriteNumber("users", share);
    }

    private ExampledCommand List()
    {
        var all = new Option<bool>("--all") { Description = "Ended ones too" };
        var severity = new Option<string?>("--severity") { Description = "Only of this severity", HelpName = "SEVERITY" };
        severity.AcceptOnlyFromAmong("P0", "P1", "P2", "P3");
        var service = new Option<string?>("--service") { Description = "Only of this service", HelpName = "SERVICE" };
        var most = new Option<int>("--most") { Description = "How many at most, up to 200", HelpName = "NUMBER", DefaultValueFactory = _ => 50 };
        var command = New("list", "Open incidents, the newest first.", ["tocsin incident list", "tocsin incident list --all --severity P1 --format json"], all, severity, service, most);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                var query = $"{Base}?most={parsed.GetValue(most)}{(parsed.GetValue(all) ? "" : "&open=true")}{(parsed.GetValue(severity) is { } s ? $"&severity={s}" : "")}{(parsed.GetValue(service) is { } name ? $"&service={Uri.EscapeDataString(name)}" : "")}";
                using var found = await server.GetAsync(query, c);
                if (IsJson(parsed)) IncidentText.Json(terminal, found);
                else new IncidentText(terminal).List(found.RootElement);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private ExampledCommand Show()
    {
        var (command, id) = Of("show", "One incident: its clocks, pages and timeline.", ["tocsin incident show INC-12", "tocsin incident show INC-12 --format json"]);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var found = await server.GetAsync($"{Base}/{Uri.EscapeDataString(parsed.GetValue(id)!)}", c);
                if (IsJson(parsed)) IncidentText.Json(terminal, found);
                else new IncidentText(terminal).Show(found.RootElement);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private Task<int> PostAsync(ParseResult parsed, Argument<string> id, string path, Action<Utf8JsonWriter> body, CancellationToken cancel) =>
        ServerRun.DoAsync(terminal, async (server, c) => Answer(parsed, await server.PostAsync($"{Base}/{Uri.EscapeDataString(parsed.GetValue(id)!)}/{path}", body, c)), cancel);

    private int Answer(ParseResult parsed, JsonDocument answer)
    {
        using (answer)
        {
            if (IsJson(parsed)) IncidentText.Json(terminal, answer);
            else new IncidentText(terminal).Answer(answer.RootElement);
            return ExitCode.Done;
        }
    }

    private bool IsJson(ParseResult parsed) => parsed.GetValue(format) is "json";

    private (ExampledCommand Command, Argument<string> Id) Of(string name, string about, string[] examples)
    {
        var id = new Argument<string>("INCIDENT") { Description = "Such as INC-12" };
        var command = New(name, about, examples);
        command.Arguments.Add(id);
        return (command, id);
    }

    private ExampledCommand New(string name, string about, string[] examples, params Option[] options)
    {
        var command = new ExampledCommand(name, about, [.. examples]);
        foreach (var option in options) command.Options.Add(option);
        command.Options.Add(format);
        return command;
    }
}
