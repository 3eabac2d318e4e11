using NodaTime;

namespace Tocsin.Lab.Aws.Rds;

/// <summary>What was asked of a cluster, for whoever runs the database behind it.</summary>
public abstract record RdsChange
{
    public sealed record Password(string NewPassword) : RdsChange;

    public sealed record Capacity(double Min, double Max) : RdsChange;

    public sealed record BackupRetention(int Days) : RdsChange;

    public sealed record RestoredFromSnapshot(RdsSnapshot Snapshot) : RdsChange;

    public sealed record RestoredToPoint(RdsCluster Source, Instant Point) : RdsChange;

    private RdsChange()
    {
    }
}

/// <summary>An Aurora cluster of Serverless v2.</summary>
public sealed class RdsCluster(string id, string region, string masterUsername, Instant created)
{
    private readonly string suffix = LabIds.Letters(id + region, 12).ToLowerInvariant();

    public string Id { get; } = id;

    public string Arn { get; } = LabIds.Arn("rds", region, $"cluster:{id}");

    public string ResourceId { get; } = "cluster-" + LabIds.Letters(id + region, 26);

    public string MasterUsername { get; } = masterUsername;

    public Instant Created { get; } = created;

    public string EngineVersion { get; init; } = "8.0.mysql_aurora.3.08.2";

    public string DatabaseName { get; init; } = "";

    public int Port { get; init; } = 3306;

    public string SubnetGroup { get; init; } = "default";

    public string ParameterGroup { get; init; } = "default.aurora-mysql8.0";

    public List<string> SecurityGroups { get; init; } = [];

    public string Endpoint => $"{Id}.cluster-{suffix}.{region}.rds.amazonaws.com";

    public string ReaderEndpoint => $"{Id}.cluster-ro-{suffix}.{region}.rds.amazonaws.com";

    public string InstanceEndpoint(string instance) => $"{instance}.{suffix}.{region}.rds.amazonaws.com";

    public string Status { get; set; } = "available";

    /// <summary>Lab time at which it becomes available.</summary>
    public Duration? BusyUntil { get; set; }

    /// <summary>Aurora capacity units; a minimum of zero lets it pause.</summary>
    public double MinCapacity { get; set; } = 0.5;

    public double MaxCapacity { get; set; } = 2;

    public int BackupRetentionDays { get; set; } = 7;

    public bool DeletionProtection { get; set; }

    /// <summary>The five minutes that a point-in-time restore is behind.</summary>
    public Instant LatestRestorable(Instant now) => Instant.Max(Created, now - Duration.FromMinutes(5));

    public Instant EarliestRestorable(Instant now) => Instant.Max(Created, now - Duration.FromDays(BackupRetentionDays));
}

public sealed class RdsInstance(string id, RdsCluster cluster, string region, Instant created)
{
    public string Id { get; } = id;

    public string Arn { get; } = LabIds.Arn("rds", region, $"db:{id}");

    public string ResourceId { get; } = "db-" + LabIds.Letters(id + region, 26);

    public RdsCluster Cluster { get; } = cluster;

    public Instant Created { get; } = created;

    public string Class { get; init; } = "db.serverless";

    public string AvailabilityZone { get; init; } = region + "a";

    public bool Writer { get; init; } = true;

    public bool PubliclyAccessible { get; set; }

    public string Status { get; set; } = "available";
}

public sealed class RdsSnapshot(string id, RdsCluster cluster, string region, Instant created)
{
    public string Id { get; } = id;

    public string Arn { get; } = LabIds.Arn("rds", region, $"cluster-snapshot:{id}");

    public string ClusterId { get; } = cluster.Id;

    public string MasterUsername { get; } = cluster.MasterUsername;

    public string EngineVersion { get; } = cluster.EngineVersion;

    public string DatabaseName { get; } = cluster.DatabaseName;

    public Instant ClusterCreated { get; } = cluster.Created;

    public int Port { get; } = cluster.Port;

    public Instant Created { get; } = created;

    /// <summary><c>manual</c> or <c>automated</c>.</summary>
    public string Type { get; init; } = "manual";

    public string Status { get; set; } = "creating";

    /// <summary>Lab time at which it is whole.</summary>
    public Duration ReadyAt { get; init; }
}

/// <summary>Clusters, instances and snapshots of one region.</summary>
public sealed class RdsState(string region)
{
    /// <summary>How long a snapshot, a change and a restore take, in lab time.</summary>
    public Duration SnapshotTakes { get; set; } = Duration.FromMinutes(2);

    public Duration ChangeTakes { get; set; } = Duration.FromSeconds(30);

    public Duration RestoreTakes { get; set; } = Duration.FromMinutes(10);

    public SortedDictionary<string, RdsCluster> Clusters { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, RdsInstance> Instances { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, RdsSnapshot> Snapshots { get; } = new(StringComparer.Ordinal);

    /// <summary>Told of every change while the world's lock is held: it must neither wait nor do I/O.</summary>
    public Action<RdsCluster, RdsChange>? Changed { get; set; }

    public RdsCluster Add(RdsCluster cluster)
    {
        Clusters[cluster.Id] = cluster;
        return cluster;
    }

    public RdsInstance AddInstance(string id, RdsCluster cluster, Instant created, bool publicly = false) =>
        Instances[id] = new RdsInstance(id, cluster, region, created) { PubliclyAccessible = publicly };

    /// <summary>Brings every state to the given lab time.</summary>
    public void Settle(Duration elapsed)
    {
        foreach (var cluster in Clusters.Values.Where(c => c.BusyUntil <= elapsed)) (cluster.Status, cluster.BusyUntil) = ("available", null);
        foreach (var snapshot in Snapshots.Values.Where(s => s.Status is "creating" && s.ReadyAt <= elapsed)) snapshot.Status = "available";
    }
}
