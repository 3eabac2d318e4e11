using System.Globalization;

namespace Tocsin.Lab.Tests.Components;

/// <summary>The commands of the two documents, run by the real clients with the lab's names filled in. Where one of them misleads, the test says how.</summary>
[Collection(FullLabs.Shared)]
public sealed class DocumentedClientTests(FullLab full) : FullLabTurn(full)
{
    [Fact]
    public async Task Nc_tells_an_open_port_and_a_refused_one_and_says_nothing_about_what_answers()
    {
        FullLab.Need();
        var place = Full.Place("aurora");
        Task<(int Code, string Text)> Nc() => FullLab.RunAsync("nc", ["-zv", place.Host, $"{place.Port}", "-w", "5"]);
        Assert.Equal(0, (await Nc()).Code);
        // A server that holds still is open too: only its client sees that it greets nobody.
        await Full.VerbAsync("component slow aurora 30000");
        Assert.Equal(0, (await Nc()).Code);
        Assert.Contains("initial communication packet", (await Full.SqlAsync("SELECT 1", seconds: 2)).Text, StringComparison.Ordinal);
        await Full.VerbAsync("component slow aurora 0");
        await Full.VerbAsync("component stop aurora");
        var refused = await Nc();
        Assert.NotEqual(0, refused.Code);
        Assert.Contains("refused", refused.Text, StringComparison.Ordinal);
        await Full.HealAsync();
    }

