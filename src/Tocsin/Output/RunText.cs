using System.Globalization;
using System.Text.Json;
using NodaTime.Text;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Output;

/// <summary>Runs of playbooks as a server tells them, for people.</summary>
internal sealed class RunText(Terminal terminal)
{
    public void Status(JsonElement found)
    {
        var runs = found.GetProperty("runs").EnumerateArray().ToList();
        foreach (var run in runs) Run(run);
        if (runs.Exists(r => !r.TryGetProperty("ended", out _))) return;
        terminal.Out.WriteLine(runs.Count == 0 ? "no playbook runs; it calls for:" : "nothing runs any more; it calls for:");
        foreach (var book in found.GetProperty("proposed").EnumerateArray()) terminal.Out.WriteLine($"  {terminal.Bold(Text(book, "id")),-24} {Text(book, "about")} {terminal.Dim($"({Text(book, "because")})")}");
        if (found.GetProperty("proposed").GetArrayLength() == 0) terminal.Out.WriteLine("  none before the others; tocsin playbook list shows all");
    }

    public void Answer(JsonElement answer)
    {
        foreach (var line in answer.GetProperty("happened").EnumerateArray()) terminal.Out.WriteLine(line.GetString());
        if (Text(answer, "nothing") is { Length: > 0 } nothing) terminal.Out.WriteLine(terminal.Yellow(nothing));
        Run(answer.GetProperty("run"));
    }

    private void Run(JsonElement run)
    {
        terminal.Out.WriteLine($"{terminal.Bold(Text(run, "title"))}  {Text(run, "environment")}, begun {Time(run, "started")}{(Text(run, "ended") is { Length: > 0 } end ? $", ended: {end}" : "")}");
        foreach (var step in run.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("onWay").GetBoolean())) Step(step);
        if (run.GetProperty("undecided").GetBoolean()) terminal.Out.WriteLine(terminal.Dim("         more may come behind the decision"));
    }

    private void Step(JsonElement step)
    {
        var status = Text(step, "status");
        var mark = status switch { "done" => terminal.Green("done   "), "skipped" => "skipped", "failed" => terminal.Red("FAILED "), "held" => terminal.Cyan("now    "), _ => Text(step, "waits").Length > 0 ? terminal.Dim("waits  ") : "       " };
        var late = step.GetProperty("overdue").GetBoolean() ? terminal.Red($"  late since {Hour(step, "due")}") : "";
        var holder = Text(step, "holder") is { Length: > 0 } by ? terminal.Dim($"  {by}") : "";
        var result = Text(step, "result") is { Length: > 0 } text ? $": {text}" : "";
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mark} {step.GetProperty("number").GetInt32(),2}. {Text(step, "title")}{result}{holder}{late}"));
        if (status is not "held") return;
        var ways = step.GetProperty("ways").EnumerateArray().Select(w => w.GetString()).ToList();
        for (var i = 0; i < ways.Count; i++) terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"              way {i + 1}: {ways[i]}"));
    }

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Time(JsonElement of, string name) => InstantPattern.ExtendedIso.Parse(Text(of, name)) is { Success: true, Value: var at } ? Words.Time(at) : "";

    private static string Hour(JsonElement of, string name) => InstantPattern.ExtendedIso.Parse(Text(of, name)) is { Success: true, Value: var at } ? Words.Hour(at) : "";
}
