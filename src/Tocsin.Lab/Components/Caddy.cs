using System.Collections.Immutable;
using System.Net;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>
/// Caddy before the storefront: certificates on demand from pebble, for every name that the ask endpoint allows. What it asks and forwards to is the
/// storefront's running tasks, behind one port of its own address.
/// </summary>
internal sealed class Caddy : ServerProcess
{
    private readonly string service;
    private readonly int upstream;
    private readonly Dictionary<string, string> places;
    private NetworkForwarder? tasks;

    /// <param name="service">Whose tasks it stands before.</param>
    public Caddy(ComponentGround ground, string environment, string service, int upstream)
        : base(ground, environment, "caddy", ground.Network.HttpsPort)
    {
        this.service = service;
        this.upstream = upstream;
        places = Defaults();
    }

    protected override ImmutableDictionary<string, string> Variables => ImmutableDictionary<string, string>.Empty.Add("HOME", Folder).Add("XDG_DATA_HOME", Path.Combine(Folder, "data")).Add("XDG_CONFIG_HOME", Path.Combine(Folder, "config"));

    protected override ImmutableArray<string> Command() => [Tool.Find("caddy")!, "run", "--config", "Caddyfile", "--adapter", "caddyfile"];

    protected override async Task PrepareAsync(bool first, CancellationToken cancel)
    {
        if (first) foreach (var (key, place) in Defaults()) places[key] = place;
        await File.WriteAllTextAsync(Path.Combine(Folder, "ca.crt"), Ground.Authority.RootPem, cancel);
        tasks ??= NetworkForwarder.Start(new IPEndPoint(IPAddress.Parse(Address), upstream), Targets, Ground.World.Clock);
        await File.WriteAllTextAsync(Path.Combine(Folder, "Caddyfile"), Caddyfile(), cancel);
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        if (!SocketTable.Listens(new IPEndPoint(IPAddress.Parse(Address), Port))) return false;
        Version = "Caddy " + (await RunAsync("caddy", ["version"], "", cancel)).Output.Trim().Split(' ')[0].TrimStart('v');
        return true;
    }

    protected override async Task EndAsync(bool atOnce, CancellationToken cancel)
    {
        await base.EndAsync(atOnce, cancel);
        if (tasks is IAsyncDisposable forwarder) await forwarder.DisposeAsync();
        tasks = null;
    }

    // A new configuration by a new start: it has no other way in.
    protected override async Task<string> ChangeAsync(string key, string value, CancellationToken cancel)
    {
        if (!places.TryGetValue(key, out var was)) throw Verbs.VerbCall.Unknown("setting of caddy", key, places.Keys);
        if (value.Any(c => char.IsWhiteSpace(c) || c is '{' or '}')) throw new LabException($"'{value}' is no address");
        places[key] = value;
        await EndAsync(atOnce: true, cancel);
        await LaunchAsync(cancel);
        return was;
    }

    private Dictionary<string, string> Defaults() => new(StringComparer.Ordinal)
    {
        ["acme"] = $"https://{Ground.Network.Component(Environment, "pebble")}:{Pebble.UsualPort}/dir",
        ["ask"] = $"http://{Address}:{upstream}/allow-cert",
        ["upstream"] = $"http://{Address}:{upstream}",
    };

    private string Caddyfile() =>
        $$"""
        {
          admin off
          default_bind {{Address}}
          http_port {{Ground.Network.HttpPort}}
          https_port {{Ground.Network.HttpsPort}}
          acme_ca {{places["acme"]}}
          acme_ca_root {{Path.Combine(Folder, "ca.crt")}}
          on_demand_tls {
            ask {{places["ask"]}}
          }
          log {
            output stderr
            format json
          }
        }
        https:// {
          tls {
            on_demand
          }
          reverse_proxy {{places["upstream"]}}
        }

        """;

    private List<CheckedTarget> Targets()
    {
        lock (Ground.World.Gate)
        {
            return
            [
                .. Ground.Region(Environment).Ecs.Clusters.Values.SelectMany(c => c.Tasks.Values).Where(t => t.Group == $"service:{service}" && EcsJson.IsRunning(t))
                    .Select(t => new CheckedTarget(new IPEndPoint(IPAddress.Parse(t.Ip), upstream), TargetHealth.Healthy)),
            ];
        }
    }
}
