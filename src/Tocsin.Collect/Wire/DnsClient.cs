using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NodaTime;

namespace Tocsin.Collect.Wire;

/// <summary>Asks one resolver one question: over UDP, twice within the limit, and over TCP where the answer does not fit.</summary>
public static class DnsClient
{
    public const int Port = 53;
    private const int MaxDatagram = 4096;
    private static readonly Duration Limit = Duration.FromSeconds(2);
    private static readonly TimeSpan FirstTry = TimeSpan.FromMilliseconds(800);

    /// <summary>Never throws but for cancellation: whatever happens is an outcome.</summary>
    public static async Task<DnsAnswer> AskAsync(IPEndPoint resolver, string name, DnsType type, CancellationToken cancel)
    {
        var id = (ushort)RandomNumberGenerator.GetInt32(0x10000);
        if (DnsMessage.Question(id, name, type) is not { } question) return DnsAnswer.None(DnsOutcome.Garbage, "it cannot be a name");
        using var limit = new CancellationTokenSource(Limit.ToTimeSpan());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            return await DatagramAsync(resolver, question, type, either.Token) ?? await StreamAsync(resolver, question, type, cancel);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return DnsAnswer.None(DnsOutcome.Timeout, $"{resolver} gave no answer within {Limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
        }
        catch (SocketException e)
        {
            return DnsAnswer.None(DnsOutcome.Timeout, $"{resolver}: {e.Message}");
        }
        catch (WireFailure e)
        {
            return DnsAnswer.None(e.Code is WireFailure.TimedOut ? DnsOutcome.Timeout : DnsOutcome.Garbage, $"{resolver} over TCP: {e.Message}");
        }
        catch (WireFormatException e)
        {
            return DnsAnswer.None(DnsOutcome.Garbage, $"{resolver}: {e.Message}");
        }
    }

    /// <summary>The resolvers of /etc/resolv.conf's text.</summary>
    public static ImmutableArray<IPEndPoint> Resolvers(string text) =>
    [
        .. text.Split('\n').Select(l => l.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(w => w is ["nameserver", _, ..] && IPAddress.TryParse(w[1], out _))
            .Select(w => new IPEndPoint(IPAddress.Parse(w[1]), Port)),
    ];

    // What does not come from the resolver or does not answer this question is passed over, as a forged answer would be.
    private static async Task<DnsAnswer?> DatagramAsync(IPEndPoint resolver, byte[] question, DnsType type, CancellationToken cancel)
    {
        using var socket = new Socket(resolver.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(resolver, cancel);
        var buffer = new byte[MaxDatagram];
        WireFormatException? garbage = null;
        for (var tried = 0; ; tried++)
        {
            await socket.SendAsync(question, cancel);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            if (tried == 0) wait.CancelAfter(FirstTry);
            try
            {
                while (true)
                {
                    var length = await socket.ReceiveAsync(buffer, wait.Token);
                    try
                    {
                        return DnsMessage.Read(buffer.AsSpan(0, length), question, type);
                    }
                    catch (WireFormatException e)
                    {
                        garbage = e;
                    }
                }
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested && tried == 0)
            {
                continue;
            }
            catch (OperationCanceledException) when (garbage is not null)
            {
                throw garbage;
            }
        }
    }

    private static async Task<DnsAnswer> StreamAsync(IPEndPoint resolver, byte[] question, DnsType type, CancellationToken cancel)
    {
        await using var connection = await WireConnection.OpenAsync(new WireTarget(resolver.Address.ToString(), resolver.Port) { Limit = Limit }, cancel);
        connection.Stage = WireStage.Ask;
        await connection.WriteAsync(new byte[] { (byte)(question.Length >> 8), (byte)question.Length }.Concat(question).ToArray(), cancel);
        var length = await connection.ReadAsync(2, cancel);
        var message = await connection.ReadAsync((length[0] << 8) | length[1], cancel);
        return DnsMessage.Read(message, question, type) ?? throw new WireFormatException("an answer that is cut off, over TCP");
    }
}
