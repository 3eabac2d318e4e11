using System.Text.Json;
using NodaTime;
using NodaTime.Text;
using Tocsin.Cli.Output;
using Tocsin.Core.PostMortems;

namespace Tocsin.Cli.Commands.PostMortems;

/// <summary>A post-mortem in the form that was asked for.</summary>
internal static class PostMortemOutput
{
    public static string Of(PostMortem document, string format, bool everyEvent) => format switch
    {
        "html" => PostMortemHtml.Of(document, everyEvent),
        "json" => Facts(document),
        _ => PostMortemMarkdown.Of(document, everyEvent),
    };

    private static string Facts(PostMortem document) => Json.Write(Json.Indented, w =>
    {
        var account = document.Account;
        w.WriteStartObject();
        w.WriteString("incident", account.Id);
        w.WriteString("title", account.Title);
        w.WriteString("severity", account.Severity.ToString());
        w.WriteString("worst", account.Worst.ToString());
        Time(w, "impactStart", account.Times.ImpactStart);
        Time(w, "resolved", account.Times.Resolved);
        Time(w, "due", account.DocumentDue);
        foreach (var (name, measure) in new[] { ("toDetect", account.ToDetect), ("toAcknowledge", account.ToAcknowledge), ("toDiagnose", account.ToDiagnose), ("toMitigate", account.ToMitigate), ("toResolve", account.ToResolve) }) Write(w, name, measure);
        w.WriteStartArray("promises");
        foreach (var promise in account.Promises)
        {
            w.WriteStartObject();
            w.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(promise.Kind.ToString()));
            Time(w, "due", promise.Due);
            w.WriteString("outcome", JsonNamingPolicy.CamelCase.ConvertName(promise.Outcome.ToString()));
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartArray("actions");
        foreach (var action in account.Actions) Write(w, action);
        w.WriteEndArray();
        w.Texts("missing", document.Missing());
        w.WriteEndObject();
    }) + "\n";

    private static void Write(Utf8JsonWriter w, AccountAction action)
    {
        w.WriteStartObject();
        foreach (var (name, text) in new[] { ("id", action.Id), ("action", action.Action), ("target", action.Target), ("change", action.Change), ("by", action.By), ("approved", action.Approved), ("startedBy", action.StartedBy), ("outcome", action.Outcome), ("verified", action.Verified), ("undo", action.Undo), ("breakGlass", action.BreakGlass) }) w.WriteString(name, text);
        Time(w, "planned", action.Planned);
        Time(w, "executed", action.Executed);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, string name, Measure measure)
    {
        w.WriteStartObject(name);
        switch (measure)
        {
            case Measure.Took took: w.WriteNumber("seconds", (long)took.Time.TotalSeconds); break;
            case Measure.NotYet not: w.WriteString("notYet", not.Why); break;
            case Measure.NotApplicable none: w.WriteString("notApplicable", none.Why); break;
            case Measure.Invalid invalid: w.WriteString("invalid", invalid.Why); break;
            default: throw new ArgumentOutOfRangeException(nameof(measure), measure, "unknown measure");
        }
        w.WriteEndObject();
    }

    private static void Time(Utf8JsonWriter w, string name, Instant? at)
    {
        if (at is { } time) w.WriteString(name, InstantPattern.ExtendedIso.Format(time));
    }
}
