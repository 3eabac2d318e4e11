using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Host;

/// <summary>
/// A lab in a network namespace of its own: every address of 10.N.0.0/15 is local in there, and a pair of veth devices with a route joins it to this machine.
/// The names follow from the lab's folder. The namespace loses its name as soon as the lab is in it: it then lives as long as the lab's processes do, and
/// takes devices and route with it, however the lab ends.
/// </summary>
public static class Isolation
{
    private const string Names = "/run/netns";

    /// <summary>Whether this process is in the namespace of this folder's lab.</summary>
    public static bool IsInside(LabFolder folder) => FirstNetwork(folder) is not null;

    /// <summary>N of 10.N.0.0/15; null outside.</summary>
    internal static int? FirstNetwork(LabFolder folder) => Address(Inner(folder.Path)) is { } own ? own[1] - LabNetwork.IsolatedLink : null;

    /// <summary>Whether an address is the front door of this folder's isolated lab, as this machine sees it through the lab's own device.</summary>
    internal static bool IsFrontDoor(LabFolder folder, IPAddress address) =>
        (Address(Outer(folder.Path)) ?? Address(Inner(folder.Path))) is { } link && address.Equals(LabNetwork.FrontDoorOf(link[1] - LabNetwork.IsolatedLink));

    /// <summary>Throws <see cref="LabException"/> where this user or this machine cannot do it.</summary>
    public static void Require()
    {
        if (!Environment.IsPrivilegedProcess) throw new LabException("lab up --isolated needs root, whose network namespaces are; without --isolated the lab runs on 127.x for any user");
        foreach (var (program, package) in new[] { ("ip", "iproute2"), ("nsenter", "util-linux") })
        {
            if (Tool.Find(program) is null) throw new LabException($"lab up --isolated needs the program {program} (package {package})");
        }
    }

    /// <summary>Makes the namespace and runs this very command again in it, in place of this process; comes back only by an exception.</summary>
    public static async Task EnterAsync(LabFolder folder, CancellationToken cancel)
    {
        Require();
        folder.Create();
        folder.RequireFree();
        await Strays.CleanAsync(folder.Path, cancel);
        try
        {
            await CreateAsync(folder.Path, cancel);
            var own = Environment.GetCommandLineArgs();
            string[] again = Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "dotnet" ? own : own[1..];
            Become(Tool.Find("nsenter")!, ["nsenter", $"--net={Names}/{Namespace(folder.Path)}", "--", Environment.ProcessPath!, .. again]);
        }
        catch
        {
            await RemoveAsync(folder.Path, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Ends the way to this machine, from inside, so that nothing of it is seen a moment after the lab's end.</summary>
    internal static async Task LeaveAsync(LabFolder folder, CancellationToken cancel)
    {
        if (IsInside(folder)) await IpAsync(folder.Path, ["link", "del", Inner(folder.Path)], cancel);
    }

    /// <summary>Removes what a lab left. Inside, only the name goes: the namespace is held by those in it.</summary>
    internal static async Task RemoveAsync(string labFolder, CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess) return;
        if (File.Exists(Path.Combine(Names, Namespace(labFolder)))) await IpAsync(labFolder, ["netns", "del", Namespace(labFolder)], cancel);
        if (Address(Outer(labFolder)) is not null || Exists(Outer(labFolder))) await IpAsync(labFolder, ["link", "del", Outer(labFolder)], cancel);
    }

    internal static string Namespace(string labFolder) => "tocsin-lab-" + Mark(labFolder);

    /// <summary>The device on this machine; the kernel allows 15 characters.</summary>
    internal static string Outer(string labFolder) => "tl" + Mark(labFolder);

    private static string Inner(string labFolder) => "ti" + Mark(labFolder);

    private static string Mark(string labFolder) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(LabMark.Folder(labFolder))))[..12];

