using System.Net;
using System.Net.Sockets;

namespace Tocsin.Lab.World;

/// <summary>
/// The lab's addresses, all within 127.0.0.0/8, or 10.0.0.0/8 for a lab in a namespace of its own: two networks of 65,536 addresses per environment pair,
/// so that several labs can run at once and every component and task has an address of its own on its usual port.
/// </summary>
public sealed class LabNetwork : IDisposable
{
    private const int FirstNetwork = 40;
    private const int MostSlots = 40;
    private const int LastIsolated = 248;
    private const int IsolatedStep = 4;
    private const int FrontDoorPort = 4566;
    private const int ClaimPort = 4565;
    private readonly Socket claim;
    private readonly Dictionary<string, string> networks;
    private readonly Dictionary<string, int> tasks = new(StringComparer.Ordinal);

    private LabNetwork(int root, int first, Socket claim, IEnumerable<string> environments)
    {
        this.claim = claim;
        networks = environments.Select((e, i) => (e, i)).ToDictionary(e => e.e, e => $"{root}.{first + e.i}", StringComparer.Ordinal);
        FrontDoor = new IPEndPoint(IPAddress.Parse($"{root}.{first}.0.1"), FrontDoorPort);
        using var privileged = Listen(FrontDoor.Address, 80);
        Privileged = privileged is not null;
    }

    /// <summary>Whether ports below 1024 may be listened on; else 80 and 443 become 8080 and 8443.</summary>
    public bool Privileged { get; }

    public IPEndPoint FrontDoor { get; }

    /// <summary>The first of the two networks that an isolated lab may take: N of 10.N.0.0/15, and its link to the machine is 10.(N + <see cref="IsolatedLink"/>).0.0/30.</summary>
    public static IEnumerable<int> IsolatedNetworks => Enumerable.Range(0, (LastIsolated - FirstNetwork) / IsolatedStep + 1).Select(i => FirstNetwork + IsolatedStep * i);

    public const int IsolatedLink = 2;

    public static IPAddress FrontDoorOf(int isolatedNetwork) => new([10, (byte)isolatedNetwork, 0, 1]);

    public int HttpPort => Privileged ? 80 : 8080;

    public int HttpsPort => Privileged ? 443 : 8443;

    /// <summary>The first slot that nobody holds, held from now on; null when all are taken.</summary>
    public static LabNetwork? Free(IReadOnlyList<string> environments)
    {
        for (var slot = 0; slot < MostSlots; slot++)
        {
            if (Listen(IPAddress.Parse($"127.{FirstNetwork + 2 * slot}.0.1"), ClaimPort) is { } claim) return new LabNetwork(127, FirstNetwork + 2 * slot, claim, environments);
        }
        return null;
    }

    /// <summary>Within a namespace where 10.<paramref name="network"/>.0.0/15 is local; null when another lab is in it.</summary>
    public static LabNetwork? Isolated(int network, IReadOnlyList<string> environments) =>
        Listen(FrontDoorOf(network), ClaimPort) is { } claim ? new LabNetwork(10, network, claim, environments) : null;

    /// <summary>Whether an address lies where the lab may send anything: on loopback, or in its own namespace.</summary>
    public bool Contains(IPAddress address) => IPAddress.IsLoopback(address) || networks.Values.Any(n => address.ToString().StartsWith(n + ".", StringComparison.Ordinal));

    public string Balancer(string environment) => $"{networks[environment]}.0.10";

    /// <summary>The network load balancer's address, which stands for its Elastic IP.</summary>
    public string ElasticIp(string environment) => $"{networks[environment]}.0.11";

    public string Component(string environment, string component) => $"{networks[environment]}.0.{component switch { "aurora" => 20, "redis" => 21, "clickhouse" => 22, "pebble" => 23, "dns" => 24, "cloudflare" => 25, "worker" => 26, "vpn" => 27, "nlb" => 11, "alb" => 10, _ => 30 + Math.Abs(component.GetHashCode(StringComparison.Ordinal) % 200) }}";

    /// <summary>Tasks get the next address of their environment; after 60,000 tasks addresses come again.</summary>
    public string NextTask(string environment)
    {
        var number = tasks[environment] = (tasks.GetValueOrDefault(environment) + 1) % 60_000;
        return $"{networks[environment]}.{1 + number / 250}.{1 + number % 250}";
    }

    public void Dispose() => claim.Dispose();

    // Two sockets may be bound to one address; only one can listen.
    private static Socket? Listen(IPAddress address, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
            return socket;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            socket.Dispose();
            return null;
        }
    }
}
