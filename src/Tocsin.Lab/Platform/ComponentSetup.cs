using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Aws.Acm;
using Tocsin.Lab.Aws.Cache;
using Tocsin.Lab.Aws.Network;
using Tocsin.Lab.Aws.Quotas;
using Tocsin.Lab.Aws.Rds;
using Tocsin.Lab.Aws.Scaling;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Platform;

/// <summary>What AWS knows of the platform beside its services: network, database cluster, cache, hosts, certificates, quotas, scaling, log buckets, DNS.</summary>
internal sealed class ComponentSetup(LabWorld world, LabNetwork addresses, Core.Platforms.Platform platform, LabDns dns)
{
    private const int Vcpus = 64;
    private static readonly Duration Age = Duration.FromDays(400);
    private static readonly Duration Renewed = Duration.FromDays(60);

    private Instant Since => world.Clock.Now - Age;

    /// <summary>Called once, with the world's lock held.</summary>
    public void Build()
    {
        foreach (var environment in platform.Environments)
        {
            var region = world.Regions[environment.Fields["region"]];
            var groups = BuildNetwork(environment, region.Network);
            PlaceServices(environment, region);
            BuildDatabase(environment, region, groups);
            BuildCache(environment, region, groups);
            BuildHost(environment, region, groups);
            BuildCertificate(region);
            BuildScaling(environment, region);
            region.Quotas.Find("fargate", QuotaState.FargateVcpu)!.Value = Vcpus;
            world.Buckets.Create($"{environment.Fields["cluster"]}-alb-logs", region.Name, Since);
        }
    }

    /// <summary>Private subnets reach AWS as long as they have a default route to a NAT gateway that works.</summary>
    public static bool HasEgress(NetworkState network) => network.RouteTables.Where(t => !t.Main).All(t =>
        t.Routes.Exists(r => r is { Destination: "0.0.0.0/0", State: "active" } && network.NatGateways.Exists(n => n.Id == r.Target && n.State is "available")));

    private Dictionary<string, SecurityGroup> BuildNetwork(PlatformEnvironment environment, NetworkState network)
    {
        var name = environment.Fields["cluster"];
        var vpc = new Vpc(name, environment.Fields["vpcCidr"]);
        var prefix = vpc.Cidr[..vpc.Cidr.IndexOf(".0.0/", StringComparison.Ordinal)];
        var zone = environment.Fields["region"];
        Subnet[] subnets = [new($"{name}-public-a", vpc.Id, $"{prefix}.0.0/24", zone + "a", true), new($"{name}-private-a", vpc.Id, $"{prefix}.10.0/24", zone + "a", false), new($"{name}-private-b", vpc.Id, $"{prefix}.11.0/24", zone + "b", false)];
        network.Vpcs.Add(vpc);
        network.Subnets.AddRange(subnets);
        var egress = new Address($"{name}-nat", addresses.Component(environment.Name, "nat")) { AssociationId = "eipassoc-0" + LabIds.Hex(16) };
        var entry = new Address($"{name}-nlb", addresses.ElasticIp(environment.Name)) { AssociationId = "eipassoc-0" + LabIds.Hex(16) };
        var nat = new NatGateway($"{name}-nat", vpc.Id, subnets[0].Id, egress, $"{prefix}.0.5", Since);
        network.Addresses.AddRange([egress, entry]);
        network.NatGateways.Add(nat);
        var open = new RouteTable($"{name}-public", vpc.Id, vpc.Cidr, main: true);
        open.Subnets.Add(subnets[0].Id);
        open.Routes.Add(new Route("0.0.0.0/0", "igw-0" + LabIds.Hex(16)));
        var closed = new RouteTable($"{name}-private", vpc.Id, vpc.Cidr);
        closed.Subnets.AddRange(subnets[1..].Select(s => s.Id));
        closed.Routes.Add(new Route("0.0.0.0/0", nat.Id));
        network.RouteTables.AddRange([open, closed]);
        return BuildGroups(environment, network, vpc);
    }

    private static void PlaceServices(PlatformEnvironment environment, LabRegion region)
    {
        var subnets = region.Network.Subnets.Where(s => !s.Public).Select(s => s.Id).ToList();
        var tasks = region.Network.Groups.First(g => g.Name == $"{environment.Fields["cluster"]}-tasks").Id;
        foreach (var service in region.Ecs.Clusters[environment.Fields["cluster"]].Services.Values)
            service.Network["awsvpcConfiguration"] = new JsonObject { ["subnets"] = new JsonArray([.. subnets.Select(s => (JsonNode)s)]), ["securityGroups"] = new JsonArray(tasks), ["assignPublicIp"] = "DISABLED" };
    }

