using System.Collections.Immutable;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions;

/// <summary>How a server may act. Nothing acts unless it was turned on for the environment.</summary>
public sealed record ActionSetup
{
    /// <summary>By environment; one that is not named only plans.</summary>
    public ImmutableDictionary<string, ActionMode> Modes { get; init; } = ImmutableDictionary<string, ActionMode>.Empty;

    public ImmutableArray<FreezeWindow> Freezes { get; init; } = [];

    /// <summary>By environment, how it is reached; null where the platform does not have it.</summary>
    public Func<string, ActionGround?> Ground { get; init; } = static _ => null;

    /// <summary>How long to wait between two looks whether it works; wall time.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long between two looks at what must hold until its incident ends; wall time.</summary>
    public TimeSpan Recheck { get; init; } = TimeSpan.FromSeconds(30);

    public ActionMode Mode(string environment) => Modes.GetValueOrDefault(environment, ActionMode.Plan);
}
