using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

public enum IncidentPhase
{
    Investigating,
    Mitigating,
    Resolved,

    /// <summary>It goes on in another incident.</summary>
    Merged,
}

/// <summary>The times that are told apart. Null: not yet.</summary>
public sealed record IncidentTimes(Instant ImpactStart, Instant Detected, Instant Declared)
{
    /// <summary>The first acknowledgement; a lease that ran out does not take it back.</summary>
    public Instant? Acknowledged { get; init; }
    public Instant? Diagnosed { get; init; }
    public Instant? Mitigated { get; init; }
    public Instant? Resolved { get; init; }
}

public sealed record Page(Paged Sent, Instant SentAt)
{
    public ImmutableArray<Receipt> Receipts { get; init; } = [];
    public Instant? FailedAt { get; init; }
    public bool GivenUp { get; init; }
}

/// <param name="From">Null where none is promised.</param>
/// <param name="Epoch">Counts the promises, so that each is missed once.</param>
public sealed record UpdatePromise(Instant? From, Duration Within, int Epoch);

/// <summary>
/// One incident: what its events add up to. Every clock is an anchor in here and a length in <see cref="Policy"/>, so that after any downtime the
/// state alone says what is due. Nothing changes it but <see cref="IncidentFold"/>.
/// </summary>
public sealed record Incident
{
    public required IncidentId Id { get; init; }
    public required string Title { get; init; }
    public required string Environment { get; init; }
    public required string Service { get; init; }
    public required string Entry { get; init; }
    public required ImmutableArray<string> Fingerprints { get; init; }

    /// <summary>Whether a person called it: then it is something without any fingerprint too.</summary>
    public bool IsDeclared { get; init; }
    public required Severity Severity { get; init; }
    public required ImpactFacts Facts { get; init; }
    public required IncidentTimes Times { get; init; }

    /// <summary>As it was when the incident started.</summary>
    public required ResponsePolicy Policy { get; init; }
    public IncidentPhase Phase { get; init; }

    /// <summary>How many events; what storage expects at an append.</summary>
    public int Version { get; init; }
    public Instant LastAt { get; init; }
    public ImmutableArray<SeverityChanged> SeverityHistory { get; init; } = [];
    public ImmutableDictionary<IncidentRole, string> Roles { get; init; } = ImmutableDictionary<IncidentRole, string>.Empty;
    public ImmutableArray<AttachedMatch> Matches { get; init; } = [];
    public AttachedDiagnosis? Diagnosis { get; init; }
    public IncidentId? MergedInto { get; init; }
    public ImmutableArray<string> Alarms { get; init; } = [];
    public string PostMortem { get; init; } = "";

    // The acknowledge clock. A cycle is one run of it.
    public required Instant ClockStart { get; init; }
    public int Cycle { get; init; }

    /// <summary>When the lease was last renewed; null while nobody holds it.</summary>
    public Instant? LeaseFrom { get; init; }
    public ImmutableDictionary<string, Instant> AcknowledgedBy { get; init; } = ImmutableDictionary.Create<string, Instant>(StringComparer.Ordinal);

    public required Instant SeveritySince { get; init; }
    public int SeverityEpoch { get; init; }
    public Instant? RevenueSince { get; init; }
    public Instant? BreachSince { get; init; }
    public required UpdatePromise Promise { get; init; }

    /// <summary>Since when a promised update is owed.</summary>
    public Instant? UpdateOwedSince { get; init; }

    public ImmutableDictionary<(string Key, int Round, int Epoch), int> Fired { get; init; } = ImmutableDictionary<(string Key, int Round, int Epoch), int>.Empty;
    public ImmutableDictionary<(string Key, int Round, int Epoch), Instant> MutedUntil { get; init; } = ImmutableDictionary<(string Key, int Round, int Epoch), Instant>.Empty;
    public ImmutableHashSet<(DeadlineKind Kind, int Epoch)> Missed { get; init; } = [];
    public ImmutableArray<Page> Pages { get; init; } = [];

    public bool IsAcknowledged => LeaseFrom is not null;

    public bool IsOpen => Phase is IncidentPhase.Investigating or IncidentPhase.Mitigating;

    public SeverityRule Rule => Policy.Of(Severity);
}
