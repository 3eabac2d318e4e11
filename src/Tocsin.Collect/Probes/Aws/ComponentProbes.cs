using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>What services share, as AWS tells it: database, cache, hosts, certificates, the platform's standing rules.</summary>
internal static class ComponentProbes
{
    private const double AcuTolerance = 0.05;
    private static readonly Duration Recent = Duration.FromMinutes(15);
    private static readonly string[] ClusterStates = ["available", "starting", "stopped", "stopping", "modifying", "maintenance", "failing-over", "backing-up", "creating", "deleting", "inaccessible-encryption-credentials", "storage-full"];
    private static readonly string[] CacheStates = ["available", "creating", "modifying", "snapshotting", "deleting", "create-failed"];
    private static readonly string[] InstanceStates = ["running", "pending", "stopping", "stopped", "shutting-down", "terminated"];
    private static readonly string[] CertificateStates = ["ISSUED", "PENDING_VALIDATION", "VALIDATION_TIMED_OUT", "FAILED", "EXPIRED", "REVOKED", "INACTIVE"];

    public static IEnumerable<Probe> For(AwsGround ground)
    {
        var map = ground.Map;
        if (map.Component("aurora", "cluster") is not null) yield return ground.Probe("rds.cluster", map.Of("aurora"), "rds", (s, c) => DatabaseAsync(ground, s, c), "rds:DescribeDBClusters", "rds:DescribeDBInstances", "cloudwatch:GetMetricData");
        if (map.Has("redis")) yield return ground.Probe("redis.server", map.Of("redis"), "elasticache", (s, c) => CacheAsync(ground, s, c), "elasticache:DescribeReplicationGroups");
        if (map.Component("clickhouse", "instanceName") is not null) yield return ground.Probe("aws.instance", map.Of("clickhouse"), "ec2", (s, c) => HostAsync(ground, s, c), "ec2:DescribeInstances");
        yield return ground.Probe("aws.certificate", map.Of(""), "acm", (s, c) => CertificateAsync(ground, s, c), "acm:ListCertificates", "acm:DescribeCertificate");
        yield return ground.Probe("platform.settings", map.Of(""), "elb", (s, c) => SettingsAsync(ground, s, c), "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", "acm:ListCertificates", "cloudtrail:LookupEvents");
    }

    /// <summary>The database cluster of the environment; null where there is none of that name.</summary>
    public static async Task<JsonObject?> ClusterAsync(AwsGround ground, Sighting sighting, CancellationToken cancel) =>
        (await ground.AskAsync(sighting, "rds", "DescribeDBClusters", [], cancel)).Items("DBClusters").FirstOrDefault(c => c.Text("DBClusterIdentifier") == ground.Map.Component("aurora", "cluster"));

    /// <summary>The ClickHouse hosts by their Name tag, terminated ones last.</summary>
    public static async Task<List<JsonObject>> InstanceAsync(AwsGround ground, Sighting sighting, CancellationToken cancel)
    {
        if (ground.Map.Component("clickhouse", "instanceName") is not { } name) return [];
        var answer = await ground.AskAsync(sighting, "ec2", "DescribeInstances", [], cancel);
        return [.. answer.Items("reservationSet").SelectMany(r => r.Items("instancesSet")).Where(i => i.Items("tagSet").Any(t => t.Text("key") == "Name" && t.Text("value") == name)).OrderBy(i => i.Map("instanceState").Text("name") == "terminated")];
    }

