using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using NodaTime;

namespace Tocsin.Core.Response;

/// <summary>How bad it is; the lower the worse.</summary>
public enum Severity
{
    P0,
    P1,
    P2,
    P3,
}

/// <summary>When something is due, counted from an instant.</summary>
public abstract record Due
{
    public sealed record Within(Duration Time) : Due;

    /// <summary>The end of the business day after the one it falls on.</summary>
    public sealed record NextBusinessDay : Due;

    /// <summary>The end of the business day it falls on, or of the next one where it falls outside.</summary>
    public sealed record SameBusinessDay : Due;
}

/// <summary>When a post-mortem is due after the resolution. Without <see cref="MajorAfter"/> always, else where it lasted that long or cost revenue.</summary>
public sealed record PostMortemRule(Duration Remind, Duration Within, Duration BreachWithin, Duration? MajorAfter);

/// <summary>An example of a severity with the facts that make it one: the matrix must agree.</summary>
public sealed record SeverityExample(string Says, ImpactFacts Facts);

/// <summary>What a severity means and which clocks it starts.</summary>
public sealed record SeverityRule
{
    public required Severity Severity { get; init; }
    public required string Title { get; init; }
    public required ImmutableArray<string> Means { get; init; }
    public required ImmutableArray<SeverityExample> Examples { get; init; }
    public required Due Acknowledge { get; init; }

    /// <summary>Escalation policies that start with it; none: nobody is paged.</summary>
    public required ImmutableArray<string> Escalate { get; init; }
    public Duration? FirstUpdate { get; init; }
    public Duration? Update { get; init; }

    /// <summary>How long an acknowledgement holds without activity; null: for good.</summary>
    public Duration? Lease { get; init; }

    /// <summary>Null where the fix has no clock of its own.</summary>
    public Due? FixBy { get; init; }
    public string Fix { get; init; } = "";
    public PostMortemRule? PostMortem { get; init; }
    public string Template { get; init; } = "";

    /// <summary>It becomes an issue in the tracker.</summary>
    public bool OpensIssue { get; init; }
}

public enum Receipt
{
    Accepted,
    Delivered,
    Seen,
    Acknowledged,
}

/// <summary>One way to reach people: which receipts it gives, and how long to wait for each before the next way is tried.</summary>
public sealed record ChannelRule(string Id, string Kind, string About, ImmutableArray<ReceiptWait> Waits);

/// <param name="BySeverity">Indexed by severity; P3 pages nobody.</param>
public sealed record ReceiptWait(Receipt Receipt, ImmutableArray<Duration> BySeverity)
{
    public Duration For(Severity severity) => BySeverity[Math.Min((int)severity, BySeverity.Length - 1)];
}

/// <summary>What a step's time counts from.</summary>
public enum StepSince
{
    /// <summary>The start of the acknowledge clock; for steps that wait for the resolution, the start of the severity.</summary>
    Start,
    Revenue,
    Breach,
    MissedUpdate,
}

public enum StepUntil
{
    Acknowledged,
    Resolved,
}

/// <summary>Whom a step notifies, and by which channels in which order; none: by the person's own.</summary>
public abstract record Target(ImmutableArray<string> By)
{
    public sealed record Person(string Id, ImmutableArray<string> By) : Target(By);

    public sealed record Schedule(string Id, ImmutableArray<string> By) : Target(By);

    /// <summary>A contact of the policy, or a role of the incident.</summary>
    public sealed record Role(string Id, ImmutableArray<string> By) : Target(By);

    /// <summary>A room, not a person.</summary>
    public sealed record Channel(string Id) : Target([]);
}

public sealed record EscalationStep
{
    public required string Id { get; init; }
    public Duration After { get; init; }
    public StepSince Since { get; init; }
    public StepUntil Until { get; init; }
    public required ImmutableArray<Target> Notify { get; init; }

    /// <summary>Each person it notifies is asked again until that person acknowledges.</summary>
    public bool Everyone { get; init; }
    public Duration RepeatEvery { get; init; }
    public int RepeatTimes { get; init; }

    /// <summary>An acknowledgement of someone else does not end it.</summary>
    public bool NeedsOwnAcknowledgement => Everyone || Until == StepUntil.Resolved;
}

public sealed record EscalationPolicy(string Id, string About, ImmutableArray<EscalationStep> Steps, string Then);

