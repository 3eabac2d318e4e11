using System.Net;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;

namespace Tocsin.Server.Tests.Notify;

/// <summary>What holds for every channel that speaks HTTP, seen at a receiver on loopback.</summary>
public sealed class HttpChannelTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public static TheoryData<string> Kinds => ["pagerduty", "ntfy", "slack", "webhook"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_receiver_that_takes_it_is_a_receipt(string kind)
    {
        await using var receiver = new FakeReceiver().Expect(kind is "pagerduty" ? 202 : 200, "{}");
        Assert.Equal(Receipt.Accepted, Assert.IsType<SendResult.Taken>(await SendAsync(kind, receiver)).Receipt);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task After_an_error_of_the_receiver_it_may_have_arrived(string kind)
    {
        await using var receiver = new FakeReceiver().Expect(500, "oh").Expect(502).Expect(504);
        for (var i = 0; i < 3; i++) Assert.IsType<SendResult.InDoubt>(await SendAsync(kind, receiver));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Too_much_at_once_is_tried_again_when_the_receiver_says(string kind)
    {
        await using var receiver = new FakeReceiver().Expect(429, "", "Retry-After: 30").Expect(503).Expect(429, "", "Retry-After: 99999999");
        Assert.Equal(Duration.FromSeconds(30), Assert.IsType<SendResult.TryAgain>(await SendAsync(kind, receiver)).After);
        Assert.Null(Assert.IsType<SendResult.TryAgain>(await SendAsync(kind, receiver)).After);
        Assert.Equal(Duration.FromHours(1), Assert.IsType<SendResult.TryAgain>(await SendAsync(kind, receiver)).After);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_redirect_is_not_followed_wherever_it_leads(string kind)
    {
        await using var elsewhere = new FakeReceiver();
        await using var receiver = new FakeReceiver().Expect(302, "", "Location: http://169.254.169.254/latest/meta-data/").Expect(307, "", $"Location: {elsewhere.Address}/");
        for (var i = 0; i < 2; i++) Assert.Contains("redirect", Assert.IsType<SendResult.Refused>(await SendAsync(kind, receiver)).Why, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_answer_that_never_comes_ends_in_doubt_within_the_limit(string kind)
    {
        using var asked = new SemaphoreSlim(0);
        await using var silent = new FakeReceiver
        {
            Otherwise = (_, c) =>
            {
                asked.Release();
                return Task.Delay(Timeout.Infinite, c);
            },
        };
        await using var dripping = new FakeReceiver
        {
            Otherwise = (s, c) =>
            {
                asked.Release();
                return FakeReceiver.DripAsync(s, FakeReceiver.Answer(200, "{}"), c);
            },
        };
        var time = new LimitTime();
        var both = Task.WhenAll(SendAsync(kind, silent.Address, time: time), SendAsync(kind, dripping.Address, time: time));
        for (var i = 0; i < 2; i++) await asked.WaitAsync(cancel);
        time.Pass();
        Assert.All(await both, r => Assert.Equal("no answer within 6 s", Assert.IsType<SendResult.InDoubt>(r).Why));
        Assert.True(Sending.Limit > Duration.FromSeconds(6));
    }

    [Fact]
    public async Task A_status_counts_however_slowly_the_rest_drips()
    {
        var time = new LimitTime();
        using var begun = new SemaphoreSlim(0);
        await using var receiver = new FakeReceiver().Expect(async (s, c) =>
        {
            await FakeReceiver.WriteAsync(s, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", c);
            await FakeReceiver.DripAsync(s, "five ", c);
            begun.Release();
            await FakeReceiver.DripAsync(s, new string('x', 995), c);
        });
        var sending = SendAsync("webhook", receiver.Address, time: time);
        await begun.WaitAsync(cancel);
        time.Pass();
        Assert.IsType<SendResult.Taken>(await sending);
    }

    [Fact]
    public async Task An_answer_that_comes_twice_is_one_answer_and_none_to_the_next_page()
    {
        await using var receiver = new FakeReceiver().Expect(async (s, c) =>
        {
            await FakeReceiver.WriteAsync(s, FakeReceiver.Answer(200, """{"reference":"one"}"""), c);
            await FakeReceiver.WriteAsync(s, FakeReceiver.Answer(200, """{"reference":"two"}"""), c);
        })
        .Expect(400, """{"error":"no such person"}""");
        var channel = SomePage.Channel("webhook", "secret: $SECRET");
        var page = SomePage.To(receiver.Address);
        Assert.Equal("one", Assert.IsType<SendResult.Taken>(await channel.SendAsync(page, cancel)).Reference);
        Assert.Equal("answered 400: no such person", Assert.IsType<SendResult.Refused>(await channel.SendAsync(page, cancel)).Why);
        Assert.All(receiver.Received, r => Assert.Equal("close", r.Headers["Connection"]));
    }

    [Fact]
    public async Task A_connection_that_breaks_before_the_answer_leaves_doubt()
    {
        await using var receiver = new FakeReceiver().Expect((_, _) => Task.CompletedTask).Expect((s, c) => FakeReceiver.WriteAsync(s, "HTTP/1.1 2", c)).Expect((s, c) => FakeReceiver.WriteAsync(s, "SSH-2.0-OpenSSH\r\n", c));
        for (var i = 0; i < 3; i++) Assert.IsType<SendResult.InDoubt>(await SendAsync("webhook", receiver));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Where_there_was_no_connection_it_surely_did_not_arrive(string kind)
    {
        int port;
        await using (var gone = new FakeReceiver()) port = gone.Port;
        Assert.Equal("no connection", Assert.IsType<SendResult.TryAgain>(await SendAsync(kind, $"http://127.0.0.1:{port}")).Why);
        Assert.IsType<SendResult.TryAgain>(await SendAsync(kind, "http://nowhere.invalid"));
    }

    [Fact]
    public async Task Who_comes_back_while_the_attempt_lasts_still_gets_it()
    {
        int port;
        await using (var gone = new FakeReceiver()) port = gone.Port;
        var sending = SendAsync("webhook", $"http://127.0.0.1:{port}");
        using var late = new System.Net.Sockets.TcpListener(IPAddress.Loopback, port);
        late.Start();
        using var client = await late.AcceptTcpClientAsync(cancel);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(FakeReceiver.Answer(200, "{}")), cancel);
        Assert.IsType<SendResult.Taken>(await sending);
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/")]
    [InlineData("http://localhost:9/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://172.16.3.4/")]
    [InlineData("http://192.168.1.1/")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[fd00:ec2::254]/latest/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f.1/")]
    public async Task A_private_address_is_not_reached_unless_it_is_allowed(string address)
    {
        foreach (var kind in Kinds.Select(k => k.Data))
        {
            var result = await SendAsync(kind, address, loopback: false);
            Assert.Contains("private or reserved", Assert.IsType<SendResult.Refused>(result).Why, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("not an address")]
    [InlineData("")]
    public async Task What_is_no_web_address_is_refused(string address) => Assert.IsType<SendResult.Refused>(await SomePage.Channel("webhook", "secret: $SECRET").SendAsync(SomePage.To(address), cancel));

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task No_reason_holds_a_secret_however_the_receiver_quotes_it(string kind)
    {
        const string Canary = "Canary-91b2c6f0a7d34e55";
        var body = $$$"""{"error":"{{{Canary}}} and {{{SomePage.Secret}}} are wrong","message":"{{{Canary}}}","errors":["'routing_key' {{{Canary}}} is invalid"]}""";
        foreach (var status in (int[])[400, 401, 403, 404, 429, 500, 503])
        {
            await using var receiver = new FakeReceiver().Expect(status, body);
            var why = SomePage.Why(await SendAsync(kind, receiver, Canary));
            Assert.NotEmpty(why);
            Assert.DoesNotContain(Canary, why, StringComparison.Ordinal);
            Assert.DoesNotContain(SomePage.Secret, why, StringComparison.Ordinal);
            Assert.DoesNotContain("127.0.0.1", why, StringComparison.Ordinal);
            Assert.True(why.Length <= 200 && !why.Contains('\n', StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_was_cancelled_leaves_as_a_cancellation()
    {
        await using var receiver = new FakeReceiver().Expect((_, c) => Task.Delay(Timeout.Infinite, c));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var sending = SomePage.Channel("webhook", "secret: $SECRET").SendAsync(SomePage.To(receiver.Address), stop.Token);
        while (receiver.Received.Count == 0) await Task.Delay(10, cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    private Task<SendResult> SendAsync(string kind, FakeReceiver receiver, string path = "hook") => SendAsync(kind, receiver.Address, path: path);

    private Task<SendResult> SendAsync(string kind, string address, bool loopback = true, string path = "hook", TimeProvider? time = null)
    {
        var root = address.TrimEnd('/');
        var (settings, to) = kind switch
        {
            "pagerduty" => ($"events: \"{root}\"", path),
            "ntfy" => ($"{{ server: \"{root}\", token: $SECRET }}", path),
            "slack" => ("", $"{root}/{path}"),
            _ => ("secret: $SECRET", $"{root}/{path}"),
        };
        return SomePage.Channel(kind, settings, loopback, time).SendAsync(SomePage.To(to), cancel);
    }
}
