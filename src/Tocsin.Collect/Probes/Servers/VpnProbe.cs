using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>The VPN of this host: whether it is up, and when the other end was last heard of. Says nothing of the platform.</summary>
internal static class VpnProbe
{
    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (ground.Map.Platform.Fields.GetValueOrDefault("vpn") is not { Length: > 0 } name || !ground.Map.Components.Any(c => ground.Map.Component(c, "reach") is "vpn")) return [];
        return [ground.Probe("vpn.interface", ground.Map.Of("vpn"), Vantage.Host, "vpn", (s, c) => LookAsync(ground, name, s, c))];
    }

    private static async Task LookAsync(ServerGround ground, string name, Sighting sighting, CancellationToken cancel)
    {
        // On macOS the interface bears a name of the system's; wg knows ours. It answers root only.
        var found = Array.Find(NetworkInterface.GetAllNetworkInterfaces(), i => i.Name == name);
        sighting.Asked($"interface {name}");
        if (found is null || found.OperationalStatus is OperationalStatus.Down)
        {
            sighting.Fact("up", false);
            return;
        }
        sighting.Fact("up", true);
        if (await DumpAsync(ground.Variable("TOCSIN_WG") ?? "wg", name, cancel) is not { } dump) sighting.Lacks($"wg show {name} dump, which root may ask");
        else Read(dump, ground, sighting);
    }

    // One line of the interface, then one for each peer: key, preshared key, endpoint, allowed IPs, handshake, received, sent, keep-alive.
    private static void Read(string dump, ServerGround ground, Sighting sighting)
    {
        var peers = dump.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l.Split('\t')).Where(f => f.Length >= 5).ToList();
        var last = peers.Select(f => long.TryParse(f[4], NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : 0).DefaultIfEmpty(0).Max();
        sighting.Fact("handshakeSeconds", last == 0 ? -1 : Math.Max(0, ground.Time.GetUtcNow().ToUnixTimeSeconds() - last));
        if (ground.Map.Cidr is not { } cidr || !IPNetwork.TryParse(cidr, out var vpc)) return;
        sighting.Fact("routesVpc", peers.SelectMany(f => f[3].Split(',')).Any(a => IPNetwork.TryParse(a.Trim(), out var allowed) && allowed.PrefixLength <= vpc.PrefixLength && allowed.Contains(vpc.BaseAddress)));
    }

    private static async Task<string?> DumpAsync(string program, string name, CancellationToken cancel)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["show", name, "dump"]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false });
            if (process is null) return null;
            var said = await process.StandardOutput.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0 ? said : null;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return null;
        }
    }
}
