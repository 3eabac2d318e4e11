using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

/// <summary>Who can be reached and what is muted, at the time of a tick.</summary>
public sealed record Duty(Roster Roster, ImmutableArray<MaintenanceWindow> Maintenance);

/// <summary>
/// What came due. One tick after any downtime gives everything once: each deadline's event takes that deadline out of the state, and nobody is sent
/// the same by the same channel twice in one tick.
/// </summary>
public static class IncidentClock
{
    /// <summary>Clocks of several nodes differ by that much; only more counts as a clock that was set back.</summary>
    public static readonly Duration Tolerance = Duration.FromSeconds(5);

    public static ImmutableArray<IncidentEvent> Tick(Incident incident, Duty duty, Instant now)
    {
        var run = new Run(incident, duty, now);
        run.Take(Corrections(incident, now));
        while (run.Next() is { } deadline) run.Handle(deadline);
        return [.. run.Events];
    }

    /// <summary>Someone cannot wait: the step that would come next comes now.</summary>
    public static Decision Escalate(Incident incident, Duty duty, string by, string why, Instant now)
    {
        if (!incident.IsOpen) return new Decision.Refuse($"{incident.Id} is not open; reopen it first");
        if (string.IsNullOrWhiteSpace(why)) return new Decision.Refuse("it needs why it is escalated");
        var run = new Run(incident, duty, now);
        run.Take(Corrections(incident, now));
        while (run.Next() is { } overdue) run.Handle(overdue);
        if (run.NextStep() is not { } step) return new Decision.Refuse($"no step is to come: everyone whom {incident.Severity} pages was paged, or it is acknowledged; raise the severity to reach more people");
        run.Take(new Noted(now, by, $"escalates: {why}"));
        run.Handle(step);
        return new Decision.Accept([.. run.Events]);
    }

    /// <summary>What must stand before any other event of now.</summary>
    internal static ImmutableArray<IncidentEvent> Corrections(Incident incident, Instant now) =>
        incident.LastAt - now > Tolerance ? [new ClockWentBack(now, incident.LastAt)] : [];

    private sealed class Run(Incident start, Duty duty, Instant now)
    {
        private readonly HashSet<(string Person, string Channel, bool ForUpdate)> sent = [];
        private Incident state = start;

        public List<IncidentEvent> Events { get; } = [];

        public Deadline? Next() => Deadlines.Next(state) is { } next && next.At <= now ? next : null;

        public Deadline? NextStep() => Deadlines.Of(state).FirstOrDefault(d => d.Kind == DeadlineKind.Step);

        public void Take(params IEnumerable<IncidentEvent> events)
        {
            foreach (var e in events)
            {
                Events.Add(e);
                state = state.With(e);
            }
        }

        public void Handle(Deadline deadline)
        {
            switch (deadline.Kind)
            {
                case DeadlineKind.Step: Step(deadline); break;
                case DeadlineKind.NextChannel: NextChannel(deadline, state.Pages[deadline.Epoch - 1].Sent); break;
                default: Take(new DeadlineMissed(now, deadline.Kind, deadline.Epoch, deadline.At)); break;
            }
        }

        private void Step(Deadline deadline)
        {
            var subject = new MuteSubject(state.Environment, state.Service, state.Entry, state.Severity);
            if (Muted.At(duty.Maintenance, subject, now) is { } mute)
            {
                Take(new StepMuted(now, deadline.Key, deadline.Round, deadline.Epoch, deadline.At, mute));
                return;
            }
            var step = state.Policy.Steps(state.Severity).First(s => s.Key == deadline.Key).Step;
            var found = Escalation.Resolve(step, state, duty.Roster, now);
            Take(new StepFired(now, deadline.Key, deadline.Round, deadline.Epoch, deadline.At, found.Reached.Length));
            Take(found.Problems.Select(p => new AlarmRaised(now, deadline.Key, p)));
            foreach (var reach in found.Reached) Page(reach, deadline, step);
        }

        private void Page(Reach reach, Deadline deadline, EscalationStep step)
        {
            var forUpdate = step.Since == StepSince.MissedUpdate;
            if (!forUpdate && step.NeedsOwnAcknowledgement && state.AcknowledgedBy.ContainsKey(reach.Person))
                Take(new PageSuppressed(now, reach.Person, reach.Channels[0], deadline.Key, "has acknowledged already"));
            else if (!sent.Add((reach.Person, reach.Channels[0], forUpdate)))
                Take(new PageSuppressed(now, reach.Person, reach.Channels[0], deadline.Key, $"{deadline.Why} was due {Words.Time(deadline.At)} too; one page says it"));
            else
                Take(new Paged(now, state.Pages.Length + 1, reach.Person, reach.Channels[0], reach.Channels[1..], deadline.Key, deadline.Epoch, step.NeedsOwnAcknowledgement, forUpdate, state.Severity, deadline.At, $"{deadline.Why}: {reach.Why}"));
        }

        private void NextChannel(Deadline deadline, Paged page)
        {
            Take(new ChannelGivenUp(now, page.Number, deadline.At, deadline.Why));
            if (page.Rest.IsEmpty) return;
            if (!sent.Add((page.Person, page.Rest[0], page.ForUpdate)))
                Take(new PageSuppressed(now, page.Person, page.Rest[0], page.Key, "the same was sent there just now"));
            else
                Take(page with { At = now, Number = state.Pages.Length + 1, Channel = page.Rest[0], Rest = page.Rest[1..], DueAt = deadline.At, Why = deadline.Why });
        }
    }
}
