using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Tests.Components;

namespace Tocsin.Lab.Tests.Probes;

/// <summary>Wire clients and probes against the real MariaDB, Redis, ClickHouse, Caddy and DNS of a full lab.</summary>
[Collection(FullLabs.Shared)]
public sealed class ServerProbeTests(FullLab full) : FullLabTurn(full)
{
    private RealServers Servers => new(Full);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_database_tells_each_kind_of_refusal_apart()
    {
        FullLab.Need();
        await using (var reader = await MySqlReader.OpenAsync(Servers.Target("aurora"), Servers.Database, Cancel))
        {
            Assert.True(reader.Encrypted);
            Assert.Contains(await Schemas(reader), s => s == "astro_primary");
        }
        Assert.Equal((WireStage.Authenticate, "ER_1045"), await EndAsync(() => MySqlReader.OpenAsync(Servers.Target("aurora"), Servers.Database with { Password = "wrong" }, Cancel)));
        // MySQL says 3159 here; MariaDB refuses as if the password were wrong.
        Assert.Equal((WireStage.Authenticate, "ER_1045"), await EndAsync(() => MySqlReader.OpenAsync(Servers.Target("aurora", tls: false), Servers.Database, Cancel)));
        Assert.Equal((WireStage.Tls, "TLS_UNTRUSTED"), await EndAsync(() => MySqlReader.OpenAsync(Servers.Target("aurora") with { Authorities = null }, Servers.Database, Cancel)));
        Assert.Equal((WireStage.Authenticate, "ER_1049"), await EndAsync(() => MySqlReader.OpenAsync(Servers.Target("aurora"), Servers.Database with { Schema = "no_such" }, Cancel)));
        Assert.Equal((WireStage.Greeting, "WRONG_PROTOCOL"), await EndAsync(() => MySqlReader.OpenAsync(Servers.Target("pebble"), Servers.Database, Cancel), orElse: (WireStage.Greeting, "NO_GREETING")));
    }

    [Fact]
    public async Task The_cache_tells_each_kind_of_refusal_apart()
    {
        FullLab.Need();
        var login = new RedisLogin(Full.Place("redis").Password!);
        await using (var reader = await RedisReader.OpenAsync(Servers.Target("redis"), login, Cancel))
        {
            Assert.Equal("PONG", (await reader.AskAsync(RedisQuestion.Alive, Cancel)).AsText);
            Assert.Contains("redis_version", (await reader.AskAsync(RedisQuestion.Info, Cancel)).AsText!, StringComparison.Ordinal);
        }
        await using (var named = await RedisReader.OpenAsync(Servers.Target("redis"), login with { User = "default" }, Cancel)) Assert.Equal("PONG", (await named.AskAsync(RedisQuestion.Alive, Cancel)).AsText);
        Assert.Equal((WireStage.Authenticate, "NOAUTH"), await EndAsync(() => RedisReader.OpenAsync(Servers.Target("redis"), new RedisLogin(), Cancel)));
        Assert.Equal((WireStage.Authenticate, "WRONGPASS"), await EndAsync(() => RedisReader.OpenAsync(Servers.Target("redis"), new RedisLogin("wrong"), Cancel)));
        Assert.Equal((WireStage.Authenticate, "TLS_REQUIRED"), await EndAsync(() => RedisReader.OpenAsync(Servers.Target("redis", tls: false), login, Cancel)));
        Assert.Equal((WireStage.Tls, "TLS_UNTRUSTED"), await EndAsync(() => RedisReader.OpenAsync(Servers.Target("redis") with { Authorities = null }, login, Cancel)));
        await Full.VerbAsync("component stop redis");
        Assert.Equal((WireStage.Connect, "ECONNREFUSED"), await EndAsync(() => RedisReader.OpenAsync(Servers.Target("redis"), login, Cancel)));
        await Full.HealAsync();
    }

