using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Diagnosis;

public enum Verdict
{
    /// <summary>Proven by observations, far before every rival.</summary>
    Confirmed,

    /// <summary>Well ahead, not proven.</summary>
    Likely,

    /// <summary>Several causes are possible; the next check says what would decide.</summary>
    Ambiguous,

    /// <summary>Something is wrong and nothing known explains it.</summary>
    NoKnownCause,

    /// <summary>Looked at everything that shows trouble, and saw none.</summary>
    Healthy,

    /// <summary>Could not look; what was missing is named.</summary>
    Blind,
}

/// <summary>What the evidence bundle says, weighed openly.</summary>
public sealed record DiagnosisReport
{
    public required Verdict Verdict { get; init; }
    public required string Platform { get; init; }
    public required string Environment { get; init; }

    /// <summary>Digest of the bundle it was made from.</summary>
    public required string Bundle { get; init; }

    /// <summary>Digest of the catalog it was made with.</summary>
    public required string Catalog { get; init; }
    public required Instant At { get; init; }

    /// <summary>The causes it comes down to, the best first; several where one does not explain everything.</summary>
    public required ImmutableArray<RankedCause> Causes { get; init; }

    /// <summary>What else was weighed for the same findings, the best first.</summary>
    public required ImmutableArray<RankedCause> Rivals { get; init; }

    /// <summary>What follows from the causes, and is repaired with them.</summary>
    public required ImmutableArray<RankedCause> Consequences { get; init; }
    public required ImmutableArray<RuledOutCause> RuledOut { get; init; }
    public required ImmutableArray<Finding> Findings { get; init; }

    /// <summary>The findings that none of <see cref="Causes"/> explains.</summary>
    public required ImmutableArray<Finding> Unexplained { get; init; }

    /// <summary>What ended before all was well again.</summary>
    public required ImmutableArray<LogMatch> Past { get; init; }

    /// <summary>Observations that are no evidence, and why.</summary>
    public required ImmutableArray<MissingEvidence> Missing { get; init; }
    public required Coverage Coverage { get; init; }
    public required NextCheck? Next { get; init; }
}

/// <summary>How many of the looks that were tried are evidence.</summary>
public sealed record Coverage(int Evidence, int Tried);

/// <summary>A cause with everything that can be said about it.</summary>
/// <param name="Id">entry/cause.</param>
/// <param name="At">Where the cause lies.</param>
/// <param name="FeltAt">Where its symptoms show, other than there.</param>
/// <param name="Standing">What would be said of it alone.</param>
/// <param name="Score">Decibans.</param>
/// <param name="Lead">Decibans before its best rival; null where it has none.</param>
public sealed record RankedCause(
    string Id,
    string Title,
    Subject At,
    ImmutableArray<Subject> FeltAt,
    Verdict Standing,
    int Score,
    int? Lead,
    ImmutableArray<Claim> For,
    ImmutableArray<Claim> Against,
    ImmutableArray<MissingEvidence> Missing,
    ImmutableArray<string> Explains,
    ImmutableArray<string> DoesNotExplain,
    ImmutableArray<Flip> Flips,
    ImmutableArray<string> Fixes)
{
    /// <summary>What its symptoms show at within a service or component: a queue, a key, a name.</summary>
    public ImmutableArray<string> Items { get; init; } = [];
}

public sealed record RuledOutCause(string Id, Subject At, string Why);
