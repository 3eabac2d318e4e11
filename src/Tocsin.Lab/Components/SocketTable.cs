using System.Globalization;
using System.Net;

namespace Tocsin.Lab.Components;

/// <summary>The kernel's table of TCP sockets, read from /proc/net/tcp: who is connected, and who waits to be accepted.</summary>
internal static class SocketTable
{
    private const string Established = "01";
    private const string Listening = "0A";

    public static int Connected(IPEndPoint local) => Rows(local).Count(r => r[3] == Established);

    public static bool Listens(IPEndPoint local) => Rows(local).Any(r => r[3] == Listening);

    /// <summary>Of a listening socket the receive queue's length is the number of connections that it has not accepted.</summary>
    public static int Waiting(IPEndPoint local) =>
        Rows(local).Where(r => r[3] == Listening).Sum(r => int.Parse(r[4].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static IEnumerable<string[]> Rows(IPEndPoint local)
    {
        var bytes = local.Address.GetAddressBytes();
        var name = string.Create(CultureInfo.InvariantCulture, $"{bytes[3]:X2}{bytes[2]:X2}{bytes[1]:X2}{bytes[0]:X2}:{local.Port:X4}");
        return File.ReadLines("/proc/net/tcp").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(r => r.Length > 4 && r[1] == name);
    }
}
