using System.Collections.Immutable;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Collect.Wire;
using Tocsin.Core.Catalog;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Server.Watch;

/// <summary>One environment as the watch reaches it.</summary>
/// <param name="Servers">The ground of the probes that ask servers themselves; null: only AWS is asked.</param>
public sealed record WatchPlace(PlatformMap Map, AwsCaller Caller, Func<AwsGround, ServerGround>? Servers);

/// <summary>Where an address is asked instead of at its own name, for a platform whose names are in no public DNS.</summary>
public sealed record WatchDoor(string Host, int Port, bool Tls);

/// <summary>What the watch looks at and with what.</summary>
public sealed record WatchSetup
{
    public required WatchPlan Plan { get; init; }

    public required FactTable Facts { get; init; }

    /// <summary>The environments of the plan that can be asked.</summary>
    public ImmutableArray<WatchPlace> Places { get; init; } = [];

    /// <summary>Variables in addresses; null: not set, and the address is not watched.</summary>
    public Func<string, string?> Variable { get; init; } = static _ => null;

    /// <summary>By the id of an address.</summary>
    public ImmutableDictionary<string, WatchDoor> Doors { get; init; } = ImmutableDictionary<string, WatchDoor>.Empty;

    /// <summary>Trusted authorities, and a resolver of its own, for all addresses; limit and time are set by the watch.</summary>
    public WireTarget Web { get; init; } = new("", 0);

    /// <summary>Whether addresses of others are asked when nothing answers; a lab reaches none.</summary>
    public bool AsksControl { get; init; } = true;
}
