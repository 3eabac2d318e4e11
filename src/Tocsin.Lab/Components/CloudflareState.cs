using NodaTime;

namespace Tocsin.Lab.Components;

/// <summary>One deployment of a Pages project; <see cref="Status"/> is that of its last stage.</summary>
internal sealed record PagesDeployment(string Id, Instant At, string Stage, string Status, IReadOnlyList<string> Log);

internal sealed record WorkerScript(string Name, Instant Modified, string Deployment);

/// <summary>What Cloudflare knows of the platform beside its DNS. Held under the world's lock.</summary>
internal sealed class CloudflareState
{
    /// <summary>Deployments by project, newest first.</summary>
    public SortedDictionary<string, List<PagesDeployment>> Pages { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, WorkerScript> Workers { get; } = new(StringComparer.Ordinal);

    /// <summary>Record ids, which stay while a name has a record.</summary>
    public SortedDictionary<string, string> RecordIds { get; } = new(StringComparer.OrdinalIgnoreCase);

    public void Deploy(string project, string id, Instant at, string status, IEnumerable<string> log) =>
        Pages[project].Insert(0, new PagesDeployment(id, at, status is "success" ? "deploy" : "build", status, [.. log]));
}
