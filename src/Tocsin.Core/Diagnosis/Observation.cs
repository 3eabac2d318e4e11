using System.Collections.Immutable;
using System.Globalization;
using NodaTime;

namespace Tocsin.Core.Diagnosis;

/// <summary>How a probe fared. Only <see cref="Ok"/> and <see cref="Empty"/> are evidence; everything else means that nothing is known.</summary>
public enum ObservationStatus
{
    Ok,

    /// <summary>Looked, and there was nothing. Says only the facts it carries.</summary>
    Empty,
    Denied,
    Timeout,
    Expired,
    NotConfigured,
    Truncated,
    Failed,
}

/// <summary>From where it was seen.</summary>
public enum Vantage
{
    /// <summary>What AWS or a server says of itself.</summary>
    Api,

    /// <summary>The host Tocsin runs on; its routes are not those of a task.</summary>
    Host,

    /// <summary>Inside a task of the service.</summary>
    Task,
}

/// <summary>What an observation or a match is about. An empty name means: not about one in particular.</summary>
/// <param name="Item">One of several: a task, a queue, a domain, a secret.</param>
public sealed record Subject(string Environment, string Service = "", string Component = "", string Item = "")
{
    public override string ToString() => string.Join('/', new[] { Environment, Service, Component, Item }.Where(p => p.Length > 0));
}

/// <summary>What one probe saw of one subject at one time.</summary>
public sealed record Observation
{
    public required string Probe { get; init; }
    public required Subject Subject { get; init; }
    public required Vantage Vantage { get; init; }
    public required ObservationStatus Status { get; init; }
    public required Instant At { get; init; }

    /// <summary>Fact names without the probe's; values as text, see <see cref="FactText"/>. A fact that is absent is unknown, also where the status is Empty.</summary>
    public ImmutableSortedDictionary<string, string> Facts { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Since when it is as it is: the onset of what is wrong, or since when it is well.</summary>
    public Instant? Since { get; init; }

    /// <summary>When that which it describes was last changed by someone: the newest deployment, the version of a secret, the last CloudTrail event.</summary>
    public Instant? ChangedAt { get; init; }

    /// <summary>Where it is no evidence: the permission or source that was missing, else what went wrong.</summary>
    public string Note { get; init; } = "";

    /// <summary>In the note of a look that a permission was missing for, also where the rest of it was seen.</summary>
    public const string DeniedWords = " is denied";

    /// <summary>In the note of a look that the account's API did not answer, however often it was asked.</summary>
    public const string UnansweredWords = " is not answered";

    /// <summary>It, or a part of it, was refused or not answered by who could tell: whoever may look there might see more.</summary>
    public bool IsRefused => Status is ObservationStatus.Expired or ObservationStatus.Denied || Note.Contains(DeniedWords, StringComparison.Ordinal) || Note.Contains(UnansweredWords, StringComparison.Ordinal);

    public bool IsEvidence => Status is ObservationStatus.Ok or ObservationStatus.Empty;

    /// <summary>How an explanation names it.</summary>
    public string Name => Vantage == Vantage.Api ? $"{Probe} {Subject}" : $"{Probe} {Subject} ({Vantage.ToString().ToLowerInvariant()})";

    /// <summary>The short name of a fact of this probe, or null where the full name is another probe's.</summary>
    public string? Value(string fact) =>
        fact.Length > Probe.Length && fact[Probe.Length] == '.' && fact.StartsWith(Probe, StringComparison.Ordinal)
            ? Facts.GetValueOrDefault(fact[(Probe.Length + 1)..])
            : null;
}

/// <summary>Facts as text: true and false, numbers in plain invariant form, everything else as it is.</summary>
public static class FactText
{
    public static string Of(bool value) => value ? "true" : "false";

    public static string Of(decimal value) => (value / 1.000000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    public static string Of(double value) => double.IsFinite(value) && Math.Abs(value) < 1e15 ? Of((decimal)value) : value.ToString("R", CultureInfo.InvariantCulture);

    public static string Of(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One entry of the reference found in one log, gathered over its events.</summary>
/// <param name="Signatures">Every signature that held.</param>
/// <param name="Source">The log, as a person would name it.</param>
/// <param name="Text">One line of it, redacted.</param>
public sealed record LogMatch(
    string Entry,
    ImmutableArray<string> Signatures,
    Subject Subject,
    string Source,
    Instant First,
    Instant Last,
    long Count,
    string Text)
{
    /// <summary>Whoever printed it last still runs: no deployment since has ended it.</summary>
    public bool Live { get; init; }

    /// <summary>The longest it was silent between two of its events, in whole milliseconds; null where there are not two, or none.</summary>
    public Duration? Gap { get; init; }
}