    private static async Task DatabaseAsync(AwsGround ground, Sighting sighting, CancellationToken cancel)
    {
        if (await ClusterAsync(ground, sighting, cancel) is not { } cluster)
        {
            sighting.Fact("status", "NOT_FOUND");
            sighting.Empty();
            return;
        }
        var status = cluster.Text("Status") ?? "";
        if (ClusterStates.Contains(status, StringComparer.Ordinal)) sighting.Fact("status", status);
        var scaling = cluster.Map("ServerlessV2ScalingConfiguration");
        var (least, most) = (scaling.Number("MinCapacity"), scaling.Number("MaxCapacity"));
        sighting.Fact("minAcu", least);
        sighting.Fact("maxAcu", most);
        if (ground.Map.Component("aurora", "user") is { } user) sighting.Fact("masterUserMatches", cluster.Text("MasterUsername") == user);
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var instances = (await ground.AskAsync(sighting, "rds", "DescribeDBInstances", [], cancel)).Items("DBInstances").Where(i => i.Text("DBClusterIdentifier") == cluster.Text("DBClusterIdentifier")).ToList();
            if (instances.Count > 0) sighting.Fact("publiclyAccessible", instances.Exists(i => i.Flag("PubliclyAccessible") == true));
        }, cancel);
        await EcsProbes.PartAsync(sighting, _ => CapacityAsync(ground, cluster, most, sighting, cancel), cancel);
    }

    private static async Task CapacityAsync(AwsGround ground, JsonObject cluster, double? most, Sighting sighting, CancellationToken cancel)
    {
        var values = await MetricSeries.ReadAsync(ground, "AWS/RDS", "ServerlessDatabaseCapacity", ("DBClusterIdentifier", cluster.Text("DBClusterIdentifier")!), ground.Now - Recent, sighting, cancel);
        if (values.Count == 0) return;
        sighting.Fact("currentAcu", values[^1]);
        if (most is { } limit) sighting.Fact("atMaxAcu", values.Max() >= limit - AcuTolerance);
    }

    private static async Task CacheAsync(AwsGround ground, Sighting sighting, CancellationToken cancel)
    {
        var groups = (await ground.AskAsync(sighting, "elasticache", "DescribeReplicationGroups", [], cancel)).Items("ReplicationGroups").ToList();
        var endpoint = ground.Map.Component("redis", "endpoint");
        var own = groups.Find(g => g.Items("NodeGroups").Any(n => n.Map("PrimaryEndpoint").Text("Address") == endpoint))
            ?? groups.Find(g => Stopped.Has(g.Text("ReplicationGroupId") ?? "", ground.Map.Environment)) ?? (groups.Count == 1 ? groups[0] : null);
        if (own is null)
        {
            sighting.Fact("status", "NOT_FOUND");
            sighting.Empty();
            return;
        }
        if (CacheStates.Contains(own.Text("Status"), StringComparer.Ordinal)) sighting.Fact("status", own.Text("Status"));
        sighting.Fact("tlsRequired", own.Flag("TransitEncryptionEnabled") is true && own.Text("TransitEncryptionMode") is null or "required");
        sighting.Fact("authRequired", own.Flag("AuthTokenEnabled"));
    }

    private static async Task HostAsync(AwsGround ground, Sighting sighting, CancellationToken cancel)
    {
        var found = (await InstanceAsync(ground, sighting, cancel)).FirstOrDefault();
        sighting.Fact("found", found is not null);
        if (found is null) sighting.Empty();
        else if (found.Map("instanceState").Text("name") is { } state && InstanceStates.Contains(state, StringComparer.Ordinal)) sighting.Fact("state", state);
    }

    private static async Task CertificateAsync(AwsGround ground, Sighting sighting, CancellationToken cancel)
    {
        var certificates = await CertificatesAsync(ground, sighting, cancel);
        if (certificates.Count == 0)
        {
            sighting.Empty();
            return;
        }
        // The worst one is told: what is not issued, else what ends first.
        var own = certificates.Where(c => Names(c).Any(n => ground.Map.IsUnderBase(n) != false)).DefaultIfEmpty(certificates[0]);
        var worst = own.OrderBy(c => c.Text("Status") == "ISSUED").ThenByDescending(c => c.Time("CreatedAt")).First();
        if (CertificateStates.Contains(worst.Text("Status"), StringComparer.Ordinal)) sighting.Fact("status", worst.Text("Status"));
        sighting.Fact("domainUnderBase", AllUnderBase(ground, certificates.SelectMany(Names)));
        var arn = worst.Text("CertificateArn") ?? "";
        var more = (await ground.AskAsync(sighting, "acm", "DescribeCertificate", new JsonObject { ["CertificateArn"] = arn }, cancel)).Map("Certificate");
        if (worst.Text("Status") == "PENDING_VALIDATION" && more.Time("CreatedAt") is { } requested) sighting.Fact("pendingMinutes", requested.MinutesTo(ground.Now));
        if (more.Time("NotAfter") is { } end && more.Text("Status") == "ISSUED") sighting.Fact("daysLeft", Math.Round((end - ground.Now).TotalDays, 1));
        if (more is not null && more.ContainsKey("InUseBy")) sighting.Fact("attached", more.Texts("InUseBy").Any());
        sighting.ChangedAt(more.Time("CreatedAt"));
    }

    private static async Task SettingsAsync(AwsGround ground, Sighting sighting, CancellationToken cancel)
    {
        var hosts = new List<string>();
        foreach (var balancer in (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeLoadBalancers", [], cancel)).Items("LoadBalancers").Select(b => b.Text("LoadBalancerArn")).OfType<string>())
        {
            var listeners = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeListeners", new JsonObject { ["LoadBalancerArn"] = balancer }, cancel)).Items("Listeners");
            foreach (var listener in listeners)
                hosts.AddRange((await BalancerProbes.RulesAsync(ground, listener, sighting, cancel)).SelectMany(r => r.Items("Conditions")).Where(c => c.Text("Field") == "host-header").SelectMany(c => c.Map("HostHeaderConfig").Texts("Values").Concat(c.Texts("Values"))));
        }
        var named = hosts.Where(h => !System.Net.IPAddress.TryParse(h, out _)).Distinct(StringComparer.Ordinal).ToList();
        if (named.Count > 0) sighting.Fact("namesOtherEnvironment", named.Exists(h => h.Split('.').Any(l => ground.Map.Others.Any(o => o.Environment == l))));
        if (named.Count > 0) sighting.Fact("subdomainBaseCorrect", AllUnderBase(ground, named));
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var issued = (await CertificatesAsync(ground, sighting, cancel)).Where(c => c.Text("Status") == "ISSUED").SelectMany(Names).ToList();
            if (issued.Count > 0 && named.Count > 0) sighting.Fact("certificateCovers", named.TrueForAll(h => issued.Exists(c => Covers(c, h))));
        }, cancel);
        await EcsProbes.PartAsync(sighting, async _ =>
            sighting.Fact("terraformChanged", (await AccessProbes.EventsAsync(ground, sighting, onlyWrites: true, cancel)).Exists(e => Stopped.Has(e.Text("userAgent") ?? "", "terraform") || Stopped.Has(e.Map("userIdentity").Text("arn") ?? "", "terraform"))), cancel);
    }

    private static async Task<List<JsonObject>> CertificatesAsync(AwsGround ground, Sighting sighting, CancellationToken cancel) =>
        [.. (await ground.AskAsync(sighting, "acm", "ListCertificates", new JsonObject { ["MaxItems"] = 100 }, cancel)).Items("CertificateSummaryList")];

    private static IEnumerable<string> Names(JsonObject certificate) => certificate.Texts("SubjectAlternativeNameSummaries").Append(certificate.Text("DomainName") ?? "").Where(n => n.Length > 0);

    private static bool? AllUnderBase(AwsGround ground, IEnumerable<string> names) => names.Select(ground.Map.IsUnderBase).Aggregate((bool?)true, (all, one) => all & one);

    private static bool Covers(string certified, string host) => certified == host || (certified.StartsWith("*.", StringComparison.Ordinal) && host.Contains('.', StringComparison.Ordinal) && host[(host.IndexOf('.', StringComparison.Ordinal) + 1)..] == certified[2..]);
}
