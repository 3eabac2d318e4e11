using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Rds;

/// <summary>Clusters, instances and snapshots as RDS writes them.</summary>
internal static class RdsShapes
{
    public static JsonObject Of(RdsCluster c, RdsState rds, Instant now) => new JsonObject
    {
        ["DBClusterIdentifier"] = c.Id,
        ["DBClusterArn"] = c.Arn,
        ["DbClusterResourceId"] = c.ResourceId,
        ["Status"] = c.Status,
        ["Engine"] = "aurora-mysql",
        ["EngineVersion"] = c.EngineVersion,
        ["EngineMode"] = "provisioned",
        ["Endpoint"] = c.Endpoint,
        ["ReaderEndpoint"] = c.ReaderEndpoint,
        ["Port"] = c.Port,
        ["MasterUsername"] = c.MasterUsername,
        ["MultiAZ"] = false,
        ["StorageEncrypted"] = true,
        ["DeletionProtection"] = c.DeletionProtection,
        ["BackupRetentionPeriod"] = c.BackupRetentionDays,
        ["EarliestRestorableTime"] = AwsTime.Iso(c.EarliestRestorable(now)),
        ["LatestRestorableTime"] = AwsTime.Iso(c.LatestRestorable(now)),
        ["ClusterCreateTime"] = AwsTime.Iso(c.Created),
        ["PreferredBackupWindow"] = "18:30-19:00",
        ["PreferredMaintenanceWindow"] = "sun:20:00-sun:20:30",
        ["DBSubnetGroup"] = c.SubnetGroup,
        ["DBClusterParameterGroup"] = c.ParameterGroup,
        ["ServerlessV2ScalingConfiguration"] = new JsonObject { ["MinCapacity"] = c.MinCapacity, ["MaxCapacity"] = c.MaxCapacity },
        ["VpcSecurityGroups>VpcSecurityGroupMembership"] = c.SecurityGroups.Array(g => new JsonObject { ["VpcSecurityGroupId"] = g, ["Status"] = "active" }),
        ["DBClusterMembers>DBClusterMember"] = rds.Instances.Values.Where(i => i.Cluster == c).Array(i => new JsonObject
        {
            ["DBInstanceIdentifier"] = i.Id,
            ["IsClusterWriter"] = i.Writer,
            ["DBClusterParameterGroupStatus"] = "in-sync",
            ["PromotionTier"] = 1,
        }),
    }.With("DatabaseName", c.DatabaseName.Length == 0 ? null : c.DatabaseName);

    public static JsonObject Of(RdsInstance i) => new()
    {
        ["DBInstanceIdentifier"] = i.Id,
        ["DBInstanceArn"] = i.Arn,
        ["DbiResourceId"] = i.ResourceId,
        ["DBClusterIdentifier"] = i.Cluster.Id,
        ["DBInstanceClass"] = i.Class,
        ["DBInstanceStatus"] = i.Status,
        ["Engine"] = "aurora-mysql",
        ["EngineVersion"] = i.Cluster.EngineVersion,
        ["MasterUsername"] = i.Cluster.MasterUsername,
        ["AvailabilityZone"] = i.AvailabilityZone,
        ["PubliclyAccessible"] = i.PubliclyAccessible,
        ["StorageType"] = "aurora",
        ["StorageEncrypted"] = true,
        ["MultiAZ"] = false,
        ["InstanceCreateTime"] = AwsTime.Iso(i.Created),
        ["BackupRetentionPeriod"] = i.Cluster.BackupRetentionDays,
        ["Endpoint"] = new JsonObject { ["Address"] = i.Cluster.InstanceEndpoint(i.Id), ["Port"] = i.Cluster.Port },
        ["VpcSecurityGroups>VpcSecurityGroupMembership"] = i.Cluster.SecurityGroups.Array(g => new JsonObject { ["VpcSecurityGroupId"] = g, ["Status"] = "active" }),
    };

    public static JsonObject Of(RdsSnapshot s, string? status = null) => new()
    {
        ["DBClusterSnapshotIdentifier"] = s.Id,
        ["DBClusterSnapshotArn"] = s.Arn,
        ["DBClusterIdentifier"] = s.ClusterId,
        ["SnapshotCreateTime"] = AwsTime.Iso(s.Created),
        ["ClusterCreateTime"] = AwsTime.Iso(s.ClusterCreated),
        ["Engine"] = "aurora-mysql",
        ["EngineVersion"] = s.EngineVersion,
        ["MasterUsername"] = s.MasterUsername,
        ["Status"] = status ?? s.Status,
        ["SnapshotType"] = s.Type,
        ["PercentProgress"] = s.Status is "creating" ? 0 : 100,
        ["Port"] = s.Port,
        ["StorageEncrypted"] = true,
    };
}
