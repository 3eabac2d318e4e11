using System.Collections.Immutable;
using System.Net;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Setup;

/// <summary>What probes of servers need of the place Tocsin runs in: variables with addresses and read-only logins, or what a running lab says of itself.</summary>
internal static class Surroundings
{
    private const string CaddyComponent = "caddy";

    public static ServerGround Of(PlatformMap map, AwsConnection connection, bool readsSecretValues)
    {
        var lab = connection.Lab ? LabFolder.Default() : null;
        var place = lab?.Running()?.Environments.FirstOrDefault(e => e.Name == map.Environment);
        if (lab is null || place is null) return new ServerGround(map, Environment.GetEnvironmentVariable, TimeProvider.System) { ReadsSecretValues = readsSecretValues };
        var variables = Variables(map.Environment, place, lab.Authority);
        return new ServerGround(map, n => variables.GetValueOrDefault(n), TimeProvider.System)
        {
            ReadsSecretValues = readsSecretValues,
            OnlyVariables = true,
            AsksProviders = false,
            Resolver = place.Components.GetValueOrDefault("dns") is { } dns ? new IPEndPoint(IPAddress.Parse(dns.Host), dns.Port) : null,
        };
    }

    /// <summary>The same, with the ways to one merchant's domain where its name is in no public DNS.</summary>
    public static ServerGround WithDomain(this ServerGround ground, string domain) =>
        ground.OnlyVariables && ground.Find(CaddyComponent) is { } caddy ? ground with { Hosts = ImmutableDictionary<string, (string, int)>.Empty.Add(domain, (caddy.Host, caddy.Port)) } : ground;

    private static Dictionary<string, string> Variables(string environment, LabPlace place, string authority)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOCSIN_CA"] = authority };
        foreach (var (component, address) in place.Components)
        {
            void Put(string field, string? value)
            {
                if (value is not null) variables[$"TOCSIN_{environment}_{component}_{field}".ToUpperInvariant().Replace('-', '_')] = value;
            }
            Put("host", address.Host);
            Put("port", address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Put("user", address.User);
            Put("password", address.Password);
        }
        return variables;
    }
}
