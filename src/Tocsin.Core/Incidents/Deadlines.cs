using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

public enum DeadlineKind
{
    /// <summary>A step of the escalation.</summary>
    Step,

    /// <summary>A page without its receipt: the next channel.</summary>
    NextChannel,
    Acknowledge,
    Lease,
    Update,
    FixBy,
    PostMortemReminder,
    PostMortem,
}

/// <summary>Something that comes due by itself.</summary>
/// <param name="Key">The step, where it is one.</param>
/// <param name="Epoch">The run of the clock it belongs to; of a page its number.</param>
/// <param name="Why">Why at this time.</param>
public sealed record Deadline(DeadlineKind Kind, Instant At, string Key, int Round, int Epoch, string Why);

/// <summary>What is due when, as a function of the state: nothing is scheduled anywhere else, so nothing can be forgotten.</summary>
public static class Deadlines
{
    private static readonly Comparer<Deadline> Earliest = Comparer<Deadline>.Create(static (one, other) =>
        one.At != other.At ? one.At.CompareTo(other.At)
        : one.Kind != other.Kind ? one.Kind.CompareTo(other.Kind)
        : one.Epoch != other.Epoch ? one.Epoch.CompareTo(other.Epoch)
        : one.Round.CompareTo(other.Round));

    /// <summary>All that lies ahead or is overdue, the earliest first.</summary>
    public static IEnumerable<Deadline> Of(Incident incident) => All(incident).Order(Earliest);

    /// <summary>The first of <see cref="Of"/>; asked for after each event of a tick, so nothing is put in order for it.</summary>
    public static Deadline? Next(Incident incident)
    {
        Deadline? next = null;
        foreach (var deadline in All(incident)) if (next is null || Earliest.Compare(deadline, next) < 0) next = deadline;
        return next;
    }

    private static IEnumerable<Deadline> All(Incident incident)
    {
        var all = incident.Phase switch
        {
            IncidentPhase.Merged => [],
            IncidentPhase.Resolved => PostMortem(incident),
            _ => Promises(incident).Concat(Steps(incident)).Concat(Channels(incident)),
        };
        return incident.Missed.IsEmpty ? all : all.Where(d => !incident.Missed.Contains((d.Kind, d.Epoch)));
    }

    private static IEnumerable<Deadline> Promises(Incident incident)
    {
        var (rule, calendar) = (incident.Rule, incident.Policy.Calendar);
        if (!incident.IsAcknowledged) yield return new(DeadlineKind.Acknowledge, calendar.At(rule.Acknowledge, incident.ClockStart), "", 0, incident.Cycle, $"{incident.Severity} is acknowledged by then");
        if (incident.LeaseFrom is { } lease && rule.Lease is { } length) yield return new(DeadlineKind.Lease, lease + length, "", 0, incident.Cycle, $"an acknowledgement holds {Words.Length(length)} without activity");
        if (incident.Promise is { From: { } from } promise) yield return new(DeadlineKind.Update, from + promise.Within, "", 0, promise.Epoch, "the next update is promised by then");
        if (rule.FixBy is { } fix) yield return new(DeadlineKind.FixBy, calendar.At(fix, incident.SeveritySince), "", 0, incident.SeverityEpoch, $"{incident.Severity} is fixed by then");
    }

    private static IEnumerable<Deadline> PostMortem(Incident incident)
    {
        if (incident.Rule.PostMortem is not { } rule || incident.PostMortem.Length > 0 || incident.Times.Resolved is not { } resolved) yield break;
        var lasted = resolved - incident.Times.ImpactStart;
        if (rule.MajorAfter is { } major && lasted < major && !incident.Facts.Revenue && !incident.Facts.Breach) yield break;
        var within = incident.Facts.Breach ? rule.BreachWithin : rule.Within;
        if (rule.Remind < within) yield return new(DeadlineKind.PostMortemReminder, resolved + rule.Remind, "", 0, incident.Cycle, "the post-mortem is to be begun");
        yield return new(DeadlineKind.PostMortem, resolved + within, "", 0, incident.Cycle, incident.Facts.Breach ? "the post-mortem of a breach is due" : "the post-mortem is due");
    }

