using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>What the tasks may do and reach, and who changed something.</summary>
internal static class AccessProbes
{
    private static readonly Duration Hour = Duration.FromHours(1);
    private static readonly string[] Pulls = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view) =>
    [
        ground.Probe("aws.permission", view.Subject, "iam", (s, c) => PermissionAsync(ground, view, s, c), "iam:SimulatePrincipalPolicy", "ecs:DescribeTaskDefinition", "ecs:DescribeServices", "secretsmanager:DescribeSecret"),
        ground.Probe("aws.network", view.Subject, "ec2", (s, c) => new NetworkLook(ground, view, s).LookAsync(c), "ec2:DescribeRouteTables", "ec2:DescribeNatGateways", "ec2:DescribeSecurityGroups", "ecs:DescribeServices", "elasticache:DescribeCacheClusters"),
        ground.Probe("aws.cloudtrail", view.Subject, "cloudtrail", (s, c) => TrailAsync(ground, view, s, c), "cloudtrail:LookupEvents"),
    ];

    private static async Task PermissionAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var definition = await view.RevisionInQuestionAsync(sighting, cancel);
        if (definition.Text("executionRoleArn") is not { Length: > 0 } role) throw new CouldNotLook(ObservationStatus.NotConfigured, $"{view.Service.Name} names no execution role");
        var secrets = SecretUse.Of(definition).Select(u => u.Secret).Where(s => s.StartsWith("arn:", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        if (secrets.Count > 0) sighting.Fact("executionRoleReadsSecrets", await AllowedAsync(ground, role, ["secretsmanager:GetSecretValue"], secrets, sighting, cancel));
        await EcsProbes.PartAsync(sighting, async _ => sighting.Fact("executionRoleDecrypts", await DecryptsAsync(ground, role, secrets, sighting, cancel)), cancel);
        var images = definition.Items("containerDefinitions").Select(c => ImageName.Parse(c.Text("image") ?? "")).OfType<ImageName>().Select(i => $"arn:aws:ecr:{i.Region}:{i.Registry}:repository/{i.Repository}").Distinct(StringComparer.Ordinal).ToList();
        if (images.Count == 0) return;
        sighting.Fact("executionRolePulls", await AllowedAsync(ground, role, Pulls, images, sighting, cancel) && await AllowedAsync(ground, role, ["ecr:GetAuthorizationToken"], ["*"], sighting, cancel));
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var denied = (await EventsAsync(ground, sighting, onlyWrites: false, cancel)).Where(e => e.Text("errorCode") is { } code && (Stopped.Has(code, "AccessDenied") || Stopped.Has(code, "UnauthorizedOperation")));
            sighting.Fact("deniedByPolicy", denied.Any(e => Stopped.Has(e.ToJsonString(), role.LastPart())));
        }, cancel);
    }

    // AWS's own key for secrets needs no permission; only keys of ours are asked for. Null: there is none.
    private static async Task<bool?> DecryptsAsync(AwsGround ground, string role, List<string> secrets, Sighting sighting, CancellationToken cancel)
    {
        var keys = new List<string>();
        foreach (var secret in secrets)
        {
            try
            {
                var told = await ground.Calls.AskAsync(sighting, "secretsmanager", secret.Split(':')[3], "DescribeSecret", new JsonObject { ["SecretId"] = secret }, cancel);
                if (told.Text("KmsKeyId") is { } key && key.StartsWith("arn:", StringComparison.Ordinal) && !key.Contains(":alias/aws/", StringComparison.Ordinal)) keys.Add(key);
            }
            catch (Collect.Aws.AwsFailure e) when (e.Code is "ResourceNotFoundException")
            {
                // A secret that is gone has no key; that it is gone is another probe's to tell.
                _ = e;
            }
        }
        return keys.Count == 0 ? null : await AllowedAsync(ground, role, ["kms:Decrypt"], keys.Distinct(StringComparer.Ordinal), sighting, cancel);
    }

    private static async Task<bool> AllowedAsync(AwsGround ground, string role, IEnumerable<string> actions, IEnumerable<string> resources, Sighting sighting, CancellationToken cancel)
    {
        var input = new JsonObject { ["PolicySourceArn"] = role, ["ActionNames"] = new JsonArray([.. actions.Select(a => (JsonNode)a)]), ["ResourceArns"] = new JsonArray([.. resources.Select(r => (JsonNode)r)]) };
        var results = (await ground.AskAsync(sighting, "iam", "SimulatePrincipalPolicy", input, cancel)).Items("EvaluationResults").ToList();
        return results.Count > 0 && results.TrueForAll(r => r.Text("EvalDecision") == "allowed");
    }

    private static async Task TrailAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var changes = (await EventsAsync(ground, sighting, onlyWrites: true, cancel)).Where(e => e.Text("errorCode") is null && IsAbout(ground, view, e)).ToList();
        if (changes.Count == 0)
        {
            sighting.Fact("lastChange", "NONE");
            sighting.Empty();
            return;
        }
        var newest = changes.MaxBy(e => e.Time("eventTime"))!;
        sighting.Fact("lastChange", Kind(newest));
        if (newest.Time("eventTime") is not { } at) return;
        sighting.Fact("minutesSinceChange", at.MinutesTo(ground.Now));
        sighting.ChangedAt(at);
    }

    /// <summary>Events of the last hour as CloudTrail wrote them, newest first.</summary>
    public static async Task<List<JsonObject>> EventsAsync(AwsGround ground, Sighting sighting, bool onlyWrites, CancellationToken cancel)
    {
        // To the minute, so that every probe asks the same question.
        var from = (ground.Now - Hour).ToUnixTimeSeconds() / 60 * 60;
        var input = new JsonObject { ["StartTime"] = from, ["MaxResults"] = 50 };
        if (onlyWrites) input["LookupAttributes"] = new JsonArray(new JsonObject { ["AttributeKey"] = "ReadOnly", ["AttributeValue"] = "false" });
        return [.. (await ground.AskAsync(sighting, "cloudtrail", "LookupEvents", input, cancel)).Items("Events").Select(e => Tree.Object(e.Text("CloudTrailEvent"))).OfType<JsonObject>()];
    }

    // Of the service by its names; of what services share by its kind. What ECS does by itself, such as registering targets, is no change by someone.
    private static bool IsAbout(AwsGround ground, ServiceView view, JsonObject change)
    {
        if (change.Map("userIdentity").Text("invokedBy") is not null) return false;
        var asked = change["requestParameters"]?.ToJsonString() ?? "";
        var names = new[] { view.Service.Name, view.Service.Fields.GetValueOrDefault("secret"), view.Service.Fields.GetValueOrDefault("targetGroup"), view.Service.Fields.GetValueOrDefault("repository") };
        return names.OfType<string>().Any(n => asked.Contains(n, StringComparison.Ordinal)) || Kind(change) is "SECURITY_GROUP" or "DATABASE" or "DNS" || (Kind(change) is "ROLE" && asked.Contains(ground.Map.Cluster, StringComparison.Ordinal));
    }

    private static string Kind(JsonObject change)
    {
        var (source, name) = (change.Text("eventSource") ?? "", change.Text("eventName") ?? "");
        return source.Split('.')[0] switch
        {
            "ecs" when name is "UpdateService" && change.Map("requestParameters")?.ContainsKey("taskDefinition") != true && change.Map("requestParameters")?.ContainsKey("desiredCount") == true => "SCALING",
            "ecs" when name is "UpdateService" or "CreateService" or "RegisterTaskDefinition" or "RunTask" => "DEPLOYMENT",
            "application-autoscaling" => "SCALING",
            "secretsmanager" => "SECRET",
            "ec2" when Stopped.Has(name, "SecurityGroup") => "SECURITY_GROUP",
            "rds" => "DATABASE",
            "iam" => "ROLE",
            "route53" => "DNS",
            _ => "OTHER",
        };
    }
}

