using System.Collections.Frozen;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Core.Response.StatusPages;

namespace Tocsin.Server.Storage;

/// <summary>How one family of events stands in the database. Names and keys are a contract, as those of incidents' events are (<see cref="EventJson"/>).</summary>
public sealed class StreamJson<TEvent>
    where TEvent : class
{
    private static readonly JsonSerializerOptions Form = JsonForm.Options();
    private readonly FrozenDictionary<string, Type> types;
    private readonly FrozenDictionary<Type, string> names;
    private readonly Func<TEvent, (Instant At, string By)> head;

    internal StreamJson(Func<TEvent, (Instant At, string By)> head, params (string Name, Type Type)[] kinds)
    {
        this.head = head;
        types = kinds.ToFrozenDictionary(k => k.Name, k => k.Type, StringComparer.Ordinal);
        names = kinds.ToFrozenDictionary(k => k.Type, k => k.Name);
    }

    public (long At, string Type, string Person, string Body) Write(TEvent e)
    {
        var (at, by) = head(e);
        return (Micros.Of(at), names[e.GetType()], by, JsonSerializer.Serialize(e, e.GetType(), Form));
    }

    public TEvent Read(StreamEventRow row) =>
        types.TryGetValue(row.Type, out var known)
            ? (TEvent)JsonSerializer.Deserialize(row.Body, known, Form)!
            : throw new SchemaException($"the database holds an event \"{row.Type}\", which this program does not know: start the newer program");
}

/// <summary>The families that there are.</summary>
public static class StreamForms
{
    public static StreamJson<PlaybookEvent> Runs { get; } = new(
        e => (e.At, e.By),
        ("started", typeof(PlaybookStarted)),
        ("step-taken", typeof(StepTaken)),
        ("step-given-back", typeof(StepGivenBack)),
        ("step-done", typeof(StepDone)),
        ("step-failed", typeof(StepFailed)),
        ("step-skipped", typeof(StepSkipped)),
        ("branch-chosen", typeof(BranchChosen)),
        ("step-looked", typeof(StepLooked)),
        ("step-overruled", typeof(StepOverruled)),
        ("ended", typeof(PlaybookEnded)));

    public static StreamJson<DocumentEvent> Documents { get; } = new(
        e => (e.At, e.By),
        ("written", typeof(DocumentWritten)),
        ("closed", typeof(DocumentClosed)),
        ("opened-again", typeof(DocumentOpenedAgain)),
        ("item-done", typeof(ItemDone)),
        ("item-reminded", typeof(ItemReminded)));

    public static StreamJson<StatusEvent> Status { get; } = new(
        e => (e.At, e.By),
        ("component-named", typeof(ComponentNamed)),
        ("component-removed", typeof(ComponentRemoved)),
        ("component-set", typeof(ComponentSet)),
        ("report-opened", typeof(ReportOpened)),
        ("report-updated", typeof(ReportUpdated)));
}
