using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Actions;
using Tocsin.Server.Api;
using Tocsin.Server.Storage;

namespace Tocsin.Cli.Commands.Actions;

/// <summary>tocsin action: guarded fixes. Planning needs nothing but the caller's own credentials; whatever changes something goes by a server, which knows who approved.</summary>
internal sealed class ActionCommand(CommonOptions common, Terminal terminal)
{
    private const string Base = "api/v1/actions";
    private readonly Option<string> format = CommonOptions.Format("text", "json");
    private readonly Argument<string> id = new("PLAN") { Description = "A plan's id, or the end of it" };

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var all = new ActionCommand(common, terminal);
        var command = new Command("action", "Guarded fixes: plan, approve, run, undo.");
        foreach (var one in (Command[])[all.Kinds(), all.Plan(), all.Approve(), all.Run(), all.Undo(), all.Reasoned("break-glass", "Run it with one approval because the second approver is silent; P0 and P1 only, and announced to all."), all.Reasoned("withdraw", "Take a plan back before it runs."), all.Settle(), all.List(), all.Show()]) command.Subcommands.Add(one);
        return command;
    }

    private ExampledCommand Kinds()
    {
        var command = New("kinds", "Every action there is: what it does, what it takes, who approves, how it is taken back.", ["tocsin action kinds"]);
        command.SetAction(parsed =>
        {
            var kinds = ActionKinds.Planner().Kinds.Select(k => (Kind: k, Rule: ActionTable.Find(k.Id)!)).ToList();
            if (IsJson(parsed)) terminal.Out.WriteLine(JsonSerializer.Serialize(ActionKinds.Planner().Kinds.Select(ActionKindBody.Of), new JsonSerializerOptions(JsonForm.Options()) { WriteIndented = true }));
            else new ActionOutput(terminal).Kinds(kinds);
            return ExitCode.Done;
        });
        return command;
    }

    private ExampledCommand Plan()
    {
        var action = new Argument<string>("ACTION") { Description = "Such as ecs.rollback; tocsin action kinds lists all" };
        var target = new Argument<string>("TARGET") { Description = "What it is about: a service by name or role, a secret, a key", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "" };
        var set = new Option<string[]>("--set") { Description = "What the action takes, as NAME=VALUE; NAME=- reads a secret value from standard input; may be repeated", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };
        var incident = new Option<string?>("--incident") { Description = "The incident that it is for", HelpName = "INCIDENT" };
        var why = new Option<string>("--why") { Description = "Why", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var here = new Option<bool>("--here") { Description = "Plan with this machine's own credentials and without a server; nothing is stored, and the printed commands are yours to run" };
        var asking = new Platforms.AskOptions();
        var command = New("plan", "Make a plan by only reading: the exact calls, current and wanted, and the same as AWS commands.", ["tocsin action plan ecs.rollback storefront --incident INC-12", "tocsin action plan ecs.scale core-api --set count=3", "tocsin action plan ecs.deployRevision core-api --set memory=4096 --here"], set, incident, why, here, asking.Environment, asking.Endpoint, asking.Lab);
        command.Arguments.Add(action);
        command.Arguments.Add(target);
        command.SetAction((parsed, cancel) =>
        {
            var platform = PlatformFile.Load(common.Load(parsed));
            var environment = asking.Load(common, parsed).Environment(parsed.GetValue(asking.Environment));
            var order = new ActionOrder(parsed.GetValue(action)!, environment.Name, parsed.GetValue(target)!, Values(parsed.GetValue(set)!));
            if (parsed.GetValue(here) || Environment.GetEnvironmentVariable(ServerClient.Url) is not { Length: > 0 }) return new Lab.LabRun(terminal).DoAsync(c => HereAsync(parsed, ActedPlatform.Ground(platform, environment, null, parsed.GetValue(asking.Endpoint), parsed.GetValue(asking.Lab)), order, c), cancel);
            return PostAsync(
                parsed,
                _ => Task.FromResult(Base),
                w =>
                {
                    w.WriteString("action", order.Action);
                    w.WriteString("environment", order.Environment);
                    w.WriteString("target", order.Target);
                    WriteValues(w, order.Values);
                    if (parsed.GetValue(incident) is { } of) w.WriteString("incident", of);
                    w.WriteString("why", parsed.GetValue(why));
                },
                cancel);
        });
        return command;
    }

    private async Task<int> HereAsync(ParseResult parsed, ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var planning = await ActionKinds.Planner().PlanAsync(ground, order, cancel);
        if (planning is not Planning.Planned planned)
        {
            terminal.Fail(planning is Planning.Refused refused ? refused.Why : "there is no plan");
            return ExitCode.Refused;
        }
        var run = ActionRun.Of([new ActionPlanned(planned.Plan.MadeAt, "", planned.Plan, null, "")])!;
        return Answer(parsed, JsonSerializer.SerializeToDocument(ActionAnswerBody.Of(run, planned.Plan.MadeAt), JsonForm.Options()));
    }

    private ExampledCommand Approve()
    {
        var digest = new Option<string?>("--digest") { Description = "The digest that was looked at; without it the plan is shown and asked about", HelpName = "DIGEST" };
        var command = OfPlan("approve", "Approve exactly the plan that you looked at; it holds for 15 minutes.", ["tocsin action approve 3f2a9c1e --digest 8b1f03aa"], digest);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var plan = await FindAsync(server, parsed, c);
                var whole = plan.RootElement.GetProperty("digest").GetString()!;
                var seen = parsed.GetValue(digest);
                if (seen is null)
                {
                    new ActionOutput(terminal).Show(plan.RootElement);
                    terminal.Fail($"look at it, then: tocsin action approve {plan.RootElement.GetProperty("id").GetString()} --digest {whole[..12]}");
                    return ExitCode.Refused;
                }
                // The beginning is enough to type, and not enough to approve another plan by mistake.
                var named = seen.Length >= 8 && whole.StartsWith(seen, StringComparison.OrdinalIgnoreCase) ? whole : seen;
                return Answer(parsed, await server.PostAsync($"{Base}/{plan.RootElement.GetProperty("id").GetString()}/approve", w => w.WriteString("digest", named), c));
            },
            cancel));
        return command;
    }

    private ExampledCommand Run()
    {
        var set = new Option<string[]>("--set") { Description = "A value that is stored nowhere, typed in again, as NAME=VALUE or NAME=- for standard input", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };
        var wait = new Option<bool>("--wait") { Description = "Wait until it has been looked at whether it works" };
        var command = OfPlan("run", "Run an approved plan; every guard is asked again right before.", ["tocsin action run 3f2a9c1e --wait"], set, wait);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var plan = await FindAsync(server, parsed, c);
                var path = $"{Base}/{plan.RootElement.GetProperty("id").GetString()}";
                var answer = await server.PostAsync($"{path}/run", w => WriteValues(w, Values(parsed.GetValue(set)!)), c);
                while (parsed.GetValue(wait) && !IsOver(answer.RootElement))
                {
                    answer.Dispose();
                    await Task.Delay(TimeSpan.FromSeconds(1), c);
                    answer = await server.GetAsync(path, c);
                }
                var failed = parsed.GetValue(wait) && !(answer.RootElement.TryGetProperty("verified", out var verified) && verified.TryGetProperty("works", out var works) && works.GetBoolean());
                Answer(parsed, answer);
                return failed ? ExitCode.Found : ExitCode.Done;
            },
            cancel));
        return command;
    }

    private static bool IsOver(JsonElement action) => action.GetProperty("state").GetString() is "failed" or "unknown" or "withdrawn" || action.TryGetProperty("verified", out _);

    private ExampledCommand Undo()
    {
        var why = new Option<string>("--why") { Description = "Why", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var command = OfPlan("undo", "Plan what takes a done action back; it is approved and run like any other.", ["tocsin action undo 3f2a9c1e --why \"it made it worse\""], why);
        command.SetAction((parsed, cancel) => PostAsync(parsed, s => PathAsync(s, parsed, "undo", cancel), w => w.WriteString("why", parsed.GetValue(why)), cancel));
        return command;
    }

    private ExampledCommand Reasoned(string name, string about)
    {
        var why = new Argument<string>("WHY") { Description = "Why, in words" };
        var command = OfPlan(name, about, [$"tocsin action {name} 3f2a9c1e \"why\""]);
        command.Arguments.Add(why);
        command.SetAction((parsed, cancel) => PostAsync(parsed, s => PathAsync(s, parsed, name, cancel), w => w.WriteString("why", parsed.GetValue(why)), cancel));
        return command;
    }

    private ExampledCommand Settle()
    {
        var outcome = new Argument<string>("OUTCOME") { Description = "done or not-done" };
        outcome.AcceptOnlyFromAmong("done", "not-done");
        var why = new Argument<string>("WHY") { Description = "What you saw" };
        var command = OfPlan("settle", "Say how an unknown outcome really was.", ["tocsin action settle 3f2a9c1e done \"revision 42 runs\""]);
        command.Arguments.Add(outcome);
        command.Arguments.Add(why);
        command.SetAction((parsed, cancel) => PostAsync(
            parsed,
            s => PathAsync(s, parsed, "settle", cancel),
            w =>
            {
                w.WriteBoolean("wasDone", parsed.GetValue(outcome) is "done");
                w.WriteString("why", parsed.GetValue(why));
            },
            cancel));
        return command;
    }

    private ExampledCommand List()
    {
        var incident = new Option<string?>("--incident") { Description = "Only of this incident", HelpName = "INCIDENT" };
        var command = New("list", "Plans and what became of them, the newest first.", ["tocsin action list --incident INC-12"], incident);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var found = await server.GetAsync($"{Base}{(parsed.GetValue(incident) is { } of ? $"?incident={Uri.EscapeDataString(of)}" : "")}", c);
                if (IsJson(parsed)) IncidentText.Json(terminal, found);
                else new ActionOutput(terminal).List(found.RootElement);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private ExampledCommand Show()
    {
        var command = OfPlan("show", "One plan: calls, approvals, outcome, and the same as commands.", ["tocsin action show 3f2a9c1e"]);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(terminal, async (server, c) => Answer(parsed, await FindAsync(server, parsed, c)), cancel));
        return command;
    }

    private async Task<JsonDocument> FindAsync(ServerClient server, ParseResult parsed, CancellationToken cancel)
    {
        var wanted = parsed.GetValue(id)!;
        if (Guid.TryParse(wanted, out _)) return await server.GetAsync($"{Base}/{wanted}", cancel);
        using var all = await server.GetAsync($"{Base}?most=200", cancel);
        var found = all.RootElement.EnumerateArray().Select(a => a.GetProperty("id").GetString()!).Where(i => i.StartsWith(wanted, StringComparison.OrdinalIgnoreCase) || i.EndsWith(wanted, StringComparison.OrdinalIgnoreCase)).ToList();
        if (found.Count != 1) throw new ServerException(found.Count == 0 ? $"there is no plan {wanted}" : $"{wanted} fits {found.Count} plans: {string.Join(", ", found.Take(5))}", ExitCode.Usage);
        return await server.GetAsync($"{Base}/{found[0]}", cancel);
    }

    private async Task<string> PathAsync(ServerClient server, ParseResult parsed, string verb, CancellationToken cancel)
    {
        using var plan = await FindAsync(server, parsed, cancel);
        return $"{Base}/{plan.RootElement.GetProperty("id").GetString()}/{verb}";
    }

    private Task<int> PostAsync(ParseResult parsed, Func<ServerClient, Task<string>> path, Action<Utf8JsonWriter> body, CancellationToken cancel) =>
        ServerRun.DoAsync(terminal, async (server, c) => Answer(parsed, await server.PostAsync(await path(server), body, c)), cancel);

    private int Answer(ParseResult parsed, JsonDocument answer)
    {
        using (answer)
        {
            if (IsJson(parsed)) IncidentText.Json(terminal, answer);
            else new ActionOutput(terminal).Show(answer.RootElement);
            return ExitCode.Done;
        }
    }

    private static ImmutableSortedDictionary<string, string> Values(string[] set)
    {
        var values = ActionOrder.None;
        foreach (var one in set)
        {
            var at = one.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0) throw new SettingsException($"--set takes NAME=VALUE, not '{one}'");
            values = values.SetItem(one[..at], one[(at + 1)..] is "-" ? Console.In.ReadToEnd().TrimEnd('\r', '\n') : one[(at + 1)..]);
        }
        return values;
    }

    private static void WriteValues(Utf8JsonWriter w, ImmutableSortedDictionary<string, string> values)
    {
        w.WriteStartObject("values");
        foreach (var (name, value) in values) w.WriteString(name, value);
        w.WriteEndObject();
    }

    private bool IsJson(ParseResult parsed) => parsed.GetValue(format) is "json";

    private ExampledCommand OfPlan(string name, string about, string[] examples, params Option[] options)
    {
        var command = New(name, about, examples, options);
        command.Arguments.Add(id);
        return command;
    }

    private ExampledCommand New(string name, string about, string[] examples, params Option[] options)
    {
        var command = new ExampledCommand(name, about, [.. examples]);
        foreach (var option in options) command.Options.Add(option);
        command.Options.Add(format);
        return command;
    }
}
