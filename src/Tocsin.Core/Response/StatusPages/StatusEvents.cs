using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.StatusPages;

/// <summary>How a component is, for whoever uses it; the later the worse.</summary>
public enum ComponentState
{
    Operational,
    Maintenance,
    Degraded,
    PartialOutage,
    MajorOutage,
}

/// <summary>How far the response to a public report is.</summary>
public enum ReportStage
{
    Investigating,
    Identified,
    Monitoring,
    Resolved,
}

/// <summary>
/// Something that a person said on the public status page. Nothing gets there but by these events, and each of their texts was written, or looked at and sent,
/// for the public: names of services, titles of incidents and texts of logs have no way in.
/// </summary>
public abstract record StatusEvent(Instant At, string By);

/// <param name="Name">As the public knows it.</param>
public sealed record ComponentNamed(Instant At, string By, string Component, string Name, string About) : StatusEvent(At, By);

public sealed record ComponentRemoved(Instant At, string By, string Component) : StatusEvent(At, By);

public sealed record ComponentSet(Instant At, string By, string Component, ComponentState State) : StatusEvent(At, By);

/// <param name="Number">From 1; the public sees it in addresses.</param>
/// <param name="Incident">Which incident it tells of; never shown.</param>
/// <param name="Impact">How its components are while it stands.</param>
public sealed record ReportOpened(Instant At, string By, int Number, string Title, IncidentId? Incident, ImmutableArray<string> Components, ComponentState Impact, ReportStage Stage, string Text) : StatusEvent(At, By);

public sealed record ReportUpdated(Instant At, string By, int Number, ReportStage Stage, ComponentState Impact, string Text) : StatusEvent(At, By);
