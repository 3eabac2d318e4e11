using System.Text.Json;
using NodaTime;
using Tocsin.Cli.Setup;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Output;

/// <summary>A simulation for people.</summary>
internal sealed class SimulationText(Terminal terminal, ResponsePlan plan)
{
    public void Write(SuggestedSeverity severity, SimulationResult result, CommunicationTemplate? template)
    {
        var start = result.Events[0].After;
        terminal.Out.WriteLine($"{terminal.Bold(severity.Severity.ToString())} {plan.Policy.Of(severity.Severity).Title}: {severity.Why}");
        terminal.Out.WriteLine($"page: {PageText.Of(start, "").First}");
        if (plan.Policy.Of(severity.Severity).OpensIssue) terminal.Out.WriteLine("nobody is paged; it becomes an issue");
        terminal.Out.WriteLine();
        foreach (var (e, words) in result.Events.Select(e => (e.Event, EventWords.Of(e.Event))).Where(e => e.Item2.Length > 0)) Line(e.At, e.At - start.Times.Declared, Paint(e, words));
        foreach (var (at, why) in result.Refused) Line(at, at - start.Times.Declared, terminal.Yellow($"refused: {why}"));
        terminal.Out.WriteLine();
        foreach (var deadline in result.Ahead.Take(5)) Line(deadline.At, deadline.At - start.Times.Declared, terminal.Dim($"ahead: {deadline.Why}"));
        if (template is not null && start.Promise.From is not null) terminal.Out.WriteLine($"\nfirst update, by {Words.Hour(start.Promise.From.Value + start.Promise.Within)}:\n{template.Fill(start, template.Mentions[0].Channel, "", "")}");
        terminal.Out.WriteLine(Verdict(start, result));
    }

    private string Verdict(Incident start, SimulationResult result)
    {
        if (start.Rule.Escalate.IsEmpty) return $"{terminal.Green("ok")}: {start.Severity} pages nobody and is acknowledged by {Words.Time(result.AcknowledgeBy)}";
        return result.IsPagedInTime
            ? $"{terminal.Green("ok")}: the first person is paged {Words.Length(result.Pages.First(p => p.Person.Length > 0).At - start.Times.Declared)} after the start, to be acknowledged by {Words.Time(result.AcknowledgeBy)}"
            : $"{terminal.Red("nobody")} would be paged by {Words.Time(result.AcknowledgeBy)}";
    }

    private string Paint(IncidentEvent e, string words) => e switch
    {
        AlarmRaised or DeadlineMissed => terminal.Red(words),
        PageSuppressed or StepMuted or ChannelGivenUp => terminal.Dim(words),
        Paged => words,
        _ => terminal.Cyan(words),
    };

    private void Line(Instant at, Duration after, string words) => terminal.Out.WriteLine($"{Words.Time(at)}  {$"+{Words.Length(after)}",-8}  {words}");
}

/// <summary>A simulation for programs.</summary>
internal static class SimulationJson
{
    public static void Write(Terminal terminal, SuggestedSeverity severity, SimulationResult result) => terminal.Out.WriteLine(Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteString("severity", severity.Severity.ToString());
        w.WriteString("why", severity.Why);
        w.WriteBoolean("pagedInTime", result.IsPagedInTime);
        w.Time("acknowledgeBy", result.AcknowledgeBy);
        w.WriteString("text", PageText.Of(result.Events[0].After, "").First);
        w.WriteString("policy", result.Events[0].After.Policy.Version);
        w.WriteStartArray("pages");
        foreach (var page in result.Pages) Page(w, page);
        w.WriteEndArray();
        w.WriteStartArray("timeline");
        foreach (var (e, words) in result.Events.Select(e => (e.Event, EventWords.Of(e.Event))).Where(e => e.Item2.Length > 0)) Entry(w, e.At, e.GetType().Name, words);
        foreach (var (at, why) in result.Refused) Entry(w, at, "Refused", why);
        w.WriteEndArray();
        w.WriteStartArray("ahead");
        foreach (var deadline in result.Ahead) Entry(w, deadline.At, deadline.Kind.ToString(), deadline.Why);
        w.WriteEndArray();
        w.WriteEndObject();
    }));

    private static void Page(Utf8JsonWriter w, Paged page)
    {
        w.WriteStartObject();
        w.Time("at", page.At);
        if (page.Person.Length > 0) w.WriteString("person", page.Person);
        w.WriteString("channel", page.Channel);
        w.WriteString("step", page.Key);
        w.WriteString("why", page.Why);
        w.WriteEndObject();
    }

    private static void Entry(Utf8JsonWriter w, Instant at, string kind, string words)
    {
        w.WriteStartObject();
        w.Time("at", at);
        w.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(kind));
        w.WriteString("text", words);
        w.WriteEndObject();
    }
}
