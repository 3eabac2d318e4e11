using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.Actions;

/// <summary>How a call, or a whole action, ended.</summary>
public enum ActionOutcome
{
    Succeeded,

    /// <summary>Surely nothing was done by it.</summary>
    Failed,

    /// <summary>It may have been done: nobody could tell, also not by reading back.</summary>
    Unknown,
}

/// <summary>Something that happened to one plan. <paramref name="By"/> is a person, or empty for Tocsin itself.</summary>
public abstract record ActionEvent(Instant At, string By);

/// <param name="Incident">That it is for; null: none.</param>
public sealed record ActionPlanned(Instant At, string By, ActionPlan Plan, IncidentId? Incident, string Why) : ActionEvent(At, By);

/// <param name="AskedAt">Since when a second person is waited for; null: nobody is.</param>
public sealed record ActionApproved(Instant At, string By, Approval Approval, Instant? AskedAt) : ActionEvent(At, By);

public sealed record GlassBroken(Instant At, string By, string Why) : ActionEvent(At, By);

/// <summary>It will not run.</summary>
public sealed record ActionWithdrawn(Instant At, string By, string Why) : ActionEvent(At, By);

/// <summary>Someone wanted it to run, and the guards did not; nothing ran.</summary>
public sealed record ActionHeldBack(Instant At, string By, ImmutableArray<GuardRefusal> Because) : ActionEvent(At, By);

/// <param name="Token">Goes with each call that takes one.</param>
public sealed record ActionStarted(Instant At, string By, string Token, BreakGlass? BreakGlass) : ActionEvent(At, By);

/// <summary>Stored before the call leaves: from here on it may have happened.</summary>
public sealed record CallBegun(Instant At, string By, int Call) : ActionEvent(At, By);

/// <param name="Gave">Of the answer what later calls need.</param>
/// <param name="Words">What the provider said, or what was read back.</param>
public sealed record CallEnded(Instant At, string By, int Call, ActionOutcome Outcome, string Words, ImmutableSortedDictionary<string, string> Gave) : ActionEvent(At, By);

public sealed record ActionEnded(Instant At, string By, ActionOutcome Outcome, string Words) : ActionEvent(At, By);

/// <param name="Works">Null: it could not be looked at.</param>
/// <param name="Seen">What was looked at, one line each.</param>
/// <param name="Beside">What else changed meanwhile and should not have.</param>
public sealed record ActionVerified(Instant At, string By, bool? Works, ImmutableArray<string> Seen, ImmutableArray<string> Beside) : ActionEvent(At, By);

/// <summary>What must hold until the incident ends was looked at again, and it is otherwise than at the last look.</summary>
/// <param name="Holds">False: something took it back.</param>
public sealed record ActionRechecked(Instant At, string By, bool Holds, ImmutableArray<string> Seen) : ActionEvent(At, By);

/// <summary>A person found out how an unknown outcome really was.</summary>
public sealed record ActionSettled(Instant At, string By, ActionOutcome Outcome, string Why) : ActionEvent(At, By);
