using System.Net;
using System.Net.Sockets;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Runtime;

/// <summary>One health check over the real network, on a connection of its own that is closed after it.</summary>
internal static class HealthProbe
{
    internal const string UserAgent = "ELB-HealthChecker/2.0";

    public static async Task<CheckResult> CheckAsync(IPEndPoint target, HealthCheckSettings settings, LabClock clock, CancellationToken cancel)
    {
        var address = new IPEndPoint(target.Address, settings.Port ?? target.Port);
        try
        {
            return await IoLimit.WithinAsync(clock, settings.Timeout, IoLimit.ProbeFloor, limited => AskAsync(address, settings, limited), cancel);
        }
        catch (TimeoutException)
        {
            return CheckResult.TimedOut;
        }
        catch (Exception error) when (IoLimit.IsPeer(error) || error is MalformedResponseException)
        {
            return error is SocketException { SocketErrorCode: SocketError.TimedOut } ? CheckResult.TimedOut : CheckResult.Failed;
        }
    }

    private static async ValueTask<CheckResult> AskAsync(IPEndPoint address, HealthCheckSettings settings, CancellationToken cancel)
    {
        using var connection = await TargetConnection.ConnectAsync(address, cancel);
        if (settings.Protocol == HealthProtocol.Tcp) return CheckResult.Connected;
        var request = $"GET {settings.Path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nUser-Agent: {UserAgent}\r\nAccept-Encoding: gzip, compressed\r\n\r\n";
        await connection.WriteAsync(System.Text.Encoding.Latin1.GetBytes(request), cancel);
        return CheckResult.Answered((await connection.ReadHeadAsync(cancel)).Status);
    }
}
