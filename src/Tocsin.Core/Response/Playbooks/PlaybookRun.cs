using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.Playbooks;

public enum StepStatus
{
    Open,

    /// <summary>Somebody is at it.</summary>
    Held,
    Done,

    /// <summary>Tried without success; it can be taken again.</summary>
    Failed,
    Skipped,
}

/// <param name="Holder">Who is at it, or who ended it.</param>
/// <param name="Text">Its result, or the reason.</param>
/// <param name="To">Of a decision: where it goes on.</param>
public sealed record StepState(StepStatus Status, string Holder, Instant At, string Text, string To)
{
    public bool IsOver => Status is StepStatus.Done or StepStatus.Skipped;
}

/// <summary>One run of a playbook: what its events add up to.</summary>
public sealed record PlaybookRun
{
    private static readonly StepState Untouched = new(StepStatus.Open, "", Instant.MinValue, "", "");

    public required string Id { get; init; }
    public required Playbook Playbook { get; init; }
    public required IncidentId? Incident { get; init; }
    public required string Environment { get; init; }
    public required Instant Started { get; init; }
    public int Version { get; init; }
    public ImmutableDictionary<string, StepState> States { get; init; } = ImmutableDictionary.Create<string, StepState>(StringComparer.Ordinal);

    /// <summary>Checks that probes looked for: each once, whatever came of it.</summary>
    public ImmutableHashSet<string> Looked { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Checks that probes can look for now: free, and nobody was at them. Pages of single steps are for people to choose from.</summary>
    public IEnumerable<PlaybookStep> ToLook => !Playbook.Ordered ? [] : Free.Where(s => s is { Kind: StepKind.Check, Probes.IsEmpty: false } && Of(s.Id).Status == StepStatus.Open && !Looked.Contains(s.Id));

    /// <summary>Why it ended; null while it runs.</summary>
    public string? Ended { get; init; }

    public StepState Of(string step) => States.GetValueOrDefault(step, Untouched);

    /// <summary>The steps that belong to the way taken so far, in their order: up to the first decision that is still to be made, and whatever may be done at any time.</summary>
    public ImmutableArray<PlaybookStep> Way
    {
        get
        {
            if (!Playbook.Ordered) return Playbook.Steps;
            var way = new SortedDictionary<int, PlaybookStep>();
            foreach (var step in Playbook.Steps.Where(s => s.Anytime)) way[step.Number] = step;
            for (var at = Playbook.Steps[0]; at is not null; at = After(at)) way[at.Number] = at;
            return [.. way.Values];
        }
    }

    /// <summary>Whether more may come behind a decision that nobody has made yet.</summary>
    public bool IsUndecided => Playbook.Ordered && Way.Any(s => s.Kind == StepKind.Decision && !Of(s.Id).IsOver);

    /// <summary>Why a step cannot begin now; null: it can.</summary>
    public string? Hindrance(PlaybookStep step)
    {
        var way = Way;
        if (!way.Any(s => s.Id == step.Id)) return IsUndecided ? "a decision before it is not made yet" : "the way that was decided does not lead to it";
        if (step.Anytime || !Playbook.Ordered) return null;
        if (way.FirstOrDefault(s => s.Gate && s.Number < step.Number && !Of(s.Id).IsOver) is { } gate) return $"first of all \"{gate.Title}\" is done: nothing else begins before";
        return step.After.Select(Playbook.Step).FirstOrDefault(s => s is not null && way.Any(w => w.Id == s.Id) && !Of(s.Id).IsOver) is { } before ? $"it waits for \"{before.Title}\"" : null;
    }

    /// <summary>What someone who is free could take now, in order; what failed before comes after what nobody tried.</summary>
    public IEnumerable<PlaybookStep> Free =>
        Ended is not null ? [] : Way.Where(s => Of(s.Id).Status is StepStatus.Open or StepStatus.Failed && Hindrance(s) is null).OrderBy(s => Of(s.Id).Status == StepStatus.Failed).ThenBy(s => s.Number);

    /// <summary>Steps whose time box is over and which are not.</summary>
    public IEnumerable<PlaybookStep> Overdue(Instant now) => Ended is not null ? [] : Way.Where(s => s.Within is { } within && now > Started + within && !Of(s.Id).IsOver);

    /// <summary>Null for a stream that does not begin with its start.</summary>
    public static PlaybookRun? Of(IEnumerable<PlaybookEvent> events)
    {
        PlaybookRun? run = null;
        foreach (var e in events) run = e is PlaybookStarted started && run is null ? Start(started) : run?.With(e);
        return run;
    }

    public static PlaybookRun Start(PlaybookStarted e) => new() { Id = e.Run, Playbook = e.Playbook, Incident = e.Incident, Environment = e.Environment, Started = e.At, Version = 1 };

    public PlaybookRun With(PlaybookEvent e)
    {
        var next = e switch
        {
            StepTaken t => Set(t.Step, StepStatus.Held, t, t.Why, ""),
            StepGivenBack g => Set(g.Step, StepStatus.Open, g, "", ""),
            StepDone { By: RunCommand.Machine } d => Set(d.Step, StepStatus.Done, d, d.Result, "") with { Looked = Looked.Add(d.Step) },
            StepDone d => Set(d.Step, StepStatus.Done, d, d.Result, ""),
            StepFailed f => Set(f.Step, StepStatus.Failed, f, f.Why, ""),
            StepSkipped s => Set(s.Step, StepStatus.Skipped, s, s.Why, ""),
            BranchChosen b => Set(b.Step, StepStatus.Done, b, b.When, b.To),
            StepLooked l => this with { Looked = Looked.Add(l.Step), States = States.SetItem(l.Step, Of(l.Step) with { Text = l.Text, At = l.At }) },
            StepOverruled o => Set(o.Step, StepStatus.Held, o, o.Why, ""),
            PlaybookEnded end => this with { Ended = end.Why },
            PlaybookStarted => this,
            _ => throw new ArgumentOutOfRangeException(nameof(e), e, "unknown event"),
        };
        return next with { Version = Version + 1 };
    }

    // A decision that was skipped decides nothing: it goes on with the step behind it.
    private PlaybookStep? After(PlaybookStep step)
    {
        var state = Of(step.Id);
        if (step.Kind == StepKind.Decision && !state.IsOver) return null;
        var to = state.To.Length > 0 ? state.To : step.Next;
        if (to == Playbook.End) return null;
        return to.Length > 0 ? Playbook.Step(to) : step.Number < Playbook.Steps.Length ? Playbook.Steps[step.Number] : null;
    }

    private PlaybookRun Set(string step, StepStatus status, PlaybookEvent e, string text, string to) => this with { States = States.SetItem(step, new StepState(status, e.By, e.At, text, to)) };
}