/// <summary>Routes and rules between the tasks and what they need.</summary>
internal sealed class NetworkLook(AwsGround ground, ServiceView view, Sighting sighting)
{
    private const int MySql = 3306;
    private const int Redis = 6379;
    private const int ClickHouse = 8123;

    public async Task LookAsync(CancellationToken cancel)
    {
        var settings = (await view.GetAsync(sighting, cancel)).Map("networkConfiguration").Map("awsvpcConfiguration");
        var subnets = settings.Texts("subnets").ToList();
        await RoutesAsync(subnets, settings.Text("assignPublicIp") == "ENABLED", cancel);
        await EcsProbes.PartAsync(sighting, _ => RulesAsync([.. settings.Texts("securityGroups")], cancel), cancel);
        await EcsProbes.PartAsync(sighting, _ => PublicAsync(cancel), cancel);
    }

    private async Task RoutesAsync(List<string> subnets, bool publicAddress, CancellationToken cancel)
    {
        var tables = (await ground.AskAsync(sighting, "ec2", "DescribeRouteTables", [], cancel)).Set("routeTableSet").ToList();
        var routes = subnets.Select(s => Default(tables, s)).ToList();
        if (subnets.Count == 0 || routes.Contains(null)) throw new CouldNotLook(ObservationStatus.Failed, $"no route table is known for the subnets of {view.Service.Name}");
        sighting.Fact("defaultRoute", routes.TrueForAll(r => r!.Value.Target.Length > 0 && r.Value.Active));
        var nats = routes.Select(r => r!.Value.Target).Where(t => t.StartsWith("nat-", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        if (nats.Count == 0 || publicAddress) return;
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var known = (await ground.AskAsync(sighting, "ec2", "DescribeNatGateways", [], cancel)).Set("natGatewaySet").ToList();
            sighting.Fact("natAvailable", nats.TrueForAll(n => known.Exists(k => (k.Text("natGatewayId") ?? k.Text("NatGatewayId")) == n && (k.Text("state") ?? k.Text("State")) == "available")));
        }, cancel);
    }

