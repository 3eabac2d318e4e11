using System.Globalization;
using System.Text.Json;
using NodaTime.Text;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Actions;

namespace Tocsin.Cli.Output;

/// <summary>Plans and what became of them, for people: where, from what to what, who approves, the calls, and the same by hand.</summary>
internal sealed class ActionOutput(Terminal terminal)
{
    private const int IdEnd = 8;
    private const int DigestStart = 12;

    public void Kinds(IEnumerable<(ActionKind Kind, ActionRule Rule)> kinds)
    {
        foreach (var (kind, rule) in kinds)
        {
            terminal.Out.WriteLine($"{terminal.Bold(kind.Id)}  {rule.Does}");
            Label("on", kind.Target);
            foreach (var argument in kind.Arguments) Label("--set", $"{argument.Name}{(argument.Required ? "" : " (may be left out)")}: {argument.About}{(argument.Secret ? "; stored nowhere" : "")}");
            Label("who", string.Create(CultureInfo.InvariantCulture, $"{rule.Approvers} {(rule.Approvers == 1 ? "person approves" : "different people approve")} in production"));
            Label("undo", rule.Undo);
        }
    }

    public void List(JsonElement actions)
    {
        foreach (var one in actions.EnumerateArray()) Line(one);
        if (actions.GetArrayLength() == 0) terminal.Out.WriteLine("no action was planned");
    }

    public void Show(JsonElement action)
    {
        var plan = action.GetProperty("plan");
        var place = plan.GetProperty("place");
        Line(action);
        Label("where", $"{(Text(place, "account").All(c => c == '0') ? terminal.Yellow("LAB · ") : "")}account {Text(place, "account")} · {Text(place, "region")} · {Text(place, "endpoint")} · {Text(plan, "environment")}");
        Label("now", terminal.Red(Text(plan, "current")));
        Label("then", terminal.Green(Text(plan, "wanted")));
        if (plan.GetProperty("blastRadius").GetArrayLength() > 0) Label("feels it", string.Join(", ", Texts(plan, "blastRadius")));
        foreach (var note in Texts(plan, "notes")) Label("note", note);
        Label("undo", Text(action, "undo"));
        foreach (var fact in plan.GetProperty("facts").EnumerateObject()) Label("fact", $"{fact.Name}: {fact.Value.GetString()}");
        foreach (var value in plan.GetProperty("values").EnumerateObject()) Label("value", $"{value.Name} is stored nowhere: give it again when it runs, --set {value.Name}=-");
        Calls(action, plan);
        Outcome(action);
        Approvals(action, plan);
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(terminal.Dim("the same by hand:"));
        foreach (var command in Texts(plan, "commands")) terminal.Out.WriteLine(command);
    }

    private void Calls(JsonElement action, JsonElement plan)
    {
        var states = action.GetProperty("calls").EnumerateArray().ToList();
        foreach (var (call, state) in plan.GetProperty("calls").EnumerateArray().Zip(states)) Label("call", $"{Text(call, "provider")} {Text(call, "operation")}{(Text(state, "outcome") is { Length: > 0 } outcome ? $": {outcome}, {Text(state, "words")}" : "")}");
    }

    private void Outcome(JsonElement action)
    {
        if (Text(action, "words") is { Length: > 0 } words) Label("ended", words);
        if (action.TryGetProperty("verified", out var verified))
        {
            var works = verified.TryGetProperty("works", out var said) ? said.GetBoolean() ? terminal.Green("it works") : terminal.Red("it does not work") : terminal.Yellow("it could not be seen to work in time");
            Label("looked", $"{works}: {string.Join("; ", Texts(verified, "seen"))}");
            foreach (var beside in Texts(verified, "beside")) Label("beside", terminal.Red(beside));
        }
        foreach (var held in action.GetProperty("heldBack").EnumerateArray()) Label("held", terminal.Red(Text(held, "why")));
    }

    private void Approvals(JsonElement action, JsonElement plan)
    {
        foreach (var given in action.GetProperty("approvals").GetProperty("given").EnumerateArray()) Label("approved", $"{Text(given, "person")} until {Time(given, "expires")}");
        if (action.GetProperty("approvals").TryGetProperty("broken", out var broken)) Label("glass", terminal.Red($"{Text(broken, "person")} alone: {Text(broken, "why")}"));
        if (Text(action, "waiting") is { Length: > 0 } waiting) Label("waits", terminal.Yellow($"{waiting}; digest {Text(action, "digest")[..DigestStart]}, until {Time(plan, "expires")}"));
    }

    private void Line(JsonElement action)
    {
        var plan = action.GetProperty("plan");
        var id = Text(action, "id");
        var state = Text(action, "state");
        var shown = state switch { "succeeded" => terminal.Green(state), "failed" or "unknown" => terminal.Red(state), "running" => terminal.Yellow(state), _ => state };
        terminal.Out.WriteLine($"{id[^IdEnd..]}  {shown}  {terminal.Bold($"{(Text(plan, "undoes").Length > 0 ? "undo of " : "")}{Text(plan, "action")}")} {Text(plan, "target")} in {Text(plan, "environment")}{(Text(action, "incident") is { Length: > 0 } incident ? $" · {incident}" : "")}{(Text(action, "by") is { Length: > 0 } by ? $" · {by}" : "")}");
    }

    private void Label(string label, string text) => terminal.Out.WriteLine($"  {terminal.Dim(label.PadRight(8))} {text}");

    private static IEnumerable<string> Texts(JsonElement of, string name) => of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(t => t.GetString() ?? "") : [];

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Time(JsonElement of, string name) => InstantPattern.ExtendedIso.Parse(Text(of, name)) is { Success: true, Value: var at } ? Words.Time(at) : "";
}
