using System.Text.Json;
using Tocsin.Lab.Tests.Components;
using Tocsin.Lab.Tests.Probes;
using Tocsin.Server.Actions;

namespace Tocsin.Server.Tests.Actions;

/// <summary>Guarded actions on the real MariaDB, Redis, ClickHouse and the Cloudflare stand-in of a full lab.</summary>
public sealed class DataActionTests(FullLab full) : IClassFixture<FullLab>, IAsyncLifetime
{
    private const string Order = """{"type":"order.created","at":"2026-01-05T10:00:00.000Z","store":"kiran-books.example","paise":49900}""";

    // One test leaves nothing to the next, however it ends.
    public async ValueTask DisposeAsync() => await full.HealAsync();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    private Task<ActedLab> StartAsync() => ActedLab.StartAsync(full.Lab, new DataDoors(new RealServers(full).Ground()));

    // Its worker makes the queue when it begins.
    private Task QueueAsync() => UntilAsync(async () => (await full.RedisAsync("EXISTS", "bull:store-events:meta")).Text.Contains('1', StringComparison.Ordinal), "no worker has made the queue");

    [Fact]
    public async Task A_connection_is_ended_and_the_servers_own_are_not()
    {
        FullLab.Need();
        await using var lab = await StartAsync();
        var sleeping = full.SqlAsync("SELECT SLEEP(55)", seconds: 60);
        var id = "";
        await UntilAsync(async () => (id = (await full.SqlAsync("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(55)%' LIMIT 1")).Text.Trim()).Length > 0 && id.All(char.IsAsciiDigit), "the connection is not seen");
        var done = await lab.DoneAsync(await lab.PlanAsync("mysql.killConnection", id));
        Assert.True(Works(done), done.ToString());
        Assert.NotEqual(0, (await sleeping).Code);
        Assert.Contains($"there is no connection {id} any more", await lab.RefusedAsync("mysql.killConnection", id), StringComparison.Ordinal);
        Assert.Contains("named by its number", await lab.RefusedAsync("mysql.killConnection", "1 OR 1=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_is_marked_as_run_and_the_mark_is_taken_back()
    {
        FullLab.Need();
        await using var lab = await StartAsync();
        var done = await lab.DoneAsync(await lab.PlanAsync("migration.markRun", "AddTenantNotes1790000000000"));
        Assert.True(Works(done), done.ToString());
        Assert.Equal("1790000000000", (await full.SqlAsync("SELECT timestamp FROM astro_primary.migrations WHERE name = 'AddTenantNotes1790000000000'")).Text.Trim());
        Assert.Contains("recorded as run already", await lab.RefusedAsync("migration.markRun", "AddTenantNotes1790000000000"), StringComparison.Ordinal);
        Assert.Contains("no migration's name", await lab.RefusedAsync("migration.markRun", "x'); DROP TABLE migrations; --"), StringComparison.Ordinal);
        Assert.True(Works(await lab.DoneAsync(await lab.UndoAsync(done))));
        Assert.Equal("0", (await full.SqlAsync("SELECT COUNT(*) FROM astro_primary.migrations WHERE name LIKE 'AddTenantNotes%'")).Text.Trim());
    }

    [Fact]
    public async Task Whoever_only_reads_changes_nothing()
    {
        FullLab.Need();
        await QueueAsync();
        var ground = new RealServers(full).Ground();
        await using var lab = await ActedLab.StartAsync(full.Lab, new DataDoors(ground with { Variable = n => n.Contains("_ACT_", StringComparison.Ordinal) ? null : ground.Variable(n) }));
        var done = await lab.DoneAsync(await lab.PlanAsync("bullmq.pause", "store-events"));
        Assert.False(Works(done), done.ToString());
        Assert.Contains("NOPERM", done.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("1", (await full.RedisAsync("HGET", "bull:store-events:meta", "paused")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_for_acting_without_its_password_is_refused_in_words()
    {
        FullLab.Need();
        var ground = new RealServers(full).Ground();
        await using var lab = await ActedLab.StartAsync(full.Lab, new DataDoors(ground with { Variable = n => n.EndsWith("_ACT_PASSWORD", StringComparison.Ordinal) ? null : ground.Variable(n) }));
        Assert.Contains("TOCSIN_PRODUCTION_AURORA_ACT_USER is set and TOCSIN_PRODUCTION_AURORA_ACT_PASSWORD is not", await lab.RefusedAsync("mysql.killConnection", "7"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_is_paused_and_goes_on_where_it_stood()
    {
        FullLab.Need();
        await QueueAsync();
        await using var lab = await StartAsync();
        var done = await lab.DoneAsync(await lab.PlanAsync("bullmq.pause", "store-events"));
        Assert.True(Works(done), done.ToString());
        await full.VerbAsync($"queue push store-events '{Order}' --count 5");
        // The shop's own orders come in beside them.
        Assert.True(await WaitingAsync() >= 5);
        Assert.True(Works(await lab.DoneAsync(await lab.UndoAsync(done))));
        await UntilAsync(async () => await WaitingAsync() == 0 && (await full.RedisAsync("LLEN", "bull:store-events:active")).Text.Trim() is "0", "the workers do not go on");
    }

    [Fact]
    public async Task Failed_jobs_go_back_and_where_they_fail_again_the_rest_stays()
    {
        FullLab.Need();
        await using var lab = await StartAsync();
        await full.VerbAsync("queue poison store-events --count 6 --data {}");
        await UntilAsync(async () => await FailedAsync() >= 6, "the jobs do not fail");
        var bad = await lab.DoneAsync(await lab.PlanAsync("bullmq.retryFailed", "store-events", ("batch", "2")));
        Assert.False(Works(bad));
        Assert.Contains("failed again, so the rest stays", bad.ToString(), StringComparison.Ordinal);
        Assert.True(await FailedAsync() >= 6);
        await full.RedisAsync("DEL", "bull:store-events:failed");

        await full.VerbAsync("component stop clickhouse");
        await full.VerbAsync($"queue push store-events '{Order}' --count 3");
        await UntilAsync(async () => await FailedAsync() >= 3, "the jobs do not fail");
        await full.VerbAsync("component start clickhouse");
        var undone = await lab.PlanAsync("bullmq.retryFailed", "store-events", ("batch", "2"));
        Assert.Contains("may again from", await lab.RefusedAsync(RunAsync(lab, undone)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_stands_in_a_queues_way_is_put_aside_and_given_back_and_a_queues_own_is_refused()
    {
        FullLab.Need();
        await using var lab = await StartAsync();
        await full.RedisAsync("SET", "session:old-layout", "a");
        var done = await lab.DoneAsync(await lab.PlanAsync("redis.deleteKey", "session:old-layout"));
        Assert.True(Works(done), done.ToString());
        Assert.Equal("0", (await full.RedisAsync("EXISTS", "session:old-layout")).Text.Trim());
        Assert.True(Works(await lab.DoneAsync(await lab.UndoAsync(done))));
        Assert.Equal(("a", "-1"), ((await full.RedisAsync("GET", "session:old-layout")).Text.Trim(), (await full.RedisAsync("TTL", "session:old-layout")).Text.Trim()));
        await full.RedisAsync("DEL", "session:old-layout");
        await UntilAsync(async () => (await full.RedisAsync("EXISTS", "bull:store-events:meta")).Text.Trim() is "1", "the queue is not there");
        Assert.Contains("patterns are never deleted", await lab.RefusedAsync("redis.deleteKey", "bull:*"), StringComparison.Ordinal);
        Assert.Contains("store-events's own meta", await lab.RefusedAsync("redis.deleteKey", "bull:store-events:meta"), StringComparison.Ordinal);
        await full.VerbAsync("queue collide bull:store-events:wait");
        Assert.True(Works(await lab.DoneAsync(await lab.PlanAsync("redis.deleteKey", "bull:store-events:wait"))));
    }

    [Fact]
    public async Task The_record_that_ACM_asks_for_becomes_DNS_only_and_proxied_again()
    {
        FullLab.Need();
        await using var lab = await StartAsync();
        await full.VerbAsync("certificate renew");
        await full.VerbAsync("dns set acm CNAME same --proxied yes");
        Assert.Contains("ACM asks for no record", await lab.RefusedAsync("cloudflare.unproxyRecord", "www.zelly.in"), StringComparison.Ordinal);
        var done = await lab.DoneAsync(await lab.PlanAsync("cloudflare.unproxyRecord", ""));
        Assert.True(Works(done), done.ToString());
        Assert.True(Works(await lab.DoneAsync(await lab.UndoAsync(done))));
    }

    [Fact]
    public async Task Missing_tables_are_made_and_nothing_else_can_be_run()
    {
        FullLab.Need();
        await using var lab = await StartAsync();
        await full.VerbAsync("component exec clickhouse CREATE TABLE zelly_analytics.kept (a Int32) ENGINE = MergeTree ORDER BY a");
        const string schema = "CREATE TABLE IF NOT EXISTS zelly_analytics.kept (b String) ENGINE = MergeTree ORDER BY b;\n-- a comment\nCREATE TABLE IF NOT EXISTS zelly_analytics.made (a Int32) ENGINE = MergeTree ORDER BY a;";
        Assert.Contains("only CREATE", await lab.RefusedAsync("clickhouse.applySchema", "clickhouse", ("schema", "DROP TABLE zelly_analytics.kept")), StringComparison.Ordinal);
        var done = await lab.DoneAsync(await lab.PlanAsync("clickhouse.applySchema", "clickhouse", ("schema", schema)));
        Assert.True(Works(done), done.ToString());
        Assert.Contains("every table is there", await lab.RefusedAsync("clickhouse.applySchema", "clickhouse", ("schema", schema)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_master_password_holds_stands_in_every_secret_that_held_the_old_one_and_in_nothing_that_is_kept()
    {
        FullLab.Need();
        await using var lab = await StartAsync();
        var plan = await lab.PlanAsync("aurora.rotatePassword", "aurora");
        var done = await lab.DoneAsync(plan);
        Assert.True(Works(done), $"{done.GetProperty("calls")} {done.GetProperty("verified")}");
        Assert.NotEqual(0, (await full.SqlAsync("SELECT 1")).Code);
        var cancel = TestContext.Current.CancellationToken;
        var secret = (string)System.Text.Json.Nodes.JsonNode.Parse((string)(await lab.Ground.AskAsync("secretsmanager", "GetSecretValue", new() { ["SecretId"] = "zelly/aurora/master" }, cancel))["SecretString"]!)!["password"]!;
        Assert.Equal(0, (await full.SqlAsync("SELECT 1", password: secret)).Code);
        var kept = string.Join('\n', await lab.World.Host.Part<Storage.Database>().ReadAsync((s, c) => s.QueryAsync<string>("select body from action_events", null, c), cancel));
        Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
        Assert.DoesNotContain(full.Place("aurora").Password!, kept, StringComparison.Ordinal);
        var again = (string)System.Text.Json.Nodes.JsonNode.Parse((string)(await lab.Ground.AskAsync("secretsmanager", "GetSecretValue", new() { ["SecretId"] = "zelly/aurora/master", ["VersionStage"] = "AWSPENDING" }, cancel))["SecretString"]!)!["password"]!;
        Assert.Equal(secret, again);
        Assert.Contains("has no undo", await lab.RefusedAsync(lab.AskAsync(lab.Ann, $"/{ActedLab.Id(done)}/undo", new { why = "" })), StringComparison.Ordinal);
    }

    private async Task<int> FailedAsync() => int.Parse((await full.RedisAsync("ZCARD", "bull:store-events:failed")).Text, System.Globalization.CultureInfo.InvariantCulture);

    // Where BullMQ keeps what waits while a queue is paused differs by its version.
    private async Task<int> WaitingAsync() => int.Parse((await full.RedisAsync("LLEN", "bull:store-events:wait")).Text, System.Globalization.CultureInfo.InvariantCulture) + int.Parse((await full.RedisAsync("LLEN", "bull:store-events:paused")).Text, System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<HttpResponseMessage> RunAsync(ActedLab lab, JsonElement plan)
    {
        await lab.ApproveAsync(plan);
        return await lab.AskAsync(lab.Bob, $"/{ActedLab.Id(plan)}/run", new { });
    }

    private static bool Works(JsonElement action) => ActedLab.Text(action, "state") is "succeeded" && action.GetProperty("verified").TryGetProperty("works", out var works) && works.GetBoolean();

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(180));
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, what);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