    [Fact]
    public async Task Mysql_logs_in_as_the_master_user_and_not_as_admin()
    {
        FullLab.Need();
        Assert.Equal("1", (await Full.SqlAsync("SELECT 1")).Text.Trim());
        var place = Full.Place("aurora");
        // The incident guide says admin; RDS's MasterUsername decides, and nobody of that name is there.
        var asAdmin = await FullLab.RunAsync("mariadb", ["--no-defaults", "-h", place.Host, "-P", $"{place.Port}", "-u", "admin", $"-p{place.Password}", $"--ssl-ca={Full.Authority}", "-e", "SELECT 1"]);
        Assert.Contains("Access denied for user 'admin'@", asAdmin.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ping_of_mysqladmin_succeeds_though_the_login_is_refused()
    {
        FullLab.Need();
        var place = Full.Place("aurora");
        var ping = await FullLab.RunAsync("mariadb-admin", ["--no-defaults", "-h", place.Host, "-P", $"{place.Port}", "-u", place.User!, "-pwrong", $"--ssl-ca={Full.Authority}", "ping"]);
        Assert.Contains("Access denied", ping.Text, StringComparison.Ordinal);
        Assert.Equal(0, ping.Code);
    }

    [Fact]
    public async Task Connections_grouped_by_host_are_not_grouped_since_the_host_has_the_port()
    {
        FullLab.Need();
        const string From = "FROM information_schema.PROCESSLIST WHERE HOST LIKE '%:%'";
        var documented = await Full.SqlAsync($"SELECT USER, HOST, COUNT(*) AS cnt {From} GROUP BY USER, HOST ORDER BY cnt DESC");
        Assert.All(documented.Text.Trim().Split('\n'), l => Assert.EndsWith("\t1", l, StringComparison.Ordinal));
        var grouped = await Full.SqlAsync($"SELECT USER, SUBSTRING_INDEX(HOST, ':', 1) AS client, COUNT(*) AS cnt {From} GROUP BY USER, client ORDER BY cnt DESC");
        Assert.True(grouped.Text.Trim().Split('\n').Length <= documented.Text.Trim().Split('\n').Length);
        Assert.All(grouped.Text.Trim().Split('\n'), l => Assert.DoesNotContain(":", l, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_table_of_migrations_answers_newest_first_and_takes_a_row_by_hand()
    {
        FullLab.Need();
        var rows = (await Full.SqlAsync("SELECT * FROM astro_primary.migrations ORDER BY timestamp DESC LIMIT 10")).Text.Trim().Split('\n');
        Assert.Contains("AddOrderChannel1730000000000", rows[0], StringComparison.Ordinal);
        // The statement names no schema: without one chosen it fails.
        const string Insert = "INSERT INTO migrations (timestamp, name) VALUES (1740000000000, 'MigrationName1740000000000')";
        Assert.Contains("No database selected", (await Full.SqlAsync(Insert)).Text, StringComparison.Ordinal);
        Assert.Equal(0, (await Full.SqlAsync($"USE astro_primary; {Insert}; DELETE FROM migrations WHERE timestamp = 1740000000000")).Code);
    }

    [Fact]
    public async Task Llen_answers_zero_for_a_name_that_no_queue_has()
    {
        FullLab.Need();
        await Full.VerbAsync("queue pause SHOPIFY_WEBHOOK");
        await Full.VerbAsync("queue push SHOPIFY_WEBHOOK '{}' --count 4");
        async Task<int> Length(string key) => int.Parse((await Full.RedisAsync("LLEN", key)).Text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
        var waiting = await Length("bull:SHOPIFY_WEBHOOK:wait");
        Assert.Equal(4, waiting + await Length("bull:SHOPIFY_WEBHOOK:paused"));
        Assert.Equal(0, await Length("bull:shopify_webhook:wait"));
        Assert.Contains("bull:SHOPIFY_WEBHOOK:meta", (await Full.RedisAsync("KEYS", "bull:*")).Text, StringComparison.Ordinal);
        await Full.HealAsync();
    }

    [Fact]
    public async Task Redis_cli_exits_with_0_where_it_is_refused()
    {
        FullLab.Need();
        var place = Full.Place("redis");
        var refused = await FullLab.RunAsync("timeout", ["5", "redis-cli", "-h", place.Host, "-p", $"{place.Port}", "--tls", "--cacert", Full.Authority, "LLEN", "bull:SHOPIFY_WEBHOOK:wait"]);
        Assert.Contains("NOAUTH", refused.Text, StringComparison.Ordinal);
        Assert.Equal(0, refused.Code);
    }

    [Fact]
    public async Task Clickhouse_says_1_also_where_the_table_is_gone()
    {
        FullLab.Need();
        var url = $"http://{Full.Place("clickhouse").Host}:{Full.Place("clickhouse").Port}/";
        async Task<string> Curl(params IEnumerable<string> words) => (await FullLab.RunAsync("curl", ["-sS", "-m", "5", .. words])).Text.Trim();
        Assert.Equal("1", await Curl($"{url}?query=SELECT+1"));
        Assert.Equal("store_events", await Curl("-X", "POST", url, "--data", "SHOW TABLES FROM zelly_analytics"));
        await Full.VerbAsync("component exec clickhouse DROP TABLE zelly_analytics.store_events");
        Assert.Equal("1", await Curl($"{url}?query=SELECT+1"));
        Assert.Equal("", await Curl("-X", "POST", url, "--data", "SHOW TABLES FROM zelly_analytics"));
        await Full.HealAsync();
    }

    [Fact]
    public async Task A_certificate_and_a_record_are_seen_by_openssl_and_dig()
    {
        FullLab.Need();
        var alb = Full.Place("alb");
        var shown = await FullLab.RunAsync("openssl", ["s_client", "-connect", $"{alb.Host}:{Full.Lab.Host.Network.HttpsPort}", "-servername", "api.zelly.in", "-CAfile", Full.Authority, "-verify_hostname", "api.zelly.in"]);
        Assert.Contains("Verify return code: 0 (ok)", shown.Text, StringComparison.Ordinal);
        var dns = Full.Place("dns");
        Task<(int Code, string Text)> Dig(string name) => FullLab.RunAsync("dig", ["+short", "+time=2", "+tries=1", "-p", $"{dns.Port}", $"@{dns.Host}", name]);
        Assert.Equal(Full.Place("nlb").Host, (await Dig("kiran-books.example")).Text.Trim());
        // A proxied record answers, with the proxy's addresses: that there is an answer says nothing about where it leads.
        await Full.VerbAsync("dns set kiran-books.example A same --proxied yes");
        Assert.Equal(Full.Place("cloudflare").Host, (await Dig("kiran-books.example")).Text.Trim());
        await Full.HealAsync();
    }

    [Fact]
    public async Task Wg_names_the_interface_that_is_not_there()
    {
        Assert.SkipWhen(Directory.Exists("/sys/class/net/wg0"), "this machine has a tunnel of that name");
        var shown = await FullLab.RunAsync("wg", ["show", "wg0"]);
        Assert.NotEqual(0, shown.Code);
        // A kernel without the module names no interface.
        Assert.Contains("Unable to access interface", shown.Text, StringComparison.Ordinal);
    }
}
