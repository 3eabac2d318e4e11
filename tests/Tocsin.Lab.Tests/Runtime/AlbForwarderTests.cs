using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Tests.Runtime;

public sealed partial class AlbForwarderTests
{
    private const string Page502 = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

    [Fact]
    public async Task A_good_answer_is_passed_on_and_logged_in_AWS_s_format()
    {
        await using var upstream = Upstream.Answering(200, "hello");
        await using var front = await Front.StartAsync(upstream.Healthy);
        var answer = await front.GetAsync(path: "/cart?id=7");
        Assert.StartsWith("HTTP/1.1 200 Said\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nServer: upstream\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nhello", answer, StringComparison.Ordinal);
        var line = (await front.EntryAsync()).Line();
        Assert.Matches(Entry(), line);
        Assert.Contains($" {upstream.Address} 0.0", line, StringComparison.Ordinal);
        Assert.Contains($" 200 200 ", line, StringComparison.Ordinal);
        Assert.Contains($"\"GET http://shop.example:{front.Address.Port}/cart?id=7 HTTP/1.1\" \"test/1\" - - arn:aws:elasticloadbalancing:", line, StringComparison.Ordinal);
        Assert.Contains($" \"forward\" \"-\" \"-\" \"{upstream.Address}\" \"200\" \"-\" \"-\" TID_", line, StringComparison.Ordinal);
        Assert.Equal(front.Counters, AlbCounters.None with { Requests = 1, Target2xx = 1, Responses = 1, ResponseTime = front.Counters.ResponseTime });
    }

    [Fact]
    public async Task The_target_learns_who_asked_and_gets_a_trace_id()
    {
        await using var upstream = Upstream.Answering(200, "");
        await using var front = await Front.StartAsync(upstream.Healthy);
        await front.GetAsync(headers: "X-Forwarded-For: 203.0.113.7\r\nX-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678;Team=a\r\nCookie: a=b\r\n");
        var request = upstream.Requests.Single();
        Assert.Contains("\r\nX-Forwarded-For: 203.0.113.7, 127.0.0.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Forwarded-Proto: http\r\n", request, StringComparison.Ordinal);
        Assert.Contains($"\r\nX-Forwarded-Port: {front.Address.Port}\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nHost: shop.example\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nCookie: a=b\r\n", request, StringComparison.Ordinal);
        Assert.Matches("\r\nX-Amzn-Trace-Id: Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-67891233-abcdef012345678912345678;Team=a\r\n", request);
        Assert.DoesNotContain("Connection: close", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 11\r\n", "hello world")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")]
    public async Task A_body_is_passed_on_in_its_own_framing(string framing, string body)
    {
        await using var upstream = Upstream.Saying("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n");
        await using var front = await Front.StartAsync(upstream.Healthy);
        var answer = await front.GetAsync(method: "POST", headers: framing, body: body);
        var told = upstream.Requests.Single();
        Assert.Contains(framing, told, StringComparison.Ordinal);
        Assert.EndsWith("helloworld", string.Concat(told[told.IndexOf("\r\n\r\n", StringComparison.Ordinal)..].Where(char.IsAsciiLetter)), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 201 Created\r\n", answer, StringComparison.Ordinal);
        Assert.Equal("abcde", string.Concat(answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..].Where(c => c is >= 'a' and <= 'e')));
    }