    [Fact]
    public async Task All_is_seen_to_be_well_where_it_is()
    {
        FullLab.Need();
        var seen = await Servers.LookAsync("kiran-books.example", p => p is not ("vpn.interface" or "mysql.migrations"), Cancel);
        Assert.All(seen, o => Assert.True(o.IsEvidence, $"{o.Name}: {o.Status} {o.Note}"));
        string Of(string probe, string fact) => seen.First(o => o.Probe == probe).Facts.GetValueOrDefault(fact, "unknown");
        Assert.Equal(["done", "done", "done"], new[] { "mysql.connect", "redis.connect", "clickhouse.http" }.Select(p => Of(p, "stage")));
        Assert.Equal("1000", Of("mysql.server", "maxConnections"));
        Assert.Equal("true", Of("mysql.server", "schemaExists"));
        Assert.Equal("master", Of("redis.server", "role"));
        Assert.Equal(("true", "true"), (Of("clickhouse.tables", "tableExists"), Of("clickhouse.tables", "databaseExists")));
        Assert.All(seen.FindAll(o => o.Probe == "app.http"), o => Assert.Equal("200", o.Facts.GetValueOrDefault("status")));
        Assert.Equal(("done", "200"), (Of("storefront.fetch", "stage"), Of("storefront.fetch", "status")));
        Assert.Equal(("true", "false"), (Of("cors.preflight", "originListed"), Of("cors.preflight", "trailingSlash")));
        Assert.Equal("NONE", Of("cloudflare.pages", "stage"));
        Assert.Equal(("true", "false", "true"), (Of("cloudflare.record", "exists"), Of("cloudflare.record", "proxied"), Of("cloudflare.record", "valueMatches")));
        Assert.Equal(("ADDRESS", "200"), (Of("dns.name", "outcome"), Of("caddy.ask", "status")));
        Assert.Equal(("true", "true"), (Of("tenant.domain", "known"), Of("tenant.domain", "active")));
        Assert.Equal("true", Of("caddy.acme", "visited"));
    }

    [Fact]
    public async Task A_queue_is_counted_paused_and_found_broken()
    {
        FullLab.Need();
        Assert.NotEqual("0", (await Servers.OneAsync("bullmq.workers", Cancel, "store-events")).Facts["count"]);
        await Full.VerbAsync("queue pause store-events");
        await Full.VerbAsync("queue push store-events '{\"a\":1}' --count 3");
        var counted = await Servers.OneAsync("bullmq.queue", Cancel, "store-events");
        Assert.Equal("true", counted.Facts["paused"]);
        // The shop's own traffic adds jobs beside ours.
        Assert.InRange(int.Parse(counted.Facts["waiting"], System.Globalization.CultureInfo.InvariantCulture), 3, 1000);
        await Full.VerbAsync("queue collide bull:store-events:delayed");
        var types = await Servers.OneAsync("redis.key", Cancel, "store-events");
        Assert.Equal(("1", "true"), (types.Facts["wrongTypes"], types.Facts["foreignKey"]));
        await Full.HealAsync();
    }

    [Fact]
    public async Task A_stopped_server_is_refused_and_never_health()
    {
        FullLab.Need();
        await Full.VerbAsync("component stop aurora --kill yes");
        await Full.VerbAsync("component stop clickhouse --kill yes");
        var database = await Servers.OneAsync("mysql.connect", Cancel);
        Assert.Equal(("connect", "ECONNREFUSED"), (database.Facts["stage"], database.Facts["code"]));
        Assert.Equal(ObservationStatus.Failed, (await Servers.OneAsync("mysql.server", Cancel)).Status);
        Assert.Equal("ECONNREFUSED", (await Servers.OneAsync("clickhouse.http", Cancel)).Facts["code"]);
        await Full.HealAsync();
    }

    [Fact]
    public async Task A_paused_database_takes_the_connection_and_does_not_greet()
    {
        FullLab.Need();
        await Full.VerbAsync("component set aurora cold-start=400 paused=yes");
        var seen = await Servers.OneAsync("mysql.connect", Cancel);
        Assert.Equal(("greeting", "NO_GREETING", "false"), (seen.Facts["stage"], seen.Facts["code"], seen.Facts["secondTryWorked"]));
        await Full.HealAsync();
    }

