using System.Globalization;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify.Http;

namespace Tocsin.Server.Notify.Mail;

/// <summary>Where mail is handed over, and as whom.</summary>
/// <param name="Implicit">TLS from the first byte, as on port 465; else STARTTLS. There is no third way: what wakes people carries a link that acknowledges.</param>
internal sealed record MailServer(string Host, int Port, bool Implicit, string From, string User, string Authority);

/// <summary>E-mail over SMTP, always by TLS. The Message-ID is the page's key, so that mail programs show two attempts as one message.</summary>
internal sealed class MailChannel(MailServer server, Room room, Func<string?> password, OutgoingGuard guard, TimeProvider time) : IChannel
{
    private const int Submission = 587;
    private const int Secure = 465;

    // Below the sender's limit, so that the reason has a name.
    private static readonly Duration Limit = Sending.Limit - Duration.FromSeconds(1);

    public static readonly ChannelKind Kind = new(
        "mail",
        new Shape.Map(
            "E-mail",
            [
                new Key("host", new Shape.Text("The mail server that takes mail from here"), Required: true),
                new Key("port", new Shape.Number("Its port: 587, or 465 where TLS begins at once", Least: 1, Whole: true)),
                new Key("tls", new Shape.Text("How TLS begins", ["starttls", "implicit"])),
                new Key("from", new Shape.Text("The sender's address", Pattern: "[^@ <>]+@[^@ <>]+"), Required: true),
                Room.Setting,
                new Key("user", new Shape.Text("As whom; none: without a login")),
                new Key("password", new Shape.Text("Its password, best as $NAME of a variable")),
                new Key("ca", new Shape.Text("A file with authorities to trust instead of the system's")),
            ]),
        s => new MailChannel(Read(s), Room.Of(s), () => s.Settings.Has("password") ? s.Variable(s.Settings.Text("password")) : "", s.Guard, s.Time));

    public bool KeepsAlarm => false;

    public async Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        page = room.Fill(page);
        if (server.Host.Length == 0) return new SendResult.Refused("no mail server is set");
        if (password() is not { } secret) return new SendResult.Refused("the variable of its password is not set");
        if (!MailText.IsAddress(page.Address)) return new SendResult.Refused("the address is no e-mail address");
        using var limit = new CancellationTokenSource(Limit.ToTimeSpan(), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        var handedOver = false;
        try
        {
            await using var session = await SmtpSession.OpenAsync(server, guard, either.Token);
            await session.LoginAsync(server.User, secret, either.Token);
            await session.EnvelopeAsync(server.From, page.Address, either.Token);
            handedOver = true;
            var said = await session.DataAsync(MailText.Of(page, server.From), either.Token);
            return new SendResult.Taken(Receipt.Accepted, SmallJson.Words(said, page.Address, secret));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Lost("no answer within the limit", handedOver);
        }
        catch (SmtpRefusal e)
        {
            return Refused(e, SmallJson.Words(e.Message, page.Address, secret));
        }
        catch (ForbiddenAddressException)
        {
            return new SendResult.Refused("the mail server lies in a private or reserved network, which server: allowNetworks: does not allow");
        }
        catch (AuthenticationException)
        {
            return new SendResult.TryAgain("no TLS with the mail server: its certificate or the handshake was refused", null);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return Lost("the connection to the mail server broke, or there was none", handedOver);
        }
        catch (CryptographicException)
        {
            return new SendResult.Refused("the file of authorities cannot be read");
        }
    }

    // Until the message was handed over nothing can have arrived.
    private static SendResult Lost(string why, bool handedOver) => handedOver ? new SendResult.InDoubt(why) : new SendResult.TryAgain(why, null);

    private static SendResult Refused(SmtpRefusal refusal, string words)
    {
        var why = string.Create(CultureInfo.InvariantCulture, $"{refusal.Step} answered {refusal.Code}{(words.Length > 0 ? $": {words}" : "")}");
        // 4yz: the same may go well later (RFC 5321, 4.2.1); also greylisting.
        return refusal.Code is >= 400 and < 500 ? new SendResult.TryAgain(why, null) : new SendResult.Refused(why);
    }

    private static MailServer Read(ChannelSetup setup)
    {
        var map = setup.Settings;
        var isImplicit = map.Text("tls") is "implicit";
        return new MailServer(map.Text("host"), map.Has("port") ? map.Whole("port") : isImplicit ? Secure : Submission, isImplicit, map.Text("from"), map.Text("user"), map.Text("ca"));
    }

    internal static X509Certificate2Collection? Authorities(string file)
    {
        if (file.Length == 0) return null;
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(file);
        return all;
    }
}
