using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>Pebble as the ACME authority. It believes the lab's own DNS, and looks for challenges at the ports on which Caddy listens.</summary>
internal sealed class Pebble(ComponentGround ground, string environment) : ServerProcess(ground, environment, "pebble", UsualPort)
{
    public const int UsualPort = 14000;
    private const int ManagementPort = 15000;

    public override bool Shared => true;

    protected override ImmutableDictionary<string, string> Variables => ImmutableDictionary<string, string>.Empty.Add("PEBBLE_VA_NOSLEEP", "1").Add("PEBBLE_WFE_NONCEREJECT", "0").Add("PEBBLE_AUTHZREUSE", "0");

    protected override ImmutableArray<string> Command() => [Tool.Find("pebble")!, "-config", "config.json", "-strict=false", "-dnsserver", $"{Ground.Network.Component(Environment, "dns")}:{DnsServer.PortOf(Ground).ToString(CultureInfo.InvariantCulture)}"];

    protected override async Task PrepareAsync(bool first, CancellationToken cancel)
    {
        await CertifyAsync(cancel);
        var config = new JsonObject
        {
            ["pebble"] = new JsonObject
            {
                ["listenAddress"] = $"{Address}:{UsualPort}",
                ["managementListenAddress"] = $"{Address}:{ManagementPort}",
                ["certificate"] = "server.crt",
                ["privateKey"] = "server.key",
                ["httpPort"] = Ground.Network.HttpPort,
                ["tlsPort"] = Ground.Network.HttpsPort,
                ["ocspResponderURL"] = "",
                ["externalAccountBindingRequired"] = false,
            },
        };
        await File.WriteAllTextAsync(Path.Combine(Folder, "config.json"), config.ToJsonString(), cancel);
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        if (!SocketTable.Listens(new IPEndPoint(IPAddress.Parse(Address), UsualPort)) || !SocketTable.Listens(new IPEndPoint(IPAddress.Parse(Address), ManagementPort))) return false;
        Version = "Pebble";
        using var root = X509Certificate2.CreateFromPem(Ground.Authority.RootPem);
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { root } };
        using var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { CertificateChainPolicy = trust } };
        using var http = new HttpClient(handler) { Timeout = StartLimit };
        // The root under which it issues is made anew at each start.
        var issuing = await http.GetStringAsync(new Uri($"https://{Address}:{ManagementPort}/roots/0"), cancel);
        await File.WriteAllTextAsync(Ground.Options.Folder.Trusted, $"{Ground.Authority.RootPem}\n{issuing}", cancel);
        return true;
    }
}
