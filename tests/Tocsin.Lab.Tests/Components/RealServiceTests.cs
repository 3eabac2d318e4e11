using System.Text.Json.Nodes;

namespace Tocsin.Lab.Tests.Components;

/// <summary>The full profile's services, asked as a browser asks them; what they answer comes from the real servers.</summary>
[Collection(FullLabs.Shared)]
public sealed class RealServiceTests(FullLab full) : FullLabTurn(full)
{
    [Fact]
    public async Task An_order_is_in_the_database_and_by_its_event_in_the_analytics()
    {
        FullLab.Need();
        var placed = await Full.CurlAsync("api.zelly.in", "/orders", "-H", "content-type: application/json", "-d", """{"store":"asha-sarees.example","items":[{"sku":"SKU-100","quantity":2}]}""");
        var id = JsonNode.Parse(placed.Text)!["id"]!.ToString();
        Assert.Contains(id, (await Full.SqlAsync($"SELECT id FROM astro_primary.orders WHERE id = '{id}'")).Text, StringComparison.Ordinal);
        await UntilAsync(async () => JsonNode.Parse((await Full.CurlAsync("orion.zelly.in", "/analytics/orders")).Text)!["rows"]!.AsArray().First(r => r!["domain"]!.ToString() is "asha-sarees.example")!["orders"]!.GetValue<int>() > 0, "the order's event is in ClickHouse");
        Assert.Contains("\"store-events\"", (await Full.CurlAsync("api.zelly.in", "/internal/queues")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_is_a_session_in_redis()
    {
        FullLab.Need();
        var jar = Path.Combine(Full.Lab.Host.Options.Folder.Path, "jar");
        Assert.Contains("buyer@example.com", (await Full.CurlAsync("account.zelly.in", "/login", "-c", jar, "-d", """{"email":"buyer@example.com"}""")).Text, StringComparison.Ordinal);
        Assert.Contains("buyer@example.com", (await Full.CurlAsync("account.zelly.in", "/account", "-b", jar)).Text, StringComparison.Ordinal);
        Assert.Contains("log in first", (await Full.CurlAsync("account.zelly.in", "/account")).Text, StringComparison.Ordinal);
        Assert.Contains("sess:", (await Full.RedisAsync("KEYS", "sess:*")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_says_in_its_library_s_words_that_its_database_is_gone_and_recovers()
    {
        FullLab.Need();
        await Full.VerbAsync("component stop aurora --kill yes");
        await UntilAsync(async () => (await Full.CurlAsync("account.zelly.in", "/login", "-d", """{"email":"buyer@example.com"}""")).Text.Contains("connect ECONNREFUSED", StringComparison.Ordinal), "the driver's own words");
        await Full.HealAsync();
        Assert.Contains("SKU-100", (await Full.CurlAsync("api.zelly.in", "/catalog")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_data_makes_the_service_that_fills_it_start_anew()
    {
        FullLab.Need();
        await Full.VerbAsync("component exec aurora 'DROP DATABASE astro_primary'");
        await Full.HealAsync();
        Assert.Contains("SKU-100", (await Full.CurlAsync("api.zelly.in", "/catalog")).Text, StringComparison.Ordinal);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        var until = System.Diagnostics.Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(until.Elapsed < TimeSpan.FromSeconds(30), what);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