    private static IEnumerable<Deadline> Steps(Incident incident)
    {
        var due = new Dictionary<string, Instant>(StringComparer.Ordinal);
        foreach (var planned in incident.Policy.Steps(incident.Severity))
        {
            if (Anchor(incident, planned.Step) is not var (anchor, epoch)) continue;
            // One that found nobody is not waited for.
            var hurry = due.TryGetValue(planned.Previous, out var before) && incident.Fired.TryGetValue((planned.Previous, 0, epoch), out var reached) && reached == 0;
            var first = hurry ? before : anchor + planned.After;
            due[planned.Key] = first;
            for (var round = 0; round <= planned.Step.RepeatTimes; round++)
            {
                var name = (planned.Key, round, epoch);
                if (incident.Fired.ContainsKey(name)) continue;
                var at = first + (planned.Step.RepeatEvery * round);
                if (incident.MutedUntil.TryGetValue(name, out var muted)) at = Instant.Max(at, muted);
                yield return new(DeadlineKind.Step, at, planned.Key, round, epoch, round == 0 ? $"step {planned.Key}" : $"step {planned.Key} again");
                // The rounds follow each other; the next one is not due before this one fired.
                break;
            }
        }
    }

    // From when a step counts, and the run of that clock; null while it does not run.
    private static (Instant From, int Epoch)? Anchor(Incident incident, EscalationStep step) => step.Since switch
    {
        StepSince.Start when step.Until == StepUntil.Resolved => (incident.SeveritySince, incident.SeverityEpoch),
        StepSince.Start => incident.IsAcknowledged && !step.Everyone ? null : (incident.ClockStart, incident.Cycle),
        StepSince.Revenue => incident.RevenueSince is { } revenue ? (revenue, 0) : null,
        StepSince.Breach => incident.BreachSince is { } breach ? (breach, 0) : null,
        StepSince.MissedUpdate => incident.UpdateOwedSince is { } owed ? (owed, incident.Promise.Epoch) : null,
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "unknown start"),
    };

    private static IEnumerable<Deadline> Channels(Incident incident)
    {
        foreach (var page in incident.Pages)
        {
            if (page.GivenUp || page.Sent.Person.Length == 0 || !IsWaiting(incident, page)) continue;
            if (page.FailedAt is { } failed) yield return new(DeadlineKind.NextChannel, failed, page.Sent.Key, 0, page.Sent.Number, $"{page.Sent.Channel} failed");
            else if (Missing(incident, page) is var (at, receipt)) yield return new(DeadlineKind.NextChannel, at, page.Sent.Key, 0, page.Sent.Number, $"{page.Sent.Channel}: not {receipt.ToString().ToLowerInvariant()} in time");
        }
    }

    /// <summary>Whether a page still wants an answer. One of an earlier run of the clock is over; one about an owed update is answered by the update and by nothing else.</summary>
    public static bool IsWaiting(Incident incident, Page page)
    {
        if (page.Sent.ForUpdate) return incident.UpdateOwedSince is not null && page.Sent.Epoch == incident.Promise.Epoch;
        if (incident.AcknowledgedBy.ContainsKey(page.Sent.Person) || page.SentAt < incident.ClockStart) return false;
        return page.Sent.Own || (!incident.IsAcknowledged && page.Sent.Epoch == incident.Cycle);
    }

    private static (Instant At, Receipt Receipt)? Missing(Incident incident, Page page)
    {
        if (!incident.Policy.Channels.TryGetValue(page.Sent.Channel, out var channel)) return (page.SentAt, Receipt.Accepted);
        // A later receipt stands for the earlier ones: what was seen was delivered.
        var best = -1;
        foreach (var receipt in page.Receipts) best = Math.Max(best, (int)receipt);
        ReceiptWait? missing = null;
        foreach (var wait in channel.Waits) if ((int)wait.Receipt > best && (missing is null || wait.For(page.Sent.Severity) < missing.For(page.Sent.Severity))) missing = wait;
        return missing is null ? null : (page.SentAt + missing.For(page.Sent.Severity), missing.Receipt);
    }
}
