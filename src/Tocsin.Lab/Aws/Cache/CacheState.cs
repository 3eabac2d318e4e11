using NodaTime;

namespace Tocsin.Lab.Aws.Cache;

/// <summary>A Redis replication group; its nodes are the cache clusters <c>ID-001</c> and so on.</summary>
public sealed class ReplicationGroup(string id, string region, Instant created)
{
    private readonly string suffix = LabIds.Letters(id + region, 6).ToLowerInvariant();

    public string Id { get; } = id;

    public string Arn { get; } = LabIds.Arn("elasticache", region, $"replicationgroup:{id}");

    public Instant Created { get; } = created;

    public string Description { get; init; } = id;

    public string NodeType { get; init; } = "cache.t4g.micro";

    public string EngineVersion { get; init; } = "7.1.0";

    public int Port { get; init; } = 6379;

    public int Nodes { get; init; } = 1;

    public List<string> SecurityGroups { get; init; } = [];

    public string Status { get; set; } = "available";

    public bool TransitEncryption { get; set; } = true;

    public bool AuthToken { get; set; } = true;

    public string PrimaryEndpoint => $"{(TransitEncryption ? "master." : "")}{Id}.{suffix}.{(TransitEncryption ? "" : "ng.0001.")}{Short(region)}.cache.amazonaws.com";

    public string Node(int number) => $"{Id}-{number:000}";

    public string NodeEndpoint(int number) => $"{Node(number)}.{Id}.{suffix}.{Short(region)}.cache.amazonaws.com";

    // ap-southeast-1 is apse1 in ElastiCache's names.
    private static string Short(string region) => region.Split('-') is [var area, var side, var number]
        ? area + string.Concat(new[] { "north", "south", "east", "west", "central" }.Where(s => side.Contains(s, StringComparison.Ordinal)).Select(s => s[0])) + number
        : region;
}

/// <summary>ElastiCache of one region.</summary>
public sealed class CacheState
{
    public SortedDictionary<string, ReplicationGroup> Groups { get; } = new(StringComparer.Ordinal);
}
