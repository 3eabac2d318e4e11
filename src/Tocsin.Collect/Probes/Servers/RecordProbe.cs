using System.Net;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>Whether the platform's public names lead to its load balancers. Only one environment bears them: the one that platform.yaml names first.</summary>
internal static class RecordProbe
{
    public static IEnumerable<Probe> For(ServerGround ground)
    {
        // A lab without a name server: the world's would be asked of names that mean something else there.
        if (ground is { OnlyVariables: true, Resolver: null }) return [];
        if (ground.Aws is null || ground.Map.Platform.Environments[0].Name != ground.Map.Environment || !Names(ground).Any()) return [];
        return [ground.Probe("platform.settings", ground.Map.Of(""), Vantage.Api, "dns", (s, c) => LookAsync(ground, s, c)) with { Needs = [new("elasticloadbalancing:DescribeLoadBalancers"), new("ec2:DescribeAddresses")] }];
    }

    private static IEnumerable<string> Names(ServerGround ground) =>
        ground.Map.Services.Where(s => s.Fields.GetValueOrDefault("ingress") is "alb" or "nlb").Select(s => s.Fields.GetValueOrDefault("host") ?? "").Where(h => h.Contains('.', StringComparison.Ordinal)).Distinct(StringComparer.OrdinalIgnoreCase);

    private static async Task LookAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var resolver = ground.Resolver ?? await DomainProbes.SystemResolverAsync(cancel);
        var (aliases, addresses) = await OwnAsync(ground, resolver, sighting, cancel);
        var (right, foreign) = (true, false);
        foreach (var name in Names(ground))
        {
            sighting.Asked($"dns A of {name} at {resolver}");
            var answer = await DnsClient.AskAsync(resolver, name, DnsType.A, cancel);
            // No answer at all says nothing of the record.
            if (answer.Outcome is DnsOutcome.Timeout or DnsOutcome.Garbage or DnsOutcome.Refused or DnsOutcome.ServFail) throw new CouldNotLook(ObservationStatus.Failed, $"{resolver} does not tell of {name}: {answer.Outcome}");
            var alias = answer.Records.Where(r => r.Type is DnsType.Cname).Select(r => r.Value.TrimEnd('.')).ToList();
            // Behind Cloudflare's proxy the answer holds Cloudflare's addresses, and the record is not seen.
            if (answer.Addresses.Any(DomainProbes.IsCloudflare)) continue;
            if (alias.Exists(aliases.Contains) || answer.Addresses.Any(addresses.Contains)) continue;
            right = false;
            foreign |= alias.Exists(a => ground.Map.IsUnderBase(a) == false && !a.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase));
            sighting.Lacks($"{name} leads to {string.Join(", ", alias.Concat(answer.Addresses.Select(a => a.ToString())).DefaultIfEmpty(answer.Outcome.ToString()))}");
        }
        sighting.Fact("recordsResolve", right);
        sighting.Fact("recordsOfOtherBase", foreign);
    }

    private static async Task<(HashSet<string> Aliases, HashSet<IPAddress> Addresses)> OwnAsync(ServerGround ground, IPEndPoint resolver, Sighting sighting, CancellationToken cancel)
    {
        var balancers = AwsSide.Items((await ground.Aws!(sighting, "elasticloadbalancing", "DescribeLoadBalancers", [], cancel))["LoadBalancers"]).ToList();
        var aliases = balancers.Select(b => AwsSide.Text(b["DNSName"])).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var addresses = (await new AwsSide(ground, sighting).ElasticAsync(cancel)).ToHashSet();
        addresses.UnionWith(balancers.SelectMany(b => AwsSide.Items(b["AvailabilityZones"])).SelectMany(z => AwsSide.Items(z["LoadBalancerAddresses"])).Select(a => AwsSide.Text(a["IpAddress"])).Concat(aliases).Select(a => IPAddress.TryParse(a, out var ip) ? ip : null).OfType<IPAddress>());
        foreach (var name in aliases.Where(a => !IPAddress.TryParse(a, out _))) addresses.UnionWith((await DnsClient.AskAsync(resolver, name, DnsType.A, cancel)).Addresses);
        return (aliases, addresses);
    }
}