    // A subnet without an association of its own uses the main table. Null: no table is known; an empty target: there is no default route.
    private static (string Target, bool Active)? Default(List<JsonObject> tables, string subnet)
    {
        var own = tables.Find(t => t.Set("associationSet").Any(a => a.Text("subnetId") == subnet));
        var main = own ?? tables.Find(t => t.Set("associationSet").Any(a => a.Flag("main") == true && subnet.Length > 0));
        if (main is null) return null;
        var route = main.Set("routeSet").FirstOrDefault(r => r.Text("destinationCidrBlock") == "0.0.0.0/0");
        return (route.Text("natGatewayId") ?? route.Text("gatewayId") ?? route.Text("transitGatewayId") ?? route.Text("networkInterfaceId") ?? "", route.Text("state") is null or "active");
    }

    private async Task RulesAsync(List<string> own, CancellationToken cancel)
    {
        var groups = (await ground.AskAsync(sighting, "ec2", "DescribeSecurityGroups", [], cancel)).Set("securityGroupInfo").ToList();
        if (!groups.Exists(g => own.Contains(g.Text("groupId") ?? "", StringComparer.Ordinal))) return;
        await BalancerAsync(groups, own, cancel);
        var cluster = await ComponentProbes.ClusterAsync(ground, sighting, cancel);
        Rule("taskToDatabase", groups, own, [.. cluster.Items("VpcSecurityGroups").Select(g => g.Text("VpcSecurityGroupId")).OfType<string>()], MySql);
        await EcsProbes.PartAsync(sighting, async _ => Rule("taskToRedis", groups, own, await CacheGroupsAsync(cancel), Redis), cancel);
        var instances = await ComponentProbes.InstanceAsync(ground, sighting, cancel);
        Rule("taskToClickhouse", groups, own, [.. instances.SelectMany(i => i.Set("groupSet")).Select(g => g.Text("groupId")).OfType<string>()], ClickHouse);
    }

    // A load balancer without groups of its own is not held by rules between groups.
    private async Task BalancerAsync(List<JsonObject> groups, List<string> own, CancellationToken cancel)
    {
        var attached = (await view.GetAsync(sighting, cancel)).Items("loadBalancers").ToList();
        if (attached.Count == 0 || attached[0].Number("containerPort") is not { } port) return;
        var arns = (await view.GroupsAsync(sighting, cancel)).SelectMany(g => g.Texts("LoadBalancerArns")).ToHashSet(StringComparer.Ordinal);
        var sources = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeLoadBalancers", [], cancel)).Items("LoadBalancers").Where(b => arns.Contains(b.Text("LoadBalancerArn") ?? "")).SelectMany(b => b.Texts("SecurityGroups")).ToList();
        if (sources.Count > 0) Rule("albToTask", groups, sources, own, (int)port);
    }

    private void Rule(string fact, List<JsonObject> groups, List<string> own, List<string> there, int port)
    {
        var found = groups.FindAll(g => there.Contains(g.Text("groupId") ?? "", StringComparer.Ordinal));
        if (found.Count > 0) sighting.Fact(fact, found.Exists(g => g.Set("ipPermissions").Any(p => Covers(p, port) && (p.Set("groups").Any(u => own.Contains(u.Text("groupId") ?? "", StringComparer.Ordinal)) || p.Set("ipRanges").Any()))));
    }

    // Of the cache that the platform names, else of the one that bears the environment's name.
    private async Task<List<string>> CacheGroupsAsync(CancellationToken cancel)
    {
        var all = (await ground.AskAsync(sighting, "elasticache", "DescribeCacheClusters", [], cancel)).Items("CacheClusters").ToList();
        var endpoint = ground.Map.Component("redis", "endpoint") ?? "";
        bool Has(JsonObject cluster, string text) => text.Length > 0 && Stopped.Has(cluster.Text("ReplicationGroupId") ?? cluster.Text("CacheClusterId") ?? "", text);
        var mine = all.FindAll(c => endpoint.Contains($".{c.Text("ReplicationGroupId") ?? "?"}.", StringComparison.OrdinalIgnoreCase));
        if (mine.Count == 0) mine = all.FindAll(c => Has(c, ground.Map.Environment));
        if (mine.Count == 0 && all.Select(c => c.Text("ReplicationGroupId")).Distinct(StringComparer.Ordinal).Count() == 1) mine = all;
        return [.. mine.SelectMany(c => c.Items("SecurityGroups")).Select(g => g.Text("SecurityGroupId")).OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private static bool Covers(JsonObject rule, int port) => rule.Text("ipProtocol") == "-1" || (rule.Text("ipProtocol") is "tcp" or "6" && rule.Number("fromPort") <= port && rule.Number("toPort") >= port);

    private async Task PublicAsync(CancellationToken cancel)
    {
        if (ground.Map.Component("aurora", "cluster") is not { } name) return;
        var instances = (await ground.AskAsync(sighting, "rds", "DescribeDBInstances", [], cancel)).Items("DBInstances").Where(i => i.Text("DBClusterIdentifier") == name).ToList();
        if (instances.Count > 0) sighting.Fact("databasePublic", instances.Exists(i => i.Flag("PubliclyAccessible") == true));
    }
}

/// <summary>EC2's lists: its XML names each in its own way.</summary>
internal static class Ec2Tree
{
    public static IEnumerable<JsonObject> Set(this JsonNode? node, string name) => node.Items(name);
}
