using System.Text.Json.Nodes;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Network;

/// <summary>EC2 as far as a diagnosis reads it: hosts, groups, routes, addresses.</summary>
public static class NetworkOperations
{
    public static IEnumerable<Operation> All(LabWorld world) => Reads(world).Concat(NetworkChanges.All(world));

    private static IEnumerable<Operation> Reads(LabWorld world)
    {
        Operation Op(string name, Func<NetworkState, AwsCall, JsonObject> answer) => new("ec2", name, call =>
        {
            RefuseDryRun(call);
            return answer(Of(world, call), call);
        });
        yield return Op("DescribeInstances", Instances);
        yield return Op("DescribeSecurityGroups", (n, c) => Answer("securityGroupInfo", n.Groups, c, "GroupId", g => g.Id, Groups, NetworkShapes.Of, id => new AwsException("InvalidGroup.NotFound", $"The security group '{id}' does not exist")));
        yield return Op("DescribeSecurityGroupRules", (n, c) => Answer("securityGroupRuleSet", n.Groups.SelectMany(g => g.Rules.Select(r => (Group: g, Rule: r))), c, "SecurityGroupRuleId", r => r.Rule.Id,
            (r, f) => f switch { "group-id" => [r.Group.Id], "security-group-rule-id" => [r.Rule.Id], _ => null }, r => NetworkShapes.Of(r.Group, r.Rule), id => new AwsException("InvalidSecurityGroupRuleId.NotFound", $"The security group rule ID '{id}' does not exist")));
        yield return Op("DescribeRouteTables", (n, c) => Answer("routeTableSet", n.RouteTables, c, "RouteTableId", t => t.Id, Tables, NetworkShapes.Of, id => new AwsException("InvalidRouteTableID.NotFound", $"The routeTable ID '{id}' does not exist")));
        yield return Op("DescribeNatGateways", (n, c) => Answer("natGatewaySet", n.NatGateways, c, "NatGatewayId", g => g.Id,
            (g, f) => f switch { "vpc-id" => [g.VpcId], "subnet-id" => [g.SubnetId], "state" => [g.State], "nat-gateway-id" => [g.Id], _ => Tag(f, g.Name) }, NetworkShapes.Of, id => new AwsException("NatGatewayNotFound", $"NatGateway {id} was not found")));
        yield return Op("DescribeAddresses", Addresses);
        yield return Op("DescribeSubnets", (n, c) => Answer("subnetSet", n.Subnets, c, "SubnetId", s => s.Id,
            (s, f) => f switch { "vpc-id" => [s.VpcId], "subnet-id" => [s.Id], "cidr-block" or "cidrBlock" => [s.Cidr], "availability-zone" => [s.Zone], _ => Tag(f, s.Name) }, NetworkShapes.Of, id => new AwsException("InvalidSubnetID.NotFound", $"The subnet ID '{id}' does not exist")));
        yield return Op("DescribeVpcs", (n, c) => Answer("vpcSet", n.Vpcs, c, "VpcId", v => v.Id,
            (v, f) => f switch { "vpc-id" => [v.Id], "cidr" or "cidr-block" => [v.Cidr], _ => Tag(f, v.Name) }, NetworkShapes.Of, id => new AwsException("InvalidVpcID.NotFound", $"The vpc ID '{id}' does not exist")));
        yield return Op("DescribeNetworkInterfaces", (n, c) => Answer("networkInterfaceSet", n.Interfaces, c, "NetworkInterfaceId", i => i.Id,
            (i, f) => f switch { "vpc-id" => [i.VpcId], "subnet-id" => [i.SubnetId], "group-id" => i.SecurityGroups, "status" => [i.Status], "description" => [i.Description], "interface-type" => [i.Type], "network-interface-id" => [i.Id], "private-ip-address" or "addresses.private-ip-address" => [i.PrivateIp], _ => null },
            NetworkShapes.Of, id => new AwsException("InvalidNetworkInterfaceID.NotFound", $"The networkInterface ID '{id}' does not exist")));
    }

    internal static NetworkState Of(LabWorld world, AwsCall call)
    {
        var network = world.Regions[call.Region].Network;
        network.Settle(world.Clock.Elapsed);
        return network;
    }