    // Tasks may come to the database, the cache and the analytics host; the bastion's network may too.
    private static Dictionary<string, SecurityGroup> BuildGroups(PlatformEnvironment environment, NetworkState network, Vpc vpc)
    {
        var name = environment.Fields["cluster"];
        var tasks = new SecurityGroup($"{name}-tasks", vpc.Id, "ECS tasks");
        var groups = new Dictionary<string, SecurityGroup>(StringComparer.Ordinal) { ["tasks"] = tasks };
        foreach (var (component, fields) in environment.Components.Where(c => c.Value.ContainsKey("port")).OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            var group = groups[component] = new SecurityGroup($"{name}-{component}", vpc.Id, component);
            group.Rules.AddRange(Ingress(fields, tasks, vpc));
        }
        network.Groups.AddRange(groups.Values);
        return groups;
    }

    /// <summary>Closes the security group of a component, or opens it as at first. Called with the world's lock held.</summary>
    public static void Admit(PlatformEnvironment environment, NetworkState network, string component, bool open)
    {
        SecurityGroup? Of(string one) => network.Groups.Find(g => g.Name == $"{environment.Fields["cluster"]}-{one}");
        if (Of(component) is not { } group || Of("tasks") is not { } tasks) return;
        group.Rules.RemoveAll(r => !r.Egress);
        if (open) group.Rules.AddRange(Ingress(environment.Components[component], tasks, network.Vpcs[0]));
    }

    private static SecurityRule[] Ingress(IReadOnlyDictionary<string, string> fields, SecurityGroup tasks, Vpc vpc)
    {
        var port = int.Parse(fields["port"], CultureInfo.InvariantCulture);
        return
        [
            new SecurityRule(Egress: false, "tcp", port, port, null, tasks.Id, "ECS tasks"),
            new SecurityRule(Egress: false, "tcp", port, port, fields.GetValueOrDefault("reach") is "public" ? "0.0.0.0/0" : vpc.Cidr, null, "within the network"),
        ];
    }

    private void BuildDatabase(PlatformEnvironment environment, LabRegion region, Dictionary<string, SecurityGroup> groups)
    {
        var fields = environment.Components.GetValueOrDefault("aurora");
        if (fields is null) return;
        var cluster = region.Rds.Add(new RdsCluster(fields["cluster"], region.Name, fields["user"], Since)
        {
            DatabaseName = fields.GetValueOrDefault("schema", ""),
            Port = int.Parse(fields["port"], CultureInfo.InvariantCulture),
            SecurityGroups = [groups["aurora"].Id],
        });
        (cluster.MinCapacity, cluster.MaxCapacity) = (double.Parse(fields["minAcu"], CultureInfo.InvariantCulture), double.Parse(fields["maxAcu"], CultureInfo.InvariantCulture));
        if (fields.TryGetValue("backupDays", out var days)) cluster.BackupRetentionDays = int.Parse(days, CultureInfo.InvariantCulture);
        region.Rds.AddInstance($"{cluster.Id}-1", cluster, Since, fields.GetValueOrDefault("reach") is "public");
    }

    private void BuildCache(PlatformEnvironment environment, LabRegion region, Dictionary<string, SecurityGroup> groups)
    {
        var fields = environment.Components.GetValueOrDefault("redis");
        if (fields is null) return;
        var id = $"{platform.Id}-redis-{environment.Name}";
        region.Cache.Groups[id] = new ReplicationGroup(id, region.Name, Since)
        {
            Port = int.Parse(fields["port"], CultureInfo.InvariantCulture),
            SecurityGroups = [groups["redis"].Id],
            TransitEncryption = fields.GetValueOrDefault("tls") is "required",
            AuthToken = fields.GetValueOrDefault("auth") is "token",
        };
    }

    private void BuildHost(PlatformEnvironment environment, LabRegion region, Dictionary<string, SecurityGroup> groups)
    {
        foreach (var (component, fields) in environment.Components.Where(c => c.Value.ContainsKey("instanceName")))
        {
            region.Network.Instances.Add(new Ec2Instance(fields["instanceName"], addresses.Component(environment.Name, component), Since)
            {
                SubnetId = region.Network.Subnets.First(s => !s.Public).Id,
                VpcId = region.Network.Vpcs[0].Id,
                SecurityGroups = [groups[component].Id],
            });
        }
    }

    private void BuildCertificate(LabRegion region)
    {
        var domain = platform.Fields["baseDomain"];
        var certificate = new Certificate(region.Name, [$"*.{domain}", domain], Since, Duration.Zero);
        // ACM has renewed it since, as it does for what is in use.
        certificate.Issue(world.Clock.Now - Renewed);
        region.Certificates.Certificates.Add(certificate);
        region.Certificates.Dns = dns.View;
        foreach (var name in certificate.Domains) dns.Set(name.RecordName, "CNAME", name.RecordValue, proxied: false);
    }

    private void BuildScaling(PlatformEnvironment environment, LabRegion region)
    {
        foreach (var service in region.Ecs.Clusters[environment.Fields["cluster"]].Services.Values)
        {
            var range = platform.Service(service.Name)!.Fields;
            region.Scaling.Targets.Add(new ScalableTarget("ecs", $"service/{environment.Fields["cluster"]}/{service.Name}", "ecs:service:DesiredCount", Since)
            {
                Min = service.Desired,
                Max = Math.Max(service.Desired, range.GetValueOrDefault("ingress") is "none" ? 1 : 4),
            });
        }
    }
}
