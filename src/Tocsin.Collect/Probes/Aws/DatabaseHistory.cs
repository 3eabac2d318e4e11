using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>The database's past: its snapshots, its pauses, its connections, as AWS keeps them when the server itself cannot be asked.</summary>
internal static class DatabaseHistory
{
    private static readonly Duration Hour = Duration.FromHours(1);

    /// <summary>A pause that ended longer ago has nothing to do with what fails now.</summary>
    private const int RecentMinutes = 15;

    public static IEnumerable<Probe> For(AwsGround ground)
    {
        if (ground.Map.Component("aurora", "cluster") is not { } cluster) return [];
        return
        [
            ground.Probe("rds.snapshots", ground.Map.Of("aurora"), "rds", (s, c) => SnapshotsAsync(ground, cluster, s, c), "rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters"),
            ground.Probe("rds.cluster", ground.Map.Of("aurora"), "rds", (s, c) => LoadAsync(ground, cluster, s, c), "cloudwatch:GetMetricData", "cloudtrail:LookupEvents"),
        ];
    }

    private static async Task SnapshotsAsync(AwsGround ground, string cluster, Sighting sighting, CancellationToken cancel)
    {
        var all = (await ground.AskAsync(sighting, "rds", "DescribeDBClusterSnapshots", new JsonObject { ["DBClusterIdentifier"] = cluster }, cancel)).Items("DBClusterSnapshots").ToList();
        sighting.Fact("count", all.Count(s => s.Text("Status") is "available"));
        sighting.Fact("running", all.Exists(s => s.Text("Status") is "creating"));
        if (all.Where(s => s.Text("Status") is "available").Select(s => s.Time("SnapshotCreateTime")).OfType<Instant>().ToList() is { Count: > 0 } made) sighting.Fact("newestMinutesAgo", made.Max().MinutesTo(ground.Now));
        else sighting.Empty();
        if (await ComponentProbes.ClusterAsync(ground, sighting, cancel) is { } found) sighting.Fact("retentionDays", found.Number("BackupRetentionPeriod"));
    }

    private static async Task LoadAsync(AwsGround ground, string cluster, Sighting sighting, CancellationToken cancel)
    {
        var connected = await MetricSeries.ReadAsync(ground, "AWS/RDS", "DatabaseConnections", ("DBClusterIdentifier", cluster), ground.Now - Hour, sighting, cancel);
        if (connected.Count > 0) sighting.Fact("connections", connected[^1]);
        var capacity = await MetricSeries.ReadAsync(ground, "AWS/RDS", "ServerlessDatabaseCapacity", ("DBClusterIdentifier", cluster), ground.Now - Hour, sighting, cancel);
        Pauses(connected, capacity, sighting);
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var changed = (await AccessProbes.EventsAsync(ground, sighting, onlyWrites: true, cancel)).Where(e => e.Text("eventName") is "ModifyDBCluster" && e.Text("errorCode") is null && e.Map("requestParameters")?.ContainsKey("masterUserPassword") is true).Select(e => e.Time("eventTime")).OfType<Instant>().ToList();
            if (changed.Count > 0) sighting.Fact("passwordChangedMinutesAgo", changed.Max().MinutesTo(ground.Now));
        }, cancel);
        if (connected.Count == 0 && capacity.Count == 0) sighting.Empty();
    }

    // A value each minute. While it is paused, how long it was idle before is behind the hour that is read, or will be clear when it resumes.
    internal static void Pauses(List<double> connected, List<double> capacity, Sighting sighting)
    {
        if (capacity.Count == 0 || capacity[^1] == 0) return;
        var last = capacity.FindLastIndex(c => c == 0);
        sighting.Fact("resumedMinutesAgo", last < 0 ? -1 : capacity.Count - 1 - last);
        var end = connected.FindLastIndex(c => c == 0);
        if (end < 0 || connected.Count - 1 - end > RecentMinutes) return;
        var begin = end;
        while (begin > 0 && connected[begin - 1] == 0) begin--;
        sighting.Fact("idleMinutes", end - begin + 1);
    }
}
