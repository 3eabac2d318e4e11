using System.Diagnostics;
using Tocsin.Lab.Aws.Rds;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Components;

public sealed class ComponentTests(FullLab full) : IClassFixture<FullLab>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_database_speaks_tls_of_the_lab_s_authority_and_knows_its_users_and_schemas()
    {
        FullLab.Need();
        var (code, text) = await full.SqlAsync("SHOW DATABASES; SHOW STATUS LIKE 'Ssl_version'; SELECT @@max_connections");
        Assert.True(code == 0, text);
        Assert.Contains("astro_primary\n", text, StringComparison.Ordinal);
        Assert.Contains("TLSv1", text, StringComparison.Ordinal);
        Assert.Contains("1000", text, StringComparison.Ordinal);
        Assert.Contains("Access denied for user 'zellymaster'", (await full.SqlAsync("SELECT 1", password: "wrong")).Text, StringComparison.Ordinal);
        Assert.NotEqual(0, (await full.SqlAsync("SELECT 1", tls: false)).Code);
        var place = full.Place("aurora");
        var seen = await FullLab.RunAsync("openssl", ["s_client", "-starttls", "mysql", "-connect", $"{place.Host}:{place.Port}", "-CAfile", full.Authority, "-verify_ip", place.Host]);
        Assert.Contains("Verify return code: 0 (ok)", seen.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cache_wants_tls_and_its_token()
    {
        FullLab.Need();
        Assert.Contains("PONG", (await full.RedisAsync("PING")).Text, StringComparison.Ordinal);
        var place = full.Place("redis");
        Assert.Contains("NOAUTH", (await FullLab.RunAsync("timeout", ["5", "redis-cli", "-h", place.Host, "--tls", "--cacert", full.Authority, "PING"])).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("PONG", (await FullLab.RunAsync("timeout", ["5", "redis-cli", "-h", place.Host, "-a", place.Password!, "PING"])).Text, StringComparison.Ordinal);
        Assert.Contains("Verify return code: 0 (ok)", (await FullLab.RunAsync("openssl", ["s_client", "-connect", $"{place.Host}:{place.Port}", "-CAfile", full.Authority, "-verify_ip", place.Host])).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clickhouse_answers_over_http_and_has_its_table()
    {
        FullLab.Need();
        var url = $"http://{full.Place("clickhouse").Host}:8123/";
        var counted = (await FullLab.RunAsync("curl", ["-sS", "-m", "5", url, "--data-binary", "SELECT count() FROM zelly_analytics.store_events"])).Text.Trim();
        Assert.Matches("^[0-9]+$", counted);
        Assert.Contains("Code: 60", (await FullLab.RunAsync("curl", ["-sS", "-m", "5", url, "--data-binary", "SELECT 1 FROM no_such"])).Text, StringComparison.Ordinal);
        await full.VerbAsync("component set clickhouse max_result_rows=7");
        Assert.Equal("7", (await FullLab.RunAsync("curl", ["-sS", "-m", "5", url, "--data-binary", "SELECT value FROM system.settings WHERE name='max_result_rows'"])).Text.Trim());
        await full.HealAsync();
    }

    [Fact]
    public async Task A_shop_s_domain_gets_its_certificate_when_it_is_first_asked_for()
    {
        FullLab.Need();
        var caddy = full.Place("nlb");
        var root = full.Lab.Host.Options.Folder.Trusted;
        async Task<(int Code, string Text)> Ask(string domain) => await FullLab.RunAsync("curl", ["-sS", "-m", "10", "--cacert", root, "--resolve", $"{domain}:{caddy.Port}:{caddy.Host}", "-o", "/dev/null", "-w", "%{http_code} %{ssl_verify_result}", $"https://{domain}:{caddy.Port}/"]);
        var known = await Ask("kiran-books.example");
        Assert.True(known.Code == 0 && known.Text.EndsWith(" 0", StringComparison.Ordinal), known.Text);
        Assert.NotEqual(0, (await Ask("stranger.example")).Code);
        var plain = await FullLab.RunAsync("curl", ["-sS", "-m", "5", "-H", "Host: kiran-books.example", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", $"http://{caddy.Host}:{full.Lab.Host.Network.HttpPort}/"]);
        Assert.StartsWith("308 https://kiran-books.example", plain.Text, StringComparison.Ordinal);
        await full.VerbAsync("dns set asha-sarees.example SERVFAIL none");
        Assert.NotEqual(0, (await Ask("asha-sarees.example")).Code);
        await full.HealAsync();
    }

    [Fact]
    public async Task Cloudflare_s_api_knows_its_token_the_lab_s_records_and_the_deployments()
    {
        FullLab.Need();
        var place = full.Place("cloudflare");
        async Task<string> Get(string path, string? token = null) => (await FullLab.RunAsync("curl", ["-sS", "-m", "5", "-H", $"Authorization: Bearer {token ?? place.Password}", $"http://{place.Host}:{place.Port}/client/v4/{path}"])).Text;
        Assert.Contains("\"status\":\"active\"", await Get("user/tokens/verify"), StringComparison.Ordinal);
        Assert.Contains("Authentication error", await Get("zones", "wrong"), StringComparison.Ordinal);
        var zone = System.Text.Json.Nodes.JsonNode.Parse(await Get("zones"))!["result"]![0]!;
        Assert.Contains("\"app.zelly.in\"", await Get($"zones/{zone["id"]}/dns_records"), StringComparison.Ordinal);
        await full.VerbAsync("component set cloudflare pages.zelly-admin='failure:npm error code ERESOLVE'");
        var pages = $"accounts/{zone["account"]!["id"]}/pages/projects/zelly-admin/deployments";
        Assert.Contains("\"status\":\"failure\"", await Get(pages), StringComparison.Ordinal);
        await full.VerbAsync("component set cloudflare token=revoked");
        Assert.Contains("Authentication error", await Get("zones"), StringComparison.Ordinal);
        await full.HealAsync();
        Assert.DoesNotContain("Authentication error", await Get("zones"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_server_refuses_a_started_one_is_back_with_its_data()
    {
        FullLab.Need();
        await full.RedisAsync("SET", "kept", "no");
        await full.VerbAsync("component stop redis");
        Assert.Equal("down", full.State("redis").State);
        Assert.False(full.Lab.Host.Status().Healthy);
        Assert.Contains("Connection refused", (await full.RedisAsync("PING")).Text, StringComparison.Ordinal);
        await full.VerbAsync("component start redis");
        Assert.Contains("PONG", (await full.RedisAsync("PING")).Text, StringComparison.Ordinal);
        await full.VerbAsync("component stop aurora --kill yes");
        Assert.Contains("Can't connect", (await full.SqlAsync("SELECT 1")).Text, StringComparison.Ordinal);
        await full.HealAsync();
        Assert.Equal(0, (await full.SqlAsync("SELECT 1")).Code);
    }

    [Fact]
    public async Task A_blocked_port_is_silent_for_all_or_for_one_service_s_tasks()
    {
        FullLab.Need();
        FullLab.NeedFilter();
        var url = $"http://{full.Place("clickhouse").Host}:8123/";
        string[] From(string source) => ["-sS", "-m", "1", "--interface", source, url];
        var lab = full.Lab.Host;
        string Task(string service)
        {
            lock (lab.World.Gate) return lab.World.Regions["ap-south-1"].Ecs.Clusters.Values.SelectMany(c => c.Tasks.Values).First(t => t.Group == $"service:{service}" && !t.Gone).Ip;
        }
        await full.VerbAsync("component block clickhouse --from orion-backend");
        Assert.Equal(28, (await FullLab.RunAsync("curl", From(Task("orion-backend")))).Code);
        Assert.Equal(0, (await FullLab.RunAsync("curl", From(Task("events-consumer")))).Code);
        await full.VerbAsync("component block clickhouse");
        Assert.Equal(28, (await FullLab.RunAsync("curl", From(Task("events-consumer")))).Code);
        Assert.Contains("blocked", full.State("clickhouse").State, StringComparison.Ordinal);
        await full.VerbAsync("component unblock clickhouse");
        Assert.Equal(0, (await FullLab.RunAsync("curl", From(Task("orion-backend")))).Code);
        await full.HealAsync();
    }

    [Fact]
    public async Task Slow_and_set_are_seen_from_outside_and_healed()
    {
        FullLab.Need();
        await full.VerbAsync("component slow redis 600");
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 3; i++) Assert.Contains("PONG", (await full.RedisAsync("PING")).Text, StringComparison.Ordinal);
        Assert.True(watch.ElapsedMilliseconds > 600, $"three answers within {watch.ElapsedMilliseconds} ms");
        await full.VerbAsync("component set aurora max_connections=40");
        Assert.Contains("40", (await full.SqlAsync("SELECT @@max_connections")).Text, StringComparison.Ordinal);
        await full.VerbAsync("component set redis requirepass=other");
        Assert.Contains("WRONGPASS", (await full.RedisAsync("PING")).Text, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<LabException>(() => full.VerbAsync("component set redis no-such=1"));
        Assert.Contains("has no setting 'no-such'", refused.Message, StringComparison.Ordinal);
        await full.HealAsync();
        Assert.Contains("1000", (await full.SqlAsync("SELECT @@max_connections")).Text, StringComparison.Ordinal);
        Assert.Contains("PONG", (await full.RedisAsync("PING")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_looks_may_read_and_no_more_until_even_that_is_refused()
    {
        FullLab.Need();
        async Task<string> AsLooker(params string[] words) => (await full.RedisAsync(["--user", full.Place("redis").Reader!, .. words])).Text;
        Assert.Contains("redis_version", await AsLooker("INFO", "server"), StringComparison.Ordinal);
        Assert.Contains("NOPERM", await AsLooker("SET", "kept", "no"), StringComparison.Ordinal);
        await full.VerbAsync("component set redis reader=refused");
        Assert.Contains("PONG", await AsLooker("PING"), StringComparison.Ordinal);
        Assert.Contains("NOPERM", await AsLooker("INFO", "server"), StringComparison.Ordinal);
        Assert.Contains("redis_version", (await full.RedisAsync("INFO", "server")).Text, StringComparison.Ordinal);
        await full.HealAsync();
        Assert.Contains("redis_version", await AsLooker("INFO", "server"), StringComparison.Ordinal);
        Assert.Contains("allowed or refused", (await Assert.ThrowsAsync<LabException>(() => full.VerbAsync("component set redis reader=never"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_run_by_the_server_s_own_client_and_heal_takes_their_traces_away()
    {
        FullLab.Need();
        Assert.Equal("4", await full.VerbAsync("component exec aurora 'SELECT 2+2'"));
        await full.VerbAsync("component exec aurora 'DROP DATABASE astro_primary'");
        Assert.Contains("Unknown database", (await full.SqlAsync("USE astro_primary")).Text, StringComparison.Ordinal);
        await full.VerbAsync("queue push QUEUE_WITHOUT_WORKER '{\"a\":1}' --count 3");
        Assert.Equal("3", (await full.RedisAsync("LLEN", "bull:QUEUE_WITHOUT_WORKER:wait")).Text.Trim());
        await full.VerbAsync("queue pause QUEUE_WITHOUT_WORKER");
        Assert.Equal("1", (await full.RedisAsync("HGET", "bull:QUEUE_WITHOUT_WORKER:meta", "paused")).Text.Trim());
        await full.VerbAsync("queue resume QUEUE_WITHOUT_WORKER");
        Assert.Equal("3", (await full.RedisAsync("LLEN", "bull:QUEUE_WITHOUT_WORKER:wait")).Text.Trim());
        await full.VerbAsync("queue collide bull:QUEUE_WITHOUT_WORKER:wait");
        Assert.Contains("WRONGTYPE", (await full.RedisAsync("LLEN", "bull:QUEUE_WITHOUT_WORKER:wait")).Text, StringComparison.Ordinal);
        await full.HealAsync();
        Assert.Equal("0", (await full.RedisAsync("EXISTS", "bull:QUEUE_WITHOUT_WORKER:wait")).Text.Trim());
        Assert.Equal(0, (await full.SqlAsync("USE astro_primary")).Code);
    }

    [Fact]
    public async Task A_paused_database_takes_the_connection_and_greets_when_it_has_resumed()
    {
        FullLab.Need();
        await full.VerbAsync("component set aurora cold-start=100 paused=yes");
        Assert.Equal("paused", full.State("aurora").State);
        var watch = Stopwatch.StartNew();
        var (code, text) = await full.SqlAsync("SELECT 1", seconds: 20);
        Assert.True(code == 0, text);
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1.5), $"it answered after {watch.Elapsed}");
        await full.HealAsync();
    }

    [Fact]
    public async Task A_password_that_rds_is_asked_for_is_the_database_s_soon()
    {
        FullLab.Need();
        var lab = full.Lab.Host;
        lock (lab.World.Gate)
        {
            var rds = lab.World.Regions["ap-south-1"].Rds;
            rds.Changed!(rds.Clusters["zelly-aurora-production"], new RdsChange.Password("new'pass\\word"));
        }
        var until = Stopwatch.StartNew();
        while ((await full.SqlAsync("SELECT 1", password: "new'pass\\word")).Code != 0) Assert.True(until.Elapsed < TimeSpan.FromSeconds(60), "the database has the new password");
        await full.HealAsync();
        Assert.Equal(0, (await full.SqlAsync("SELECT 1")).Code);
    }

    [Fact]
    public async Task An_unknown_component_is_answered_by_what_there_is()
    {
        FullLab.Need();
        var refused = await Assert.ThrowsAsync<LabException>(() => full.VerbAsync("component stop auror"));
        Assert.Contains("did you mean aurora?", refused.Message, StringComparison.Ordinal);
        Assert.Contains("takes no commands", (await Assert.ThrowsAsync<LabException>(() => full.VerbAsync("component exec pebble x"))).Message, StringComparison.Ordinal);
    }
}
