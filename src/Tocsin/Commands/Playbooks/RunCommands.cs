using System.CommandLine;
using System.Text.Json;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands.Playbooks;

/// <summary>tocsin playbook start, take, done, …: the runs that a server keeps for everybody. What may come next is decided there.</summary>
internal sealed class RunCommands(Terminal terminal)
{
    private readonly Option<string> format = CommonOptions.Format("text", "json");
    private readonly Argument<string> incident = new("INCIDENT") { Description = "Such as INC-12" };
    private readonly Option<string?> step = new("--step") { Description = "The step, by its id or number (default: the one you are at)", HelpName = "STEP" };
    private readonly Option<string?> run = new("--run") { Description = "The run by its id, where several run in the incident", HelpName = "RUN" };

    public IEnumerable<Command> All() =>
    [
        Start(),
        Status(),
        Take(),
        Text("done", "done", "RESULT", false, "Your step is done, with what came of it.", "tocsin playbook done INC-12 \"one task of four runs\""),
        Text("fail", "fail", "WHY", true, "Your step was tried without success; somebody can take it again.", "tocsin playbook fail INC-12 \"the revision is not there any more\""),
        Text("skip", "skip", "WHY", true, "Skip a step.", "tocsin playbook skip INC-12 \"nothing was deployed\" --step rollback"),
        Text("overrule", "overrule", "WHY", true, "Take a step back that the probes answered; you are at it then.", "tocsin playbook overrule INC-12 \"the office is reached, customers are not\" --step scope"),
        Choose(),
        Text("give-back", "give-back", "", false, "Give your step back, so that somebody else gets it.", "tocsin playbook give-back INC-12"),
        Text("end", "end", "WHY", true, "End the run before its last step.", "tocsin playbook end INC-12 \"it is over\"", withStep: false),
    ];

