using Tocsin.Lab.Aws.Acm;
using Tocsin.Lab.Aws.Cache;
using Tocsin.Lab.Aws.Ecr;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Aws.Network;
using Tocsin.Lab.Aws.Quotas;
using Tocsin.Lab.Aws.Rds;
using Tocsin.Lab.Aws.Scaling;
using Tocsin.Lab.Aws.Secrets;

namespace Tocsin.Lab.World;

/// <summary>What one region holds.</summary>
public sealed class LabRegion(string name, LabClock clock)
{
    public string Name { get; } = name;

    public LabClock Clock { get; } = clock;

    public EcsState Ecs { get; } = new();

    public ElbState Elb { get; } = new();

    public SecretStore Secrets { get; } = new(name);

    public ImageStore Images { get; } = new(name);

    public RdsState Rds { get; } = new(name);

    public NetworkState Network { get; } = new();

    public CertificateState Certificates { get; } = new();

    public QuotaState Quotas { get; } = new();

    public MetricStore Metrics { get; } = new();

    public ScalingState Scaling { get; } = new();

    public CacheState Cache { get; } = new();
}
