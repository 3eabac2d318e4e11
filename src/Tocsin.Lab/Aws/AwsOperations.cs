using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws;

/// <summary>Every operation of the stand-in in one list.</summary>
public static class AwsOperations
{
    public static IEnumerable<Operation> All(LabWorld world) =>
    [
        .. Secrets.SecretsOperations.All(world),
        .. Ecr.EcrOperations.All(world),
        .. Rds.RdsOperations.All(world),
        .. CloudTrail.CloudTrailOperations.All(world),
        .. Network.NetworkOperations.All(world),
        .. Iam.IamOperations.All(world),
        .. Sts.StsOperations.All(world),
        .. Acm.AcmOperations.All(world),
        .. Quotas.QuotaOperations.All(world),
        .. Metrics.MetricOperations.All(world),
        .. Scaling.ScalingOperations.All(world),
        .. Cache.CacheOperations.All(world),
        .. S3.BucketOperations.All(world),
    ];
}
