using System.Collections.Concurrent;
using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Lab.Components;

/// <summary>One deployment of a Pages project; <see cref="Status"/> is that of its last stage.</summary>
internal sealed record PagesDeployment(string Id, Instant At, string Stage, string Status, IReadOnlyList<string> Log);

/// <summary>One deployment of a Worker, with the names of what is bound to it.</summary>
internal sealed record WorkerScript(string Name, Instant Modified, string Deployment, ImmutableArray<string> Bindings)
{
    /// <summary>The deployment before this one, which knows none before it.</summary>
    public WorkerScript? Before { get; init; }
}

/// <summary>What Cloudflare knows of the platform beside its DNS. Held under the world's lock.</summary>
internal sealed class CloudflareState
{
    /// <summary>Deployments by project, newest first.</summary>
    public SortedDictionary<string, List<PagesDeployment>> Pages { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, WorkerScript> Workers { get; } = new(StringComparer.Ordinal);

    /// <summary>Whole names, by the script that answers them.</summary>
    public SortedDictionary<string, string> Routes { get; } = new(StringComparer.Ordinal);

    /// <summary>By id, as long as someone may read them.</summary>
    public ConcurrentDictionary<string, WorkerTail> Tails { get; } = new(StringComparer.Ordinal);

    /// <summary>Record ids, which stay while a name has a record.</summary>
    public SortedDictionary<string, string> RecordIds { get; } = new(StringComparer.OrdinalIgnoreCase);

    public void Redeploy(string script, Instant at, ImmutableArray<string> bindings)
    {
        if (Workers.TryGetValue(script, out var now)) Workers[script] = new WorkerScript(script, at, Aws.LabIds.Uuid(), bindings) { Before = now with { Before = null } };
    }

    /// <summary>Needs no lock: tails are told from where requests pass.</summary>
    public void Tell(string script, WorkerEvent happened)
    {
        foreach (var tail in Tails.Values.Where(t => t.Script == script)) tail.Tell(happened.ToJson(script));
    }

    public void Deploy(string project, string id, Instant at, string status, IEnumerable<string> log) =>
        Pages[project].Insert(0, new PagesDeployment(id, at, status is "success" ? "deploy" : "build", status, [.. log]));
}
