using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NodaTime;
using Tocsin.Collect.Wire;

namespace Tocsin.Collect.Tests.Wire;

/// <summary>A server made by hand: what it does with each connection is told in the test. Ends with the test.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource over = new();
    private readonly Task serving;

    public FakeServer(Func<Stream, CancellationToken, Task> serve)
    {
        listener.Start();
        serving = ServeAsync(serve);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>What a test's own assertions in the server said, to be thrown where the test can see it.</summary>
    public Exception? Failed { get; private set; }

    public WireTarget Target(double seconds = 5) => new("127.0.0.1", Port) { Limit = Duration.FromSeconds(seconds) };

    public static X509Certificate2 Certificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
        else names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    public static async Task<SslStream> EncryptAsync(Stream stream, X509Certificate2 certificate, CancellationToken cancel)
    {
        var encrypted = new SslStream(stream, leaveInnerStreamOpen: false);
        await encrypted.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancel);
        return encrypted;
    }

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        listener.Stop();
        await serving;
        over.Dispose();
    }

    private async Task ServeAsync(Func<Stream, CancellationToken, Task> serve)
    {
        var open = new List<Task>();
        try
        {
            while (true) open.Add(OneAsync(await listener.AcceptTcpClientAsync(over.Token), serve));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task OneAsync(TcpClient client, Func<Stream, CancellationToken, Task> serve)
    {
        try
        {
            using (client) await serve(client.GetStream(), over.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            // The client went away, which is its right.
            _ = e;
        }
        catch (Exception e)
        {
            Failed = e;
        }
    }
}

/// <summary>What a server would have sent, whatever it is told; then it hangs up.</summary>
internal sealed class Replay(byte[] bytes) : MemoryStream(bytes, writable: false)
{
    public override bool CanWrite => true;

    public override void Write(byte[] buffer, int offset, int count)
    {
        // Whoever replays does not listen.
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
