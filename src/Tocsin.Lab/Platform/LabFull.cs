using System.Collections.Immutable;

namespace Tocsin.Lab.Platform;

/// <summary>What the full profile changes of one container beside a service's own.</summary>
public sealed record LabSidecarOverride(ImmutableArray<string> Command, ImmutableSortedDictionary<string, string> Environment, bool AlsoHttp);

/// <summary>What the full profile changes of one service.</summary>
public sealed record LabOverride(string? Program)
{
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, string> Secrets { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, LabSidecarOverride> Sidecars { get; init; } = ImmutableSortedDictionary<string, LabSidecarOverride>.Empty;

    /// <summary>Components in whose data it makes its tables or queues when it starts: it is deployed anew when their data begins anew.</summary>
    public ImmutableArray<string> Fills { get; init; } = [];
}

/// <summary>A Cloudflare Worker: its script's name, the program that runs it, the name that its route has, and its bindings.</summary>
public sealed record LabWorker(string Name, string Program, string Host, ImmutableSortedDictionary<string, string> Environment);

/// <summary>
/// The full profile's part of lab.yaml: the services' programs on the real libraries, what the databases hold at first, and the names that DNS knows.
/// Files are named from the folder <c>lab</c>.
/// </summary>
public sealed record LabFull
{
    /// <summary>Folder of the programs, beside the core profile's.</summary>
    public string Programs { get; init; } = "core";

    /// <summary>The command that a program's name is put behind; empty: the core profile's.</summary>
    public ImmutableArray<string> Node { get; init; } = [];

    /// <summary>Secrets of the full profile, in the programs' folder; null: the core profile's.</summary>
    public string? SecretsFile { get; init; }

    /// <summary>Seconds on the wall in which a task may fail its health checks after it started: processes start as fast as they do, whatever the lab's clock.</summary>
    public int GraceSeconds { get; init; }

    public ImmutableSortedDictionary<string, LabOverride> Services { get; init; } = ImmutableSortedDictionary<string, LabOverride>.Empty;

    /// <summary>SQL files by component, run in this order on new data.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Sql { get; init; } = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Session variables that the database's SQL files find, from <c>secret:KEY</c>.</summary>
    public ImmutableSortedDictionary<string, string> SqlVariables { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>A records: name to <c>component@environment</c>.</summary>
    public ImmutableSortedDictionary<string, string> Dns { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Cloudflare Pages projects.</summary>
    public ImmutableArray<string> Pages { get; init; } = [];

    public LabWorker? Worker { get; init; }

    /// <summary>Healthy requests beside those of the core profile.</summary>
    public ImmutableArray<LabRequest> Requests { get; init; } = [];

    public ImmutableArray<string> SqlOf(string component) => Sql.GetValueOrDefault(component, []);
}
