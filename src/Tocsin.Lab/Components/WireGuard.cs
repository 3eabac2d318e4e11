using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>
/// The VPN by wireguard-go: the person's tunnel and its gateway, two peers with a real handshake, in a network of their own that has nothing but loopback.
/// Nothing is routed through it. <c>wg show</c> sees both, by names that follow from the lab's folder, since a machine may have a tunnel of its own.
/// </summary>
internal sealed class WireGuard(ComponentGround ground, string environment, string name) : ServerProcess(ground, environment, "vpn", GatewayPort)
{
    private const int GatewayPort = 51820;
    private const string Sockets = "/var/run/wireguard";
    private const string Peer = "peer";
    private bool silent;

    /// <summary>Packages that it takes beside root and the tunnel device.</summary>
    public static readonly ImmutableArray<(string Program, string Package)> Wanted = [("wireguard-go", "wireguard-go"), ("wg", "wireguard-tools"), ("ip", "iproute2"), ("unshare", "util-linux")];

    public override bool Shared => true;

    public override bool Datagrams => true;

    public override bool TakesCommands => true;

    private string Client => $"{Prefix(Ground.LabFolder)}-{name}";

    private string Gateway => $"{Prefix(Ground.LabFolder)}-gw";

    /// <summary>Why it cannot be here; null where it can.</summary>
    public static string? WhyNot() =>
        !System.Environment.IsPrivilegedProcess ? "it needs root"
        : !File.Exists("/dev/net/tun") ? "there is no /dev/net/tun"
        : Wanted.Where(w => Tool.Find(w.Program) is null).Select(w => w.Package).ToList() is { Count: > 0 } missing ? $"not installed: {string.Join(", ", missing)}"
        : null;

    /// <summary>Names of a lab's interfaces begin with it; an interface's name has at most 15 characters.</summary>
    public static string Prefix(string labFolder) => "tl" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(LabMark.Folder(labFolder))))[..6];

    /// <summary>The sockets of interfaces whose processes were killed.</summary>
    public static void RemoveSockets(string labFolder)
    {
        if (!System.Environment.IsPrivilegedProcess || !Directory.Exists(Sockets)) return;
        foreach (var left in Directory.EnumerateFiles(Sockets, $"{Prefix(labFolder)}-*.sock")) File.Delete(left);
    }

    protected override ImmutableArray<string> Command() => [Tool.Find("unshare")!, "--net", "/bin/sh", "-c", "ip link set lo up; wireguard-go -f \"$0\" & exec wireguard-go -f \"$1\"", Gateway, Client];

    protected override async Task PrepareAsync(bool first, CancellationToken cancel)
    {
        RemoveSockets(Ground.LabFolder);
        silent = false;
        foreach (var one in first ? new[] { Gateway, Client } : []) await WritePrivateAsync(one + ".key", await MustAsync("wg", ["genkey"], "", cancel), cancel);
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        if (!File.Exists(SocketOf(Gateway)) || !File.Exists(SocketOf(Client))) return false;
        if (Version.Length == 0)
        {
            await ConnectAsync(cancel);
            Version = "WireGuard by wireguard-go";
        }
        return await HandshakeAsync(cancel) > 0;
    }

    protected override async Task EndAsync(bool atOnce, CancellationToken cancel)
    {
        await base.EndAsync(atOnce, cancel);
        Version = "";
        RemoveSockets(Ground.LabFolder);
    }

    // A gateway that does not know the person's key answers no handshake, as one that is away.
    protected override async Task<string> ChangeAsync(string key, string value, CancellationToken cancel)
    {
        if (key is not Peer) throw Verbs.VerbCall.Unknown("setting of vpn", key, [Peer]);
        if (value is not ("known" or "silent")) throw Verbs.VerbCall.Unknown("value of peer", value, ["known", "silent"]);
        var was = silent ? "silent" : "known";
        silent = value is "silent";
        if (silent) await MustAsync("wg", ["set", Gateway, "peer", await PublicAsync(Client, cancel), "remove"], "", cancel);
        else await ConnectAsync(cancel);
        return was;
    }

    protected override Task<string> CommandAsync(IReadOnlyList<string> words, CancellationToken cancel) => MustAsync("wg", [.. words], "", cancel);

    private static string SocketOf(string interfaceName) => Path.Combine(Sockets, interfaceName + ".sock");

    private async Task ConnectAsync(CancellationToken cancel)
    {
        var (gateway, client) = (await PublicAsync(Gateway, cancel), await PublicAsync(Client, cancel));
        await MustAsync("wg", ["set", Gateway, "private-key", KeyOf(Gateway), "listen-port", GatewayPort.ToString(CultureInfo.InvariantCulture), "peer", client, "allowed-ips", "10.99.0.2/32"], "", cancel);
        await MustAsync("wg", ["set", Client, "private-key", KeyOf(Client), "peer", gateway, "endpoint", $"127.0.0.1:{GatewayPort.ToString(CultureInfo.InvariantCulture)}", "persistent-keepalive", "25", "allowed-ips", Ground.Environment(Environment).Fields.GetValueOrDefault("vpcCidr", "10.99.0.1/32")], "", cancel);
        foreach (var one in new[] { Gateway, Client }) await MustAsync("nsenter", ["--net", "--target", Pid!.Value.ToString(CultureInfo.InvariantCulture), "ip", "link", "set", one, "up"], "", cancel);
    }

    // Seconds since 1970 of the last one; 0 before the first.
    private async Task<long> HandshakeAsync(CancellationToken cancel)
    {
        var said = (await MustAsync("wg", ["show", Client, "latest-handshakes"], "", cancel)).Split('\t');
        return said.Length > 1 && long.TryParse(said[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : 0;
    }

    private async Task<string> PublicAsync(string interfaceName, CancellationToken cancel) => await MustAsync("wg", ["pubkey"], await File.ReadAllTextAsync(KeyOf(interfaceName), cancel), cancel);

    private string KeyOf(string interfaceName) => Path.Combine(Folder, interfaceName + ".key");

    private async Task<string> MustAsync(string program, ImmutableArray<string> words, string input, CancellationToken cancel)
    {
        var done = await RunAsync(program, words, input, cancel);
        return done.Code == 0 ? done.Output.Trim() : throw new LabException($"{program} {words[0]} for {Name}: {done.Words}");
    }
}
