using System.Collections.Immutable;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Collect.Wire;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;
using Tocsin.Server.Watch;

namespace Tocsin.Cli.Setup;

/// <summary>The platform as the watch of a server reaches it: by its own names, or in a running lab by the lab's.</summary>
internal static class WatchedPlatform
{
    private static readonly NodaTime.Duration CallLimit = NodaTime.Duration.FromSeconds(7);

    /// <summary>Null where platform.yaml has no watch; throws <see cref="SettingsException"/> where it watches what the catalog does not know.</summary>
    public static WatchSetup? Of(Platform platform, ErrorReference reference, string? endpoint, bool lab)
    {
        if (platform.Watch is not { } plan) return null;
        var refused = plan.Refuse(reference.Facts, reference.Entries.Select(e => e.Entry.Id).ToHashSet(StringComparer.Ordinal)).ToList();
        if (refused.Count > 0) throw new SettingsException(string.Join(System.Environment.NewLine, refused));
        var environments = plan.Environments.Select(e => platform.Environment(e)!).ToList();
        var connections = environments.Select(e => (Environment: e, Connection: AwsConnection.For(e, endpoint, lab))).ToList();
        var running = connections.Select(c => c.Connection.Lab).FirstOrDefault(l => l is not null);
        return new WatchSetup
        {
            Plan = plan,
            Facts = reference.Facts,
            Places = [.. connections.Select(c => Place(platform, c.Environment, c.Connection))],
            Variable = System.Environment.GetEnvironmentVariable,
            Doors = running is null ? ImmutableDictionary<string, WatchDoor>.Empty : Doors(platform, running),
            Web = running is null ? new WireTarget("", 0) : new WireTarget("", 0) { Authorities = Trusted() },
            AsksControl = running is null,
        };
    }

    private static WatchPlace Place(Platform platform, PlatformEnvironment environment, AwsConnection connection)
    {
        var surroundings = Surroundings.Of(platform, environment, connection.Lab);
        // Values of secrets are read by a drill, that someone asks for or that a new incident starts, and never every minute.
        return new WatchPlace(surroundings.Map, connection.Caller(CallLimit), g => surroundings.Ground(g, readsValues: false));
    }

    // The lab's names are in no public DNS: each address is asked at the load balancer of its service.
    private static ImmutableDictionary<string, WatchDoor> Doors(Platform platform, LabState lab) =>
        platform.Watch!.Addresses.ToImmutableDictionary(
            a => a.Id,
            a =>
            {
                var isNetwork = platform.Service(a.Service)?.Fields.GetValueOrDefault("ingress") is "nlb";
                var front = lab.Environments.First(e => e.Name == a.Environment).Components[isNetwork ? "nlb" : "alb"];
                return new WatchDoor(front.Host, front.Port, Tls: isNetwork);
            },
            StringComparer.Ordinal);

    private static System.Security.Cryptography.X509Certificates.X509Certificate2Collection Trusted()
    {
        var all = new System.Security.Cryptography.X509Certificates.X509Certificate2Collection();
        all.ImportFromPemFile(LabFolder.Default().Trusted);
        return all;
    }
}
