using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;

namespace Tocsin.Collect.Platforms;

/// <summary>Finds what runs in regions of an account and writes it as a platform.yaml. What AWS does not say is marked as an open question; what was denied is said.</summary>
public sealed class PlatformFinder(AwsCaller caller)
{
    private const string Open = "# open question: ";
    private readonly List<string> denied = [];

    /// <summary>The questions that only a person can answer, and what could not be looked at.</summary>
    public IReadOnlyList<string> Denied => denied;

    public async Task<string> WriteAsync(IReadOnlyList<string> regions, string id, CancellationToken cancel)
    {
        var account = Text((await AskAsync("sts", regions[0], "GetCallerIdentity", [], cancel))["Account"]) ?? "000000000000";
        var found = new List<Found>();
        foreach (var region in regions) found.AddRange(await RegionAsync(region, cancel));
        if (found.Count == 0) throw new CouldNotLook(Core.Diagnosis.ObservationStatus.Failed, $"there is no ECS cluster with services in {string.Join(", ", regions)}{(denied.Count > 0 ? $" that could be seen: {string.Join("; ", denied)}" : "")}");
        return Yaml(id, account, await BaseDomainAsync(regions, cancel), found);
    }

    // The name that the certificates have in common; null where they have none or there are none.
    private async Task<string?> BaseDomainAsync(IReadOnlyList<string> regions, CancellationToken cancel)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var region in regions)
            foreach (var certificate in Items((await AskAsync("acm", region, "ListCertificates", [], cancel))["CertificateSummaryList"])) names.Add((Text(certificate["DomainName"]) ?? "").TrimStart('*', '.'));
        names.Remove("");
        var shortest = names.MinBy(n => n.Length);
        return shortest is not null && names.All(n => n.Equals(shortest, StringComparison.OrdinalIgnoreCase) || n.EndsWith("." + shortest, StringComparison.OrdinalIgnoreCase)) ? shortest : null;
    }

    private async Task<List<Found>> RegionAsync(string region, CancellationToken cancel)
    {
        var found = new List<Found>();
        foreach (var cluster in Texts((await AskAsync("ecs", region, "ListClusters", [], cancel))["clusterArns"]))
        {
            var names = Texts((await AskAsync("ecs", region, "ListServices", new() { ["cluster"] = cluster }, cancel))["serviceArns"]).ToList();
            if (names.Count == 0) continue;
            var services = new List<ServiceFound>();
            foreach (var some in names.Chunk(10))
            {
                foreach (var service in Items((await AskAsync("ecs", region, "DescribeServices", new() { ["cluster"] = cluster, ["services"] = new JsonArray([.. some.Select(s => (JsonNode)s)]) }, cancel))["services"])) services.Add(await ServiceAsync(region, service, cancel));
            }
            found.Add(new Found(region, cluster.Split('/')[^1], [.. services.OrderBy(s => s.Name, StringComparer.Ordinal)], await ComponentsAsync(region, cancel), await CidrAsync(region, cancel)));
        }
        return found;
    }

    private async Task<ServiceFound> ServiceAsync(string region, JsonObject service, CancellationToken cancel)
    {
        var definition = (await AskAsync("ecs", region, "DescribeTaskDefinition", new() { ["taskDefinition"] = Text(service["taskDefinition"]) ?? "" }, cancel))["taskDefinition"] as JsonObject;
        var name = Text(service["serviceName"]) ?? "";
        var containers = Items(definition?["containerDefinitions"]).ToList();
        var main = containers.Find(c => Text(c["name"]) == name) ?? containers.FirstOrDefault();
        var balancer = Items(service["loadBalancers"]).FirstOrDefault();
        var group = Text(balancer?["targetGroupArn"])?.Split('/') is [_, var g, ..] ? g : null;
        var target = group is null ? null : Items((await AskAsync("elasticloadbalancing", region, "DescribeTargetGroups", new() { ["Names"] = new JsonArray(group) }, cancel))["TargetGroups"]).FirstOrDefault();
        var options = (main?["logConfiguration"] as JsonObject)?["options"] as JsonObject;
        var secrets = containers.SelectMany(c => Items(c["secrets"])).ToList();
        var image = Text(main?["image"])?.Split('/', 2) is [_, var repository] ? repository.Split(':')[0].Split('@')[0] : null;
        return new ServiceFound(name)
        {
            Port = Text(Items(main?["portMappings"]).FirstOrDefault()?["containerPort"]),
            Cpu = Text(definition?["cpu"]),
            Memory = Text(definition?["memory"]),
            Desired = Text(service["desiredCount"]) ?? "1",
            Ingress = target is null ? "none" : Text(target["Protocol"]) is "TCP" or "TLS" ? "nlb" : "alb",
            Health = Text(target?["HealthCheckPath"]),
            LogGroup = Text(options?["awslogs-group"]),
            TargetGroup = group,
            Repository = image,
            Secret = secrets.Select(s => SecretName(Text(s["valueFrom"]) ?? "")).CountBy(s => s, StringComparer.Ordinal).OrderByDescending(s => s.Value).Select(s => s.Key).FirstOrDefault(),
            Variables = [.. secrets.Concat(Items(main?["environment"])).Select(s => Text(s["name"]) ?? "").Where(n => n.Length > 0).Distinct(StringComparer.Ordinal)],
        };
    }

    private async Task<Dictionary<string, (string Name, string Value)[]>> ComponentsAsync(string region, CancellationToken cancel)
    {
        var components = new Dictionary<string, (string, string)[]>(StringComparer.Ordinal);
        foreach (var cluster in Items((await AskAsync("rds", region, "DescribeDBClusters", [], cancel))["DBClusters"]).Take(1))
        {
            var scaling = cluster["ServerlessV2ScalingConfiguration"] as JsonObject;
            components["aurora"] = [("endpoint", Text(cluster["Endpoint"]) ?? ""), ("cluster", Text(cluster["DBClusterIdentifier"]) ?? ""), ("port", Text(cluster["Port"]) ?? "3306"), ("user", Text(cluster["MasterUsername"]) ?? ""), ("schema", Text(cluster["DatabaseName"]) ?? ""), ("minAcu", Text(scaling?["MinCapacity"]) ?? ""), ("maxAcu", Text(scaling?["MaxCapacity"]) ?? "")];
        }
        foreach (var group in Items((await AskAsync("elasticache", region, "DescribeReplicationGroups", [], cancel))["ReplicationGroups"]).Take(1))
        {
            var endpoint = Items(group["NodeGroups"]).Select(n => n["PrimaryEndpoint"] as JsonObject).FirstOrDefault();
            components["redis"] = [("endpoint", Text(endpoint?["Address"]) ?? ""), ("port", Text(endpoint?["Port"]) ?? "6379"), ("tls", Text(group["TransitEncryptionEnabled"]) is "true" ? "required" : "off"), ("auth", Text(group["AuthTokenEnabled"]) is "true" ? "token" : "none")];
        }
        var hosts = Items((await AskAsync("ec2", region, "DescribeInstances", [], cancel))["reservationSet"]).SelectMany(r => Items(r["instancesSet"])).Select(i => (Name: Items(i["tagSet"]).Where(t => Text(t["key"]) is "Name").Select(t => Text(t["value"])).FirstOrDefault() ?? "", Address: Text(i["privateIpAddress"]) ?? ""));
        if (hosts.FirstOrDefault(h => h.Name.Contains("clickhouse", StringComparison.OrdinalIgnoreCase)) is { Name.Length: > 0 } host) components["clickhouse"] = [("host", host.Address), ("port", "8123"), ("instanceName", host.Name)];
        return components;
    }

    private async Task<string?> CidrAsync(string region, CancellationToken cancel) =>
        Items((await AskAsync("ec2", region, "DescribeVpcs", [], cancel))["vpcSet"]).Where(v => Text(v["isDefault"]) is not "true").Select(v => Text(v["cidrBlock"])).FirstOrDefault();

    private async Task<JsonObject> AskAsync(string service, string region, string operation, JsonObject input, CancellationToken cancel)
    {
        try
        {
            return await caller.AskAsync(service, region, operation, input, cancel);
        }
        catch (AwsFailure e) when (e.Kind is AwsFailureKind.Denied or AwsFailureKind.Refused)
        {
            denied.Add($"{region}: {Refusals.Words(e)}");
            return [];
        }
    }

    private static string Yaml(string id, string account, string? domain, List<Found> found)
    {
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append('\n');
        Line($"# Written by tocsin platform init from what AWS says. Answer what is marked \"{Open.TrimStart('#', ' ').TrimEnd(' ', ':')}\", then run: tocsin platform check --platform FILE");
        Line($"id: {id}");
        Line($"name: {id}");
        Line($"account: \"{account}\"");
        Line($"baseDomain: {domain ?? PlatformMap.UnsaidDomain,-20}  {Open}{(domain is null ? "the" : "is this the")} domain under which the platform's public names lie{(domain is null ? "" : "?")}");
        Line($"# vpn: wg0                       {Open}the VPN interface of this host, where databases are reached by one");
        Line("secretValues: unread             # shapes: drills may read secrets in memory to tell missing keys and broken shapes");
        Line("");
        Line("environments:");
        foreach (var (one, name) in found.Zip(Names(found)))
        {
            Line($"  {name}:                        {Open}is this its name?");
            Line($"    region: {one.Region}");
            Line($"    cluster: {one.Cluster}");
            if (one.Cidr is { } cidr) Line($"    vpcCidr: {cidr}");
            Line(one.Components.Count > 0 ? "    components:" : $"    {Open}no database, cache or analytics host was found");
            foreach (var (component, fields) in one.Components.OrderBy(c => c.Key, StringComparer.Ordinal))
            {
                Line($"      {component}:");
                foreach (var (field, value) in fields) Line(value.Length > 0 ? $"        {field}: {Quoted(value)}" : $"        {Open}{field}");
            }
        }
        Line("");
        Line("services:");
        var roles = new HashSet<string>(StringComparer.Ordinal);
        foreach (var service in found.SelectMany(f => f.Services).GroupBy(s => s.Name, StringComparer.Ordinal)) Service(Line, service.First(), found, roles);
        return text.ToString();
    }

    private static void Service(Action<string> line, ServiceFound service, List<Found> found, HashSet<string> taken)
    {
        var role = Role(service);
        line($"  {service.Name}:");
        line($"    {(taken.Add(role) ? "" : "# ")}role: {role}              {Open}core-api, customer-panel, admin-api, events-worker or storefront, each once; or none of them");
        if (service.Port is { } port) line($"    port: {port}");
        if (double.TryParse(service.Cpu, NumberStyles.Float, CultureInfo.InvariantCulture, out var cpu)) line(string.Create(CultureInfo.InvariantCulture, $"    vcpu: {cpu / 1024}"));
        if (service.Memory is { } memory) line($"    memory: {memory}");
        line($"    tasks: {{ {string.Join(", ", found.Zip(Names(found)).Select(f => (Name: f.Second, Service: f.First.Services.Find(s => s.Name == service.Name))).Where(f => f.Service is not null).Select(f => $"{f.Name}: {f.Service!.Desired}"))} }}");
        line($"    ingress: {service.Ingress}");
        if (service.Health is { Length: > 0 } health) line($"    health: {health}");
        line(service.LogGroup is { } group ? $"    logGroup: {group}" : $"    logGroup: unknown              {Open}its containers name no CloudWatch log group");
        if (service.Secret is { } secret) line($"    secret: {secret}");
        if (service.Repository is { } repository) line($"    repository: {repository}");
        if (service.TargetGroup is { } target) line($"    targetGroup: {target}");
        var critical = service.Variables.Where(v => v.EndsWith("_HOST", StringComparison.Ordinal) || v.EndsWith("_URL", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        if (critical.Count > 0) line($"    criticalEnv: [{string.Join(", ", critical)}]              {Open}which of its variables are critical?");
        var needs = new[] { ("aurora", "DB_"), ("redis", "REDIS_"), ("clickhouse", "CH_") }.Where(n => service.Variables.Exists(v => v.StartsWith(n.Item2, StringComparison.Ordinal)) && found.Exists(f => f.Components.ContainsKey(n.Item1))).Select(n => n.Item1).ToList();
        if (needs.Count > 0) line($"    dependsOn: [{string.Join(", ", needs)}]");
    }

    private static string Role(ServiceFound service)
    {
        bool Has(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (service.Name.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
            }
            return false;
        }
        return service.Ingress is "none" || Has("worker", "consumer") ? "events-worker" : Has("store", "web", "shop") ? "storefront" : Has("admin", "backend", "back-office") ? "admin-api" : Has("panel", "account", "customer", "login") ? "customer-panel" : "core-api";
    }

    // What tells the clusters apart is their environment's name: the part that they do not share, else the region.
    private static IEnumerable<string> Names(List<Found> found) => found.Select(f =>
    {
        var last = f.Cluster.Split('-')[^1].ToLowerInvariant();
        return found.Count(o => o.Cluster.Split('-')[^1].Equals(last, StringComparison.OrdinalIgnoreCase)) == 1 && char.IsAsciiLetter(last[0]) ? last : f.Region;
    });

    private static string SecretName(string from)
    {
        var parts = from.Split(':');
        if (parts.Length < 7) return from;
        return parts[6].Length > 7 && parts[6][^7] == '-' ? parts[6][..^7] : parts[6];
    }

    private static string Quoted(string value) => value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/') ? value : $"\"{value.Replace("\"", "", StringComparison.Ordinal)}\"";

    private static IEnumerable<JsonObject> Items(JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];

    private static IEnumerable<string> Texts(JsonNode? node) => (node as JsonArray)?.OfType<JsonValue>().Select(v => v.ToString()) ?? [];

    private static string? Text(JsonNode? node) => (node as JsonValue)?.ToString();

    private sealed record Found(string Region, string Cluster, List<ServiceFound> Services, Dictionary<string, (string Name, string Value)[]> Components, string? Cidr);

    private sealed record ServiceFound(string Name)
    {
        public string? Port { get; init; }
        public string? Cpu { get; init; }
        public string? Memory { get; init; }
        public string Desired { get; init; } = "1";
        public string Ingress { get; init; } = "none";
        public string? Health { get; init; }
        public string? LogGroup { get; init; }
        public string? TargetGroup { get; init; }
        public string? Repository { get; init; }
        public string? Secret { get; init; }
        public List<string> Variables { get; init; } = [];
    }
}
