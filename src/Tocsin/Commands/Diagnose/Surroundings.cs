using System.Collections.Immutable;
using System.Net;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Commands.Diagnose;

/// <summary>Where the servers of an environment are: as the platform and this process's variables say; in a lab as the lab says, and what it does not run is nowhere.</summary>
internal sealed class Surroundings
{
    private static readonly string[] Addresses = ["endpoint", "host"];
    private readonly LabState? lab;
    private readonly LabPlace? place;

    private Surroundings(PlatformMap map, LabState? lab)
    {
        Map = map;
        this.lab = lab;
        place = lab?.Environments.FirstOrDefault(e => e.Name == map.Environment);
    }

    public PlatformMap Map { get; }

    public static Surroundings Of(Platform platform, PlatformEnvironment environment, LabState? lab)
    {
        if (lab is null) return new Surroundings(new PlatformMap(platform, environment), lab: null);
        var environments = platform.Environments.Select(e => e with { Components = e.Components.ToImmutableDictionary(c => c.Key, c => OfLab(e.Name, c.Key, c.Value, lab), StringComparer.Ordinal) }).ToImmutableArray();
        var own = platform with { Environments = environments };
        return new Surroundings(new PlatformMap(own, own.Environment(environment.Name)!), lab);
    }

    // What listens on this machine's own addresses is reached without any VPN.
    private static ImmutableDictionary<string, string> OfLab(string environment, string name, ImmutableDictionary<string, string> fields, LabState lab)
    {
        var known = lab.Environments.FirstOrDefault(e => e.Name == environment)?.Components.GetValueOrDefault(name);
        var here = known is null || (IPAddress.TryParse(known.Host, out var address) && IPAddress.IsLoopback(address));
        return here ? fields.RemoveRange([.. Addresses, "reach"]) : fields.RemoveRange(Addresses);
    }

    public ServerGround Ground(AwsGround aws, bool readsValues) => Servers() with
    {
        Aws = (s, service, operation, input, cancel) => aws.Calls.AskAsync(s, service, Map.Region, operation, input, cancel),
        Since = aws.Since,
        ReadsSecretValues = readsValues,
    };

    /// <summary>The servers alone, without AWS.</summary>
    public ServerGround Servers() => new(Map, Variable, TimeProvider.System)
    {
        AsksProviders = lab is null,
        OnlyVariables = lab is not null,
        Resolver = place?.Components.GetValueOrDefault("dns") is { } dns ? new IPEndPoint(IPAddress.Parse(dns.Host), dns.Port) : null,
        Hosts = Hosts(),
    };

    private ImmutableDictionary<string, (string Host, int Port)> Hosts()
    {
        if (place is null) return ImmutableDictionary<string, (string Host, int Port)>.Empty;
        return place.Hosts.ToImmutableDictionary(h => h.Key, h => Front(Map.Platform.Service(h.Value)?.Fields.GetValueOrDefault("ingress")), StringComparer.Ordinal);
    }

    private (string Host, int Port) Front(string? ingress)
    {
        var front = place!.Components[ingress is "nlb" ? "nlb" : "alb"];
        return (front.Host, front.Port);
    }

    private string? Variable(string name)
    {
        if (place is null) return Environment.GetEnvironmentVariable(name);
        var prefix = $"TOCSIN_{Map.Environment}_".ToUpperInvariant();
        if (!name.StartsWith(prefix, StringComparison.Ordinal)) return name is "TOCSIN_CA" ? LabFolder.Default().Trusted : null;
        if (name.EndsWith("_CADDY_ACME", StringComparison.Ordinal)) return place.Components.GetValueOrDefault("pebble") is { } acme ? $"https://{acme.Host}:{acme.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)}/dir" : null;
        var parts = name[prefix.Length..].Split('_');
        var address = place.Components.FirstOrDefault(c => string.Equals(c.Key, parts[0], StringComparison.OrdinalIgnoreCase)).Value;
        // Acting is another matter than reading, and has the services' login.
        var acts = parts.Length > 1 && parts[^2] is "ACT";
        return address is null ? null : parts[^1] switch
        {
            "HOST" => address.Host,
            "PORT" => address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "USER" => acts ? address.User : address.Reader ?? address.User,
            "PASSWORD" => address.Password ?? (acts ? "" : null),
            "CA" => LabFolder.Default().Authority,
            _ => null,
        };
    }
}