    [Fact]
    public async Task An_answer_is_streamed_as_it_comes()
    {
        var more = new TaskCompletionSource();
        await using var upstream = Upstream.Start(async p =>
        {
            await p.SayAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n");
            await more.Task.WaitAsync(p.Cancel);
            await p.SayAsync("0\r\n\r\n");
        });
        await using var front = await Front.StartAsync(upstream.Healthy);
        using var socket = await front.SendAsync();
        var text = "";
        var buffer = new byte[4096];
        while (!text.Contains("first", StringComparison.Ordinal))
        {
            var read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            Assert.NotEqual(0, read);
            text += System.Text.Encoding.Latin1.GetString(buffer, 0, read);
        }
        more.SetResult();
        Assert.EndsWith("0\r\n\r\n", await Front.ReadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_request_and_a_304_have_no_body_to_wait_for()
    {
        await using var upstream = Upstream.Saying("HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: \"a\"\r\n\r\n");
        await using var front = await Front.StartAsync(upstream.Healthy);
        Assert.StartsWith("HTTP/1.1 304 ", await front.GetAsync(), StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 99\r\n", await front.GetAsync(method: "HEAD"), StringComparison.Ordinal);
        Assert.Equal(1, upstream.Connections);
    }

    [Fact]
    public async Task Turns_go_round_the_healthy_targets_only()
    {
        await using var one = Upstream.Answering(200, "1");
        await using var two = Upstream.Answering(200, "2");
        await using var sick = Upstream.Answering(200, "3");
        await using var front = await Front.StartAsync(one.Healthy, new CheckedTarget(sick.Address, TargetHealth.TimedOut), two.Healthy);
        for (var i = 0; i < 6; i++) await front.GetAsync();
        Assert.Equal((3, 3, 0), (one.Requests.Count, two.Requests.Count, sick.Requests.Count));
    }

    [Fact]
    public async Task With_unhealthy_targets_only_it_fails_open()
    {
        await using var sick = Upstream.Answering(200, "still here");
        await using var front = await Front.StartAsync(new CheckedTarget(sick.Address, TargetHealth.Mismatch(500)), new CheckedTarget(Upstream.Nobody(), TargetHealth.InitialChecks));
        Assert.EndsWith("still here", await front.GetAsync(), StringComparison.Ordinal);
        Assert.EndsWith("still here", await front.GetAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_target_it_is_503_with_the_page_and_no_target_in_the_log()
    {
        await using var front = await Front.StartAsync(new CheckedTarget(Upstream.Nobody(), TargetHealth.Deregistering), new CheckedTarget(Upstream.Nobody(), TargetHealth.Registering));
        var answer = await front.GetAsync();
        Assert.StartsWith("HTTP/1.1 503 Service Temporarily Unavailable\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nServer: awselb/2.0\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: text/html\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 162\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n", answer, StringComparison.Ordinal);
        var line = (await front.EntryAsync()).Line();
        Assert.Contains(" - -1 -1 -1 503 - ", line, StringComparison.Ordinal);
        Assert.Contains(" 10 20", line, StringComparison.Ordinal);
        Assert.Contains(" \"forward\" \"-\" \"-\" \"-\" \"-\" \"-\" \"-\" TID_", line, StringComparison.Ordinal);
        Assert.Equal(1, front.Counters.Elb5xx);
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_503_too()
    {
        await using var front = await Front.StartAsync();
        Assert.StartsWith("HTTP/1.1 503 ", await front.GetAsync(host: "empty.example"), StringComparison.Ordinal);
        Assert.Contains(" 503 - ", (await front.EntryAsync()).Line(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_rule_is_the_default_answer_and_counts_for_no_group()
    {
        await using var front = await Front.StartAsync();
        Assert.StartsWith("HTTP/1.1 404 Not Found\r\n", await front.GetAsync(host: "other.example"), StringComparison.Ordinal);
        Assert.Contains(" -1 -1 -1 404 - ", (await front.EntryAsync()).Line(), StringComparison.Ordinal);
        Assert.Contains(" \"fixed-response\" ", (await front.EntryAsync()).Line(), StringComparison.Ordinal);
        Assert.Equal(AlbCounters.None, front.Counters);
    }

    [Fact]
    public async Task A_target_that_refuses_is_502_with_no_time_at_all()
    {
        await using var front = await Front.StartAsync(new CheckedTarget(Upstream.Nobody(), TargetHealth.Healthy));
        Assert.EndsWith("\r\n\r\n" + Page502, await front.GetAsync(), StringComparison.Ordinal);
        Assert.Contains(" -1 -1 -1 502 - ", (await front.EntryAsync()).Line(), StringComparison.Ordinal);
        Assert.Equal((1, 1, 0), (front.Counters.Elb5xx, front.Counters.ConnectionErrors, front.Counters.Target5xx));
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("close")]
    [InlineData("not HTTP")]
    [InlineData("HTTP/1.1 200 OK\r\nBad Header: x\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: a\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    public async Task A_target_that_breaks_off_or_speaks_no_HTTP_is_502_after_the_request_was_sent(string fault)
    {
        await using var upstream = Upstream.Start(p => fault switch
        {
            "reset" => p.ResetAsync(),
            "close" => p.CloseAsync(),
            _ => p.SayAsync(fault),
        });
        await using var front = await Front.StartAsync(upstream.Healthy);
        var answer = await front.GetAsync();
        Assert.StartsWith("HTTP/1.1 502 Bad Gateway\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 122\r\n", answer, StringComparison.Ordinal);
        Assert.Matches($" {upstream.Address} 0\\.\\d+ 0\\.\\d+ -1 502 - ", (await front.EntryAsync()).Line());
        Assert.Equal((1, 0), (front.Counters.Elb5xx, front.Counters.ConnectionErrors));
    }

    [Fact]
    public async Task A_target_s_own_502_is_not_the_load_balancer_s()
    {
        await using var upstream = Upstream.Answering(502, "mine");
        await using var front = await Front.StartAsync(upstream.Healthy);
        Assert.EndsWith("mine", await front.GetAsync(), StringComparison.Ordinal);
        Assert.Contains(" 502 502 ", (await front.EntryAsync()).Line(), StringComparison.Ordinal);
        Assert.Equal((0, 1), (front.Counters.Elb5xx, front.Counters.Target5xx));
    }

    [Fact]
    public async Task A_target_that_is_silent_is_504_after_the_idle_timeout_of_lab_time()
    {
        await using var upstream = Upstream.Start(p => p.BeSilentAsync());
        await using var front = await Front.StartAsync(upstream.Healthy);
        using var socket = await front.SendAsync();
        await Wait.UntilAsync(() => !upstream.Requests.IsEmpty, "the target has the request");
        var answer = await front.ReadSteppingAsync(socket, Duration.FromSeconds(61));
        Assert.StartsWith("HTTP/1.1 504 Gateway Time-out\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 132\r\n", answer, StringComparison.Ordinal);
        Assert.Matches(" 0\\.\\d+ -1 -1 504 - ", (await front.EntryAsync()).Line());
    }

    [Fact]
    public async Task A_promised_body_that_does_not_come_is_504()
    {
        await using var upstream = Upstream.Start(async p =>
        {
            await p.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
            await p.BeSilentAsync();
        });
        await using var front = await Front.StartAsync(upstream.Healthy);
        using var socket = await front.SendAsync();
        await Wait.UntilAsync(() => !upstream.Requests.IsEmpty, "the target has the request");
        Assert.StartsWith("HTTP/1.1 504 ", await front.ReadSteppingAsync(socket, Duration.FromSeconds(61)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_takes_no_connection_is_504_after_ten_seconds_of_lab_time()
    {
        var (listener, fillers, address) = Upstream.Full();
        await using var front = await Front.StartAsync(new CheckedTarget(address, TargetHealth.Healthy));
        using var socket = await front.SendAsync();
        Assert.StartsWith("HTTP/1.1 504 ", await front.ReadSteppingAsync(socket, Duration.FromSeconds(11)), StringComparison.Ordinal);
        Assert.Contains(" -1 -1 -1 504 - ", (await front.EntryAsync()).Line(), StringComparison.Ordinal);
        Assert.Equal(1, front.Counters.ConnectionErrors);
        fillers.ForEach(f => f.Dispose());
        listener.Dispose();
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    public async Task A_target_that_dies_in_its_body_cuts_the_client_off(string response)
    {
        await using var upstream = Upstream.Start(async p =>
        {
            await p.SayAsync(response);
            await p.CloseAsync();
        });
        await using var front = await Front.StartAsync(upstream.Healthy);
        var answer = await front.GetAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("half", answer, StringComparison.Ordinal);
        Assert.False(answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), "no proper end");
        Assert.Contains(" 200 200 ", (await front.EntryAsync()).Line(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_before_the_answer_is_460()
    {
        await using var upstream = Upstream.Start(p => p.BeSilentAsync());
        await using var front = await Front.StartAsync(upstream.Healthy);
        using (await front.SendAsync())
        {
            await Wait.UntilAsync(() => !upstream.Requests.IsEmpty, "the target has the request");
        }
        Assert.Matches(" 0\\.\\d+ -1 -1 460 - \\d+ 0 ", (await front.EntryAsync()).Line());
        Assert.Equal(1, front.Counters.Elb4xx);
    }

    [Fact]
    public async Task A_kept_connection_that_the_target_closes_under_a_request_is_502_and_not_repeated()
    {
        var said = 0;
        await using var upstream = Upstream.Start(p => Interlocked.Increment(ref said) == 1 ? p.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") : p.ResetAsync());
        await using var front = await Front.StartAsync(upstream.Healthy);
        Assert.StartsWith("HTTP/1.1 200 ", await front.GetAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 502 ", await front.GetAsync(), StringComparison.Ordinal);
        Assert.Equal((2, 1), (upstream.Requests.Count, upstream.Connections));
    }

    [Fact]
    public async Task A_kept_connection_that_was_closed_meanwhile_is_not_used()
    {
        var closed = 0;
        await using var upstream = Upstream.Start(async p =>
        {
            await p.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await p.CloseAsync();
            Interlocked.Increment(ref closed);
        });
        await using var front = await Front.StartAsync(upstream.Healthy);
        for (var i = 1; i <= 3; i++)
        {
            var expected = i;
            Assert.StartsWith("HTTP/1.1 200 ", await front.GetAsync(), StringComparison.Ordinal);
            await Wait.UntilAsync(() => closed == expected && !IsConnectedTo(upstream.Address.Port), "the target has closed and the load balancer's end knows");
        }
        Assert.Equal(3, upstream.Connections);
    }

    [Fact]
    public async Task Its_end_does_not_wait_for_open_requests()
    {
        await using var upstream = Upstream.Start(p => p.BeSilentAsync());
        var front = await Front.StartAsync(upstream.Healthy);
        using var socket = await front.SendAsync();
        await Wait.UntilAsync(() => !upstream.Requests.IsEmpty, "the target has the request");
        await front.DisposeAsync().AsTask().WaitAsync(Wait.Limit, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("HTTP/1.1 200", await Front.ReadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TRACE_and_too_many_forwarders_are_refused()
    {
        await using var front = await Front.StartAsync();
        Assert.StartsWith("HTTP/1.1 405 Not Allowed\r\n", await front.GetAsync(method: "TRACE"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 463", await front.GetAsync(headers: $"X-Forwarded-For: {string.Join(", ", Enumerable.Repeat("10.0.0.1", 31))}\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_quote_in_the_user_agent_does_not_end_its_field()
    {
        var entry = new AccessLogEntry
        {
            Time = Instant.FromUtc(2026, 1, 2, 3, 4, 5), Created = Instant.FromUtc(2026, 1, 2, 3, 4, 4), LoadBalancer = "app/a/1", Client = new(System.Net.IPAddress.Loopback, 9),
            Status = 400, Request = "- http://a:80- -", UserAgent = "a\" 200 \"b", TraceId = "Root=1-0-0", ConnectionTraceId = "TID_0",
        };
        Assert.Equal("http 2026-01-02T03:04:05.000000Z app/a/1 127.0.0.1:9 - -1 -1 -1 400 - 0 0 \"- http://a:80- -\" \"a\\\" 200 \\\"b\" - - - \"Root=1-0-0\" \"-\" \"-\" - "
            + "2026-01-02T03:04:04.000000Z \"-\" \"-\" \"-\" \"-\" \"-\" \"-\" \"-\" TID_0", entry.Line());
    }

    [Theory]
    [InlineData("*.shop.example", "a.shop.example", true)]
    [InlineData("*.shop.example", "shop.example", false)]
    [InlineData("Shop.example", "shop.EXAMPLE", true)]
    [InlineData("shop?.example", "shop1.example", true)]
    [InlineData("shop?.example", "shop.example", false)]
    [InlineData("*", "", true)]
    public void A_rule_s_host_may_hold_wildcards(string pattern, string host, bool fits) => Assert.Equal(fits, AlbRule.Fits(pattern, host));

    // Columns of the kernel's table: local, remote, state; 01 is an established connection.
    private static bool IsConnectedTo(int port) => File.ReadLines("/proc/net/tcp")
        .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(f => f[2].EndsWith($":{port:X4}", StringComparison.Ordinal) && f[3] is "01");

    [GeneratedRegex("""^http \S+Z app/lab/50dc6c495c0c9188 127\.0\.0\.1:\d+ \S+ \d\.\d{3} \d\.\d{3} \d\.\d{3} 200 200 \d+ \d+ "[^"]*" "[^"]*" - - \S+ "Root=1-[0-9a-f]{8}-[0-9a-f]{24}" "-" "-" 10 \S+Z "forward" "-" "-" "[^"]+" "200" "-" "-" TID_[0-9a-f]{32}$""")]
    private static partial Regex Entry();
}
