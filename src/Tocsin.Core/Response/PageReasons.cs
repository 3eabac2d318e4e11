using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response;

/// <summary>One reason why someone was, or was not, paged.</summary>
/// <param name="Page">The page's number, or 0 where it says why there was none.</param>
public sealed record PageReason(Instant At, string Text, int Page);

/// <summary>For an incident, a person and a time: the chain of reasons why each page was or was not sent. Everything is in the events; nothing is guessed.</summary>
public static class PageReasons
{
    public static ImmutableArray<PageReason> Of(ImmutableArray<IncidentEvent> events, string person, Duty duty, Instant at)
    {
        var reasons = new List<PageReason>();
        Incident? state = null;
        var past = events.Where(e => e.At <= at).ToList();
        for (var i = 0; i < past.Count; i++)
        {
            state = past[i] is Declared declared && state is null ? IncidentFold.Start(declared) : state?.With(past[i]);
            if (state is null) continue;
            var reason = past[i] is StepFired fired ? Missed(fired, state, past[(i + 1)..], person) : Reason(past[i], state, person);
            if (reason is not null) reasons.Add(reason);
        }
        if (state is null) return [new PageReason(at, "at that time the incident did not exist", 0)];
        reasons.AddRange(Ahead(state, person, duty, at));
        return [.. reasons];
    }

    private static PageReason? Reason(IncidentEvent e, Incident state, string person) => e switch
    {
        Declared d => new(d.At, $"declared {d.Severity.Severity} ({d.Severity.Why}); {(state.Rule.Escalate.IsEmpty ? $"{state.Severity} pages nobody" : $"escalates by {string.Join(", ", state.Rule.Escalate)}")}; policy {d.Policy.Version}", 0),
        SeverityChanged s => new(s.At, $"{s.From} becomes {s.To}: {s.Why}", 0),
        Paged p when p.Person == person => new(p.At, $"paged by {p.Channel}: {p.Why}", p.Number),
        PageSuppressed s when s.Person == person => new(s.At, $"not paged by {s.Channel}: {s.Why}", 0),
        StepMuted m => new(m.At, $"step {m.Key} was held back by maintenance {m.Mute.Window} until {Words.Time(m.Mute.Until)}", 0),
        Acknowledged a => new(a.At, a.By == person ? $"{person} acknowledged" : $"{a.By} acknowledged: steps that wait for nobody else ended", 0),
        DeadlineMissed { Kind: DeadlineKind.Lease } d => new(d.At, "the acknowledgement ran out; the clock runs again", 0),
        ChannelGivenUp g when state.Pages[g.Page - 1].Sent.Person == person => new(g.At, $"{g.Why}: {(state.Pages[g.Page - 1].Sent.Rest.IsEmpty ? "there is no other channel" : $"next by {state.Pages[g.Page - 1].Sent.Rest[0]}")}", 0),
        PageFailed f when state.Pages[f.Page - 1].Sent.Person == person => new(f.At, $"page {f.Page} failed: {f.Why}", 0),
        AlarmRaised a => new(a.At, a.Why, 0),
        Resolved r => new(r.At, "resolved: nobody is paged any more", 0),
        Reopened r => new(r.At, $"reopened: {r.Why}", 0),
        MergedInto m => new(m.At, $"merged into {m.Other}: pages come from there", 0),
        _ => null,
    };

    // Whom a step reached stands right behind it: a page or a suppressed one for each.
    private static PageReason? Missed(StepFired fired, Incident state, List<IncidentEvent> rest, string person)
    {
        var own = rest.TakeWhile(e => e is AlarmRaised or Paged or PageSuppressed).Any(e => e is Paged p ? p.Key == fired.Key && p.Person == person : e is PageSuppressed s && s.Key == fired.Key && s.Person == person);
        return own ? null : new PageReason(fired.At, $"step {fired.Key} reached {Reached(state, fired)}, and not {person}", 0);
    }

    private static string Reached(Incident state, StepFired fired) => fired.Reached == 0 ? "nobody" : Words.List(Targets(state, fired.Key).Select(Name));

    private static ImmutableArray<Target> Targets(Incident state, string key) => state.Policy.Steps(state.Severity).FirstOrDefault(s => s.Key == key)?.Step.Notify ?? [];

    private static string Name(Target target) => target switch
    {
        Target.Person p => p.Id,
        Target.Schedule s => $"whoever is on call in {s.Id}",
        Target.Role r => $"the role {r.Id}",
        Target.Channel c => c.Id,
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "unknown target"),
    };

    // What would still come, as things stand.
    private static IEnumerable<PageReason> Ahead(Incident state, string person, Duty duty, Instant at)
    {
        if (!state.IsOpen) yield break;
        foreach (var deadline in Deadlines.Of(state).Where(d => d.Kind == DeadlineKind.Step))
        {
            var step = state.Policy.Steps(state.Severity).First(s => s.Key == deadline.Key).Step;
            if (Escalation.Resolve(step, state, duty.Roster, Instant.Max(deadline.At, at)).Reached.FirstOrDefault(r => r.Person == person) is { } reach)
                yield return new(deadline.At, $"to come: {deadline.Why} pages {person} by {reach.Channels[0]} ({reach.Why})", 0);
        }
    }
}
