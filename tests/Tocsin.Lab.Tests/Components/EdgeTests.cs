using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Tocsin.Lab.Components;

namespace Tocsin.Lab.Tests.Components;

/// <summary>The Worker behind its route, its tail, the VPN, and what CloudWatch is told of the servers.</summary>
[Collection(FullLabs.Shared)]
public sealed class EdgeTests(FullLab full) : FullLabTurn(full)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_worker_places_an_order_and_its_exception_is_a_1101_and_in_its_tail()
    {
        FullLab.Need();
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        reading.CancelAfter(TimeSpan.FromSeconds(60));
        var tail = JsonNode.Parse(await ApiAsync("POST", $"accounts/{await AccountAsync()}/workers/scripts/zelly-checkout/tails"))!["result"]!;
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("trace-v1");
        await socket.ConnectAsync(new Uri(tail["url"]!.ToString()), reading.Token);
        var ordered = await CheckoutAsync("""{"store":"kiran-books.example","items":[{"sku":"SKU-100","quantity":1}]}""");
        Assert.Contains("\"order\"", ordered, StringComparison.Ordinal);
        Assert.Equal("ok", (await ReadAsync(socket, reading.Token))["outcome"]!.ToString());

        await Full.VerbAsync("component set worker CORE_API_URL=");
        Assert.Contains("Error 1101", await CheckoutAsync("""{"store":"kiran-books.example","items":[]}"""), StringComparison.Ordinal);
        var thrown = await ReadAsync(socket, reading.Token);
        Assert.Equal("exception", thrown["outcome"]!.ToString());
        Assert.Contains("Invalid URL", thrown["exceptions"]![0]!["message"]!.ToString(), StringComparison.Ordinal);
        await Full.HealAsync();
        Assert.Contains("\"order\"", await CheckoutAsync("""{"store":"kiran-books.example","items":[{"sku":"SKU-100","quantity":1}]}"""), StringComparison.Ordinal);
        await ApiAsync("DELETE", $"accounts/{await AccountAsync()}/workers/scripts/zelly-checkout/tails/{tail["id"]}");
    }

    [Fact]
    public async Task The_vpn_has_a_handshake_until_it_is_stopped()
    {
        FullLab.Need();
        Assert.SkipWhen(WireGuard.WhyNot() is not null, WireGuard.WhyNot() ?? "");
        var mine = WireGuard.Prefix(Full.Lab.Host.Options.Folder.Path) + "-wg0";
        var shown = await FullLab.RunAsync("wg", ["show", mine]);
        Assert.Contains("latest handshake", shown.Text, StringComparison.Ordinal);
        await Full.VerbAsync("component stop vpn");
        Assert.NotEqual(0, (await FullLab.RunAsync("wg", ["show", mine])).Code);
        await Full.HealAsync();
        Assert.Contains("latest handshake", (await FullLab.RunAsync("wg", ["show", mine])).Text, StringComparison.Ordinal);
        await Full.VerbAsync("component set vpn peer=silent");
        Assert.Equal("changed", Full.State("vpn").State);
        await Full.HealAsync();
    }

    [Fact]
    public async Task Connections_and_keys_of_the_real_servers_are_metrics()
    {
        FullLab.Need();
        Full.Lab.Host.Step(NodaTime.Duration.FromMinutes(1));
        await UntilAsync(() => Last("AWS/RDS", "DatabaseConnections") > 0 && Last("AWS/ElastiCache", "CurrConnections") > 0 && Last("AWS/ElastiCache", "CurrItems") > 0 && Last("ClickHouse", "HTTPConnection") >= 0);
    }

    private double? Last(string space, string name)
    {
        var world = Full.Lab.Host.World;
        lock (world.Gate)
        {
            var metrics = world.Regions["ap-south-1"].Metrics;
            var found = metrics.Names.FirstOrDefault(n => n.Namespace == space && n.Name == name);
            return found is null ? null : metrics.Read(found, world.Clock.Now - NodaTime.Duration.FromMinutes(30), world.Clock.Now + NodaTime.Duration.FromMinutes(1), 60).LastOrDefault()?.Value("Maximum");
        }
    }

    private async Task<string> CheckoutAsync(string cart)
    {
        var worker = Full.Place("worker");
        return (await FullLab.RunAsync("curl", ["-sS", "-m", "10", "-H", "Host: checkout.zelly.in", "-d", cart, $"http://{worker.Host}:{Full.Lab.Host.Network.HttpPort}/checkout"])).Text;
    }

    private async Task<string> AccountAsync() => JsonNode.Parse(await ApiAsync("GET", "zones"))!["result"]![0]!["account"]!["id"]!.ToString();

    private async Task<string> ApiAsync(string method, string path)
    {
        var place = Full.Place("cloudflare");
        return (await FullLab.RunAsync("curl", ["-sS", "-m", "5", "-X", method, "-H", $"Authorization: Bearer {place.Password}", $"http://{place.Host}:{place.Port}/client/v4/{path}"])).Text;
    }

    private static async Task<JsonNode> ReadAsync(ClientWebSocket socket, CancellationToken cancel)
    {
        var buffer = new byte[16 * 1024];
        var read = await socket.ReceiveAsync(buffer.AsMemory(), cancel);
        return JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, read.Count))!;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var until = System.Diagnostics.Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(until.Elapsed < TimeSpan.FromSeconds(30), "the metrics are there");
            await Task.Delay(100, Cancel);
        }
    }
}
