using Tocsin.Lab.Aws.CloudTrail;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Aws.S3;

namespace Tocsin.Lab.World;

/// <summary>
/// Everything that the stand-in knows. Whoever reads or changes it holds <see cref="Gate"/>, and holds it briefly: no I/O and no wait happens under it.
/// CloudWatch Logs alone locks for itself.
/// </summary>
public sealed class LabWorld
{
    public LabWorld(LabClock clock, IEnumerable<string> regions)
    {
        Clock = clock;
        Regions = regions.ToDictionary(r => r, r => new LabRegion(r, clock), StringComparer.Ordinal);
        Trail = new TrailStore(clock);
    }

    public Lock Gate { get; } = new();

    public LabClock Clock { get; }

    /// <summary>Whether an address may be a load balancer's target.</summary>
    public Func<System.Net.IPAddress, bool> IsOwn { get; init; } = System.Net.IPAddress.IsLoopback;

    public IamState Iam { get; } = new();

    public TrailStore Trail { get; }

    public BucketStore Buckets { get; } = new();

    public IReadOnlyDictionary<string, LabRegion> Regions { get; }
}
