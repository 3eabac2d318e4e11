using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Rds;

/// <summary>RDS for Aurora clusters: describe, modify, snapshot, restore. Status follows lab time.</summary>
public static partial class RdsOperations
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, Func<Desk, JsonObject> answer, Func<AwsCall, IEnumerable<string>> arns, string note = "") =>
            new("rds", name, call => answer(Desk.Open(world, call))) { Resources = arns, Note = note };
        yield return Op("DescribeDBClusters", DescribeClusters, Arns("cluster", "DBClusterIdentifier"));
        yield return Op("DescribeDBInstances", DescribeInstances, Arns("db", "DBInstanceIdentifier"));
        yield return Op("DescribeDBClusterSnapshots", DescribeSnapshots, Arns("cluster-snapshot", "DBClusterSnapshotIdentifier"));
        yield return Op("CreateDBClusterSnapshot", CreateSnapshot, Both(Arns("cluster-snapshot", "DBClusterSnapshotIdentifier"), Arns("cluster", "DBClusterIdentifier")), "available after two minutes of lab time");
        yield return Op("DeleteDBClusterSnapshot", DeleteSnapshot, Arns("cluster-snapshot", "DBClusterSnapshotIdentifier"));
        yield return Op("ModifyDBCluster", Modify, Arns("cluster", "DBClusterIdentifier"), "password, capacity, backup retention and deletion protection; applied at once");
        yield return Op("RestoreDBClusterFromSnapshot", RestoreSnapshot, Both(Arns("cluster", "DBClusterIdentifier"), Arns("cluster-snapshot", "SnapshotIdentifier")), "a new cluster without instances, as in AWS");
        yield return Op("RestoreDBClusterToPointInTime", RestorePoint, Both(Arns("cluster", "DBClusterIdentifier"), Arns("cluster", "SourceDBClusterIdentifier")), "a new cluster without instances, as in AWS");
    }

    private sealed record Desk(RdsState Rds, AwsCall Call, Duration Elapsed)
    {
        public static Desk Open(LabWorld world, AwsCall call)
        {
            var desk = new Desk(world.Regions[call.Region].Rds, call, world.Clock.Elapsed);
            desk.Rds.Settle(desk.Elapsed);
            return desk;
        }

        public RdsCluster Cluster(string member) => Rds.Clusters.GetValueOrDefault(Id(Call.Required(member))) ?? throw new AwsException("DBClusterNotFoundFault", $"DBCluster {Call.Text(member)} not found.", 404);

        public RdsSnapshot Snapshot(string member) => Rds.Snapshots.GetValueOrDefault(Id(Call.Required(member))) ?? throw new AwsException("DBClusterSnapshotNotFoundFault", $"DBClusterSnapshot {Call.Text(member)} not found.", 404);

        /// <summary>A name that nothing has yet.</summary>
        public string NewName(string member) => Call.Required(member).ToLowerInvariant() is var id && ValidName().IsMatch(id) ? id
            : throw new AwsException("InvalidParameterValue", $"The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.");

        public (List<T> Items, string? Next) Page<T>(IEnumerable<T> all, Func<T, string> key) => Pages.Of(all, key, Call.Text("Marker"),
            Call.Within("MaxRecords", 20, 100, 100, n => new AwsException("InvalidParameterValue", $"Invalid value {n} for MaxRecords. Must be between 20 and 100")),
            () => new AwsException("InvalidParameterValue", "The value of the Marker parameter is not valid."));

        /// <summary>RDS's filters: any value of each.</summary>
        public bool Fits(Func<string, string?> fact) => Call.Items("Filters").OfType<JsonObject>().All(f =>
        {
            var name = f.Leaf("Name") ?? "";
            var actual = fact(name) ?? throw new AwsException("InvalidParameterValue", $"Unrecognized filter name: {Inputs.Short(name)}");
            return f.List("Values").Any(v => Id(v?.ToString() ?? "") == actual);
        });
    }

    // An identifier may be given as an ARN.
    private static string Id(string text) => text.ToLowerInvariant().Split(':')[^1];

    private static Func<AwsCall, IEnumerable<string>> Arns(string kind, string member) => call => [LabIds.Arn("rds", call.Region, $"{kind}:{(call.Text(member) is { Length: > 0 } id ? Id(id) : "*")}")];

    private static Func<AwsCall, IEnumerable<string>> Both(Func<AwsCall, IEnumerable<string>> one, Func<AwsCall, IEnumerable<string>> two) => call => one(call).Concat(two(call));

    private static JsonObject DescribeClusters(Desk desk)
    {
        IEnumerable<RdsCluster> all = desk.Call.Text("DBClusterIdentifier") is { Length: > 0 } ? [desk.Cluster("DBClusterIdentifier")] : desk.Rds.Clusters.Values;
        var (page, next) = desk.Page(all.Where(c => desk.Fits(name => name switch { "db-cluster-id" => c.Id, "engine" => "aurora-mysql", "db-cluster-resource-id" => c.ResourceId.ToLowerInvariant(), _ => null })), c => c.Id);
        return new JsonObject { ["DBClusters>DBCluster"] = page.Array(c => RdsShapes.Of(c, desk.Rds, desk.Call.Now)) }.With("Marker", next);
    }

    private static JsonObject DescribeInstances(Desk desk)
    {
        IEnumerable<RdsInstance> all = desk.Rds.Instances.Values;
        if (desk.Call.Text("DBInstanceIdentifier") is { Length: > 0 } id) all = [desk.Rds.Instances.GetValueOrDefault(Id(id)) ?? throw new AwsException("DBInstanceNotFound", $"DBInstance {id} not found.", 404)];
        var (page, next) = desk.Page(all.Where(i => desk.Fits(name => name switch { "db-instance-id" => i.Id, "db-cluster-id" => i.Cluster.Id, "engine" => "aurora-mysql", _ => null })), i => i.Id);
        return new JsonObject { ["DBInstances>DBInstance"] = page.Array(RdsShapes.Of) }.With("Marker", next);
    }

    private static JsonObject DescribeSnapshots(Desk desk)
    {
        IEnumerable<RdsSnapshot> all = desk.Call.Text("DBClusterSnapshotIdentifier") is { Length: > 0 } ? [desk.Snapshot("DBClusterSnapshotIdentifier")] : desk.Rds.Snapshots.Values;
        if (desk.Call.Text("DBClusterIdentifier") is { Length: > 0 } cluster) all = all.Where(s => s.ClusterId == Id(cluster));
        if (desk.Call.Text("SnapshotType") is { Length: > 0 } type) all = all.Where(s => s.Type == type);
        var (page, next) = desk.Page(all.Where(s => desk.Fits(name => name switch { "db-cluster-id" => s.ClusterId, "db-cluster-snapshot-id" => s.Id, "snapshot-type" => s.Type, "engine" => "aurora-mysql", _ => null })), s => s.Id);
        return new JsonObject { ["DBClusterSnapshots>DBClusterSnapshot"] = page.Array(s => RdsShapes.Of(s)) }.With("Marker", next);
    }

    private static JsonObject CreateSnapshot(Desk desk)
    {
        var id = desk.NewName("DBClusterSnapshotIdentifier");
        var cluster = desk.Cluster("DBClusterIdentifier");
        if (desk.Rds.Snapshots.ContainsKey(id)) throw new AwsException("DBClusterSnapshotAlreadyExistsFault", $"Cannot create the cluster snapshot because one with the identifier {id} already exists.");
        if (cluster.Status is "creating" or "stopped") throw NotAvailable(cluster);
        var snapshot = desk.Rds.Snapshots[id] = new RdsSnapshot(id, cluster, desk.Call.Region, desk.Call.Now) { ReadyAt = desk.Elapsed + desk.Rds.SnapshotTakes };
        return new JsonObject { ["DBClusterSnapshot"] = RdsShapes.Of(snapshot) };
    }

    private static JsonObject DeleteSnapshot(Desk desk)
    {
        var snapshot = desk.Snapshot("DBClusterSnapshotIdentifier");
        if (snapshot.Status is not "available" || snapshot.Type is not "manual") throw new AwsException("InvalidDBClusterSnapshotStateFault", $"The snapshot {snapshot.Id} is not a manual snapshot in the available state.");
        desk.Rds.Snapshots.Remove(snapshot.Id);
        return new JsonObject { ["DBClusterSnapshot"] = RdsShapes.Of(snapshot, "deleted") };
    }

    private static JsonObject Modify(Desk desk)
    {
        var cluster = desk.Cluster("DBClusterIdentifier");
        if (cluster.Status is not "available") throw NotAvailable(cluster);
        var changes = Changes(desk.Call, cluster).ToList();
        foreach (var change in changes)
        {
            if (change is RdsChange.Capacity capacity) (cluster.MinCapacity, cluster.MaxCapacity) = (capacity.Min, capacity.Max);
            if (change is RdsChange.BackupRetention retention) cluster.BackupRetentionDays = retention.Days;
            desk.Rds.Changed?.Invoke(cluster, change);
        }
        if (desk.Call.Flag("DeletionProtection") is { } protection) cluster.DeletionProtection = protection;
        if (changes.Count > 0) (cluster.Status, cluster.BusyUntil) = ("modifying", desk.Elapsed + desk.Rds.ChangeTakes);
        return new JsonObject { ["DBCluster"] = RdsShapes.Of(cluster, desk.Rds, desk.Call.Now) };
    }

    // All is read before anything is changed.
    private static IEnumerable<RdsChange> Changes(AwsCall call, RdsCluster cluster)
    {
        if (call.Text("MasterUserPassword") is { } password)
        {
            if (password.Length < 8) throw new AwsException("InvalidParameterValue", "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters.");
            if (password.Length > 41) throw new AwsException("InvalidParameterValue", "The parameter MasterUserPassword is not a valid password because it is longer than 41 characters.");
            if (password.Any(c => c is < '!' or > '~' or '/' or '@' or '"')) throw new AwsException("InvalidParameterValue", "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.");
            yield return new RdsChange.Password(password);
        }
        if (call.Object("ServerlessV2ScalingConfiguration") is { } scaling) yield return Capacity(scaling.Real("MinCapacity") ?? cluster.MinCapacity, scaling.Real("MaxCapacity") ?? cluster.MaxCapacity);
        if (call.Number("BackupRetentionPeriod") is { } days)
        {
            yield return days is >= 1 and <= 35 ? new RdsChange.BackupRetention((int)days)
                : throw new AwsException("InvalidParameterValue", $"Invalid backup retention period: {days}. Retention period must be between 1 and 35");
        }
    }

    private static RdsChange.Capacity Capacity(double min, double max)
    {
        if (min is < 0 or > 256 || max is < 1 or > 256 || min * 2 % 1 != 0 || max * 2 % 1 != 0) throw new AwsException("InvalidParameterValue", "Serverless v2 capacity must be in increments of 0.5 from 0 to 256, with a maximum of at least 1.");
        return min <= max ? new RdsChange.Capacity(min, max)
            : throw new AwsException("InvalidParameterCombination", string.Create(CultureInfo.InvariantCulture, $"Serverless v2 maximum capacity {max} isn't valid. The maximum capacity must be equal to or greater than the minimum capacity {min}."));
    }

    private static JsonObject RestoreSnapshot(Desk desk)
    {
        var id = desk.NewName("DBClusterIdentifier");
        var snapshot = desk.Snapshot("SnapshotIdentifier");
        if (snapshot.Status is not "available") throw new AwsException("InvalidDBClusterSnapshotStateFault", $"The DB cluster snapshot {snapshot.Id} is not in the available state.");
        return Restored(desk, id, new RdsCluster(id, desk.Call.Region, snapshot.MasterUsername, desk.Call.Now) { EngineVersion = snapshot.EngineVersion, DatabaseName = snapshot.DatabaseName, Port = snapshot.Port },
            desk.Rds.Clusters.GetValueOrDefault(snapshot.ClusterId), new RdsChange.RestoredFromSnapshot(snapshot));
    }

    private static JsonObject RestorePoint(Desk desk)
    {
        var id = desk.NewName("DBClusterIdentifier");
        var source = desk.Cluster("SourceDBClusterIdentifier");
        var (at, latest) = (desk.Call.Time("RestoreToTime"), desk.Call.Flag("UseLatestRestorableTime") == true);
        if (at is not null == latest) throw new AwsException("InvalidParameterCombination", "Either RestoreToTime or UseLatestRestorableTime must be specified, and not both.");
        var (from, to) = (source.EarliestRestorable(desk.Call.Now), source.LatestRestorable(desk.Call.Now));
        if (at > to) throw new AwsException("InvalidParameterValue", $"The specified instance cannot be restored to a time later than {AwsTime.Iso(to)}");
        if (at < from) throw new AwsException("InvalidParameterValue", $"The specified instance cannot be restored to a time earlier than {AwsTime.Iso(from)}");
        return Restored(desk, id, new RdsCluster(id, desk.Call.Region, source.MasterUsername, desk.Call.Now) { EngineVersion = source.EngineVersion, DatabaseName = source.DatabaseName, Port = source.Port },
            source, new RdsChange.RestoredToPoint(source, at ?? to));
    }

    private static JsonObject Restored(Desk desk, string id, RdsCluster cluster, RdsCluster? like, RdsChange change)
    {
        if (desk.Rds.Clusters.ContainsKey(id)) throw new AwsException("DBClusterAlreadyExistsFault", "DB Cluster already exists");
        (cluster.Status, cluster.BusyUntil) = ("creating", desk.Elapsed + desk.Rds.RestoreTakes);
        if (like is not null) (cluster.MinCapacity, cluster.MaxCapacity, cluster.BackupRetentionDays) = (like.MinCapacity, like.MaxCapacity, like.BackupRetentionDays);
        if (desk.Call.Object("ServerlessV2ScalingConfiguration") is { } scaling)
        {
            var capacity = Capacity(scaling.Real("MinCapacity") ?? cluster.MinCapacity, scaling.Real("MaxCapacity") ?? cluster.MaxCapacity);
            (cluster.MinCapacity, cluster.MaxCapacity) = (capacity.Min, capacity.Max);
        }
        cluster.SecurityGroups.AddRange(desk.Call.Object("VpcSecurityGroupIds") is not null || desk.Call.Input.ContainsKey("VpcSecurityGroupIds") ? desk.Call.Texts("VpcSecurityGroupIds") : like?.SecurityGroups ?? []);
        desk.Rds.Add(cluster);
        desk.Rds.Changed?.Invoke(cluster, change);
        return new JsonObject { ["DBCluster"] = RdsShapes.Of(cluster, desk.Rds, desk.Call.Now) };
    }

    private static AwsException NotAvailable(RdsCluster cluster) => new("InvalidDBClusterStateFault", $"DB Cluster {cluster.Id} is not in available state. Current state: {cluster.Status}");

    [GeneratedRegex(@"\A[a-z](?:-?[a-z0-9]){0,62}\z", RegexOptions.NonBacktracking)]
    private static partial Regex ValidName();
}