/// <summary>A step in the line of a severity, with its name across policies.</summary>
/// <param name="Key">policy/step.</param>
/// <param name="After">With the time of the policies before it.</param>
/// <param name="Previous">The step of the same line that comes before; it is not waited for when that one found nobody.</param>
public sealed record PlannedStep(string Key, EscalationStep Step, Duration After, string Previous);

/// <summary>What opens an incident at which severity.</summary>
/// <param name="TextAtMost">What log text alone can open.</param>
/// <param name="AllHandsAfter">How long every watched address must fail before P0 opens without a person.</param>
public sealed record OpeningRule(Severity TextAtMost, Duration AllHandsAfter);

/// <param name="Near">A signal of the same service joins within this time of the last one.</param>
/// <param name="Reopen">A signal with the same fingerprint reopens within this time after the resolution.</param>
/// <param name="FlapTimes">Opened or reopened that often within <paramref name="FlapWithin"/>: it flaps.</param>
/// <param name="StormOpens">That many incidents opened within <paramref name="StormWithin"/>: a storm.</param>
public sealed record CorrelationRule(Duration Near, Duration Reopen, int FlapTimes, Duration FlapWithin, int StormOpens, Duration StormWithin);

/// <summary>The part of response.yaml that an incident keeps as it was when it started.</summary>
public sealed record ResponsePolicy
{
    /// <summary>The first twelve digits of the file's SHA-256.</summary>
    public required string Version { get; init; }
    public required BusinessCalendar Calendar { get; init; }

    /// <summary>P0 to P3 in this order.</summary>
    public required ImmutableArray<SeverityRule> Severities { get; init; }
    public required ImmutableDictionary<string, EscalationPolicy> Policies { get; init; }
    public required ImmutableDictionary<string, ChannelRule> Channels { get; init; }
    public required OpeningRule Opening { get; init; }
    public required CorrelationRule Correlation { get; init; }

    /// <summary>Percent of users from which on it is a P1.</summary>
    public required double MajorUsers { get; init; }

    public SeverityRule Of(Severity severity) => Severities[(int)severity];

    // Asked for each deadline of each incident, and always the same. Beside the record, so that two of them stay equal.
    private static readonly ConditionalWeakTable<ResponsePolicy, ImmutableArray<PlannedStep>[]> Lines = [];

    /// <summary>All steps of a severity, each policy followed by those it hands over to. The reader has refused circles.</summary>
    public ImmutableArray<PlannedStep> Steps(Severity severity) => Lines.GetValue(this, static p => [.. p.Severities.Select(rule => rule.Escalate.SelectMany(p.Line).ToImmutableArray())])[(int)severity];

    private IEnumerable<PlannedStep> Line(string policy)
    {
        var offset = Duration.Zero;
        var previous = "";
        for (var at = Policies.GetValueOrDefault(policy); at is not null; at = Policies.GetValueOrDefault(at.Then))
        {
            var end = Duration.Zero;
            foreach (var step in at.Steps)
            {
                var key = $"{at.Id}/{step.Id}";
                yield return new PlannedStep(key, step, offset + step.After, previous);
                previous = key;
                end = Duration.Max(end, step.After + (step.RepeatEvery * step.RepeatTimes));
            }
            offset += end;
        }
    }
}

/// <param name="Addresses">By channel; $NAME stands for a variable of the program that sends.</param>
public sealed record Person(string Id, string Name, DateTimeZone Zone, ImmutableArray<(string Channel, string Address)> Addresses)
{
    public bool Has(string channel) => Addresses.Any(a => a.Channel == channel);
}

/// <summary>Someone to escalate to: people, a schedule, or a supplier that a person calls.</summary>
public sealed record Contact(string Id, string Title, ImmutableArray<string> When, ImmutableArray<string> How, ImmutableArray<string> People, string Schedule, string Link);

/// <summary>Who can be reached now; unlike the policy it is always the newest.</summary>
public sealed record Roster(
    ImmutableDictionary<string, Person> People,
    ImmutableArray<Contact> Contacts,
    ImmutableDictionary<string, OnCallSchedule> Schedules)
{
    public Contact? Contact(string id) => Contacts.FirstOrDefault(c => c.Id == id);
}

/// <summary>All of response.yaml.</summary>
public sealed record ResponsePlan(ResponsePolicy Policy, Roster Roster, ImmutableArray<MaintenanceWindow> Maintenance);
