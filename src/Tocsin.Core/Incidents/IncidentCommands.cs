using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

/// <summary>What someone wants of an incident. <paramref name="By"/> is a person's id, or empty for Tocsin itself.</summary>
public abstract record IncidentCommand(string By)
{
    public sealed record Acknowledge(string By) : IncidentCommand(By);

    public sealed record Assign(string By, IncidentRole Role, string Person) : IncidentCommand(By);

    public sealed record ChangeSeverity(string By, Severity To, string Why) : IncidentCommand(By);

    public sealed record ReportImpact(string By, ImpactFacts Facts) : IncidentCommand(By);

    public sealed record Note(string By, string Text) : IncidentCommand(By);

    public sealed record AttachMatch(string By, AttachedMatch Match) : IncidentCommand(By);

    public sealed record AttachDiagnosis(string By, AttachedDiagnosis Diagnosis) : IncidentCommand(By);

    /// <param name="NextBy">When the next update is promised; null: as the severity says.</param>
    public sealed record PostUpdate(string By, string Text, Instant? NextBy) : IncidentCommand(By);

    public sealed record Mitigate(string By, string How) : IncidentCommand(By);

    public sealed record Resolve(string By, string How) : IncidentCommand(By);

    public sealed record Reopen(string By, string Why) : IncidentCommand(By);

    public sealed record FilePostMortem(string By, string Link) : IncidentCommand(By);

    /// <summary>Tells in the timeline what happened in a stream beside it.</summary>
    public sealed record Record(string By, string Stream, ImmutableArray<string> Texts) : IncidentCommand(By);

    /// <summary>A channel's answer about a page.</summary>
    public sealed record RecordReceipt(int Page, Receipt Receipt) : IncidentCommand("");

    public sealed record RecordFailure(int Page, string Why) : IncidentCommand("");
}

/// <summary>What it takes to open an incident.</summary>
public sealed record Declaration(
    IncidentId Id,
    string Title,
    string Environment,
    string Service,
    string Entry,
    string Fingerprint,
    SuggestedSeverity Severity,
    ImpactFacts Facts,
    Instant? ImpactStart,
    Instant? Detected);

/// <summary>The answer to a command: events, nothing to do, or a refusal with its reason.</summary>
public abstract record Decision
{
    public sealed record Accept(ImmutableArray<IncidentEvent> Happened) : Decision
    {
        public override ImmutableArray<IncidentEvent> Events => Happened;
    }

    /// <summary>It is so already.</summary>
    public sealed record Nothing(string Why) : Decision;

    public sealed record Refuse(string Why) : Decision;

    public virtual ImmutableArray<IncidentEvent> Events => [];
}
