using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tocsin.Server.Notify.Mail;

/// <summary>The mail server's no.</summary>
/// <param name="step">What it said no to.</param>
/// <param name="words">Its own.</param>
internal sealed class SmtpRefusal(string step, int code, string words) : Exception(words)
{
    public string Step => step;

    public int Code => code;
}

/// <summary>
/// Hands one message over, by RFC 5321, 3207 and 4954. The library's own client resolves and connects by itself, past the guard, trusts one list of authorities
/// for the whole process, and gives the same error before and after the message was handed over; a page needs to know which it was.
/// </summary>
internal sealed class SmtpSession : IAsyncDisposable
{
    // RFC 5321 allows 512 with the code; what is longer is no mail server.
    private const int LongestLine = 2048;
    private const int MostLines = 100;
    private Stream stream;
    private readonly byte[] buffer = new byte[LongestLine];
    private int start;
    private int end;
    private string[] offers = [];

    private SmtpSession(Stream stream) => this.stream = stream;

    public static async Task<SmtpSession> OpenAsync(MailServer server, OutgoingGuard guard, CancellationToken cancel)
    {
        var addresses = await guard.ResolveAsync(server.Host, cancel);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SmtpSession? session = null;
        try
        {
            await socket.ConnectAsync(addresses, server.Port, cancel);
            session = new SmtpSession(new NetworkStream(socket, ownsSocket: true));
            await session.GreetAsync(server, cancel);
            return session;
        }
        catch
        {
            if (session is not null) await session.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    public async Task LoginAsync(string user, string password, CancellationToken cancel)
    {
        if (user.Length == 0) return;
        var ways = offers.FirstOrDefault(o => o.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase))?.Split(' ')[1..] ?? [];
        if (ways.Contains("PLAIN", StringComparer.OrdinalIgnoreCase))
        {
            await SayAsync("login", $"AUTH PLAIN {Base64($"\0{user}\0{password}")}", 235, cancel);
            return;
        }
        if (!ways.Contains("LOGIN", StringComparer.OrdinalIgnoreCase)) throw new SmtpRefusal("login", 504, "it offers neither PLAIN nor LOGIN");
        await SayAsync("login", "AUTH LOGIN", 334, cancel);
        await SayAsync("login", Base64(user), 334, cancel);
        await SayAsync("login", Base64(password), 235, cancel);
    }

    public async Task EnvelopeAsync(string from, string to, CancellationToken cancel)
    {
        await SayAsync("sender", $"MAIL FROM:<{from}>", 250, cancel);
        await SayAsync("recipient", $"RCPT TO:<{to}>", 250, cancel);
        await SayAsync("message", "DATA", 354, cancel);
    }

    /// <summary>The message itself, its lines ended by CRLF; gives what the server says of it, mostly its own name for it.</summary>
    public async Task<string> DataAsync(string message, CancellationToken cancel)
    {
        // A line that is a dot would end it: each dot at a line's start is doubled.
        var stuffed = message.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        var said = await SayAsync("message", $"{stuffed}\r\n.", 250, cancel);
        try
        {
            await stream.WriteAsync("QUIT\r\n"u8.ToArray(), cancel);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It has the message; a goodbye that does not arrive changes nothing.
            _ = e;
        }
        return said;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task GreetAsync(MailServer server, CancellationToken cancel)
    {
        if (server.Implicit) await SecureAsync(server, cancel);
        await ReadAsync("greeting", 220, cancel);
        await HelloAsync(cancel);
        if (server.Implicit) return;
        if (!offers.Contains("STARTTLS", StringComparer.OrdinalIgnoreCase)) throw new SmtpRefusal("TLS", 504, "it offers no STARTTLS, and without TLS nothing is sent");
        await SayAsync("TLS", "STARTTLS", 220, cancel);
        // What it sent before TLS is nobody's word (RFC 3207, 4.2).
        (start, end) = (0, 0);
        await SecureAsync(server, cancel);
        await HelloAsync(cancel);
    }

    private async Task HelloAsync(CancellationToken cancel)
    {
        await WriteAsync("EHLO tocsin", cancel);
        var lines = await LinesAsync("hello", 250, cancel);
        offers = [.. lines.Skip(1)];
    }

    private async Task SecureAsync(MailServer server, CancellationToken cancel)
    {
        var authorities = MailChannel.Authorities(server.Authority);
        var options = new SslClientAuthenticationOptions { TargetHost = server.Host };
        if (authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        var secure = new SslStream(stream);
        stream = secure;
        await secure.AuthenticateAsClientAsync(options, cancel);
    }

    private async Task<string> SayAsync(string step, string line, int wanted, CancellationToken cancel)
    {
        await WriteAsync(line, cancel);
        return await ReadAsync(step, wanted, cancel);
    }

    private async Task<string> ReadAsync(string step, int wanted, CancellationToken cancel) => string.Join(' ', await LinesAsync(step, wanted, cancel));

    private async Task<List<string>> LinesAsync(string step, int wanted, CancellationToken cancel)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await LineAsync(cancel);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code)) throw new IOException("it speaks no SMTP");
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length > 3 && line[3] is '-' && lines.Count < MostLines) continue;
            if (line.Length > 3 && line[3] is '-') throw new IOException("its answer does not end");
            // 251 and 252 take the recipient too.
            return code == wanted || (wanted == 250 && code is 251 or 252) ? lines : throw new SmtpRefusal(step, code, string.Join(' ', lines));
        }
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        while (true)
        {
            var at = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = Encoding.UTF8.GetString(buffer, start, at).TrimEnd('\r');
                start += at + 1;
                return line;
            }
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, end) = (0, end - start);
            }
            if (end == buffer.Length) throw new IOException("a line without end");
            var count = await stream.ReadAsync(buffer.AsMemory(end), cancel);
            if (count == 0) throw new IOException("the mail server hung up");
            end += count;
        }
    }

    private async Task WriteAsync(string line, CancellationToken cancel)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{line}\r\n"), cancel);
        await stream.FlushAsync(cancel);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
