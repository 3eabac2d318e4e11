using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tocsin.Server.Tests.Notify;

/// <summary>A mail server on loopback with TLS by a certificate of its own. It answers what its <see cref="Answers"/> say, else as one that takes everything.</summary>
internal sealed class FakeMailServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> heard = new();
    private readonly ConcurrentQueue<string> messages = new();
    private readonly X509Certificate2 certificate;
    private readonly string folder = Directory.CreateTempSubdirectory("tm-").FullName;
    private readonly LoopbackListener listener;
    private readonly TaskCompletionSource silent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeMailServer(string name = "localhost")
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        File.WriteAllText(Authority, certificate.ExportCertificatePem());
        listener = new LoopbackListener(ServeAsync);
    }

    public int Port => listener.Port;

    public string Authority => Path.Combine(folder, "ca.pem");

    /// <summary>What to answer to a command, by its first words; null: what a server that takes everything answers. Empty: nothing at all.</summary>
    public Dictionary<string, string> Answers { get; } = new(StringComparer.Ordinal);

    public bool Implicit { get; init; }

    /// <summary>It was asked what it does not answer.</summary>
    public Task FellSilent => silent.Task;

    public IReadOnlyList<string> Heard => [.. heard];

    public IReadOnlyList<string> Messages => [.. messages];

    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync();
        certificate.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task ServeAsync(NetworkStream plain, CancellationToken cancel)
    {
        Stream stream = plain;
        if (Implicit) stream = await SecureAsync(stream, cancel);
        await SayAsync(stream, Answers.GetValueOrDefault("", "220 mail.example ESMTP"), cancel);
        while (await LineAsync(stream, cancel) is { } line)
        {
            heard.Enqueue(line);
            var answer = Answers.FirstOrDefault(a => a.Key.Length > 0 && line.StartsWith(a.Key, StringComparison.Ordinal)).Value ?? Usual(line, stream is SslStream);
            await SayAsync(stream, answer, cancel);
            if (line is "STARTTLS" && answer[0] is '2') stream = await SecureAsync(stream, cancel);
            if (line is "DATA" && answer[0] is '3') await MessageAsync(stream, cancel);
        }
    }

    private async Task MessageAsync(Stream stream, CancellationToken cancel)
    {
        var text = new StringBuilder();
        while (await LineAsync(stream, cancel) is { } line and not ".") text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        messages.Enqueue(text.ToString());
        await SayAsync(stream, Answers.GetValueOrDefault(".", "250 2.0.0 Ok: queued as 4QyZ"), cancel);
    }

    private static string Usual(string line, bool secure) => line.Split(' ')[0] switch
    {
        "EHLO" => secure ? "250-mail.example\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME" : "250-mail.example\r\n250 STARTTLS",
        "STARTTLS" => "220 go ahead",
        "AUTH" => "235 2.7.0 Authentication successful",
        "DATA" => "354 End data with <CR><LF>.<CR><LF>",
        "QUIT" => "221 bye",
        _ => "250 Ok",
    };

    private async Task<Stream> SecureAsync(Stream plain, CancellationToken cancel)
    {
        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancel);
        return secure;
    }

    private async Task SayAsync(Stream stream, string answer, CancellationToken cancel)
    {
        if (answer.Length == 0)
        {
            silent.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancel);
        }
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{answer}\r\n"), cancel);
    }

    private async Task<string?> LineAsync(Stream stream, CancellationToken cancel)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancel) > 0)
        {
            if (one[0] is (byte)'\n') return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            line.Add(one[0]);
        }
        return null;
    }
}
