using System.Net;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Tests.Probes;

/// <summary>What probes make of texts that others wrote.</summary>
public sealed class ReadingTests
{
    private const string Line = """http 2026-11-22T10:05:01.123456Z app/zelly-production-alb/50dc6c495c0c9188 10.0.3.4:51234 10.0.12.34:3000 0.001 {0} 0.000 {1} {2} 34 366 "GET http://api.zelly.in:80/orders?q=a%20b HTTP/1.1" "curl \"quoted\" 8" - - {3} "Root=1-58337262" "-" "-" 0 2026-11-22T10:05:00.000000Z "{4}" "-" "-" "10.0.12.34:3000" "-" "-" "-" TID_1""";
    private const string Group = "arn:aws:elasticloadbalancing:ap-south-1:000000000000:targetgroup/fastify-nova-tg/0123456789abcdef";

    [Fact]
    public void A_line_of_the_access_log_tells_whose_error_it_is()
    {
        var own = AccessLogLine.Of(Filled("-1", "502", "-", Group, "forward"))!;
        Assert.True(own.IsOwn);
        Assert.Equal((502, null, "10.0.12.34:3000", "api.zelly.in", Group), (own.Status, own.TargetSeconds, own.Target, own.Host, own.Group));
        var answered = AccessLogLine.Of(Filled("0.250", "502", "502", Group, "forward"))!;
        Assert.False(answered.IsOwn);
        Assert.Equal(0.25, answered.TargetSeconds);
        Assert.Equal(("", "fixed-response"), (AccessLogLine.Of(Filled("-1", "503", "-", "-", "fixed-response"))!.Group, AccessLogLine.Of(Filled("-1", "503", "-", "-", "fixed-response"))!.Actions));
    }

