using System.Text.Json;
using NodaTime.Text;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Output;

/// <summary>What a server says of incidents, for people. Missing values are shown as nothing: an older server says less.</summary>
internal sealed class IncidentText(Terminal terminal)
{
    public static void Json(Terminal terminal, JsonDocument document) => terminal.Out.WriteLine(JsonSerializer.Serialize(document.RootElement, new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

    public void List(JsonElement incidents)
    {
        foreach (var one in incidents.EnumerateArray()) Line(one);
        if (incidents.GetArrayLength() == 0) terminal.Out.WriteLine("no incident");
    }

    public void Answer(JsonElement answer)
    {
        Line(answer.GetProperty("incident"));
        if (Text(answer, "nothing") is { Length: > 0 } nothing) terminal.Out.WriteLine($"  {nothing}");
        foreach (var line in answer.GetProperty("happened").EnumerateArray()) terminal.Out.WriteLine($"  {line.GetString()}");
    }

    public void Show(JsonElement detail)
    {
        var summary = detail.GetProperty("summary");
        Line(summary);
        Label("since", $"{Time(summary, "impactStart")}  declared {Time(summary, "declared")}{(Time(summary, "resolved") is { Length: > 0 } end ? $"  resolved {end}" : "")}");
        if (Text(summary, "nextDueWhy") is { Length: > 0 } due) Label("next", $"{Time(summary, "nextDue")}  {due}");
        foreach (var role in detail.GetProperty("roles").EnumerateObject()) Label("role", $"{(role.Name is "incidentCommander" ? "incident commander" : role.Name)}: {role.Value.GetString()}");
        foreach (var alarm in detail.GetProperty("alarms").EnumerateArray()) Label("alarm", terminal.Red(alarm.GetString()!));
        foreach (var error in detail.GetProperty("errors").EnumerateArray()) Label("error", $"{Text(error, "entry")} {Text(error, "service")} {error.GetProperty("count").GetInt64()} times, last {Time(error, "last")}  {terminal.Dim(Text(error, "fingerprint"))}");
        foreach (var earlier in detail.GetProperty("earlier").EnumerateArray()) Label("before", $"{Text(earlier, "id")} {Text(earlier, "title")}");
        Label("policy", Text(detail, "policy"));
        terminal.Out.WriteLine();
        foreach (var page in detail.GetProperty("pages").EnumerateArray())
            terminal.Out.WriteLine($"{Time(page, "at")}  page {page.GetProperty("number").GetInt32(),3}  {Text(page, "channel"),-10} {Text(page, "person"),-14} {Text(page, "state")}{(Text(page, "outcome") is { Length: > 0 } outcome && outcome != Text(page, "state") ? $": {outcome}" : "")}{(page.GetProperty("possibleDouble").GetBoolean() ? terminal.Yellow(" (perhaps twice)") : "")}");
        terminal.Out.WriteLine();
        foreach (var entry in detail.GetProperty("timeline").EnumerateArray().Where(e => Text(e, "text").Length > 0)) terminal.Out.WriteLine($"{Time(entry, "at")}  {Text(entry, "text")}");
    }

    public void Why(JsonElement answer)
    {
        terminal.Out.WriteLine($"{Text(answer, "incident")} {terminal.Bold(Text(answer, "person"))} {(answer.GetProperty("paged").GetBoolean() ? "was paged" : "was not paged")} up to {Time(answer, "at")}");
        foreach (var reason in answer.GetProperty("reasons").EnumerateArray()) terminal.Out.WriteLine($"{Time(reason, "at")}  {(reason.GetProperty("page").GetInt32() > 0 ? terminal.Bold(Text(reason, "text")) : Text(reason, "text"))}");
    }

    private void Line(JsonElement one) => terminal.Out.WriteLine($"{Text(one, "id"),-8} {Severity(Text(one, "severity"))} {Text(one, "phase"),-13} {Text(one, "environment")} {Text(one, "service")}  {terminal.Bold(Text(one, "title"))}{(Text(one, "heldBy") is { Length: > 0 } by ? $"  ({by})" : "")}");

    private string Severity(string severity) => severity is "P0" or "P1" ? terminal.Red(severity) : severity is "P2" ? terminal.Yellow(severity) : severity;

    private void Label(string label, string text) => terminal.Out.WriteLine($"  {terminal.Dim(label.PadRight(7))} {text}");

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Time(JsonElement of, string name) => InstantPattern.ExtendedIso.Parse(Text(of, name)) is { Success: true, Value: var at } ? Words.Time(at) : "";
}
