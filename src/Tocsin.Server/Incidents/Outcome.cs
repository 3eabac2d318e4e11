using System.Collections.Immutable;
using Tocsin.Core.Incidents;

namespace Tocsin.Server.Incidents;

/// <summary>What became of a command.</summary>
public abstract record Outcome
{
    public sealed record Done(Incident Incident, ImmutableArray<IncidentEvent> Events) : Outcome;

    /// <summary>It was so already.</summary>
    public sealed record Nothing(Incident Incident, string Why) : Outcome;

    public sealed record Refused(string Why) : Outcome;

    public sealed record Unknown(IncidentId Id) : Outcome;

    /// <summary>It has moved on since the version that the command was meant for.</summary>
    public sealed record Stale(Incident Incident) : Outcome;
}
