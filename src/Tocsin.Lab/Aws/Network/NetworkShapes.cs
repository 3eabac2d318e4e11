using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Network;

/// <summary>EC2's things as EC2 writes them.</summary>
internal static class NetworkShapes
{
    public static JsonObject Of(Ec2Instance i) => new()
    {
        ["reservationId"] = i.ReservationId,
        ["ownerId"] = LabIds.Account,
        ["groupSet"] = new JsonArray(),
        ["instancesSet"] = new JsonArray(new JsonObject
        {
            ["instanceId"] = i.Id,
            ["imageId"] = "ami-00000000000000000",
            ["instanceState"] = State(i.State),
            ["privateDnsName"] = $"ip-{i.PrivateIp.Replace('.', '-')}.internal",
            ["reason"] = i.TransitionReason,
            ["instanceType"] = i.Type,
            ["launchTime"] = AwsTime.Iso(i.Launched),
            ["privateIpAddress"] = i.PrivateIp,
            ["tagSet"] = Name(i.Name),
            ["groupSet"] = i.SecurityGroups.Array(g => new JsonObject { ["groupId"] = g }),
        }.With("ipAddress", i.State is "running" ? i.PublicIp : null).With("subnetId", i.SubnetId).With("vpcId", i.VpcId)),
    };

    public static JsonObject State(string name) => new()
    {
        ["code"] = name switch { "pending" => 0, "running" => 16, "stopping" => 64, _ => 80 },
        ["name"] = name,
    };

    public static JsonObject Of(SecurityGroup g) => new()
    {
        ["ownerId"] = LabIds.Account,
        ["groupId"] = g.Id,
        ["groupName"] = g.Name,
        ["groupDescription"] = g.Description,
        ["vpcId"] = g.VpcId,
        ["ipPermissions"] = Permissions(g, false),
        ["ipPermissionsEgress"] = Permissions(g, true),
        ["tagSet"] = Name(g.Name),
    };

    // Rules of the same protocol and ports are one permission.
    private static JsonArray Permissions(SecurityGroup group, bool egress) => group.Rules.Where(r => r.Egress == egress).GroupBy(r => (r.Protocol, r.FromPort, r.ToPort)).Array(same =>
    {
        var permission = new JsonObject { ["ipProtocol"] = same.Key.Protocol };
        if (same.Key.Protocol is not "-1") (permission["fromPort"], permission["toPort"]) = (same.Key.FromPort, same.Key.ToPort);
        permission["groups"] = same.Where(r => r.PeerGroup is not null).Array(r => new JsonObject { ["userId"] = LabIds.Account, ["groupId"] = r.PeerGroup }.With("description", r.Description));
        permission["ipRanges"] = same.Where(r => r.Cidr is not null).Array(r => new JsonObject { ["cidrIp"] = r.Cidr }.With("description", r.Description));
        return permission;
    });

    public static JsonObject Of(SecurityGroup group, SecurityRule r) => new JsonObject
    {
        ["securityGroupRuleId"] = r.Id,
        ["groupId"] = group.Id,
        ["groupOwnerId"] = LabIds.Account,
        ["isEgress"] = r.Egress,
        ["ipProtocol"] = r.Protocol,
        ["fromPort"] = r.FromPort,
        ["toPort"] = r.ToPort,
    }.With("cidrIpv4", r.Cidr).With("description", r.Description)
        .With("referencedGroupInfo", r.PeerGroup is null ? null : new JsonObject { ["groupId"] = r.PeerGroup, ["userId"] = LabIds.Account });

    public static JsonObject Of(RouteTable t) => new()
    {
        ["routeTableId"] = t.Id,
        ["vpcId"] = t.VpcId,
        ["ownerId"] = LabIds.Account,
        ["routeSet"] = t.Routes.Array(r => new JsonObject { ["destinationCidrBlock"] = r.Destination, [Target(r.Target)] = r.Target, ["state"] = r.State, ["origin"] = r.Origin }),
        ["associationSet"] = Associations(t),
        ["propagatingVgwSet"] = new JsonArray(),
        ["tagSet"] = Name(t.Name),
    };

    private static JsonArray Associations(RouteTable table)
    {
        var all = table.Subnets.Array(s => Association(table, s).With("subnetId", s));
        if (table.Main) all.Add(Association(table, "main"));
        return all;
    }

    private static JsonObject Association(RouteTable table, string with) => new()
    {
        ["routeTableAssociationId"] = "rtbassoc-0" + LabIds.Letters(table.Id + with, 16).ToLowerInvariant(),
        ["routeTableId"] = table.Id,
        ["main"] = with is "main",
        ["associationState"] = new JsonObject { ["state"] = "associated" },
    };

    private static string Target(string target) => target.Split('-')[0] switch
    {
        "nat" => "natGatewayId",
        "eni" => "networkInterfaceId",
        "i" => "instanceId",
        _ => "gatewayId",
    };

    public static JsonObject Of(NatGateway g) => new JsonObject
    {
        ["natGatewayId"] = g.Id,
        ["vpcId"] = g.VpcId,
        ["subnetId"] = g.SubnetId,
        ["state"] = g.State,
        ["connectivityType"] = "public",
        ["createTime"] = AwsTime.Iso(g.Created),
        ["natGatewayAddressSet"] = new JsonArray(new JsonObject { ["allocationId"] = g.Address.AllocationId, ["publicIp"] = g.Address.PublicIp, ["privateIp"] = g.PrivateIp }.With("networkInterfaceId", g.Address.InterfaceId)),
        ["tagSet"] = Name(g.Name),
    }.With("failureMessage", g.FailureMessage);

    public static JsonObject Of(Address a) => new JsonObject
    {
        ["publicIp"] = a.PublicIp,
        ["allocationId"] = a.AllocationId,
        ["domain"] = "vpc",
        ["tagSet"] = Name(a.Name),
    }.With("associationId", a.AssociationId).With("networkInterfaceId", a.InterfaceId).With("privateIpAddress", a.PrivateIp);

    public static JsonObject Of(Subnet s) => new()
    {
        ["subnetId"] = s.Id,
        ["state"] = "available",
        ["vpcId"] = s.VpcId,
        ["cidrBlock"] = s.Cidr,
        ["availabilityZone"] = s.Zone,
        ["mapPublicIpOnLaunch"] = s.Public,
        ["ownerId"] = LabIds.Account,
        ["tagSet"] = Name(s.Name),
    };

    public static JsonObject Of(Vpc v) => new()
    {
        ["vpcId"] = v.Id,
        ["state"] = "available",
        ["cidrBlock"] = v.Cidr,
        ["isDefault"] = false,
        ["ownerId"] = LabIds.Account,
        ["tagSet"] = Name(v.Name),
    };

    public static JsonObject Of(NetworkInterface i) => new JsonObject
    {
        ["networkInterfaceId"] = i.Id,
        ["subnetId"] = i.SubnetId,
        ["vpcId"] = i.VpcId,
        ["description"] = i.Description,
        ["ownerId"] = LabIds.Account,
        ["status"] = i.Status,
        ["interfaceType"] = i.Type,
        ["privateIpAddress"] = i.PrivateIp,
        ["groupSet"] = i.SecurityGroups.Array(g => new JsonObject { ["groupId"] = g }),
    }.With("association", i.PublicIp is null ? null : new JsonObject { ["publicIp"] = i.PublicIp });

    private static JsonArray Name(string name) => [new JsonObject { ["key"] = "Name", ["value"] = name }];
}
