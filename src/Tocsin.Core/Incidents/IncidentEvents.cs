using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

/// <summary>INC-n.</summary>
public readonly record struct IncidentId(int Number)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"INC-{Number}");
}

public enum IncidentRole
{
    IncidentCommander,
    Communications,
    Scribe,
    Responder,
}

/// <summary>A match of the error reference, as an incident keeps it.</summary>
public sealed record AttachedMatch(string Entry, string Fingerprint, string Service, long Count);

/// <summary>A diagnosis, as an incident keeps it.</summary>
/// <param name="Verdict">As the diagnosis says it; confirmed and likely count as diagnosed.</param>
public sealed record AttachedDiagnosis(string Verdict, string Cause, string NextStep, string Bundle);

/// <summary>Something that happened to an incident. <paramref name="By"/> is a person's id, or empty where Tocsin did it.</summary>
public abstract record IncidentEvent(Instant At, string By)
{
    /// <summary>A clock's own event is no activity.</summary>
    public bool IsActivity => By.Length > 0 && this is not (ReceiptRecorded or PageFailed);
}

public sealed record Declared(
    Instant At,
    string By,
    IncidentId Id,
    string Title,
    string Environment,
    string Service,
    string Entry,
    string Fingerprint,
    SuggestedSeverity Severity,
    ImpactFacts Facts,
    Instant ImpactStart,
    Instant Detected,
    ResponsePolicy Policy) : IncidentEvent(At, By);

public sealed record Acknowledged(Instant At, string By) : IncidentEvent(At, By);

public sealed record RoleAssigned(Instant At, string By, IncidentRole Role, string Person) : IncidentEvent(At, By);

public sealed record SeverityChanged(Instant At, string By, Severity From, Severity To, string Why) : IncidentEvent(At, By);

public sealed record ImpactReported(Instant At, string By, ImpactFacts Facts) : IncidentEvent(At, By);

public sealed record Noted(Instant At, string By, string Text) : IncidentEvent(At, By);

public sealed record MatchAttached(Instant At, string By, AttachedMatch Match) : IncidentEvent(At, By);

public sealed record DiagnosisAttached(Instant At, string By, AttachedDiagnosis Diagnosis) : IncidentEvent(At, By);

/// <param name="Next">When the next one is promised, from now; null: none.</param>
public sealed record UpdatePosted(Instant At, string By, string Text, Duration? Next) : IncidentEvent(At, By);

public sealed record Mitigated(Instant At, string By, string How) : IncidentEvent(At, By);

public sealed record Resolved(Instant At, string By, string How) : IncidentEvent(At, By);

public sealed record Reopened(Instant At, string By, string Why) : IncidentEvent(At, By);

public sealed record MergedInto(Instant At, string By, IncidentId Other) : IncidentEvent(At, By);

/// <param name="Fingerprints">All that the other was told by; earlier events have only those of its matches.</param>
public sealed record Absorbed(Instant At, string By, IncidentId Other, ImpactFacts Facts, Instant ImpactStart, ImmutableArray<AttachedMatch> Matches, ImmutableArray<string> Fingerprints = default) : IncidentEvent(At, By)
{
    public ImmutableArray<string> Fingerprints { get; init; } = Fingerprints.IsDefault ? [.. Matches.Select(m => m.Fingerprint)] : Fingerprints;
}

public sealed record SplitOff(Instant At, string By, IncidentId Other, ImmutableArray<string> Fingerprints) : IncidentEvent(At, By);

/// <summary>What happened in something that belongs to it and has a stream of its own: the run of a playbook, its post-mortem, what was said in public. There it stands whole.</summary>
/// <param name="Stream">The id of that stream.</param>
public sealed record Recorded(Instant At, string By, string Stream, string Text) : IncidentEvent(At, By);

public sealed record PostMortemFiled(Instant At, string By, string Link) : IncidentEvent(At, By);

// What follows is the clock's and the channels'.

/// <summary>A step's time had come.</summary>
/// <param name="Epoch">The start of the clock it counts from; the same step fires once in each.</param>
/// <param name="Reached">How many people and rooms it found.</param>
public sealed record StepFired(Instant At, string Key, int Round, int Epoch, Instant DueAt, int Reached) : IncidentEvent(At, "");

/// <summary>A step's time had come in a maintenance window; it comes again when that ends.</summary>
public sealed record StepMuted(Instant At, string Key, int Round, int Epoch, Instant DueAt, Muted Mute) : IncidentEvent(At, "");

/// <param name="Number">From 1, in the incident; with the incident's id the idempotency key of every attempt to send it.</param>
/// <param name="Person">Empty for a room.</param>
/// <param name="Rest">The channels to try after this one, in order.</param>
/// <param name="Own">Only this person's own acknowledgement ends it.</param>
/// <param name="ForUpdate">It asks for a promised update.</param>
public sealed record Paged(Instant At, int Number, string Person, string Channel, ImmutableArray<string> Rest, string Key, int Epoch, bool Own, bool ForUpdate, Severity Severity, Instant DueAt, string Why) : IncidentEvent(At, "");

/// <summary>A page that was not sent, and why.</summary>
public sealed record PageSuppressed(Instant At, string Person, string Channel, string Key, string Why) : IncidentEvent(At, "");

public sealed record ReceiptRecorded(Instant At, int Page, Receipt Receipt) : IncidentEvent(At, "");

public sealed record PageFailed(Instant At, int Page, string Why) : IncidentEvent(At, "");

/// <summary>A channel gave no receipt in time, or failed: the next one is tried, or there is none.</summary>
public sealed record ChannelGivenUp(Instant At, int Page, Instant DueAt, string Why) : IncidentEvent(At, "");

/// <summary>What must be seen by everyone who looks: nobody is on call, nobody can be reached.</summary>
public sealed record AlarmRaised(Instant At, string Key, string Why) : IncidentEvent(At, "");

/// <summary>A time that was promised went by. Of a lease: the acknowledge clock runs again.</summary>
public sealed record DeadlineMissed(Instant At, DeadlineKind Kind, int Epoch, Instant DueAt) : IncidentEvent(At, "");

/// <summary>The clock was set back. What counts from a time that is now to come counts from now: nothing gets later, some things come early.</summary>
public sealed record ClockWentBack(Instant At, Instant From) : IncidentEvent(At, "");
