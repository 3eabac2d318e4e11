using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes;

/// <summary>What a drill looks at.</summary>
public sealed record DrillScope(PlatformMap Map, ImmutableArray<Service> Asked, Instant Now, Instant Since)
{
    /// <summary>The services asked about and those they need: a symptom here may have its cause there.</summary>
    public ImmutableArray<Service> Services { get; } = Closure(Map.Platform, Asked);

    private static ImmutableArray<Service> Closure(Platform platform, ImmutableArray<Service> asked)
    {
        var all = new List<Service>(asked);
        for (var i = 0; i < all.Count; i++) all.AddRange(all[i].DependsOn.Select(platform.Service).OfType<Service>().Where(s => !all.Contains(s)).Distinct());
        return [.. all];
    }
}

/// <summary>The five-minute drill: every probe at once, what they read matched, all of it in one bundle.</summary>
/// <param name="further">Probes beside those that ask AWS.</param>
public sealed class Drill(DrillScope scope, FactTable definitions, MatchSet matching, TimeProvider time, Func<EvidenceTexts, IEnumerable<Probe>> further)
{
    private readonly EvidenceTexts texts = new();
    private readonly List<ProbeResult> results = [];
    private AwsCalls? calls;

    public ProbeLimits Limits { get; init; } = new();

    public StoppedTaskRecord? Record { get; init; }

    public bool ReadsSecretValues { get; init; }

    public ImmutableArray<ProbeResult> Results => [.. results];

    /// <summary>The calls to AWS that were made, each question once.</summary>
    public ImmutableArray<CallMade> Calls => calls?.Made ?? [];

    /// <summary>Looks at everything; results come as they are made.</summary>
    public async IAsyncEnumerable<ProbeResult> RunAsync(AwsCaller caller, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        calls = new AwsCalls(caller, time, ending.Token);
        var ground = new AwsGround(scope.Map, calls, scope.Services, scope.Now, scope.Since, ReadsSecretValues) { Record = Record, Texts = texts };
        var probes = AwsProbes.For(ground).Concat(further(texts)).ToList();
        try
        {
            await foreach (var result in new ProbeRunner(definitions, time, Limits).RunAsync(probes, cancel))
            {
                results.Add(result);
                texts.Add(result.Observation);
                yield return result;
            }
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    /// <summary>All that was seen, as the diagnosis takes it.</summary>
    public EvidenceBundle Bundle(string catalogDigest) => new()
    {
        Platform = scope.Map.Platform.Id,
        Environment = scope.Map.Environment,
        Services = [.. scope.Asked.Select(s => s.Name)],
        Catalog = catalogDigest,
        CollectedAt = Instant.FromDateTimeOffset(time.GetUtcNow()),
        Observations = Joined(results.Select(r => r.Observation)),
        Matches = texts.Match(matching, scope.Now),
        Topology = Topology.Of(scope.Map.Platform),
    };

    // Several looks of one drill at one subject by one probe are one look: what AWS says of a server, and what the server says of itself.
    private static ImmutableArray<Observation> Joined(IEnumerable<Observation> seen) =>
        [.. seen.GroupBy(o => (o.Probe, o.Subject, o.Vantage)).Select(g => g.OrderByDescending(o => o.IsEvidence).ThenBy(o => o.At).ThenBy(o => o.Note, StringComparer.Ordinal).Aggregate(Join))];

    private static Observation Join(Observation a, Observation b) => a with
    {
        At = Instant.Max(a.At, b.At),
        Facts = b.IsEvidence && a.IsEvidence ? a.Facts.SetItems(b.Facts.Where(f => !a.Facts.ContainsKey(f.Key))) : a.Facts,
        ChangedAt = a.ChangedAt is { } x && b.ChangedAt is { } y ? Instant.Max(x, y) : a.ChangedAt ?? b.ChangedAt,
        Since = a.Since ?? b.Since,
        Note = string.Join("; ", new[] { a.Note, b.Note }.Where(n => n.Length > 0).Distinct(StringComparer.Ordinal)),
        Status = a.Status == ObservationStatus.Empty && b.Status == ObservationStatus.Ok ? ObservationStatus.Ok : a.Status,
    };
}