    private static async Task CreateAsync(string folder, CancellationToken cancel)
    {
        var (name, outer, inner) = (Namespace(folder), Outer(folder), Inner(folder));
        await MustAsync(folder, ["netns", "add", name], cancel);
        await MustAsync(folder, ["link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name], cancel);
        await MustAsync(folder, ["link", "set", outer, "up"], cancel);
        var network = await ClaimAsync(folder, cancel);
        await MustAsync(folder, ["-n", name, "link", "set", "lo", "up"], cancel);
        await MustAsync(folder, ["-n", name, "addr", "add", LinkEnd(network, 2), "dev", inner], cancel);
        await MustAsync(folder, ["-n", name, "link", "set", inner, "up"], cancel);
        await MustAsync(folder, ["-n", name, "route", "add", "local", Range(network), "dev", "lo"], cancel);
    }

    // The route is the claim: the kernel takes one for the same range only once.
    private static async Task<int> ClaimAsync(string folder, CancellationToken cancel)
    {
        var taken = Taken((await MustAsync(folder, ["-j", "-4", "route", "show", "table", "all"], cancel)).Output);
        foreach (var network in LabNetwork.IsolatedNetworks.Where(n => !taken.Exists(t => Overlap(t, new IPNetwork(IPAddress.Parse($"10.{Text(n)}.0.0"), 14)))))
        {
            await MustAsync(folder, ["addr", "add", LinkEnd(network, 1), "dev", Outer(folder)], cancel);
            if ((await IpAsync(folder, ["route", "add", Range(network), "dev", Outer(folder), "src", LinkEnd(network, 1).Split('/')[0]], cancel)).Code == 0) return network;
            await MustAsync(folder, ["addr", "flush", "dev", Outer(folder)], cancel);
        }
        throw new LabException("no network of 10.0.0.0/8 is left for an isolated lab: this machine has a route to each that the lab may take; without --isolated the lab runs on 127.x");
    }

    /// <summary>The ranges to which a machine has routes of its own, as <c>ip -j route</c> tells them; the default route takes none.</summary>
    internal static List<IPNetwork> Taken(string routes) =>
    [
        .. JsonNode.Parse(routes)!.AsArray().Select(r => r?["dst"]?.ToString() ?? "").Where(d => d.Length > 0 && d is not "default")
            .Select(d => IPNetwork.TryParse(d.Contains('/', StringComparison.Ordinal) ? d : d + "/32", out var range) ? range : (IPNetwork?)null).OfType<IPNetwork>(),
    ];

    internal static bool Overlap(IPNetwork one, IPNetwork other) => one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);

    private static string Range(int network) => $"10.{Text(network)}.0.0/15";

    private static string LinkEnd(int network, int end) => $"10.{Text(network + LabNetwork.IsolatedLink)}.0.{Text(end)}/30";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task<ToolResult> MustAsync(string folder, string[] arguments, CancellationToken cancel)
    {
        var done = await IpAsync(folder, arguments, cancel);
        return done.Code == 0 ? done : throw new LabException($"the lab's network could not be made: ip {string.Join(' ', arguments)} said: {done.Words}; a container may forbid it also to root; without --isolated the lab runs on 127.x");
    }

    private static async Task<ToolResult> IpAsync(string folder, string[] arguments, CancellationToken cancel) =>
        await Tool.RunAsync(new ToolCall(folder, Tool.Find("ip") ?? "ip", [.. arguments]), cancel);

    private static bool Exists(string device) => NetworkInterface.GetAllNetworkInterfaces().Any(i => i.Name == device);

    private static byte[]? Address(string device) =>
        NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(i => i.Name == device)?.GetIPProperties().UnicastAddresses.FirstOrDefault(a => a.Address.AddressFamily == AddressFamily.InterNetwork)?.Address.GetAddressBytes();

    // What it hands over is never given back: the process is another one then.
    private static void Become(string program, IEnumerable<string> words)
    {
        nint[] handed = [.. words.Select(Marshal.StringToCoTaskMemUTF8), 0];
        var code = Execute(Marshal.StringToCoTaskMemUTF8(program), handed);
        throw new LabException($"{program} could not be run: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())} ({code.ToString(CultureInfo.InvariantCulture)})");
    }

    [DllImport("libc", EntryPoint = "execv", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Execute(nint program, nint[] words);
}
