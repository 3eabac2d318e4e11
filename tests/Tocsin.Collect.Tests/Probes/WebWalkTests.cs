using System.Diagnostics;
using System.Text;
using NodaTime;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Collect.Tests.Wire;
using Tocsin.Collect.Wire;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Tests.Probes;

/// <summary>Servers that answer garbage, or slowly, or without an end: each a status and a sentence, within its limit.</summary>
public sealed class WebWalkTests
{
    private static readonly FactTable Facts = FactTable.Parse(File.ReadAllText(Repository("catalog/observations.yaml")), "observations.yaml").Value!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", WireStage.Done, "NONE", 200)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nServer: awselb/2.0\r\nContent-Length: 0\r\n\r\n", WireStage.Done, "NONE", 503)]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", WireStage.Ask, "HTTP", 0)]
    [InlineData("", WireStage.Ask, "ECONNRESET", 0)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok", WireStage.Ask, "ECONNRESET", 0)]
    public async Task A_request_ends_at_the_stage_that_failed(string says, WireStage stage, string code, int status)
    {
        await using var server = new FakeServer((s, c) => AnswerAsync(s, says, c));
        var seen = await HttpWalk.AskAsync(new HttpQuestion(new Uri($"http://127.0.0.1:{server.Port}/health")), new WireTarget("", 0), Cancel);
        Assert.Equal((stage, code, status), (seen.Stage, seen.Code, seen.Status));
    }

    [Fact]
    public async Task An_endless_body_is_cut_and_a_slow_one_costs_the_limit()
    {
        await using var endless = new FakeServer(async (s, c) =>
        {
            await AnswerAsync(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", c);
            while (true) await s.WriteAsync(Encoding.ASCII.GetBytes($"1000\r\n{new string('x', 0x1000)}\r\n"), c);
        });
        Assert.True((await HttpWalk.AskAsync(new HttpQuestion(new Uri($"http://127.0.0.1:{endless.Port}/")), new WireTarget("", 0), Cancel)).Cut);
        await using var slow = new FakeServer(async (s, c) =>
        {
            foreach (var b in "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"u8.ToArray())
            {
                await s.WriteAsync(new[] { b }, c);
                await Task.Delay(100, c);
            }
        });
        var watch = Stopwatch.StartNew();
        var seen = await HttpWalk.AskAsync(new HttpQuestion(new Uri($"http://127.0.0.1:{slow.Port}/")), new WireTarget("", 0) { Limit = Duration.FromSeconds(0.5) }, Cancel);
        Assert.Equal("ETIMEDOUT", seen.Code);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"it took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("{\"success\":true,\"result\":[{\"id\":\"a\"")]
    [InlineData("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><lolz>&lol2;</lolz>")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    [InlineData("")]
    [InlineData("{\"result\":{\"not\":\"a list\"}}")]
    public async Task An_api_that_answers_garbage_is_a_status_and_never_health(string body)
    {
        await using var server = new FakeServer((s, c) => AnswerAsync(s, $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}", c));
        var seen = await LookAsync(server.Port);
        Assert.All(seen, o => Assert.True(!o.IsEvidence || (o.Probe == "clickhouse.http" && o.Facts["stage"] is not "done") || o.Status is ObservationStatus.Empty, $"{o.Name}: {o.Status} {string.Join(' ', o.Facts)}"));
        Assert.All(seen.FindAll(o => !o.IsEvidence), o => Assert.NotEmpty(o.Note));
    }

    [Theory]
    [InlineData("urn:ietf:params:acme:error:dns: DNS problem: NXDOMAIN", "DNS")]
    [InlineData("{\"error\":\"HTTP 403 urn:ietf:params:acme:error:unauthorized - Invalid response\"}", "UNAUTHORIZED")]
    [InlineData("HTTP 429 urn:ietf:params:acme:error:rateLimited - too many failed authorizations", "RATE_LIMITED")]
    [InlineData("get directory: x509: certificate signed by unknown authority", "CA_UNTRUSTED")]
    [InlineData("dial tcp 127.0.0.1:14000: connect: connection refused", "CA_UNREACHABLE")]
    public void A_failed_challenge_has_its_kind(string line, string problem) => Assert.Equal(problem, DomainProbes.Problem(line));

    [Theory]
    [InlineData("", "NONE", 0, null)]
    [InlineData("failed", "CONNECTION", 1, 0)]
    [InlineData("failed validating failed validating none", "CONNECTION", 2, 4)]
    [InlineData("failed request obtained request", "NONE", 1, 2)]
    [InlineData("obtained failed request", "CONNECTION", 1, 1)]
    public void What_was_obtained_after_the_last_failure_settles_it(string told, string problem, int failed, int? since)
    {
        List<string> lines = [.. told.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((w, i) => w switch
        {
            "failed" => $"{{\"ts\":{i},\"msg\":\"challenge failed\",\"problem_type\":\"urn:ietf:params:acme:error:connection\"}}",
            "validating" => $"{{\"ts\":{i},\"msg\":\"validating authorization\",\"problem\":{{\"type\":\"urn:ietf:params:acme:error:connection\"}}}}",
            "none" => $"{{\"ts\":{i},\"msg\":\"could not get certificate from issuer\",\"error\":\"HTTP 400 urn:ietf:params:acme:error:connection\"}}",
            "obtained" => $"{{\"ts\":{i},\"msg\":\"certificate obtained successfully\"}}",
            _ => $"{{\"ts\":{i},\"msg\":\"request completed\"}}",
        })];
        Assert.Equal((problem, failed, since is { } at ? lines[at] : null), DomainProbes.AcmeState(lines));
    }

    [Theory]
    [InlineData("store-event", "store-events", true)]
    [InlineData("store_events", "store-events", true)]
    [InlineData("SHOPIFY_WEBHOOK", "store-events", false)]
    public void A_queue_s_name_is_near_another_s(string one, string other, bool near) => Assert.Equal(near, QueueProbes.Near(one, other));

    [Theory]
    [InlineData("%", true)]
    [InlineData("10.0.%", true)]
    [InlineData("10.1.%", false)]
    [InlineData("10.0.0.0/255.255.0.0", true)]
    [InlineData("localhost", false)]
    public void An_account_s_host_pattern_admits_a_network_or_does_not(string pattern, bool fits) => Assert.Equal(fits, MySqlProbes.HostFits(pattern, "10.0.0.0/16"));

    [Theory]
    [InlineData("razorpay", "{\"incidents\":[{\"name\":\"UPI is slow\",\"status\":\"investigating\"},{\"name\":\"old\",\"status\":\"resolved\"}]}", "UPI is slow")]
    [InlineData("firebase", "[{\"external_desc\":\"Auth\",\"begin\":\"2026-01-01\",\"end\":\"2026-01-02\"},{\"external_desc\":\"FCM\",\"begin\":\"2026-02-01\"}]", "FCM")]
    [InlineData("aws", "[{\"arn\":\"arn:aws:health:ap-south-1::event/ECS/x\",\"summary\":\"ECS\"},{\"arn\":\"arn:aws:health:us-east-1::event/ECS/y\",\"summary\":\"no\"}]", "ECS")]
    [InlineData("shopify", "{\"incidents\":[]}", "")]
    [InlineData("shopify", "<html>", null)]
    public void A_status_page_tells_its_open_incidents(string provider, string body, string? open)
    {
        var found = ProviderProbes.Open(provider, body, "ap-south-1");
        Assert.Equal(open, found is null ? null : string.Join(", ", found));
    }

    private static async Task<List<Observation>> LookAsync(int port)
    {
        var platform = PlatformReader.Parse(
            "id: small\nname: Small\naccount: \"000000000000\"\nbaseDomain: small.example\nenvironments:\n  one: { region: ap-south-1, cluster: small, components: { clickhouse: { host: 127.0.0.1 }, cloudflare: { worker: w } } }\nservices:\n  api: { role: core-api, logGroup: /x }\n",
            "platform.yaml").Value!;
        var ground = new ServerGround(new PlatformMap(platform, platform.Environments[0]), n => n.EndsWith("_PORT", StringComparison.Ordinal) ? $"{port}" : n.EndsWith("_HOST", StringComparison.Ordinal) ? "127.0.0.1" : n.EndsWith("_PASSWORD", StringComparison.Ordinal) ? "token" : null, TimeProvider.System);
        var all = new List<Observation>();
        await foreach (var result in new ProbeRunner(Facts, TimeProvider.System, new ProbeLimits()).RunAsync([.. ServerProbes.For(ground)], Cancel)) all.Add(result.Observation);
        Assert.Equal(4, all.Count);
        return all;
    }

    private static async Task AnswerAsync(Stream stream, string says, CancellationToken cancel)
    {
        _ = await stream.ReadAtLeastAsync(new byte[4096], 1, cancellationToken: cancel);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(says), cancel);
    }

    private static string Repository(string path)
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, path))) folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder!, path);
    }
}
