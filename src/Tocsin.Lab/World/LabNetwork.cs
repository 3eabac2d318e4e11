using System.Net;
using System.Net.Sockets;

namespace Tocsin.Lab.World;

/// <summary>
/// The lab's addresses, all within 127.0.0.0/8: two networks of 65,536 addresses per environment pair, so that several labs can run at once and every
/// component and task has an address of its own on its usual port.
/// </summary>
public sealed class LabNetwork : IDisposable
{
    private const int FirstNetwork = 40;
    private const int MostSlots = 40;
    private const int FrontDoorPort = 4566;
    private const int ClaimPort = 4565;
    private readonly Socket claim;
    private readonly Dictionary<string, int> networks;
    private readonly Dictionary<string, int> tasks = new(StringComparer.Ordinal);

    private LabNetwork(int slot, Socket claim, IEnumerable<string> environments)
    {
        Slot = slot;
        this.claim = claim;
        networks = environments.Select((e, i) => (e, i)).ToDictionary(e => e.e, e => FirstNetwork + 2 * slot + e.i, StringComparer.Ordinal);
        using var privileged = Listen(FrontDoor.Address, 80);
        Privileged = privileged is not null;
    }

    public int Slot { get; }

    /// <summary>Whether ports below 1024 may be listened on; else 80 and 443 become 8080 and 8443.</summary>
    public bool Privileged { get; }

    public IPEndPoint FrontDoor => new(IPAddress.Parse($"127.{FirstNetwork + 2 * Slot}.0.1"), FrontDoorPort);

    public int HttpPort => Privileged ? 80 : 8080;

    public int HttpsPort => Privileged ? 443 : 8443;

    /// <summary>The first slot that nobody holds, held from now on; null when all are taken.</summary>
    public static LabNetwork? Free(IReadOnlyList<string> environments)
    {
        for (var slot = 0; slot < MostSlots; slot++)
        {
            if (Listen(IPAddress.Parse($"127.{FirstNetwork + 2 * slot}.0.1"), ClaimPort) is { } claim) return new LabNetwork(slot, claim, environments);
        }
        return null;
    }

    public string Balancer(string environment) => $"127.{networks[environment]}.0.10";

    /// <summary>The network load balancer's address, which stands for its Elastic IP.</summary>
    public string ElasticIp(string environment) => $"127.{networks[environment]}.0.11";

    public string Component(string environment, string component) => $"127.{networks[environment]}.0.{component switch { "aurora" => 20, "redis" => 21, "clickhouse" => 22, "pebble" => 23, "dns" => 24, "cloudflare" => 25, "worker" => 26, "vpn-gateway" => 27, "vpn" => 28, "nlb" => 11, "alb" => 10, _ => 30 + Math.Abs(component.GetHashCode(StringComparison.Ordinal) % 200) }}";

    /// <summary>Tasks get the next address of their environment; after 60,000 tasks addresses come again.</summary>
    public string NextTask(string environment)
    {
        var number = tasks[environment] = (tasks.GetValueOrDefault(environment) + 1) % 60_000;
        return $"127.{networks[environment]}.{1 + number / 250}.{1 + number % 250}";
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
