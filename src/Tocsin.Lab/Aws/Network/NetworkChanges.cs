using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Network;

/// <summary>The calls that change groups, routes and hosts.</summary>
internal static class NetworkChanges
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, string kind, string member, Func<NetworkState, AwsCall, JsonObject> answer) => new("ec2", name, call => answer(NetworkOperations.Of(world, call), call))
        {
            Resources = call => (call.Input[member] is JsonArray ? call.Texts(member) : [call.Text(member) ?? "*"]).Select(id => LabIds.Arn("ec2", call.Region, $"{kind}/{id}")),
            ReadOnly = false,
            Note = "the state changes; what it does to traffic is up to who listens",
        };
        yield return Op("AuthorizeSecurityGroupIngress", "security-group", "GroupId", Authorize);
        yield return Op("RevokeSecurityGroupIngress", "security-group", "GroupId", Revoke);
        yield return Op("CreateRoute", "route-table", "RouteTableId", CreateRoute);
        yield return Op("DeleteRoute", "route-table", "RouteTableId", DeleteRoute);
        yield return Op("StopInstances", "instance", "InstanceId", (n, c) => Turn(world, n, c, false));
        yield return Op("StartInstances", "instance", "InstanceId", (n, c) => Turn(world, n, c, true));
    }

    private static SecurityGroup Group(NetworkState network, AwsCall call) => call.Text("GroupId") is not { Length: > 0 } id
        ? throw new AwsException("MissingParameter", "The request must contain the parameter groupName or groupId")
        : network.Groups.Find(g => g.Id == id) ?? throw new AwsException("InvalidGroup.NotFound", $"The security group '{Inputs.Short(id)}' does not exist");

    private static JsonObject Authorize(NetworkState network, AwsCall call)
    {
        var group = Group(network, call);
        var rules = Rules(network, call);
        foreach (var rule in rules.Where(r => group.Rules.Exists(r.Same)))
        {
            throw new AwsException("InvalidPermission.Duplicate", $"the specified rule \"peer: {rule.Cidr ?? rule.PeerGroup}, {Words(rule)}, ALLOW\" already exists");
        }
        NetworkOperations.RefuseDryRun(call);
        group.Rules.AddRange(rules);
        network.Changed?.Invoke(group.Id);
        return new JsonObject { ["return"] = true, ["securityGroupRuleSet"] = rules.Array(r => NetworkShapes.Of(group, r)) };
    }

    private static JsonObject Revoke(NetworkState network, AwsCall call)
    {
        var group = Group(network, call);
        var ids = call.Texts("SecurityGroupRuleId").ToList();
        var gone = ids.Count > 0
            ? ids.Select(id => group.Rules.Find(r => r.Id == id && !r.Egress) ?? throw new AwsException("InvalidSecurityGroupRuleId.NotFound", $"The security group rule ID '{Inputs.Short(id)}' does not exist")).ToList()
            : Rules(network, call).ConvertAll(asked => group.Rules.Find(asked.Same) ?? throw new AwsException("InvalidPermission.NotFound", "The specified rule does not exist in this security group."));
        NetworkOperations.RefuseDryRun(call);
        foreach (var rule in gone) group.Rules.Remove(rule);
        network.Changed?.Invoke(group.Id);
        return new JsonObject { ["return"] = true };
    }

    private static string Words(SecurityRule rule) => rule.Protocol is "-1" ? "ALL" : $"{rule.Protocol.ToUpperInvariant()}, from port: {rule.FromPort}, to port: {rule.ToPort}";

    private static List<SecurityRule> Rules(NetworkState network, AwsCall call)
    {
        var permissions = call.Objects("IpPermissions");
        if (permissions.Count == 0) throw new AwsException("MissingParameter", "The request must contain the parameter ipPermissions");
        var rules = permissions.SelectMany(p => Rules(network, p)).ToList();
        return rules.Count > 0 ? rules : throw new AwsException("InvalidParameterValue", "A permission must name at least one CIDR or group.");
    }

    private static IEnumerable<SecurityRule> Rules(NetworkState network, JsonObject permission)
    {
        var protocol = permission.Leaf("IpProtocol") switch { "6" => "tcp", "17" => "udp", "1" => "icmp", var p => p };
        if (protocol is not ("tcp" or "udp" or "icmp" or "-1")) throw new AwsException("InvalidParameterValue", $"Invalid value '{Inputs.Short(protocol ?? "")}' for IP protocol. Unknown protocol.");
        var (from, to) = protocol is "-1" ? (-1, -1) : (Port(permission, "FromPort"), Port(permission, "ToPort"));
        if (from > to) throw new AwsException("InvalidParameterValue", $"Invalid value '{from}-{to}' for portRange. Must specify from and to ports with TCP/UDP.");
        foreach (var range in permission.List("IpRanges").OfType<JsonObject>())
        {
            var cidr = range.Leaf("CidrIp") ?? "";
            if (!IPNetwork.TryParse(cidr, out _)) throw new AwsException("InvalidParameterValue", $"CIDR block {Inputs.Short(cidr)} is malformed");
            yield return new SecurityRule(false, protocol, from, to, cidr, null, range.Leaf("Description"));
        }
        foreach (var pair in permission.List("Groups").OfType<JsonObject>())
        {
            var peer = pair.Leaf("GroupId") ?? "";
            if (!network.Groups.Exists(g => g.Id == peer)) throw new AwsException("InvalidGroup.NotFound", $"The security group '{Inputs.Short(peer)}' does not exist");
            yield return new SecurityRule(false, protocol, from, to, null, peer, pair.Leaf("Description"));
        }
    }

    private static int Port(JsonObject permission, string name) =>
        int.TryParse(permission.Leaf(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port) && port is >= -1 and <= 65_535 ? port
        : throw new AwsException("InvalidParameterValue", $"Invalid value '{Inputs.Short(permission.Leaf(name) ?? "Must specify both from and to ports with TCP/UDP.")}' for portRange.");

    private static RouteTable Table(NetworkState network, AwsCall call)
    {
        var id = call.Text("RouteTableId") ?? "";
        return network.RouteTables.Find(t => t.Id == id) ?? throw new AwsException("InvalidRouteTableID.NotFound", $"The routeTable ID '{Inputs.Short(id)}' does not exist");
    }

    private static JsonObject CreateRoute(NetworkState network, AwsCall call)
    {
        var table = Table(network, call);
        var destination = Destination(call);
        if (table.Routes.Exists(r => r.Destination == destination)) throw new AwsException("RouteAlreadyExists", $"The route identified by {destination} already exists.");
        var target = new[] { "GatewayId", "NatGatewayId", "NetworkInterfaceId", "InstanceId" }.Select(call.Text).FirstOrDefault(t => !string.IsNullOrEmpty(t))
            ?? throw new AwsException("MissingParameter", "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, instanceId");
        if (target.StartsWith("nat-", StringComparison.Ordinal) && !network.NatGateways.Exists(g => g.Id == target)) throw new AwsException("InvalidNatGatewayID.NotFound", $"The natGateway ID '{Inputs.Short(target)}' does not exist");
        NetworkOperations.RefuseDryRun(call);
        table.Routes.Add(new Route(destination, target));
        network.Changed?.Invoke(table.Id);
        return new JsonObject { ["return"] = true };
    }

    private static JsonObject DeleteRoute(NetworkState network, AwsCall call)
    {
        var table = Table(network, call);
        var destination = Destination(call);
        var route = table.Routes.Find(r => r.Destination == destination) ?? throw new AwsException("InvalidRoute.NotFound", $"no route with destination-cidr-block {destination} in route table {table.Id}");
        if (route.Target is "local") throw new AwsException("InvalidParameterValue", $"cannot remove local route {destination} in route table {table.Id}");
        NetworkOperations.RefuseDryRun(call);
        table.Routes.Remove(route);
        network.Changed?.Invoke(table.Id);
        return new JsonObject { ["return"] = true };
    }

    private static string Destination(AwsCall call)
    {
        var text = call.Text("DestinationCidrBlock") ?? "";
        return IPNetwork.TryParse(text, out _) ? text : throw new AwsException("InvalidParameterValue", $"Value ({Inputs.Short(text)}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.");
    }

    private static JsonObject Turn(LabWorld world, NetworkState network, AwsCall call, bool on)
    {
        var instances = call.Texts("InstanceId").Distinct(StringComparer.Ordinal).Select(id => NetworkOperations.Instance(network, id)).ToList();
        if (instances.Count == 0) throw new AwsException("MissingParameter", "The request must contain the parameter InstanceId");
        var (busy, rest, done) = on ? ("pending", "stopped", "running") : ("stopping", "running", "stopped");
        foreach (var instance in instances.Where(i => i.State != rest && i.State != done && i.State != busy))
        {
            throw new AwsException("IncorrectInstanceState", $"{(on ? "The" : "This")} instance '{instance.Id}' is not in a state from which it can be {(on ? "started" : "stopped")}.");
        }
        NetworkOperations.RefuseDryRun(call);
        return new JsonObject
        {
            ["instancesSet"] = instances.Array(i =>
            {
                var before = i.State;
                if (before == rest)
                {
                    (i.State, i.SettlesAt) = (busy, world.Clock.Elapsed + network.StateTakes);
                    if (on) i.Launched = call.Now;
                    i.TransitionReason = on ? "" : $"User initiated ({AwsTime.Iso(call.Now)[..19].Replace('T', ' ')} GMT)";
                    network.Changed?.Invoke(i.Id);
                }
                return new JsonObject { ["instanceId"] = i.Id, ["currentState"] = NetworkShapes.State(i.State), ["previousState"] = NetworkShapes.State(before) };
            }),
        };
    }
}
