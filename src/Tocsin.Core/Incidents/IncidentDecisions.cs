using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

/// <summary>Whether a command holds, and what follows. Pure: the same incident, command and time give the same answer.</summary>
public static class IncidentDecisions
{
    public static Decision Declare(Declaration wanted, ResponsePolicy policy, string by, Instant now)
    {
        if (string.IsNullOrWhiteSpace(wanted.Title)) return new Decision.Refuse("an incident needs a title: what is broken");
        var detected = wanted.Detected ?? now;
        var impact = wanted.ImpactStart ?? detected;
        if (detected > now) return new Decision.Refuse($"it cannot have been detected at {Words.Time(detected)}, which is to come");
        if (impact > detected) return new Decision.Refuse($"the impact cannot start at {Words.Time(impact)}, after it was detected at {Words.Time(detected)}");
        return new Decision.Accept([new Declared(now, by, wanted.Id, wanted.Title, wanted.Environment, wanted.Service, wanted.Entry, wanted.Fingerprint, wanted.Severity, wanted.Facts, impact, detected, policy)]);
    }

    public static Decision Decide(Incident incident, IncidentCommand command, Instant now)
    {
        var corrections = IncidentClock.Corrections(incident, now);
        return Answer(incident.With(corrections), command, now) is Decision.Accept accept ? new Decision.Accept([.. corrections, .. accept.Events]) : Answer(incident, command, now);
    }

    private static Decision Answer(Incident incident, IncidentCommand command, Instant now)
    {
        if (command is IncidentCommand.RecordReceipt or IncidentCommand.RecordFailure) return OfAPage(incident, command, now);
        if (incident.Phase == IncidentPhase.Merged) return new Decision.Refuse($"{incident.Id} goes on in {incident.MergedInto}");
        return command switch
        {
            IncidentCommand.Reopen reopen => incident.IsOpen ? new Decision.Nothing($"{incident.Id} is open") : Text(reopen.Why, "why it is reopened", new Reopened(now, reopen.By, reopen.Why)),
            IncidentCommand.Note note => Text(note.Text, "a text", new Noted(now, note.By, note.Text)),
            IncidentCommand.Record record => new Decision.Accept([.. record.Texts.Select(t => new Recorded(now, record.By, record.Stream, t))]),
            IncidentCommand.FilePostMortem file => File(incident, file, now),
            IncidentCommand.AttachDiagnosis attach => Accept(new DiagnosisAttached(now, attach.By, attach.Diagnosis)),
            _ when incident.Phase == IncidentPhase.Resolved => new Decision.Refuse($"{incident.Id} was resolved {Words.Time(incident.Times.Resolved ?? now)}; reopen it first"),
            _ => WhileOpen(incident, command, now),
        };
    }

    private static Decision WhileOpen(Incident incident, IncidentCommand command, Instant now) => command switch
    {
        IncidentCommand.Acknowledge acknowledge => Acknowledge(incident, acknowledge.By, now),
        IncidentCommand.Assign assign => Assign(incident, assign, now),
        IncidentCommand.ChangeSeverity change => Change(incident, change, now),
        IncidentCommand.ReportImpact impact => incident.Facts.And(impact.Facts) == incident.Facts ? new Decision.Nothing("that is known") : Accept(new ImpactReported(now, impact.By, impact.Facts)),
        IncidentCommand.AttachMatch attach => Accept(new MatchAttached(now, attach.By, attach.Match)),
        IncidentCommand.PostUpdate update => Update(incident, update, now),
        IncidentCommand.Mitigate mitigate => incident.Phase == IncidentPhase.Mitigating ? new Decision.Nothing("it is mitigated already") : Text(mitigate.How, "how it was mitigated", new Mitigated(now, mitigate.By, mitigate.How)),
        IncidentCommand.Resolve resolve => Text(resolve.How, "how it was resolved", new Resolved(now, resolve.By, resolve.How)),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "unknown command"),
    };

    private static Decision Acknowledge(Incident incident, string by, Instant now)
    {
        if (by.Length == 0) return new Decision.Refuse("only a person acknowledges");
        // Two at once: the second is no activity and no error.
        return incident.AcknowledgedBy.TryGetValue(by, out var at) && at == now ? new Decision.Nothing($"{by} has acknowledged just now") : Accept(new Acknowledged(now, by));
    }

    private static Decision Assign(Incident incident, IncidentCommand.Assign assign, Instant now)
    {
        if (assign.Person.Length == 0) return new Decision.Refuse("a role needs a person");
        return incident.Roles.GetValueOrDefault(assign.Role) == assign.Person ? new Decision.Nothing($"{assign.Person} has that role") : Accept(new RoleAssigned(now, assign.By, assign.Role, assign.Person));
    }

    private static Decision Change(Incident incident, IncidentCommand.ChangeSeverity change, Instant now)
    {
        if (change.To == incident.Severity) return new Decision.Nothing($"{incident.Id} is {change.To}");
        // All hands are called by a person; the watch opens an incident of its own with that right.
        if (change.To == Severity.P0 && change.By.Length == 0) return new Decision.Refuse("all hands are called by a person");
        return Text(change.Why, "why it is changed", new SeverityChanged(now, change.By, incident.Severity, change.To, change.Why));
    }

    private static Decision Update(Incident incident, IncidentCommand.PostUpdate update, Instant now)
    {
        if (update.NextBy <= now) return new Decision.Refuse($"the next update cannot be promised for {Words.Time(update.NextBy.Value)}, which is past");
        var next = update.NextBy is { } by ? by - now : incident.Rule.Update;
        return Text(update.Text, "a text", new UpdatePosted(now, update.By, update.Text, next));
    }

    private static Decision File(Incident incident, IncidentCommand.FilePostMortem file, Instant now)
    {
        if (incident.IsOpen) return new Decision.Refuse($"{incident.Id} is not resolved yet");
        return Text(file.Link, "where the post-mortem is", new PostMortemFiled(now, file.By, file.Link));
    }

    private static Decision OfAPage(Incident incident, IncidentCommand command, Instant now)
    {
        var number = command switch { IncidentCommand.RecordReceipt r => r.Page, IncidentCommand.RecordFailure f => f.Page, _ => 0 };
        if (number < 1 || number > incident.Pages.Length) return new Decision.Refuse(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{incident.Id} has no page {number}"));
        var page = incident.Pages[number - 1];
        return command switch
        {
            IncidentCommand.RecordReceipt receipt => page.Receipts.Contains(receipt.Receipt) ? new Decision.Nothing("that receipt is known") : Accept(new ReceiptRecorded(now, number, receipt.Receipt)),
            IncidentCommand.RecordFailure failure => page.FailedAt is null ? Accept(new PageFailed(now, number, failure.Why)) : new Decision.Nothing("that failure is known"),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "unknown command"),
        };
    }

    private static Decision Text(string text, string what, IncidentEvent e) => string.IsNullOrWhiteSpace(text) ? new Decision.Refuse($"it needs {what}") : Accept(e);

    private static Decision.Accept Accept(IncidentEvent e) => new([e]);
}
