using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes;

/// <summary>A permission that a look takes, as IAM writes it. An empty resource means any.</summary>
public sealed record Permission(string Action, string Resource = "*")
{
    public override string ToString() => Resource == "*" ? Action : $"{Action} on {Resource}";
}

/// <summary>
/// One look at one subject. It reads and changes nothing. Whatever it does, <see cref="ProbeRunner"/> makes exactly one observation of it, so it throws where it
/// cannot see: <see cref="CouldNotLook"/> with the status, or what its client throws.
/// </summary>
/// <param name="Name">As catalog/observations.yaml names it; the facts it gives are those of that probe.</param>
/// <param name="Target">What is asked, such as a host or "aws ecs ap-south-1": so many looks at one target at once, and no more.</param>
/// <param name="Look">Puts what it sees into the sighting. It ends when the token says so; if it does not, it is left behind.</param>
public sealed record Probe(string Name, Subject Subject, Vantage Vantage, string Target, Func<Sighting, CancellationToken, Task> Look)
{
    public static readonly Duration UsualLimit = Duration.FromSeconds(5);

    /// <summary>Wall time from its first step; waiting for its turn is not part of it.</summary>
    public Duration Limit { get; init; } = UsualLimit;

    /// <summary>The permissions it takes, for the policy that allows all looks and no more.</summary>
    public ImmutableArray<Permission> Needs { get; init; } = [];
}

/// <summary>A look that could not be made, or not wholly. The words say what was missing, best by its name: a permission, a setting, a route.</summary>
public sealed class CouldNotLook : Exception
{
    public CouldNotLook(ObservationStatus status, string message, Exception? inner = null)
        : base(message, inner)
    {
        if (status is ObservationStatus.Ok or ObservationStatus.Empty) throw new ArgumentOutOfRangeException(nameof(status), status, "that is a look that was made");
        Status = status;
    }

    public ObservationStatus Status { get; }
}

/// <summary>What one look gave and what it took.</summary>
/// <param name="Asked">Each question in words, in order, such as "ecs DescribeServices in ap-south-1".</param>
/// <param name="Bytes">Of the answers, as far as they were counted.</param>
public sealed record ProbeResult(Observation Observation, ImmutableArray<string> Asked, long Bytes, Duration Took);