    [Fact]
    public async Task A_name_that_fails_and_a_proxied_record_are_told()
    {
        FullLab.Need();
        await Full.VerbAsync("dns set asha-sarees.example SERVFAIL none");
        Assert.Equal("SERVFAIL", (await Servers.OneAsync("dns.name", Cancel, domain: "asha-sarees.example")).Facts["outcome"]);
        var stranger = await Servers.LookAsync("stranger.example", p => p is "dns.name" or "caddy.ask" or "tenant.domain", Cancel);
        Assert.Equal(["403", "NXDOMAIN", "false"], stranger.OrderBy(o => o.Probe, StringComparer.Ordinal).Select(o => o.Facts[o.Probe switch { "dns.name" => "outcome", "caddy.ask" => "status", _ => "known" }]));
        Assert.Equal("false", (await Servers.OneAsync("caddy.acme", Cancel, domain: "nobody.example")).Facts["visited"]);
        await Full.VerbAsync("component set cloudflare pages.zelly-admin='failure:npm error code ERESOLVE'");
        var pages = await Servers.OneAsync("cloudflare.pages", Cancel);
        Assert.Equal("LOCK_FILE", pages.Facts["failure"]);
        await Full.HealAsync();
    }

    [Fact]
    public async Task A_login_that_fails_without_TLS_is_tried_once_with_it()
    {
        FullLab.Need();
        var plain = await Servers.PlainAsync("mysql.connect", Cancel);
        Assert.Equal(("authenticate", "true"), (plain.Facts["stage"], plain.Facts["reachableWithTls"]));
        Assert.Equal("false", plain.Facts["viaVpn"]);
        await Full.VerbAsync("component exec aurora \"ALTER USER zellymaster@'%' REQUIRE SSL; FLUSH TABLES\"");
        var server = await Servers.OneAsync("mysql.server", Cancel);
        Assert.Equal(("true", "true"), (server.Facts["serverRequiresTls"], server.Facts["accountRequiresTls"]));
        await Full.VerbAsync("component exec aurora \"ALTER USER zellymaster@'%' REQUIRE NONE; FLUSH TABLES\"");
        Assert.Equal("false", (await Servers.OneAsync("mysql.server", Cancel)).Facts["accountRequiresTls"]);
    }

    [Fact]
    public async Task A_binding_that_the_newest_deployment_lacks_is_counted()
    {
        FullLab.Need();
        await Full.VerbAsync("component set worker CORE_API_URL=");
        Assert.Equal("1", (await Servers.OneAsync("cloudflare.worker", Cancel)).Facts["bindingsMissing"]);
        await Full.HealAsync();
        Assert.Equal("0", (await Servers.OneAsync("cloudflare.worker", Cancel)).Facts["bindingsMissing"]);
    }

    [Fact]
    public async Task Names_that_lead_elsewhere_are_told_from_those_of_another_base()
    {
        FullLab.Need();
        var well = await Servers.OneAsync("platform.settings", Cancel);
        Assert.Equal(("true", "false"), (well.Facts["recordsResolve"], well.Facts["recordsOfOtherBase"]));
        await Full.VerbAsync("dns set app.zelly.in A 203.0.113.10");
        var moved = await Servers.OneAsync("platform.settings", Cancel);
        Assert.Equal(("false", "false"), (moved.Facts["recordsResolve"], moved.Facts["recordsOfOtherBase"]));
        await Full.VerbAsync("dns set app.zelly.in CNAME alb.storego.in");
        Assert.Equal("true", (await Servers.OneAsync("platform.settings", Cancel)).Facts["recordsOfOtherBase"]);
        await Full.HealAsync();
    }

    private static async Task<IEnumerable<string>> Schemas(MySqlReader reader) => (await reader.AskAsync(MySqlQuestion.Schemas, Cancel)).Rows.Select(r => r[0]!);

    private static async Task<(WireStage Stage, string Code)> EndAsync<T>(Func<Task<T>> walk, (WireStage, string)? orElse = null)
    {
        var failure = await Assert.ThrowsAsync<WireFailure>(walk);
        var end = (failure.Stage, failure.Code);
        return orElse is { } other && end == other ? (WireStage.Greeting, "WRONG_PROTOCOL") : end;
    }
}
