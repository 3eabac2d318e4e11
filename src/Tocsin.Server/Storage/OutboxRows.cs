using System.Globalization;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Notify.Issues;

namespace Tocsin.Server.Storage;

/// <summary>A page on its way out.</summary>
public sealed record OutboxRow
{
    public string Id { get; init; } = "";

    /// <summary>0 for a drill.</summary>
    public long Incident { get; init; }
    public long Page { get; init; }
    public string Key { get; init; } = "";
    public string Purpose { get; init; } = "";
    public string Person { get; init; } = "";
    public string Channel { get; init; } = "";
    public long Severity { get; init; }
    public string Subject { get; init; } = "";
    public string First { get; init; } = "";
    public string More { get; init; } = "";
    public long Decided { get; init; }

    /// <summary>waiting, sending, then for good: sent, would, failed.</summary>
    public string State { get; init; } = "";
    public long Due { get; init; }
    public string ClaimedBy { get; init; } = "";
    public long ClaimedUntil { get; init; }
    public long Attempts { get; init; }

    /// <summary>How many attempts may have arrived without anybody knowing; every further one may be a double.</summary>
    public long Doubts { get; init; }
    public string Reference { get; init; } = "";
    public string Outcome { get; init; } = "";

    /// <summary>When the answer was known. On a row that is still sending it means that the channel took the page, and only its incident has not heard it yet.</summary>
    public long? Finished { get; init; }

    /// <summary>The channel took it: it is not sent again, whatever became of the process that sent it.</summary>
    public bool IsTaken => State is "sending" && Finished is not null;
}

/// <summary>What an append gives the channels to do.</summary>
public static class OutboxRows
{
    public const string Columns = "id, incident, page, key, purpose, person, channel, severity, subject, first, more, decided, state, due, claimed_by, claimed_until, attempts, doubts, reference, outcome, finished";

    public static IEnumerable<object?[]> Of(Append append, Func<string, bool> keepsAlarm, bool tracked)
    {
        // Redacting costs more than all the rest: most appends page nobody.
        var words = new Lazy<PageWords>(() => PageText.Of(append.After, ""));
        var overdue = new Lazy<PageWords>(() => PageText.Of(append.After with { Title = $"a status update is overdue: {append.After.Title}" }, ""));
        foreach (var paged in append.Events.OfType<Paged>()) yield return Row(append.After, paged, Id(append.Id, paged.Number), "page", (paged.ForUpdate ? overdue : words).Value, paged.At);
        if (tracked && append.After is { Rule.OpensIssue: true, Phase: not IncidentPhase.Merged } && append.Before?.Rule.OpensIssue != true && !append.Events.IsEmpty)
            yield return Row(append.Id.Number, 0, $"{append.Id}/issue", $"{append.Id}/issue", IssueTracker.Purpose, "", IssueTracker.Channel, append.After.Severity, append.Id.ToString(), PageText.Of(append.After, ""), append.After.LastAt);
        if (append.Before is not { } before) yield break;
        foreach (var page in before.Pages.Where(p => keepsAlarm(p.Sent.Channel) && Awaits(before, p) && !Awaits(append.After, p)))
            yield return Row(append.After, page.Sent, $"{Id(append.Id, page.Sent.Number)}/end", "ended", words.Value, append.After.LastAt);
    }

    /// <summary>The idempotency key of a page, and the id of its row.</summary>
    public static string Id(IncidentId incident, int page) => string.Create(CultureInfo.InvariantCulture, $"{incident}/{page}");

    public static object?[] Row(long incident, long page, string id, string key, string purpose, string person, string channel, Severity severity, string subject, PageWords words, NodaTime.Instant at) =>
        [id, incident, page, key, purpose, person, channel, (long)severity, subject, words.First, words.More, Micros.Of(at), "waiting", Micros.Of(at), "", 0L, 0L, 0L, "", "", null];

    private static object?[] Row(Incident incident, Paged page, string id, string purpose, PageWords words, NodaTime.Instant at) =>
        Row(incident.Id.Number, page.Number, id, Id(incident.Id, page.Number), purpose, page.Person, page.Channel, page.Severity, incident.Id.ToString(), words, at);

    private static bool Awaits(Incident incident, Page page) => incident.IsOpen && Deadlines.IsWaiting(incident, incident.Pages[page.Sent.Number - 1]);
}