    private ExampledCommand Start()
    {
        var book = new Argument<string>("PLAYBOOK") { Description = "Its id, or the beginning of one, such as p0-a" };
        var service = new Option<string?>("--service") { Description = "The service that a page of single steps is about (default: the playbook's own)", HelpName = "SERVICE" };
        var command = New("start", "Start a playbook in an incident of a server: the text it has now is frozen into the run.", ["tocsin playbook start p0-a INC-12"], service);
        command.Arguments.Add(book);
        command.Arguments.Add(incident);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) => Answer(parsed, await server.PostAsync(
                $"api/v1/incidents/{Uri.EscapeDataString(parsed.GetValue(incident)!)}/playbooks",
                w =>
                {
                    w.WriteString("playbook", parsed.GetValue(book));
                    if (parsed.GetValue(service) is { } named) w.WriteString("service", named);
                },
                c)),
            cancel));
        return command;
    }

    private ExampledCommand Status()
    {
        var command = New("status", "What runs in an incident and who is at which step, or which playbooks it calls for.", ["tocsin playbook status INC-12", "tocsin playbook status INC-12 --format json"]);
        command.Arguments.Add(incident);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var found = await OfAsync(server, parsed, c);
                if (IsJson(parsed)) IncidentText.Json(terminal, found);
                else new RunText(terminal).Status(found.RootElement);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private ExampledCommand Take()
    {
        var named = new Argument<string?>("STEP") { Description = "The step, by its id or number (default: the next one that nobody is at)", Arity = ArgumentArity.ZeroOrOne };
        var why = new Option<string?>("--why") { Description = "Why it is taken from whoever is at it", HelpName = "REASON" };
        var command = New("take", "Take a step: nobody else does it meanwhile.", ["tocsin playbook take INC-12", "tocsin playbook take INC-12 rollback --why \"engineer-1 is asleep\""], why, run);
        command.Arguments.Add(incident);
        command.Arguments.Add(named);
        command.SetAction((parsed, cancel) => PostAsync(parsed, "take", parsed.GetValue(named), w => Given(w, "text", parsed.GetValue(why)), cancel));
        return command;
    }

    private ExampledCommand Text(string name, string verb, string what, bool required, string about, string example, bool withStep = true)
    {
        var text = new Argument<string?>(what.Length > 0 ? what : "TEXT") { Description = what is "RESULT" ? "What came of it" : "Why", Arity = required ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne };
        var command = New(name, about, [example], withStep ? [step, run] : [run]);
        command.Arguments.Add(incident);
        if (what.Length > 0) command.Arguments.Add(text);
        command.SetAction((parsed, cancel) => PostAsync(parsed, verb, withStep ? parsed.GetValue(step) : null, w => Given(w, "text", what.Length > 0 ? parsed.GetValue(text) : null), cancel));
        return command;
    }

    private ExampledCommand Choose()
    {
        var way = new Argument<int>("WAY") { Description = "The way on by its number, from 1" };
        var command = New("choose", "Decide which way it goes on.", ["tocsin playbook choose INC-12 2"], step, run);
        command.Arguments.Add(incident);
        command.Arguments.Add(way);
        command.SetAction((parsed, cancel) => PostAsync(parsed, "choose", parsed.GetValue(step), w => w.WriteNumber("way", parsed.GetValue(way)), cancel));
        return command;
    }

    private Task<int> PostAsync(ParseResult parsed, string verb, string? named, Action<Utf8JsonWriter> body, CancellationToken cancel) => ServerRun.DoAsync(
        terminal,
        async (server, c) =>
        {
            using var found = await OfAsync(server, parsed, c);
            var running = Running(parsed, found.RootElement);
            var answer = await server.PostAsync(
                $"api/v1/runs/{Uri.EscapeDataString(running.GetProperty("id").GetString()!)}/{verb}",
                w =>
                {
                    Given(w, "step", Id(running, named));
                    body(w);
                },
                c);
            return Answer(parsed, answer);
        },
        cancel);

    private Task<JsonDocument> OfAsync(ServerClient server, ParseResult parsed, CancellationToken cancel) => server.GetAsync($"api/v1/incidents/{Uri.EscapeDataString(parsed.GetValue(incident)!)}/playbooks", cancel);

    private JsonElement Running(ParseResult parsed, JsonElement found)
    {
        var all = found.GetProperty("runs").EnumerateArray().ToList();
        if (parsed.GetValue(run) is { } id) return all.Find(r => r.GetProperty("id").GetString() == id) is { ValueKind: JsonValueKind.Object } named ? named : throw new ServerException($"there is no run {id} in {parsed.GetValue(incident)}", ExitCode.Refused);
        var open = all.FindAll(r => !r.TryGetProperty("ended", out _));
        return open switch
        {
            [var one] => one,
            [] => throw new ServerException($"no playbook runs in {parsed.GetValue(incident)}: tocsin playbook start PLAYBOOK {parsed.GetValue(incident)}", ExitCode.Refused),
            _ => throw new ServerException($"several run; name one with --run: {string.Join(", ", open.Select(r => $"{r.GetProperty("id").GetString()} ({r.GetProperty("playbook").GetString()})"))}", ExitCode.Refused),
        };
    }

    // A number is what people read in the list.
    private static string? Id(JsonElement running, string? named) =>
        int.TryParse(named, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? running.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("number").GetInt32() == number).Select(s => s.GetProperty("id").GetString()).FirstOrDefault() ?? named
            : named;

    private static void Given(Utf8JsonWriter w, string name, string? value)
    {
        if (value is { Length: > 0 }) w.WriteString(name, value);
    }

    private int Answer(ParseResult parsed, JsonDocument answer)
    {
        using (answer)
        {
            if (IsJson(parsed)) IncidentText.Json(terminal, answer);
            else new RunText(terminal).Answer(answer.RootElement);
            return ExitCode.Done;
        }
    }

    private bool IsJson(ParseResult parsed) => parsed.GetValue(format) is "json";

    private ExampledCommand New(string name, string about, string[] examples, params Option[] options)
    {
        var command = new ExampledCommand(name, about, [.. examples]);
        foreach (var option in options) command.Options.Add(option);
        command.Options.Add(format);
        return command;
    }
}
