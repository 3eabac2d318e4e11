using System.Collections.Immutable;
using System.Security.Cryptography;
using NodaTime;

namespace Tocsin.Core.Diagnosis;

/// <summary>Everything a diagnosis is made from. The same bundle and the same catalog give the same diagnosis, byte for byte.</summary>
public sealed record EvidenceBundle
{
    /// <summary>Id of the platform it was collected on.</summary>
    public required string Platform { get; init; }

    /// <summary>The environment in question. Observations of other environments serve as comparison only.</summary>
    public required string Environment { get; init; }

    /// <summary>The services that were asked about; empty: all.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    /// <summary>Digest of the catalog at the time; a later catalog may diagnose the bundle again.</summary>
    public string Catalog { get; init; } = "";

    /// <summary>When collecting ended: the "now" of the diagnosis.</summary>
    public required Instant CollectedAt { get; init; }

    /// <summary>When the trouble began, where a person or an incident says so; else it is the first matching line.</summary>
    public Instant? Onset { get; init; }

    public ImmutableArray<Observation> Observations { get; init; } = [];
    public ImmutableArray<LogMatch> Matches { get; init; } = [];
    public Topology Topology { get; init; } = Topology.Empty;

    /// <summary>The one form of it: sorted, each thing once.</summary>
    public EvidenceBundle Canonical() => BundleJson.Canonical(this).Bundle;

    /// <summary>SHA-256 of the canonical bytes.</summary>
    public string Digest() => Convert.ToHexStringLower(SHA256.HashData(BundleJson.Write(this)));
}
