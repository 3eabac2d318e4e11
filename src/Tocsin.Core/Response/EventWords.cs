using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response;

/// <summary>What an event of an incident says, in one line; empty where it says nothing to a reader.</summary>
public static class EventWords
{
    public static string Of(IncidentEvent e) => e switch
    {
        Declared d => $"declared {d.Severity.Severity}: {d.Title} ({d.Severity.Why}); policy {d.Policy.Version}",
        Acknowledged a => $"{a.By} acknowledges",
        RoleAssigned r => $"{r.Person} is {(r.Role is IncidentRole.IncidentCommander ? "incident commander" : r.Role.ToString().ToLowerInvariant())}",
        SeverityChanged s => $"{s.From} becomes {s.To}: {s.Why}",
        ImpactReported i => $"{i.By} reports impact: {(i.Facts.Said() is { Length: > 0 } said ? said : "nothing that is known yet")}",
        UpdatePosted u => $"{u.By} posts an update{(u.Next is { } next ? $", the next one in {Words.Length(next)}" : "")}",
        Mitigated m => $"{m.By} mitigates",
        Resolved r => $"{r.By} resolves",
        Reopened r => $"{r.By} reopens: {r.Why}",
        Noted n => $"{n.By} notes: {n.Text}",
        Recorded r => r.Text,
        Paged p => $"page {(p.Person.Length > 0 ? p.Person : "everyone there")} by {p.Channel}  ({p.Why})",
        PageSuppressed s => $"no page to {(s.Person.Length > 0 ? s.Person : "everyone there")} by {s.Channel}: {s.Why}",
        StepMuted m => $"held back by maintenance {m.Mute.Window} until {Words.Hour(m.Mute.Until)}: step {m.Key}",
        ChannelGivenUp g => $"{g.Why}",
        AlarmRaised a => $"ALARM {a.Why}",
        DeadlineMissed d => Missed(d),
        _ => "",
    };

    private static string Missed(DeadlineMissed e) => e.Kind switch
    {
        DeadlineKind.Acknowledge => "MISSED: nobody acknowledged in time",
        DeadlineKind.Lease => "MISSED: the acknowledgement ran out without activity; the clock runs again",
        DeadlineKind.Update => "MISSED: the promised update is not there",
        DeadlineKind.FixBy => "MISSED: it is not fixed in time",
        DeadlineKind.PostMortemReminder => "the post-mortem is to be begun",
        DeadlineKind.PostMortem => "MISSED: there is no post-mortem",
        _ => "",
    };

    /// <summary>As <see cref="Of"/>, and also of events that a short account leaves out.</summary>
    public static string Whole(IncidentEvent e) => e switch
    {
        UpdatePosted u => $"{u.By} posts an update{(u.Next is { } next ? $", the next one in {Words.Length(next)}" : "")}: {u.Text}",
        Mitigated m => $"{m.By} mitigates: {m.How}",
        Resolved r => $"{(r.By.Length > 0 ? r.By : "Tocsin")} resolves: {r.How}",
        Noted n => $"{(n.By.Length > 0 ? n.By : "Tocsin")} notes: {n.Text}",
        Reopened r => $"{(r.By.Length > 0 ? r.By : "a signal")} reopens: {r.Why}",
        MatchAttached m => $"{m.Match.Service}: {(m.Match.Entry.Length > 0 ? m.Match.Entry : "a signal")} joins ({m.Match.Fingerprint})",
        DiagnosisAttached d => $"diagnosis: {d.Diagnosis.Verdict} {d.Diagnosis.Cause}".TrimEnd(),
        MergedInto m => $"{m.By} merges it into {m.Other}",
        Absorbed a => $"{a.By} merges {a.Other} into it",
        SplitOff s => $"{s.By} splits off {s.Other}",
        PostMortemFiled p => $"{p.By} files the post-mortem: {p.Link}",
        StepFired s => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"step {s.Key} reaches {s.Reached}"),
        ReceiptRecorded r => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"page {r.Page}: {r.Receipt.ToString().ToLowerInvariant()}"),
        PageFailed f => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"page {f.Page} failed: {f.Why}"),
        ClockWentBack c => $"the clock was set back from {Words.Time(c.From)}",
        _ => Of(e),
    };
}
