using System.Text;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Notify.Mail;

namespace Tocsin.Server.Tests.Notify;

public sealed class MailChannelTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_mail_goes_out_by_TLS_under_the_pages_own_key(bool isImplicit)
    {
        await using var server = new FakeMailServer { Implicit = isImplicit };
        var result = await SendAsync(server, isImplicit ? "tls: implicit, user: tocsin, password: $SECRET" : "user: tocsin, password: $SECRET");
        var taken = Assert.IsType<SendResult.Taken>(result);
        Assert.Equal((Receipt.Accepted, "2.0.0 Ok: queued as 4QyZ"), (taken.Receipt, taken.Reference));
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0tocsin\0{SomePage.Secret}"));
        string[] expected = isImplicit ? ["EHLO tocsin"] : ["EHLO tocsin", "STARTTLS", "EHLO tocsin"];
        Assert.Equal([.. expected, $"AUTH PLAIN {login}", "MAIL FROM:<tocsin@example.com>", "RCPT TO:<lead@example.com>", "DATA"], server.Heard.Take(expected.Length + 4));
        var mail = Assert.Single(server.Messages);
        Assert.Contains("\r\nMessage-ID: <INC-12.3@example.com>\r\n", mail, StringComparison.Ordinal);
        Assert.Contains("\r\nSubject: P1 production storefront since 03:00Z: app.example answers 502\r\n", mail, StringComparison.Ordinal);
        Assert.Contains("https://tocsin.example/ack/abcdef", Text(mail), StringComparison.Ordinal);
        Assert.All(mail.Split("\r\n"), l => Assert.True(l.Length <= 998));
    }

    [Fact]
    public async Task Without_TLS_nothing_is_sent()
    {
        await using var server = new FakeMailServer { Answers = { ["EHLO"] = "250-mail.example\r\n250 AUTH PLAIN" } };
        Assert.Contains("no STARTTLS", Assert.IsType<SendResult.Refused>(await SendAsync(server)).Why, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Heard, h => h.StartsWith("AUTH", StringComparison.Ordinal) || h.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_said_before_TLS_is_nobodys_word()
    {
        // Someone on the way adds an answer behind the one to STARTTLS.
        await using var server = new FakeMailServer { Answers = { ["STARTTLS"] = "220 go ahead\r\n250-evil.example\r\n250 AUTH NONE" } };
        Assert.IsType<SendResult.Taken>(await SendAsync(server, "user: tocsin, password: $SECRET"));
        Assert.Contains(server.Heard, h => h.StartsWith("AUTH PLAIN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_of_another_name_or_of_nobody_is_refused()
    {
        await using var other = new FakeMailServer("other.example");
        Assert.Contains("TLS", Assert.IsType<SendResult.TryAgain>(await SendAsync(other, "user: tocsin, password: $SECRET")).Why, StringComparison.Ordinal);
        await using var unknown = new FakeMailServer();
        var channel = SomePage.Channel("mail", $"{{ host: localhost, port: {unknown.Port}, from: tocsin@example.com }}");
        Assert.IsType<SendResult.TryAgain>(await channel.SendAsync(SomePage.To("lead@example.com"), cancel));
        Assert.Empty(other.Messages.Concat(unknown.Messages));
    }

    [Theory]
    [InlineData("RCPT", "550 5.1.1 no such user lead@example.com", typeof(SendResult.Refused), "recipient answered 550: 5.1.1 no such user ***")]
    [InlineData("RCPT", "451 4.7.1 Greylisted", typeof(SendResult.TryAgain), "recipient answered 451: 4.7.1 Greylisted")]
    [InlineData("AUTH", "535 5.7.8 bad credentials", typeof(SendResult.Refused), "login answered 535: 5.7.8 bad credentials")]
    [InlineData("DATA", "554 no valid recipients", typeof(SendResult.Refused), "message answered 554: no valid recipients")]
    [InlineData(".", "554 5.7.1 spam", typeof(SendResult.Refused), "message answered 554: 5.7.1 spam")]
    [InlineData(".", "452 4.2.2 mailbox full", typeof(SendResult.TryAgain), "message answered 452: 4.2.2 mailbox full")]
    [InlineData("", "421 too many connections", typeof(SendResult.TryAgain), "greeting answered 421: too many connections")]
    [InlineData("", "SSH-2.0-OpenSSH", typeof(SendResult.TryAgain), "the connection to the mail server broke, or there was none")]
    public async Task The_servers_no_is_told_with_what_it_was_said_to(string to, string answer, Type expected, string why)
    {
        await using var server = new FakeMailServer { Answers = { [to] = answer } };
        var result = await SendAsync(server, "user: tocsin, password: $SECRET");
        Assert.IsType(expected, result);
        Assert.Equal(why, SomePage.Why(result));
    }

    [Theory]
    [InlineData("", typeof(SendResult.TryAgain))]
    [InlineData("RCPT", typeof(SendResult.TryAgain))]
    [InlineData(".", typeof(SendResult.InDoubt))]
    public async Task A_server_that_falls_silent_leaves_doubt_only_after_it_has_the_message(string at, Type expected)
    {
        await using var server = new FakeMailServer { Answers = { [at] = "" } };
        var time = new LimitTime();
        var sending = SendAsync(server, time: time);
        await server.FellSilent.WaitAsync(cancel);
        time.Pass();
        Assert.IsType(expected, await sending);
    }

    [Fact]
    public async Task A_mail_server_in_a_private_network_is_not_reached_unless_it_is_allowed()
    {
        await using var server = new FakeMailServer();
        var channel = SomePage.Channel("mail", $"{{ host: localhost, port: {server.Port}, from: tocsin@example.com, ca: \"{server.Authority}\" }}", loopback: false);
        Assert.Contains("private or reserved", Assert.IsType<SendResult.Refused>(await channel.SendAsync(SomePage.To("lead@example.com"), cancel)).Why, StringComparison.Ordinal);
        Assert.Empty(server.Heard);
    }

    [Theory]
    [InlineData("lead@example.com", true)]
    [InlineData("a.b+c@sub.example.com", true)]
    [InlineData("lead", false)]
    [InlineData("lead@example.com\r\nRCPT TO:<evil@example.com>", false)]
    [InlineData("lead@example.com> SIZE=1", false)]
    [InlineData("a@b@c", false)]
    [InlineData("lead@example.com,evil@example.com", false)]
    [InlineData("", false)]
    public void An_address_is_one_address(string text, bool good) => Assert.Equal(good, MailText.IsAddress(text));

    [Fact]
    public async Task No_text_of_a_page_can_end_the_message_or_add_a_header()
    {
        await using var server = new FakeMailServer();
        string[] texts = ["one\r\n.\r\nMAIL FROM:<x@y>", "..", ".", "ü🚨漢 ende", "a\r\nBcc: evil@example.com", "=?utf-8?B?eA==?=", new string('x', 160)];
        foreach (var text in texts)
        {
            var channel = SomePage.Channel("mail", $"{{ host: localhost, port: {server.Port}, from: tocsin@example.com, ca: \"{server.Authority}\" }}");
            Assert.IsType<SendResult.Taken>(await channel.SendAsync(SomePage.To("lead@example.com") with { First = text, More = text }, cancel));
            var mail = server.Messages[^1];
            var head = mail[..mail.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
            Assert.DoesNotContain("\r\nBcc", head, StringComparison.Ordinal);
            Assert.StartsWith(text.ReplaceLineEndings("\r\n"), Text(mail), StringComparison.Ordinal);
        }
        Assert.Equal(texts.Length, server.Heard.Count(h => h.StartsWith("MAIL", StringComparison.Ordinal)));
    }

    private Task<SendResult> SendAsync(FakeMailServer server, string more = "", TimeProvider? time = null) =>
        SomePage.Channel("mail", $"{{ host: localhost, port: {server.Port}, from: tocsin@example.com, ca: \"{server.Authority}\"{(more.Length > 0 ? ", " : "")}{more} }}", time: time).SendAsync(SomePage.To("lead@example.com"), cancel);

    private static string Text(string mail) => Encoding.UTF8.GetString(Convert.FromBase64String(mail[(mail.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Replace("\r\n", "", StringComparison.Ordinal)));
}
