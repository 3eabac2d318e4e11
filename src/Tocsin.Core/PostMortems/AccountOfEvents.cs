using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Actions;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Core.PostMortems;

/// <summary>The account of an incident from its events, and from those of the playbooks that were run in it. Pure: the same events give the same account.</summary>
public static class AccountOfEvents
{
    /// <param name="actions">Every plan that was made for the incident, as its events leave it.</param>
    /// <returns>Null for a stream that does not begin with its declaration.</returns>
    public static IncidentAccount? Of(ImmutableArray<IncidentEvent> events, ImmutableArray<PlaybookEvent> playbooks, IEnumerable<ActionRun> actions)
    {
        if (events.IsEmpty || events[0] is not Declared declared) return null;
        var walk = new Walk(declared);
        foreach (var e in events.Skip(1)) walk.Take(e);
        var state = walk.State;
        return new IncidentAccount
        {
            Id = state.Id.ToString(),
            Title = state.Title,
            Environment = state.Environment,
            Service = state.Service,
            Entry = state.Entry,
            Severity = state.Severity,
            Worst = state.SeverityHistory.Select(s => s.To).Append(declared.Severity.Severity).Min(),
            Impact = state.Facts,
            Times = state.Times,
            DeclaredBy = declared.By,
            Commander = state.Roles.GetValueOrDefault(IncidentRole.IncidentCommander) ?? "",
            Diagnosis = state.Diagnosis,
            Errors = state.Matches,
            Pages = [.. events.OfType<Paged>().Where(p => p.Person.Length > 0).Select(p => new PagedPerson(p.At, p.Person, p.Channel, events.OfType<Acknowledged>().Where(a => a.By == p.Person && a.At >= p.At).Select(a => (Instant?)a.At).FirstOrDefault()))],
            Promises = [.. walk.Promises.Concat(walk.Open())],
            Alarms = [.. state.Alarms.Distinct(StringComparer.Ordinal)],
            Timeline = [.. Lines(events, playbooks).Concat(Lines(playbooks)).OrderBy(l => l.At)],
            Actions = AccountOfActions.Of(actions),
            DocumentDue = DocumentDue(state),
            ToAcknowledge = ToAcknowledge(state),
        };
    }

    private static Measure ToAcknowledge(Incident state) =>
        state.Rule.Escalate.IsEmpty && state.Times.Acknowledged is null ? new Measure.NotApplicable($"{state.Severity} pages nobody") : Measure.Between(state.Times.Declared, state.Times.Acknowledged, "nobody acknowledged it");

    /// <summary>When the document is due, whether it is there or not; null: none is asked for, or the incident is not resolved.</summary>
    public static Instant? DocumentDue(Incident state) =>
        state.Times.Resolved is null ? null : Deadlines.Of(state with { PostMortem = "", Missed = [] }).Where(d => d.Kind == DeadlineKind.PostMortem).Select(d => (Instant?)d.At).FirstOrDefault();

    // What a run's own events tell is not told twice.
    private static IEnumerable<AccountLine> Lines(ImmutableArray<IncidentEvent> events, ImmutableArray<PlaybookEvent> playbooks)
    {
        var declared = (Declared)events[0];
        var told = playbooks.OfType<PlaybookStarted>().Select(p => p.Run).ToHashSet(StringComparer.Ordinal);
        if (declared.ImpactStart < declared.At) yield return new AccountLine(declared.ImpactStart, "first sign of the issue", Key: true);
        foreach (var e in events)
        {
            var text = EventWords.Whole(e);
            if (e is StepFired or ReceiptRecorded || (e is Recorded recorded && told.Contains(recorded.Stream)) || text.Length == 0) continue;
            yield return new AccountLine(e.At, Named(e, text), e is not (PageSuppressed or ChannelGivenUp or MatchAttached or StepMuted or PageFailed) && e is not Paged { Person.Length: 0 });
        }
    }

    private static string Named(IncidentEvent e, string text) => e switch
    {
        Declared d => $"incident declared{By(d)} as {d.Severity.Severity}: {d.Title} ({d.Severity.Why}); policy {d.Policy.Version}",
        DiagnosisAttached d => $"diagnosis reached: {d.Diagnosis.Verdict} {d.Diagnosis.Cause}".TrimEnd(),
        Mitigated m => $"mitigation applied{By(m)}: {m.How}",
        Resolved r => $"incident resolved{By(r)}: {r.How}",
        _ => text,
    };

    private static string By(IncidentEvent e) => e.By.Length > 0 ? $" by {e.By}" : "";

    private static IEnumerable<AccountLine> Lines(ImmutableArray<PlaybookEvent> events)
    {
        Playbook? playbook = null;
        foreach (var e in events)
        {
            if (e is PlaybookStarted started) playbook = started.Playbook;
            if (playbook is not null) yield return new AccountLine(e.At, PlaybookWords.Of(e, playbook), e is not (StepTaken { From.Length: 0 } or StepGivenBack));
        }
    }

    /// <summary>Follows the state, so that each promise is known with the time it had when it was kept or missed.</summary>
    private sealed class Walk(Declared declared)
    {
        public Incident State { get; private set; } = IncidentFold.Start(declared);

        public List<Promise> Promises { get; } = [];

        public void Take(IncidentEvent e)
        {
            var before = State;
            State = before.With(e);
            switch (e)
            {
                case Acknowledged when !before.IsAcknowledged: Kept(PromiseKind.Acknowledge, DeadlineKind.Acknowledge, before, e.At); break;
                case UpdatePosted: Kept(PromiseKind.Update, DeadlineKind.Update, before, e.At); break;
                case Resolved:
                    Kept(PromiseKind.FixBy, DeadlineKind.FixBy, before, e.At);
                    Kept(PromiseKind.Update, DeadlineKind.Update, before, e.At);
                    break;
                case PostMortemFiled: Kept(PromiseKind.PostMortem, DeadlineKind.PostMortem, before, e.At); break;
                case DeadlineMissed missed when Of(missed.Kind) is { } kind: Promises.Add(new Promise(kind, missed.DueAt, PromiseOutcome.Missed)); break;
            }
        }

        public IEnumerable<Promise> Open() => Deadlines.Of(State).Where(d => Of(d.Kind) is not null).Select(d => new Promise(Of(d.Kind)!.Value, d.At, PromiseOutcome.Open));

        // One that was missed is told by its own event; a tick that is still to come changes nothing of when it was due.
        private void Kept(PromiseKind kind, DeadlineKind deadline, Incident before, Instant at)
        {
            if (Deadlines.Of(before).FirstOrDefault(d => d.Kind == deadline) is { } due) Promises.Add(new Promise(kind, due.At, at <= due.At ? PromiseOutcome.Kept : PromiseOutcome.Missed));
        }

        private static PromiseKind? Of(DeadlineKind kind) => kind switch
        {
            DeadlineKind.Acknowledge => PromiseKind.Acknowledge,
            DeadlineKind.Update => PromiseKind.Update,
            DeadlineKind.FixBy => PromiseKind.FixBy,
            DeadlineKind.PostMortem => PromiseKind.PostMortem,
            _ => null,
        };
    }
}