    /// <summary>Permission was decided before; this is what the flag asks about.</summary>
    internal static void RefuseDryRun(AwsCall call)
    {
        if (call.Flag("DryRun") == true) throw new AwsException("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
    }

    private static JsonObject Instances(NetworkState network, AwsCall call)
    {
        foreach (var id in call.Texts("InstanceId")) _ = Instance(network, id);
        var (page, next) = Page(Chosen(network.Instances, call, "InstanceId", i => i.Id, Facts, null), call, i => i.Id);
        return new JsonObject { ["reservationSet"] = page.Array(NetworkShapes.Of) }.With("nextToken", next);
    }

    internal static Ec2Instance Instance(NetworkState network, string id)
    {
        if (!id.StartsWith("i-", StringComparison.Ordinal)) throw new AwsException("InvalidInstanceID.Malformed", $"Invalid id: \"{Inputs.Short(id)}\"");
        return network.Instances.Find(i => i.Id == id) ?? throw new AwsException("InvalidInstanceID.NotFound", $"The instance ID '{id}' does not exist");
    }

    private static IEnumerable<string>? Facts(Ec2Instance i, string filter) => filter switch
    {
        "instance-id" => [i.Id],
        "instance-state-name" => [i.State],
        "private-ip-address" => [i.PrivateIp],
        "ip-address" => i.PublicIp is null ? [] : [i.PublicIp],
        "instance-type" => [i.Type],
        "vpc-id" => i.VpcId is null ? [] : [i.VpcId],
        "subnet-id" => i.SubnetId is null ? [] : [i.SubnetId],
        "instance.group-id" => i.SecurityGroups,
        _ => Tag(filter, i.Name),
    };

    private static IEnumerable<string>? Groups(SecurityGroup g, string filter) => filter switch
    {
        "group-id" => [g.Id],
        "group-name" => [g.Name],
        "vpc-id" => [g.VpcId],
        "description" => [g.Description],
        "ip-permission.cidr" => g.Rules.Where(r => !r.Egress).Select(r => r.Cidr).OfType<string>(),
        "ip-permission.group-id" => g.Rules.Where(r => !r.Egress).Select(r => r.PeerGroup).OfType<string>(),
        "ip-permission.from-port" => g.Rules.Where(r => !r.Egress).Select(r => $"{r.FromPort}"),
        "ip-permission.to-port" => g.Rules.Where(r => !r.Egress).Select(r => $"{r.ToPort}"),
        _ => Tag(filter, g.Name),
    };

    private static IEnumerable<string>? Tables(RouteTable t, string filter) => filter switch
    {
        "route-table-id" or "association.route-table-id" => [t.Id],
        "vpc-id" => [t.VpcId],
        "association.subnet-id" => t.Subnets,
        "association.main" => [t.Main ? "true" : "false"],
        "route.destination-cidr-block" => t.Routes.Select(r => r.Destination),
        "route.state" => t.Routes.Select(r => r.State),
        "route.nat-gateway-id" => t.Routes.Select(r => r.Target).Where(r => r.StartsWith("nat-", StringComparison.Ordinal)),
        "route.gateway-id" => t.Routes.Select(r => r.Target).Where(r => r.StartsWith("igw-", StringComparison.Ordinal) || r is "local"),
        _ => Tag(filter, t.Name),
    };

    private static JsonObject Addresses(NetworkState network, AwsCall call)
    {
        foreach (var ip in call.Texts("PublicIp").Where(ip => !network.Addresses.Exists(a => a.PublicIp == ip))) throw new AwsException("InvalidAddress.NotFound", $"Address '{Inputs.Short(ip)}' not found.");
        var ips = call.Texts("PublicIp").ToHashSet(StringComparer.Ordinal);
        return Answer("addressesSet", network.Addresses.Where(a => ips.Count == 0 || ips.Contains(a.PublicIp)), call, "AllocationId", a => a.AllocationId,
            (a, f) => f switch { "allocation-id" => [a.AllocationId], "public-ip" => [a.PublicIp], "association-id" => a.AssociationId is { } id ? [id] : [], "network-interface-id" => a.InterfaceId is { } id ? [id] : [], "private-ip-address" => a.PrivateIp is { } ip ? [ip] : [], "domain" => ["vpc"], _ => Tag(f, a.Name) },
            NetworkShapes.Of, id => new AwsException("InvalidAllocationID.NotFound", $"The allocation ID '{id}' does not exist"));
    }

    // Null says that there is no such filter.
    private static IEnumerable<string>? Tag(string filter, string name) => filter switch
    {
        "tag:Name" => [name],
        "tag-key" => ["Name"],
        _ when filter.StartsWith("tag:", StringComparison.Ordinal) => [],
        _ => null,
    };

    private static JsonObject Answer<T>(string set, IEnumerable<T> all, AwsCall call, string idMember, Func<T, string> id, Func<T, string, IEnumerable<string>?> facts, Func<T, JsonObject> shape, Func<string, AwsException> missing)
    {
        var (page, next) = Page(Chosen(all.ToList(), call, idMember, id, facts, missing), call, id);
        return new JsonObject { [set] = page.Array(shape) }.With("nextToken", next);
    }

    private static IEnumerable<T> Chosen<T>(List<T> all, AwsCall call, string idMember, Func<T, string> id, Func<T, string, IEnumerable<string>?> facts, Func<string, AwsException>? missing)
    {
        var ids = call.Texts(idMember).ToHashSet(StringComparer.Ordinal);
        if (missing is not null && ids.FirstOrDefault(i => !all.Exists(a => id(a) == i)) is { } lost) throw missing(Inputs.Short(lost));
        var filters = call.Objects("Filter").Select(f => (Name: f.Leaf("Name") ?? "", Values: f.List("Value").Select(v => v?.ToString() ?? "").ToList())).ToList();
        return all.Where(a => ids.Count == 0 || ids.Contains(id(a))).Where(a => filters.TrueForAll(f =>
        {
            var actual = facts(a, f.Name) ?? throw new AwsException("InvalidParameterValue", $"The filter '{Inputs.Short(f.Name)}' is invalid");
            return actual.Any(x => f.Values.Exists(v => Wildcard.Fits(v, x, StringComparison.Ordinal)));
        }));
    }

    private static (List<T> Items, string? Next) Page<T>(IEnumerable<T> all, AwsCall call, Func<T, string> key) => Pages.Of(all, key, call.Text("NextToken"),
        call.Within("MaxResults", 5, 1000, 1000, n => new AwsException("InvalidParameterValue", $"Value ( {n} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.")),
        () => new AwsException("InvalidNextToken", "The token is not valid."));
}
