using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <param name="Paged">Whether anything was sent to the person up to then.</param>
public sealed record WhyAnswer(IncidentId Incident, string Person, Instant At, bool Paged, ImmutableArray<PageReason> Reasons);

/// <summary>Why somebody was, or was not, paged: Core's reasons, with how each sending went.</summary>
public sealed class WhyPaged(IncidentRoom room, PlanSource plan, TimeProvider time)
{
    /// <param name="at">Up to when; null: now.</param>
    public async Task<WhyAnswer?> OfAsync(IncidentId id, string person, Instant? at, CancellationToken cancel)
    {
        var events = await room.EventsAsync(id, cancel);
        if (events.IsEmpty) return null;
        var until = at ?? time.Now();
        var sent = (await room.OutboxAsync(id, cancel)).Where(r => r.Purpose == "page").ToDictionary(r => (int)r.Page);
        var reasons = PageReasons.Of(events, person, plan.Duty, until);
        return new WhyAnswer(id, person, until, reasons.Any(r => r.Page > 0), [.. reasons.Select(r => r.Page > 0 && sent.TryGetValue(r.Page, out var row) ? r with { Text = $"{r.Text} — {Sending(row)}" } : r)]);
    }

    private static string Sending(OutboxRow row) => row.State switch
    {
        "sent" => $"sent, {row.Outcome}{(row.Doubts > 0 ? ", perhaps twice: an attempt before it had no answer" : "")}",
        "would" => row.Outcome,
        "failed" => $"failed: {row.Outcome}",
        _ => row.Outcome.Length > 0 ? $"{row.State}, {row.Outcome}" : row.State,
    };
}
