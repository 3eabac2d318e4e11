using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response;

/// <summary>What someone does at a time after the start.</summary>
public sealed record SimulatedAct(Duration After, Func<Instant, IncidentCommand> Command);

/// <param name="Acts">In any order.</param>
public sealed record SimulationInput(Declaration Declaration, string By, Instant At, Duration Length, ImmutableArray<SimulatedAct> Acts);

/// <summary>One thing that happened, with the incident right after it.</summary>
public sealed record SimulatedEvent(IncidentEvent Event, Incident After);

/// <param name="Refusal">Why nothing was simulated, else empty.</param>
/// <param name="AcknowledgeBy">When it is to be acknowledged.</param>
/// <param name="Ahead">What is still due at the end.</param>
public sealed record SimulationResult(
    string Refusal,
    ImmutableArray<SimulatedEvent> Events,
    ImmutableArray<(Instant At, string Why)> Refused,
    Instant AcknowledgeBy,
    ImmutableArray<Deadline> Ahead)
{
    public IEnumerable<Paged> Pages => Events.Select(e => e.Event).OfType<Paged>();

    /// <summary>Whether a person is paged before the acknowledge time is over. A severity that pages nobody promises no page.</summary>
    public bool IsPagedInTime =>
        Events.Length > 0 && (Events[0].After.Rule.Escalate.IsEmpty || Pages.Any(p => p.Person.Length > 0 && p.At < AcknowledgeBy));
}

/// <summary>
/// An incident that is made up, through the decisions of real ones: only the clock and the channels are pretended. Each page is accepted and delivered
/// at once where its channel says so; nobody acknowledges but by an act.
/// </summary>
public static class Simulation
{
    public static SimulationResult Run(SimulationInput input, ResponsePlan plan)
    {
        var opened = IncidentDecisions.Declare(input.Declaration, plan.Policy, input.By, input.At);
        if (opened is not Decision.Accept accept) return new(opened is Decision.Refuse refuse ? refuse.Why : "nothing to do", [], [], input.At, []);
        var run = new Story(IncidentFold.Start((Declared)accept.Events[0]), accept.Events[0], new Duty(plan.Roster, plan.Maintenance));
        var end = input.At + input.Length;
        foreach (var act in input.Acts.OrderBy(a => a.After).Where(a => a.After <= input.Length))
        {
            run.Advance(input.At + act.After);
            run.Do(act.Command(input.At + act.After), input.At + act.After);
        }
        run.Advance(end);
        var rule = plan.Policy.Of(input.Declaration.Severity.Severity);
        return new("", [.. run.Events], [.. run.Refused], plan.Policy.Calendar.At(rule.Acknowledge, input.At), [.. Deadlines.Of(run.State)]);
    }

    private sealed class Story(Incident start, IncidentEvent first, Duty duty)
    {
        public Incident State { get; private set; } = start;

        public List<SimulatedEvent> Events { get; } = [new(first, start)];

        public List<(Instant At, string Why)> Refused { get; } = [];

        public void Advance(Instant to)
        {
            while (Deadlines.Next(State) is { } next && next.At <= to) Take(IncidentClock.Tick(State, duty, Instant.Max(next.At, State.LastAt)));
        }

        public void Do(IncidentCommand command, Instant now)
        {
            var decided = IncidentDecisions.Decide(State, command, now);
            if (decided is Decision.Accept accept) Take(accept.Events);
            else Refused.Add((now, decided switch { Decision.Refuse refuse => refuse.Why, Decision.Nothing nothing => nothing.Why, _ => "" }));
        }

        private void Take(ImmutableArray<IncidentEvent> events)
        {
            foreach (var e in events) Add(e);
            foreach (var page in events.OfType<Paged>().Where(p => p.Person.Length > 0))
            {
                foreach (var wait in State.Policy.Channels[page.Channel].Waits.Where(w => w.Receipt is Receipt.Accepted or Receipt.Delivered))
                    Add(new ReceiptRecorded(page.At, page.Number, wait.Receipt));
            }
        }

        private void Add(IncidentEvent e)
        {
            State = State.With(e);
            Events.Add(new(e, State));
        }
    }
}