    [Theory]
    [InlineData("ELASTICACHE_ENDPOINT", true)]
    [InlineData("10.1.x.x", true)]
    [InlineData("aurora-production-endpoint.cluster-xxx.ap-south-1.rds.amazonaws.com", true)]
    [InlineData("localhost", false)]
    [InlineData("redis", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("x.example.com", false)]
    [InlineData("master.zelly.abc123.aps1.cache.amazonaws.com", false)]
    public void What_a_template_left_for_an_address_is_none(string host, bool placeholder)
    {
        var platform = PlatformReader.Parse(
            $"id: small\nname: Small\naccount: \"000000000000\"\nbaseDomain: small.example\nenvironments:\n  one: {{ region: ap-south-1, cluster: small, components: {{ redis: {{ endpoint: {host}, queuePrefix: BULL }} }} }}\nservices:\n  api: {{ role: core-api, logGroup: /x }}\n",
            "platform.yaml").Value!;
        var map = new PlatformMap(platform, platform.Environments[0]);
        Assert.Equal(placeholder ? null : host, map.Component("redis", "endpoint"));
        Assert.Equal("BULL", map.Component("redis", "queuePrefix"));
        Assert.Equal(placeholder, new ServerGround(map, _ => null, TimeProvider.System).Find("redis") is null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http 2026")]
    [InlineData("http notatime app 1 2 3 4 5 502 - - - \"GET")]
    public void What_is_no_line_of_it_is_none(string text) => Assert.Null(AccessLogLine.Of(text));

    // Each word is a line, a second after the one before it: who was asked and what came of it; ! is an error line of no request.
    [Theory]
    [InlineData("/login:200 /login:500 /login:200 /cart:200 /login:302", 2)]
    [InlineData("/login:500 /cart:200 /cart:200 /cart:200", null)]
    [InlineData("/login:200 ! /login:200 /cart:200", null)]
    [InlineData("/login:200 ! /health:200 /health:200 /health:200", null)]
    [InlineData("! /health:200 /login:200 /cart:404 /cart:200 /cart:200", 2)]
    public void A_service_works_since_the_first_request_after_its_last_error(string lines, int? since)
    {
        var begin = NodaTime.Instant.FromUtc(2026, 11, 23, 10, 0);
        var events = lines.Split(' ').Select((l, i) => new LogEvent("task", begin + NodaTime.Duration.FromSeconds(i), l.Split(':') is [var url, var code]
            ? $$$"""{"level":30,"req":{"method":"GET","url":"{{{url}}}"},"res":{"statusCode":{{{code}}}}}""" : """{"level":50,"msg":"connect ECONNREFUSED 127.0.0.1:6379"}"""));
        Assert.Equal(since is { } seconds ? begin + NodaTime.Duration.FromSeconds(seconds) : null, LogLook.WorksSince(LogLook.Read([.. events]), "/health"));
    }

    // As above; a word that is no request is an error line.
    [Theory]
    [InlineData("/orders:500 /orders:500", "/orders 2 times, last 10:00:01Z", "")]
    [InlineData("/orders:500 /cart:500", null, "")]
    [InlineData("/orders:500 /orders:200 /orders:500", null, "")]
    [InlineData("/orders/17:500 /orders/18:503 /cart:200", "/orders/:id 2 times, last 10:00:01Z", "")]
    [InlineData("/orders:500 Table_gone /orders:500 Later /cart:200", "/orders 2 times, last 10:00:02Z", "Table_gone")]
    [InlineData("/a:500 One /a:500 /b:500 /b:500 Two /b:500", "/b 3 times, last 10:00:06Z, /a 2 times, last 10:00:02Z", "Two")]
    [InlineData("/health:500 /health:500 /none:404 /none:404", null, "")]
    public void Routes_that_fail_again_and_again_are_named_with_what_was_printed(string lines, string? routes, string words)
    {
        var begin = NodaTime.Instant.FromUtc(2026, 11, 23, 10, 0);
        var found = FailingLook.Of(LogLook.Read([.. lines.Split(' ').Select((l, i) => new LogEvent("task", begin + NodaTime.Duration.FromSeconds(i), l.Split(':') is [var url, var code]
            ? $$$"""{"level":30,"req":{"method":"GET","url":"{{{url}}}"},"res":{"statusCode":{{{code}}}}}""" : $$$"""{"level":50,"msg":"{{{l}}}"}"""))]), "/health");
        Assert.Equal(routes, found?.Routes);
        Assert.Equal(words, found?.Words ?? "");
    }

    [Fact]
    public void A_request_that_fails_is_one_however_many_lines_tell_of_it_and_in_whatever_form()
    {
        var begin = NodaTime.Instant.FromUtc(2026, 11, 23, 10, 0);
        (string, string)? Of(params string[] lines) => FailingLook.Of(LogLook.Read([.. lines.Select(l => new LogEvent("task", begin, l))]), "/health");
        string[] pino =
        [
            """{"level":30,"reqId":"req-4u","req":{"method":"GET","url":"/validate_tenant_domain/kiran-books.example","host":"api.zelly.in"},"msg":"incoming request"}""",
            """{"level":50,"reqId":"req-4u","req":{"method":"GET","url":"/validate_tenant_domain/kiran-books.example","host":"api.zelly.in"},"res":{"statusCode":500},"err":{"type":"Error","message":"Table 'astro_primary.tenants' doesn't exist"},"msg":"Table 'astro_primary.tenants' doesn't exist"}""",
            """{"level":30,"reqId":"req-4u","res":{"statusCode":500},"responseTime":2.02,"msg":"request completed"}""",
        ];
        Assert.Null(Of(pino));
        Assert.Equal(("/validate_tenant_domain/:id 2 times, last 10:00:00Z", "Table 'astro_primary.tenants' doesn't exist"), Of([.. pino, .. pino.Select(l => l.Replace("req-4u", "req-4v", StringComparison.Ordinal))]));
        string[] nest = ["QueryFailedError: Table 'astro_primary.tenants' doesn't exist", "    at Query.onResult (/app/node_modules/typeorm/driver.js:168:41)", "[Nest] 1519  - 11/23/2026, 4:55:16 PM     LOG [Http] GET /stores 500 3ms"];
        Assert.Equal(("/stores 2 times, last 10:00:00Z", "QueryFailedError: Table 'astro_primary.tenants' doesn't exist"), Of([.. nest, .. nest]));
        var secret = $"Error: {new string('x', 150)} cannot connect to mysql://app:hunter2-{new string('q', 60)}@db/shop";
        Assert.DoesNotContain("hunter2", Of([secret, nest[2], nest[2]])!.Value.Item2, StringComparison.Ordinal);
        const string Common = """10.0.3.4 - - [23/Nov/2026:10:00:00 +0000] "POST /checkout?store=1 HTTP/1.1" 502 34""";
        Assert.Equal(("/checkout 2 times, last 10:00:00Z", ""), Of(Common, Common));
    }

    [Fact]
    public void A_failed_migration_is_read_with_what_exists_already()
    {
        string[] table = ["query failed: CREATE TABLE orders (", "error: Error: Table 'orders' already exists", "Migration \"CreateOrders1720000000000\" failed, error: Table 'orders' already exists"];
        Assert.Equal(new FailedMigration("CreateOrders1720000000000", "table", "orders", ""), MigrationLook.In(table));
        string[] column = ["query failed: ALTER TABLE orders ADD COLUMN channel VARCHAR(20)", "Migration \"AddOrderChannel1730000000000\" failed, error: Duplicate column name 'channel'"];
        Assert.Equal(new FailedMigration("AddOrderChannel1730000000000", "column", "channel", "orders"), MigrationLook.In(column));
        string[] dying = [.. column, .. Enumerable.Repeat("    at QueryRunner.query", 20), "QueryFailedError: Duplicate column name 'channel'"];
        Assert.Equal("AddOrderChannel1730000000000", MigrationLook.In(dying)!.Name);
        Assert.Equal("", MigrationLook.In([.. dying, "QueryFailedError: Duplicate column name 'colour'"])!.Name);
        Assert.Null(MigrationLook.In(["no migrations are pending"]));
    }

    [Theory]
    [InlineData("MakeOrders1719000000000", "CreateOrders1720000000000", true)]
    [InlineData("CreateOrders1719000000000", "CreateOrders1720000000000", true)]
    [InlineData("AddOrderChannel1730000000000", "CreateOrders1720000000000", false)]
    [InlineData("DropOrders1719000000000", "CreateOrders1720000000000", false)]
    public void A_migration_is_known_again_under_another_name(string recorded, string failing, bool same) => Assert.Equal(same, MigrationLook.IsSame(recorded, failing));

    [Fact]
    public void Signature_checks_are_counted_by_request()
    {
        (string, string)[] lines =
        [
            ("a", """{"reqId":"1","req":{"method":"POST","url":"/webhooks/shopify"}}"""),
            ("a", """{"reqId":"1","shop":"one.example","reason":"missing_headers","missingHeaders":["X-Shopify-Hmac-Sha256"],"msg":"Shopify webhook signature verification failed"}"""),
            ("a", """{"reqId":"2","req":{"method":"POST","url":"/webhooks/shopify"}}"""),
            ("a", """{"reqId":"1","res":{"statusCode":401},"msg":"request completed"}"""),
            ("b", """{"reqId":"1","req":{"method":"GET","url":"/health"}}"""),
            ("a", """{"reqId":"2","res":{"statusCode":200},"msg":"request completed"}"""),
        ];
        var checks = SignatureLook.Checks(lines, SignatureLook.Shopify());
        Assert.Equal([(true, true, "one.example"), (false, false, "")], checks.Select(c => (c.Failed, c.HeaderMissing, c.Shop)));
        Assert.Empty(SignatureLook.Checks(lines, SignatureLook.Payment()));
    }

    [Theory]
    [InlineData(401, false)]
    [InlineData(200, true)]
    [InlineData(403, true)]
    [InlineData(500, null)]
    [InlineData(429, null)]
    public void Only_a_clear_answer_says_something_of_the_keys(int status, bool? accepted) => Assert.Equal(accepted, PaymentProbe.Accepts(status));

    [Theory]
    [InlineData("[ERROR] TypeError: Failed to parse URL from undefined/x", "MISSING_ENV")]
    [InlineData("Failed: an internal error occurred. If this continues, contact support", "PROVIDER")]
    [InlineData("npm error code ERESOLVE", "LOCK_FILE")]
    public void The_first_error_of_a_build_has_a_class(string line, string failure) => Assert.Equal(failure, CloudflareProbes.Failure([line]));

    [Theory]
    [InlineData("timeout=5", 5.0)]
    [InlineData("timeout=72, max=100", 72.0)]
    [InlineData("max=100", null)]
    [InlineData("", null)]
    public void How_long_an_application_keeps_a_connection_stands_in_its_answer(string header, double? seconds) => Assert.Equal(seconds, WebProbes.KeepsSeconds(header));

    [Fact]
    public void The_proxy_is_known_by_its_addresses() => Assert.Equal((true, false), (DomainProbes.IsCloudflare(IPAddress.Parse("104.16.0.1")), DomainProbes.IsCloudflare(IPAddress.Loopback)));

    private static string Filled(params string[] values) => values.Select((v, i) => (v, i)).Aggregate(Line, (line, one) => line.Replace($"{{{one.i}}}", one.v, StringComparison.Ordinal));
}
