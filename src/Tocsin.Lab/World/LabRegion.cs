using Tocsin.Lab.Aws.Ecr;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Aws.Elb;
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
}
