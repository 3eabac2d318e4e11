using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Aws;

/// <summary>A database cluster of the environment, by the component's name or its own.</summary>
internal sealed record ClusterNow(string Id, JsonObject Raw)
{
    public string Status => Raw.Text("Status") ?? "unknown";

    public static async Task<ClusterNow> FindAsync(ActionGround ground, string named, CancellationToken cancel)
    {
        var known = ground.Map.Components.Select(c => ground.Map.Component(c, "cluster")).OfType<string>().ToList();
        var id = ground.Map.Component(named, "cluster") ?? (named.Length == 0 && known.Count == 1 ? known[0] : named);
        if (!known.Contains(id, StringComparer.Ordinal)) throw new ActionRefused($"the platform has no database cluster {named} in {ground.Map.Environment}; known: {string.Join(", ", known)}");
        return new ClusterNow(id, await ReadAsync(ground, id, cancel) ?? throw new ActionRefused($"RDS has no cluster {id} in {ground.Map.Region}"));
    }

    public static async Task<JsonObject?> ReadAsync(ActionGround ground, string id, CancellationToken cancel)
    {
        try
        {
            return (await ground.AskAsync("rds", "DescribeDBClusters", new JsonObject { ["DBClusterIdentifier"] = id }, cancel)).Items("DBClusters").FirstOrDefault();
        }
        catch (AwsFailure e) when (e.Code.StartsWith("DBClusterNotFound", StringComparison.Ordinal))
        {
            return null;
        }
    }
}

/// <summary>rds.snapshot: evidence, and the way back, before anything is repaired.</summary>
public sealed class Snapshot : ActionKind
{
    public override string Id => "rds.snapshot";

    public override string Target => "the database component, or the cluster";

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var cluster = await ClusterNow.FindAsync(ground, order.Target, cancel);
        if (cluster.Status is not "available") throw new ActionRefused($"{cluster.Id} is {cluster.Status}; a snapshot is taken of an available cluster");
        // Named by the time, so that the same plan can never take two.
        var name = $"tocsin-{cluster.Id}-{ground.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        var call = AwsCalling.Call("rds", "CreateDBClusterSnapshot", new JsonObject { ["DBClusterIdentifier"] = cluster.Id, ["DBClusterSnapshotIdentifier"] = name });
        return new ActionDraft(cluster.Id, "no snapshot of this name", name, [call], Facts(cluster));
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts(await ClusterNow.FindAsync(ground, plan.Target, cancel));

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel) =>
        await FindAsync(ground, run, cancel) is { } found ? CallResult.Done($"read back: {run.Plan.Wanted} is {found.Text("Status")}") : CallResult.Failed("read back: there is no such snapshot");

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => await FindAsync(ground, run, cancel) switch
    {
        null => Verification.No($"{run.Plan.Wanted} is not there"),
        var found when found.Text("Status") is "available" => Verification.Yes($"{run.Plan.Wanted} is available"),
        var found => Verification.NotYet($"{run.Plan.Wanted} is {found.Text("Status")}"),
    };

    private static async Task<JsonObject?> FindAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        try
        {
            return (await ground.AskAsync("rds", "DescribeDBClusterSnapshots", new JsonObject { ["DBClusterSnapshotIdentifier"] = run.Plan.Wanted }, cancel)).Items("DBClusterSnapshots").FirstOrDefault();
        }
        catch (AwsFailure e) when (e.Code.StartsWith("DBClusterSnapshotNotFound", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static ImmutableSortedDictionary<string, string> Facts(ClusterNow cluster) => ActionOrder.None.Add("cluster", cluster.Raw.Text("DBClusterArn") ?? cluster.Id).Add("status", cluster.Status);
}

/// <summary>rds.restoreToNewCluster: the data as it was at a time, beside the cluster that runs and never over it.</summary>
public sealed class RestoreToNewCluster : ActionKind
{
    public override string Id => "rds.restoreToNewCluster";

    public override string Target => "the database component, or the cluster";

    public override ImmutableArray<ActionArgument> Arguments => [new("time", "the moment before the damage, such as 2026-11-22T03:10:00Z", Required: true)];

    public override Duration Patience => Duration.FromMinutes(30);

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var cluster = await ClusterNow.FindAsync(ground, order.Target, cancel);
        if (OffsetDateTimePattern.ExtendedIso.Parse(order.Value("time")!) is not { Success: true } parsed) throw new ActionRefused("time is such as 2026-11-22T03:10:00Z");
        var at = parsed.Value.ToInstant();
        var (earliest, latest) = (cluster.Raw.Time("EarliestRestorableTime"), cluster.Raw.Time("LatestRestorableTime"));
        if (at < earliest || at > latest) throw new ActionRefused($"{cluster.Id} can be restored to times from {earliest} to {latest}");
        var name = $"{cluster.Id}-restored-{at.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        if (await ClusterNow.ReadAsync(ground, name, cancel) is not null) throw new ActionRefused($"{name} is there already");
        var input = new JsonObject { ["DBClusterIdentifier"] = name, ["SourceDBClusterIdentifier"] = cluster.Id, ["RestoreToTime"] = at.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), ["DBSubnetGroupName"] = cluster.Raw.Text("DBSubnetGroup") };
        return new ActionDraft(cluster.Id, $"{name} does not exist", $"{name} with the data of {at}", [AwsCalling.Call("rds", "RestoreDBClusterToPointInTime", input)], ActionOrder.None.Add("cluster", cluster.Raw.Text("DBClusterArn") ?? cluster.Id))
        {
            Notes =
            [
                $"{cluster.Id} goes on as it is; nothing reads the new cluster until somebody points it there",
                $"the new cluster has no instance yet: aws rds create-db-instance --db-instance-identifier {name}-1 --db-cluster-identifier {name} --engine aurora-mysql --db-instance-class db.serverless {AwsCommands.Where(await ground.PlaceAsync(cancel))}",
            ],
        };
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => ActionOrder.None.Add("cluster", (await ClusterNow.FindAsync(ground, plan.Target, cancel)).Raw.Text("DBClusterArn") ?? plan.Target);

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel) => await ClusterNow.ReadAsync(ground, Name(run), cancel) is { } made ? CallResult.Done($"read back: {Name(run)} is {made.Text("Status")}") : CallResult.Failed($"read back: there is no {Name(run)}");

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => await ClusterNow.ReadAsync(ground, Name(run), cancel) switch
    {
        null => Verification.No($"{Name(run)} is not there"),
        var made when made.Text("Status") is "available" => Verification.Yes($"{Name(run)} is available at {made.Text("Endpoint")}"),
        var made => Verification.NotYet($"{Name(run)} is {made.Text("Status")}"),
    };

    private static string Name(ActionRun run) => JsonNode.Parse(run.Plan.Calls[0].Arguments["DBClusterIdentifier"])!.ToString();
}
