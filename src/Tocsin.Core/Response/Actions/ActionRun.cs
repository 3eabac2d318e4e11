using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.Actions;

public enum ActionState
{
    /// <summary>It waits for approval, or for someone to start it.</summary>
    Planned,
    Running,
    Succeeded,
    Failed,

    /// <summary>It may have been done, in part or whole: a person looks and settles it.</summary>
    Unknown,
    Withdrawn,
}

/// <param name="Gave">Of its answer what later calls need.</param>
public sealed record CallState(bool Begun, ActionOutcome? Outcome, string Words, ImmutableSortedDictionary<string, string> Gave)
{
    public static readonly CallState Untouched = new(false, null, "", ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>It left, and nobody has said yet how it ended.</summary>
    public bool IsOpen => Begun && Outcome is null;
}

/// <summary>One plan and what became of it: what its events add up to.</summary>
public sealed record ActionRun
{
    public required ActionPlan Plan { get; init; }
    public required IncidentId? Incident { get; init; }

    /// <summary>Who asked for it, and why.</summary>
    public required string By { get; init; }
    public required string Why { get; init; }
    public int Version { get; init; }
    public ActionState State { get; init; }
    public Approvals Approvals { get; init; } = Approvals.None;
    public string Token { get; init; } = "";
    public string StartedBy { get; init; } = "";
    public Instant? StartedAt { get; init; }
    public Instant? EndedAt { get; init; }
    public string Words { get; init; } = "";
    public required ImmutableArray<CallState> Calls { get; init; }
    public ActionVerified? Verified { get; init; }

    /// <summary>The last look that found a change, of what must hold until the incident ends.</summary>
    public ActionRechecked? Rechecked { get; init; }

    /// <summary>Why it did not run, the last time that someone wanted it to.</summary>
    public ImmutableArray<GuardRefusal> HeldBack { get; init; } = [];

    public string Id => Plan.Id;

    /// <summary>What guards of other plans know of it; null: it never began.</summary>
    public PastAction? Past => StartedAt is { } started ? new PastAction(Plan.Action, Plan.Environment, Plan.Target, Plan.BlastRadius, started, State is ActionState.Running or ActionState.Unknown ? null : EndedAt) : null;

    /// <summary>The next call that has not ended well; null: all have.</summary>
    public int? NextCall => Calls.FindIndex(c => c.Outcome != ActionOutcome.Succeeded) is var at and >= 0 ? at : null;

    /// <summary>Null for a stream that does not begin with its plan.</summary>
    public static ActionRun? Of(IEnumerable<ActionEvent> events)
    {
        ActionRun? run = null;
        foreach (var e in events) run = e is ActionPlanned planned && run is null ? Start(planned) : run?.With(e);
        return run;
    }

    public ActionRun With(ActionEvent e) => Next(e) with { Version = Version + 1 };

    private static ActionRun Start(ActionPlanned e) => new() { Plan = e.Plan, Incident = e.Incident, By = e.By, Why = e.Why, Version = 1, Calls = [.. e.Plan.Calls.Select(_ => CallState.Untouched)] };

    private ActionRun Next(ActionEvent e) => e switch
    {
        ActionApproved a => this with { Approvals = Approvals with { Given = Approvals.Given.RemoveAll(g => g.Person == a.Approval.Person).Add(a.Approval), AskedAt = a.AskedAt } },
        GlassBroken b => this with { Approvals = Approvals with { Broken = new BreakGlass(b.By, b.Why, b.At) } },
        ActionWithdrawn w => this with { State = ActionState.Withdrawn, Words = w.Why },
        ActionHeldBack h => this with { HeldBack = h.Because },
        ActionStarted s => this with { State = ActionState.Running, Token = s.Token, StartedBy = s.By, StartedAt = s.At, HeldBack = [] },
        CallBegun c => this with { Calls = Calls.SetItem(c.Call, CallState.Untouched with { Begun = true }) },
        CallEnded c => this with { Calls = Calls.SetItem(c.Call, new CallState(true, c.Outcome, c.Words, c.Gave)) },
        ActionEnded n => Ended(n.Outcome, n.Words, n.At),
        ActionSettled s => Ended(s.Outcome, $"settled by {s.By}: {s.Why}", s.At),
        ActionVerified v => this with { Verified = v },
        ActionRechecked r => this with { Rechecked = r },
        ActionPlanned => this,
        _ => throw new ArgumentOutOfRangeException(nameof(e), e, "unknown event"),
    };

    private ActionRun Ended(ActionOutcome outcome, string words, Instant at) => this with
    {
        State = outcome switch { ActionOutcome.Succeeded => ActionState.Succeeded, ActionOutcome.Failed => ActionState.Failed, _ => ActionState.Unknown },
        Words = words,
        EndedAt = at,
    };
}

internal static class Finding
{
    public static int FindIndex<T>(this ImmutableArray<T> items, Predicate<T> holds)
    {
        for (var i = 0; i < items.Length; i++)
        {
            if (holds(items[i])) return i;
        }
        return -1;
    }
}
