using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>An answer as a client sees it: <see cref="Head"/> is the status line and the headers, one a line.</summary>
internal sealed record FaultAnswer(int Status, string Head, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>Requests through the load balancers' own addresses, whatever the host name is.</summary>
internal sealed class FaultHttp : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(70);
    private readonly FaultEyes eyes;
    private readonly Dictionary<string, HttpMessageInvoker> clients = new(StringComparer.Ordinal);
    private readonly Lazy<X509Certificate2> authority;

    public FaultHttp(FaultEyes eyes)
    {
        this.eyes = eyes;
        authority = new Lazy<X509Certificate2>(() => X509Certificate2.CreateFromPem(File.ReadAllText(eyes.Folder.Authority)));
    }

    public async Task<FaultAnswer> SendAsync(string door, HttpRequestMessage request, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        using var response = await Client(door).SendAsync(request, limit.Token);
        var body = await response.Content.ReadAsStringAsync(limit.Token);
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        var head = new StringBuilder().Append("HTTP/1.1 ").Append((int)response.StatusCode).Append(' ').Append(response.ReasonPhrase);
        foreach (var (name, value) in headers) head.Append('\n').Append(name).Append(": ").Append(value.Length > 200 ? value[..200] + "…" : value);
        return new FaultAnswer((int)response.StatusCode, head.ToString(), headers, body);
    }

    /// <summary>A stranger's request; whether it was answered at all.</summary>
    public async Task<bool> StrayAsync(string host, string path, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}{path}");
            await SendAsync("alb", request, cancel);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Null when the handshake succeeds with a certificate of the lab's authority for the name, else why not.</summary>
    public async Task<string?> HandshakeAsync(string door, string name, CancellationToken cancel)
    {
        try
        {
            await using var stream = await SecureAsync(door, name, cancel);
            return null;
        }
        catch (Exception e) when (e is System.Security.Authentication.AuthenticationException or IOException or SocketException)
        {
            return (e.InnerException ?? e).Message;
        }
    }

    public void Dispose()
    {
        foreach (var client in clients.Values) client.Dispose();
        if (authority.IsValueCreated) authority.Value.Dispose();
    }

    private HttpMessageInvoker Client(string door)
    {
        lock (clients)
        {
            if (clients.TryGetValue(door, out var known)) return known;
            var handler = new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ConnectCallback = async (context, cancel) => await ConnectAsync(Address(door, context.DnsEndPoint.Port is 443), cancel),
                SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Policy() },
            };
            return clients[door] = new HttpMessageInvoker(handler);
        }
    }

    private async Task<SslStream> SecureAsync(string door, string name, CancellationToken cancel)
    {
        var secure = new SslStream(await ConnectAsync(Address(door, tls: true), cancel));
        try
        {
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name, CertificateChainPolicy = Policy() }, cancel);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority.Value);
        return policy;
    }

    private LabAddress Address(string door, bool tls)
    {
        var address = eyes.Place.Components[door];
        // Unprivileged labs listen on 8080 and 8443 in place of 80 and 443.
        var shifted = address.Port >= 8000;
        return address with { Port = (tls, shifted) switch { (true, false) => 443, (true, true) => 8443, (false, false) => 80, _ => 8080 } };
    }

    private static async Task<NetworkStream> ConnectAsync(LabAddress address, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(address.Host), address.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
