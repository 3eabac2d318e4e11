using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;

namespace Tocsin.Core.PostMortems;

/// <summary>How long something took, or why that is no number. "Not yet", "not applicable" and "invalid" are never counted as zero.</summary>
public abstract record Measure
{
    public sealed record Took(Duration Time) : Measure;

    /// <summary>It may still happen.</summary>
    public sealed record NotYet(string Why) : Measure;

    /// <summary>It never will: nobody is paged for a P3.</summary>
    public sealed record NotApplicable(string Why) : Measure;

    /// <summary>The times contradict each other.</summary>
    public sealed record Invalid(string Why) : Measure;

    /// <param name="why">Why there is no end.</param>
    public static Measure Between(Instant from, Instant? to, string why) => to switch
    {
        null => new NotYet(why),
        { } end when end < from => new Invalid($"{Words.Time(end)} lies before {Words.Time(from)}"),
        { } end => new Took(end - from),
    };
}

public enum PromiseKind
{
    Acknowledge,
    Update,
    FixBy,
    PostMortem,
}

public enum PromiseOutcome
{
    Kept,
    Missed,
    Open,
}

/// <summary>A time that was promised, and what became of it.</summary>
public sealed record Promise(PromiseKind Kind, Instant Due, PromiseOutcome Outcome);

/// <param name="Acknowledged">When this person acknowledged, at or after this page; null: never.</param>
public sealed record PagedPerson(Instant At, string Person, string Channel, Instant? Acknowledged);

/// <summary>One line of the timeline.</summary>
/// <param name="Key">It belongs to the short account; the rest is in the long one.</param>
public sealed record AccountLine(Instant At, string Text, bool Key);

/// <summary>What became of one plan of an action, as the post-mortem tells it.</summary>
/// <param name="Id">The plan's.</param>
/// <param name="Planned">When it was made, by <paramref name="By"/>.</param>
/// <param name="Change">What was, and what was wanted.</param>
/// <param name="Approved">Who consented, each with the time; empty: nobody did.</param>
/// <param name="Executed">When it was started; null: it never was.</param>
/// <param name="StartedBy">Who started it; empty: nobody did.</param>
/// <param name="Verified">Whether it was seen to work, and what changed beside it; empty: nobody looked.</param>
/// <param name="Undo">When it was taken back and how that ended, or that it was not.</param>
/// <param name="BreakGlass">Why one person alone was enough; empty: nobody broke the glass.</param>
public sealed record AccountAction(string Id, Instant Planned, string By, string Action, string Target, string Change, string Approved, Instant? Executed, string StartedBy, string Outcome, string Verified, string Undo, string BreakGlass);

/// <summary>What is known of one incident, from its events alone: everything a post-mortem needs that no person has to remember.</summary>
public sealed record IncidentAccount
{
    public required string Id { get; init; }
    public required string Title { get; init; }
    public required string Environment { get; init; }
    public required string Service { get; init; }
    public required string Entry { get; init; }
    public required Severity Severity { get; init; }

    /// <summary>The worst it ever was.</summary>
    public required Severity Worst { get; init; }
    public required ImpactFacts Impact { get; init; }
    public required IncidentTimes Times { get; init; }

    /// <summary>Who declared it; empty: Tocsin, from a signal.</summary>
    public required string DeclaredBy { get; init; }
    public required string Commander { get; init; }
    public AttachedDiagnosis? Diagnosis { get; init; }
    public required ImmutableArray<AttachedMatch> Errors { get; init; }
    public required ImmutableArray<PagedPerson> Pages { get; init; }
    public required ImmutableArray<Promise> Promises { get; init; }
    public required ImmutableArray<string> Alarms { get; init; }
    public required ImmutableArray<AccountLine> Timeline { get; init; }
    public ImmutableArray<AccountAction> Actions { get; init; } = [];

    /// <summary>When the document is due; null: none is asked for.</summary>
    public Instant? DocumentDue { get; init; }

    /// <summary>From declaring to the first acknowledgement.</summary>
    public required Measure ToAcknowledge { get; init; }

    /// <summary>From the start of the harm until it was noticed.</summary>
    public Measure ToDetect => Measure.Between(Times.ImpactStart, Times.Detected, "");

    public Measure ToDiagnose => Measure.Between(Times.Detected, Times.Diagnosed, "no diagnosis was reached");

    public Measure ToMitigate => Measure.Between(Times.Detected, Times.Mitigated, "it was not mitigated on its own");

    /// <summary>From detection to the resolution.</summary>
    public Measure ToResolve => Measure.Between(Times.Detected, Times.Resolved, "it is not resolved");

    /// <summary>How long the harm lasted.</summary>
    public Measure Lasted => Measure.Between(Times.ImpactStart, Times.Resolved, "it is not resolved");
}
