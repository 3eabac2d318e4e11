using NodaTime;

namespace Tocsin.Lab.Aws.Network;

public sealed class Ec2Instance(string name, string privateIp, Instant launched)
{
    public string Id { get; } = "i-0" + LabIds.Hex(16);

    public string ReservationId { get; } = "r-0" + LabIds.Hex(16);

    /// <summary>The tag Name.</summary>
    public string Name { get; } = name;

    public string PrivateIp { get; } = privateIp;

    public Instant Launched { get; set; } = launched;

    public string Type { get; init; } = "t3.medium";

    public string? PublicIp { get; init; }

    public string? SubnetId { get; init; }

    public string? VpcId { get; init; }

    public List<string> SecurityGroups { get; init; } = [];

    /// <summary><c>pending</c>, <c>running</c>, <c>stopping</c>, <c>stopped</c>.</summary>
    public string State { get; set; } = "running";

    /// <summary>Lab time at which pending or stopping is over.</summary>
    public Duration? SettlesAt { get; set; }

    public string TransitionReason { get; set; } = "";
}

/// <summary>One permission of a group: a protocol with ports, and one peer. Ports of -1 are all of them.</summary>
public sealed record SecurityRule(bool Egress, string Protocol, int FromPort, int ToPort, string? Cidr, string? PeerGroup, string? Description = null)
{
    public string Id { get; } = "sgr-0" + LabIds.Hex(16);

    public bool Same(SecurityRule other) =>
        (Egress, Protocol, FromPort, ToPort, Cidr, PeerGroup) == (other.Egress, other.Protocol, other.FromPort, other.ToPort, other.Cidr, other.PeerGroup);
}

public sealed class SecurityGroup(string name, string vpcId, string description)
{
    public string Id { get; } = "sg-0" + LabIds.Hex(16);

    public string Name { get; } = name;

    public string VpcId { get; } = vpcId;

    public string Description { get; } = description;

    public List<SecurityRule> Rules { get; } = [new SecurityRule(true, "-1", -1, -1, "0.0.0.0/0", null)];
}

/// <summary>A route; the target is an internet gateway, a NAT gateway, an interface or <c>local</c>.</summary>
public sealed record Route(string Destination, string Target, string Origin = "CreateRoute", string State = "active");

public sealed class RouteTable(string name, string vpcId, string vpcCidr, bool main = false)
{
    public string Id { get; } = "rtb-0" + LabIds.Hex(16);

    public string Name { get; } = name;

    public string VpcId { get; } = vpcId;

    public bool Main { get; } = main;

    public List<string> Subnets { get; } = [];

    public List<Route> Routes { get; } = [new Route(vpcCidr, "local", "CreateRouteTable")];
}

public sealed class NatGateway(string name, string vpcId, string subnetId, Address address, string privateIp, Instant created)
{
    public string Id { get; } = "nat-0" + LabIds.Hex(16);

    public string Name { get; } = name;

    public string VpcId { get; } = vpcId;

    public string SubnetId { get; } = subnetId;

    public Address Address { get; } = address;

    public string PrivateIp { get; } = privateIp;

    public Instant Created { get; } = created;

    public string State { get; set; } = "available";

    public string? FailureMessage { get; set; }
}

/// <summary>An Elastic IP.</summary>
public sealed class Address(string name, string publicIp)
{
    public string AllocationId { get; } = "eipalloc-0" + LabIds.Hex(16);

    public string Name { get; } = name;

    public string PublicIp { get; } = publicIp;

    public string? AssociationId { get; set; }

    public string? InterfaceId { get; set; }

    public string? PrivateIp { get; set; }
}

public sealed record Subnet(string Name, string VpcId, string Cidr, string Zone, bool Public)
{
    public string Id { get; } = "subnet-0" + LabIds.Hex(16);
}

public sealed record Vpc(string Name, string Cidr)
{
    public string Id { get; } = "vpc-0" + LabIds.Hex(16);
}

public sealed record NetworkInterface(string Id, string Description, string VpcId, string SubnetId, string PrivateIp, string Type, IReadOnlyList<string> SecurityGroups)
{
    public string? PublicIp { get; init; }

    public string Status { get; init; } = "in-use";
}

/// <summary>EC2's side of one region: hosts, groups, routes, addresses.</summary>
public sealed class NetworkState
{
    public Duration StateTakes { get; set; } = Duration.FromSeconds(30);

    public List<Vpc> Vpcs { get; } = [];

    public List<Subnet> Subnets { get; } = [];

    public List<SecurityGroup> Groups { get; } = [];

    public List<RouteTable> RouteTables { get; } = [];

    public List<NatGateway> NatGateways { get; } = [];

    public List<Address> Addresses { get; } = [];

    public List<Ec2Instance> Instances { get; } = [];

    public List<NetworkInterface> Interfaces { get; } = [];

    /// <summary>Told the id of the group, route table or instance that a call changed, while the world's lock is held.</summary>
    public Action<string>? Changed { get; set; }

    /// <summary>A permission of a group lets the address through on the port; rules that name a group are for the caller to resolve.</summary>
    public static bool Allows(SecurityGroup group, System.Net.IPAddress from, int port, Func<string, bool> isMember) => group.Rules.Exists(r =>
        !r.Egress && (r.Protocol is "-1" || (r.Protocol is "tcp" && r.FromPort <= port && port <= r.ToPort))
        && (r.PeerGroup is { } peer ? isMember(peer) : r.Cidr is { } cidr && System.Net.IPNetwork.TryParse(cidr, out var network) && network.Contains(from)));

    public void Settle(Duration elapsed)
    {
        foreach (var instance in Instances.Where(i => i.SettlesAt <= elapsed))
        {
            (instance.State, instance.SettlesAt) = (instance.State is "pending" ? "running" : "stopped", null);
            Changed?.Invoke(instance.Id);
        }
    }
}
