using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>Something that happened in the run of a playbook. <paramref name="By"/> is a person's id.</summary>
public abstract record PlaybookEvent(Instant At, string By);

/// <param name="Playbook">Its whole text with all names, as it was at that time: whoever edits the file later changes no run.</param>
/// <param name="Incident">Null where it was started without one.</param>
public sealed record PlaybookStarted(Instant At, string By, string Run, IncidentId? Incident, string Environment, Playbook Playbook) : PlaybookEvent(At, By);

/// <param name="From">Who held it before, where it was taken over; with the reason.</param>
public sealed record StepTaken(Instant At, string By, string Step, string From, string Why) : PlaybookEvent(At, By);

public sealed record StepGivenBack(Instant At, string By, string Step) : PlaybookEvent(At, By);

public sealed record StepDone(Instant At, string By, string Step, string Result) : PlaybookEvent(At, By);

public sealed record StepFailed(Instant At, string By, string Step, string Why) : PlaybookEvent(At, By);

public sealed record StepSkipped(Instant At, string By, string Step, string Why) : PlaybookEvent(At, By);

public sealed record BranchChosen(Instant At, string By, string Step, string When, string To) : PlaybookEvent(At, By);

/// <summary>Probes looked for a check, and what they saw does not end it: a person reads it and goes on.</summary>
public sealed record StepLooked(Instant At, string By, string Step, string Text) : PlaybookEvent(At, By);

/// <summary>A person does not take what the probes answered, and is at the step now.</summary>
public sealed record StepOverruled(Instant At, string By, string Step, string Why) : PlaybookEvent(At, By);

/// <summary>Every step is over, or somebody ended it before.</summary>
public sealed record PlaybookEnded(Instant At, string By, string Why) : PlaybookEvent(At, By);
