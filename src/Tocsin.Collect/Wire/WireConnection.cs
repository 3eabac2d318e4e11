using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Tocsin.Collect.Wire;

/// <summary>What a TLS handshake showed.</summary>
internal sealed record TlsSeen(X509Certificate2 Certificate, SslPolicyErrors Errors);

/// <summary>
/// One connection to one server, within one limit of time and of bytes, however slowly or endlessly the server speaks. Everything that goes wrong is a
/// <see cref="WireFailure"/> of the present <see cref="Stage"/>.
/// </summary>
internal sealed class WireConnection : IAsyncDisposable
{
    private const int MaxTotal = 8 * 1024 * 1024;
    private readonly WireTarget target;
    private readonly CancellationTokenSource limit;
    private readonly byte[] buffer = new byte[16 * 1024];
    private Stream stream = Stream.Null;
    private (int Start, int End) unread;
    private long total;

    private WireConnection(WireTarget target)
    {
        this.target = target;
        limit = new CancellationTokenSource(target.Limit.ToTimeSpan(), target.Time);
    }

    public WireStage Stage { get; set; } = WireStage.Resolve;

    /// <summary>Where it leads, once it is known.</summary>
    public IPAddress? Address { get; private set; }

    public TlsSeen? Seen { get; private set; }

    public bool Encrypted => stream is SslStream;

    /// <summary>What lies below, for a protocol that is spoken by the platform's own library; it closes with this.</summary>
    public Stream Raw => stream;

    /// <summary>Resolves and connects; the first address that takes the connection wins.</summary>
    public static async Task<WireConnection> OpenAsync(WireTarget target, CancellationToken cancel)
    {
        var connection = new WireConnection(target);
        try
        {
            await connection.GuardAsync(connection.ConnectAsync, cancel);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Over something that is connected already.</summary>
    public static WireConnection Over(Stream stream, WireTarget target) => new(target) { stream = stream, Stage = WireStage.Connect };

    public async Task UpgradeAsync(CancellationToken cancel)
    {
        Stage = WireStage.Tls;
        if (unread.End > unread.Start) throw Fail(WireFailure.WrongProtocol, "the server spoke on before TLS began");
        await GuardAsync(HandshakeAsync, cancel);
    }

    public ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => GuardAsync(
        async token =>
        {
            await stream.WriteAsync(bytes, token);
            await stream.FlushAsync(token);
            return bytes.Length;
        },
        cancel);

    public async ValueTask<byte> ReadByteAsync(CancellationToken cancel)
    {
        if (unread.Start == unread.End) await FillAsync(cancel);
        return buffer[unread.Start++];
    }

    public async ValueTask<byte[]> ReadAsync(int count, CancellationToken cancel)
    {
        if (count > MaxTotal) throw Fail(WireFailure.TooLong, $"{count} bytes announced");
        // Grows with what really comes: an announcement alone reserves nothing.
        var read = new byte[Math.Min(count, buffer.Length)];
        var at = 0;
        while (at < count)
        {
            if (unread.Start == unread.End) await FillAsync(cancel);
            var some = Math.Min(count - at, unread.End - unread.Start);
            if (at + some > read.Length) Array.Resize(ref read, Math.Min(count, Math.Max(at + some, read.Length * 2)));
            buffer.AsSpan(unread.Start, some).CopyTo(read.AsSpan(at));
            (at, unread.Start) = (at + some, unread.Start + some);
        }
        return read;
    }

    /// <summary>Whether a byte can be had without waiting; one that is not here yet is no end.</summary>
    public bool HasUnread => unread.End > unread.Start;

    public WireFailure Fail(string code, string words, Exception? inner = null) => new(Stage, code, words, inner);

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        Seen?.Certificate.Dispose();
        limit.Dispose();
    }

    private async Task FillAsync(CancellationToken cancel)
    {
        var count = await GuardAsync(token => stream.ReadAsync(buffer, token), cancel);
        if (count == 0) throw Fail(WireFailure.Reset, "the server closed the connection");
        total += count;
        if (total > MaxTotal) throw Fail(WireFailure.TooLong, $"more than {MaxTotal} bytes");
        unread = (0, count);
    }

    private async ValueTask<int> ConnectAsync(CancellationToken cancel)
    {
        var addresses = await ResolveAsync(cancel);
        Stage = WireStage.Connect;
        for (var i = 0; ; i++)
        {
            Address = addresses[i];
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(addresses[i], target.Port), cancel);
                stream = new NetworkStream(socket, ownsSocket: true);
                return 0;
            }
            catch (SocketException) when (i + 1 < addresses.Length)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private async Task<IPAddress[]> ResolveAsync(CancellationToken cancel)
    {
        if (IPAddress.TryParse(target.Host, out var address)) return [address];
        if (target.Resolver is not { } resolver) return await Dns.GetHostAddressesAsync(target.Host, cancel);
        var answer = await DnsClient.AskAsync(resolver, target.Host, DnsType.A, cancel);
        return answer switch
        {
            { Outcome: DnsOutcome.Timeout or DnsOutcome.ServFail } => throw Fail("EAI_AGAIN", $"{resolver} gave {answer.Outcome} for {target.Host}"),
            { Addresses: [] } => throw Fail("ENOTFOUND", $"{resolver} knows no address of {target.Host}"),
            _ => [.. answer.Addresses],
        };
    }

    private async ValueTask<int> HandshakeAsync(CancellationToken cancel)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = target.TlsName ?? target.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => Accept(certificate, errors),
        };
        if (target.Authorities is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false);
        await encrypted.AuthenticateAsClientAsync(options, cancel);
        stream = encrypted;
        return 0;
    }

    private bool Accept(X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null) return false;
        Seen?.Certificate.Dispose();
        Seen = new TlsSeen(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()), errors);
        return errors is SslPolicyErrors.None || target.LooksOnly;
    }

    private async ValueTask<T> GuardAsync<T>(Func<CancellationToken, ValueTask<T>> work, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw Fail(WireFailure.TimedOut, $"no answer within {target.Limit.TotalSeconds:0.#} s", e);
        }
        catch (SocketException e)
        {
            throw Fail(WireFailure.CodeOf(e.SocketErrorCode), e.Message, e);
        }
        catch (Exception e) when (e is AuthenticationException or IOException && Stage is WireStage.Tls)
        {
            throw FailTls(e);
        }
        catch (IOException e)
        {
            throw Fail(e.InnerException is SocketException { SocketErrorCode: var error } ? WireFailure.CodeOf(error) : WireFailure.Reset, e.Message, e);
        }
    }

    private WireFailure FailTls(Exception e)
    {
        if (Seen is { Errors: not SslPolicyErrors.None and var errors })
        {
            return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
                ? Fail("TLS_UNTRUSTED", $"the certificate of {Seen.Certificate.Subject} comes from an authority that is not trusted here, or is out of date", e)
                : Fail("TLS_NAME", $"the certificate of {Seen.Certificate.Subject} is not for {target.TlsName ?? target.Host}", e);
        }
        if (e.InnerException is SocketException { SocketErrorCode: var error }) return Fail(WireFailure.CodeOf(error), e.Message, e);
        var words = e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message;
        // OpenSSL's words: what came was no record of TLS; the server sent an alert; the server hung up.
        if (words.Contains("frame", StringComparison.Ordinal) || words.Contains("wrong version number", StringComparison.Ordinal)) return Fail(WireFailure.WrongProtocol, words, e);
        return Fail(words.Contains("alert", StringComparison.OrdinalIgnoreCase) ? "TLS_ALERT" : WireFailure.Reset, words, e);
    }
}
