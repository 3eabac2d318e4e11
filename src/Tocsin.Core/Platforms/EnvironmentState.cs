using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Platforms;

/// <summary>A secret by what may be said of it. Digests are keyed with a key that lives as long as the process: they tell same from different, and nothing else.</summary>
public sealed record SecretState(string Name)
{
    public bool Exists { get; init; }

    public bool PendingDeletion { get; init; }

    public string Version { get; init; } = "";

    public Instant? ChangedAt { get; init; }

    /// <summary>Digest by key; null where values may not be read.</summary>
    public ImmutableSortedDictionary<string, string>? Digests { get; init; }
}

/// <summary>A service as it runs, and as its newest revision would have it run.</summary>
public sealed record ServiceState(string Name)
{
    private static readonly ImmutableSortedDictionary<string, string> None = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Why it could not be looked at; empty where it was.</summary>
    public string Blind { get; init; } = "";

    public int Desired { get; init; }

    public int Running { get; init; }

    public int Revision { get; init; }

    /// <summary>The newest one that is registered.</summary>
    public int Newest { get; init; }

    /// <summary>Image by container.</summary>
    public ImmutableSortedDictionary<string, string> Images { get; init; } = None;

    /// <summary>Sizes, ports, roles, health checks: whatever of the revision is neither image nor variable.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init; } = None;

    /// <summary>Variables in clear, redacted.</summary>
    public ImmutableSortedDictionary<string, string> Variables { get; init; } = None;

    /// <summary>Variables out of a secret, as <c>SECRET:KEY</c>.</summary>
    public ImmutableSortedDictionary<string, string> FromSecrets { get; init; } = None;

    public ImmutableArray<SecretState> Secrets { get; init; } = [];
}

/// <summary>One environment at one time.</summary>
public sealed record EnvironmentState(string Name, string Region, string Cluster, ImmutableArray<ServiceState> Services);

/// <summary>What is compared.</summary>
public enum ComparedTopic
{
    Image,
    Revision,
    Tasks,
    Setting,
    Variable,
    Secret,

    /// <summary>A revision is registered and does not run.</summary>
    Drift,

    /// <summary>One side could not be seen, so nothing is said of it.</summary>
    Blind,
}

/// <param name="What">The container, variable or key.</param>
/// <param name="Left">As it is in the first environment; empty: it is not there.</param>
public sealed record EnvironmentDifference(string Service, ComparedTopic Topic, string What, string Left, string Right);

/// <summary>Compares two environments, and each with itself: what is registered and never deployed.</summary>
public static class EnvironmentComparison
{
    private const int ShownDigest = 8;

    public static ImmutableArray<EnvironmentDifference> Between(EnvironmentState left, EnvironmentState right) =>
    [
        .. left.Services.Select(s => s.Name).Union(right.Services.Select(s => s.Name), StringComparer.Ordinal)
            .SelectMany(n => Service(n, left.Services.FirstOrDefault(s => s.Name == n), right.Services.FirstOrDefault(s => s.Name == n))),
    ];

    private static IEnumerable<EnvironmentDifference> Service(string name, ServiceState? left, ServiceState? right)
    {
        var blind = (Left: left?.Blind ?? "", Right: right?.Blind ?? "");
        if (blind.Left.Length > 0 || blind.Right.Length > 0)
        {
            yield return new(name, ComparedTopic.Blind, "", blind.Left, blind.Right);
            yield break;
        }
        if (left is null || right is null)
        {
            yield return new(name, ComparedTopic.Tasks, "service", left is null ? "" : "there", right is null ? "" : "there");
            yield break;
        }
        if (Tasks(left) is var tasks && tasks != Tasks(right)) yield return new(name, ComparedTopic.Tasks, "running of desired", tasks, Tasks(right));
        if (left.Revision != right.Revision) yield return new(name, ComparedTopic.Revision, "running revision", $"{left.Revision}", $"{right.Revision}");
        if (left.Newest > left.Revision || right.Newest > right.Revision) yield return new(name, ComparedTopic.Drift, "registered, not deployed", Drift(left), Drift(right));
        foreach (var (what, l, r) in Differing(left.Images, right.Images)) yield return new(name, ComparedTopic.Image, what, l, r);
        foreach (var (what, l, r) in Differing(left.Settings, right.Settings)) yield return new(name, ComparedTopic.Setting, what, l, r);
        foreach (var (what, l, r) in Differing(left.Variables, right.Variables)) yield return new(name, ComparedTopic.Variable, what, l, r);
        foreach (var (what, l, r) in Differing(left.FromSecrets, right.FromSecrets)) yield return new(name, ComparedTopic.Variable, what, l, r);
        foreach (var difference in Secrets(name, left, right)) yield return difference;
    }

    // Values of two environments should differ; so only what is missing, empty of a side or the same where it must not be is a finding. The version tells when.
    private static IEnumerable<EnvironmentDifference> Secrets(string name, ServiceState left, ServiceState right)
    {
        foreach (var secret in left.Secrets.Select(s => s.Name).Union(right.Secrets.Select(s => s.Name), StringComparer.Ordinal))
        {
            var (l, r) = (left.Secrets.FirstOrDefault(s => s.Name == secret), right.Secrets.FirstOrDefault(s => s.Name == secret));
            if (Stand(l) != Stand(r)) yield return new(name, ComparedTopic.Secret, secret, Stand(l), Stand(r));
            if (l?.Digests is not { } lefts || r?.Digests is not { } rights) continue;
            foreach (var key in lefts.Keys.Union(rights.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                var (a, b) = (lefts.GetValueOrDefault(key, ""), rights.GetValueOrDefault(key, ""));
                if (a != b) yield return new(name, ComparedTopic.Secret, $"{secret}:{key}", Short(a), Short(b));
            }
        }
    }

    private static string Stand(SecretState? secret) => secret switch
    {
        null => "",
        { Exists: false } => "does not exist",
        { PendingDeletion: true } => "is marked for deletion",
        _ => "there",
    };

    private static string Short(string digest) => digest.Length == 0 ? "" : $"digest {digest[..Math.Min(ShownDigest, digest.Length)]}";

    private static string Tasks(ServiceState service) => $"{service.Running} of {service.Desired}";

    private static string Drift(ServiceState service) => service.Newest > service.Revision ? $"runs {service.Revision}, newest is {service.Newest}" : "";

    private static IEnumerable<(string What, string Left, string Right)> Differing(ImmutableSortedDictionary<string, string> left, ImmutableSortedDictionary<string, string> right) =>
        left.Keys.Union(right.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(k => (k, left.GetValueOrDefault(k, ""), right.GetValueOrDefault(k, ""))).Where(d => d.Item2 != d.Item3);
}
