using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Tocsin.Server.Notify;

/// <summary>An address that Tocsin does not connect to.</summary>
public sealed class ForbiddenAddressException(string message) : IOException(message);

/// <summary>
/// Keeps outgoing connections from private, local and reserved networks, so that an address someone typed in cannot make the server ask its own neighbours.
/// The address that was checked is the one that is connected to: a name cannot answer differently the second time.
/// </summary>
/// <param name="allowed">Networks that may be reached all the same, such as 10.1.0.0/16.</param>
public sealed class OutgoingGuard(ImmutableArray<IPNetwork> allowed)
{
    private static readonly IPNetwork[] Reserved =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "64:ff9b::/96", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    public bool Allows(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return allowed.Any(n => n.Contains(plain)) || !Reserved.Any(n => n.Contains(plain));
    }

    /// <summary>The addresses of a host that may be connected to; throws <see cref="ForbiddenAddressException"/> where there is none.</summary>
    public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel)
    {
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancel);
        var good = Array.FindAll(found, Allows);
        return good.Length > 0 ? good : throw new ForbiddenAddressException($"{host} is in a private or reserved network; allow it under server: allowNetworks: if it is meant");
    }

    public HttpClient CreateClient() => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            // No connection is used twice, whatever the receiver says: an answer too many, or an end that comes late, would count for the next page.
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = async (context, cancel) =>
            {
                var addresses = await ResolveAsync(context.DnsEndPoint.Host, cancel);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
    {
        MaxResponseContentBufferSize = 256 * 1024,
    };
}
