using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Cache;

/// <summary>ElastiCache, to be read.</summary>
public static class CacheOperations
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, string kind, string member, Func<CacheState, AwsCall, JsonObject> answer) => new("elasticache", name, call => answer(world.Regions[call.Region].Cache, call))
        {
            Resources = call => [LabIds.Arn("elasticache", call.Region, $"{kind}:{(call.Text(member) is { Length: > 0 } id ? id : "*")}")],
        };
        yield return Op("DescribeReplicationGroups", "replicationgroup", "ReplicationGroupId", Groups);
        yield return Op("DescribeCacheClusters", "cluster", "CacheClusterId", Clusters);
    }

    private static (List<T> Items, string? Next) Page<T>(AwsCall call, IEnumerable<T> all, Func<T, string> key) => Pages.Of(all, key, call.Text("Marker"),
        call.Within("MaxRecords", 20, 100, 100, n => new AwsException("InvalidParameterValue", $"Invalid value {n} for MaxRecords. Must be between 20 and 100")),
        () => new AwsException("InvalidParameterValue", "The value of the Marker parameter is not valid."));

    private static JsonObject Groups(CacheState state, AwsCall call)
    {
        IEnumerable<ReplicationGroup> all = state.Groups.Values;
        if (call.Text("ReplicationGroupId") is { Length: > 0 } id) all = [state.Groups.GetValueOrDefault(id) ?? throw new AwsException("ReplicationGroupNotFoundFault", $"ReplicationGroup {Inputs.Short(id)} not found.", 404)];
        var (page, next) = Page(call, all, g => g.Id);
        return new JsonObject { ["ReplicationGroups>ReplicationGroup"] = page.Array(Of) }.With("Marker", next);
    }

    private static JsonObject Of(ReplicationGroup g) => new()
    {
        ["ReplicationGroupId"] = g.Id,
        ["ARN"] = g.Arn,
        ["Description"] = g.Description,
        ["Status"] = g.Status,
        ["Engine"] = "redis",
        ["CacheNodeType"] = g.NodeType,
        ["ClusterEnabled"] = false,
        ["AutomaticFailover"] = g.Nodes > 1 ? "enabled" : "disabled",
        ["MultiAZ"] = g.Nodes > 1 ? "enabled" : "disabled",
        ["AuthTokenEnabled"] = g.AuthToken,
        ["TransitEncryptionEnabled"] = g.TransitEncryption,
        ["AtRestEncryptionEnabled"] = true,
        ["ReplicationGroupCreateTime"] = AwsTime.Iso(g.Created),
        ["MemberClusters>ClusterId"] = Enumerable.Range(1, g.Nodes).Select(g.Node).Array(),
        ["NodeGroups>NodeGroup"] = new JsonArray(new JsonObject
        {
            ["NodeGroupId"] = "0001",
            ["Status"] = g.Status,
            ["PrimaryEndpoint"] = new JsonObject { ["Address"] = g.PrimaryEndpoint, ["Port"] = g.Port },
            ["NodeGroupMembers>NodeGroupMember"] = Enumerable.Range(1, g.Nodes).Array(n => new JsonObject
            {
                ["CacheClusterId"] = g.Node(n),
                ["CacheNodeId"] = "0001",
                ["CurrentRole"] = n == 1 ? "primary" : "replica",
                ["ReadEndpoint"] = new JsonObject { ["Address"] = g.NodeEndpoint(n), ["Port"] = g.Port },
            }),
        }),
    };

    private static JsonObject Clusters(CacheState state, AwsCall call)
    {
        var all = state.Groups.Values.SelectMany(g => Enumerable.Range(1, g.Nodes).Select(n => (Group: g, Number: n, Id: g.Node(n)))).ToList();
        if (call.Text("CacheClusterId") is { Length: > 0 } id)
        {
            all = all.FindAll(c => c.Id == id);
            if (all.Count == 0) throw new AwsException("CacheClusterNotFound", $"CacheCluster not found: {Inputs.Short(id)}", 404);
        }
        var (page, next) = Page(call, all, c => c.Id);
        return new JsonObject { ["CacheClusters>CacheCluster"] = page.Array(c => Of(c.Group, c.Number, call.Flag("ShowCacheNodeInfo") == true)) }.With("Marker", next);
    }

    private static JsonObject Of(ReplicationGroup g, int number, bool nodes) => new JsonObject
    {
        ["CacheClusterId"] = g.Node(number),
        ["ReplicationGroupId"] = g.Id,
        ["CacheClusterStatus"] = g.Status,
        ["CacheNodeType"] = g.NodeType,
        ["Engine"] = "redis",
        ["EngineVersion"] = g.EngineVersion,
        ["NumCacheNodes"] = 1,
        ["AuthTokenEnabled"] = g.AuthToken,
        ["TransitEncryptionEnabled"] = g.TransitEncryption,
        ["AtRestEncryptionEnabled"] = true,
        ["CacheClusterCreateTime"] = AwsTime.Iso(g.Created),
        ["SecurityGroups"] = g.SecurityGroups.Array(s => new JsonObject { ["SecurityGroupId"] = s, ["Status"] = "active" }),
    }.With("CacheNodes>CacheNode", !nodes ? null : new JsonArray(new JsonObject
    {
        ["CacheNodeId"] = "0001",
        ["CacheNodeStatus"] = g.Status,
        ["Endpoint"] = new JsonObject { ["Address"] = g.NodeEndpoint(number), ["Port"] = g.Port },
    }));
}
