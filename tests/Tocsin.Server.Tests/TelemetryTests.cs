using System.Net;
using System.Text.Json;
using NodaTime;
using Tocsin.Server.Telemetry;
using Tocsin.Server.Tests.Notify;

namespace Tocsin.Server.Tests;

/// <summary>What a collector of OpenTelemetry on loopback is sent.</summary>
public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_collector_is_sent_the_way_of_a_signal_as_spans_and_the_counts_as_metrics()
    {
        await using var collector = new FakeReceiver { Otherwise = FakeReceiver.Always(200, "{}") };
        await using var world = await TestWorld.SqliteAsync(o => With(o, collector.Address));
        var key = await world.IntakeAsync();
        await world.PostAsync($"{key}/webhook", new { title = "Checkout is broken", service = "core-api", severity = "P1" });
        await world.SettleAsync();
        await world.Host.Part<OtlpExport>().SendAsync(Cancel);

        Assert.All(collector.Received, r => Assert.Equal(("POST", "application/json; charset=utf-8", "abc"), (r.Method, Header(r, "Content-Type"), Header(r, "Authorization"))));
        var spans = collector.Received.Where(r => r.Path == "/v1/traces").SelectMany(r => Scope(r, "resourceSpans", "scopeSpans", "spans")).ToList();
        Assert.All(spans, s => Assert.Matches("^[0-9a-f]{32}$", s.GetProperty("traceId").GetString()));
        Assert.All(spans, s => Assert.True(long.Parse(s.GetProperty("endTimeUnixNano").GetString()!, null) >= long.Parse(s.GetProperty("startTimeUnixNano").GetString()!, null)));
        Assert.Contains(spans, s => s.GetProperty("name").GetString() == "take report" && s.GetProperty("kind").GetInt32() == 2);
        Assert.Contains(spans, s => s.GetProperty("name").GetString() == "place signal" && Tag(s, "tocsin.state") == "opened" && Tag(s, "tocsin.incident") == "INC-1");
        Assert.Contains(spans, s => s.GetProperty("name").GetString() == "send page" && s.GetProperty("kind").GetInt32() == 3 && Tag(s, "tocsin.page") == "INC-1/1" && Tag(s, "tocsin.outcome") == "Taken");

        var metrics = collector.Received.Where(r => r.Path == "/v1/metrics").SelectMany(r => Scope(r, "resourceMetrics", "scopeMetrics", "metrics")).ToDictionary(m => m.GetProperty("name").GetString()!, StringComparer.Ordinal);
        Assert.Equal("1", metrics["tocsin_incidents_open"].GetProperty("gauge").GetProperty("dataPoints")[0].GetProperty("asInt").GetString());
        Assert.Equal("P1", Tag(metrics["tocsin_incidents_open"].GetProperty("gauge").GetProperty("dataPoints")[0], "severity"));
        Assert.True(metrics["tocsin_pages_total"].GetProperty("sum").GetProperty("isMonotonic").GetBoolean());
        Assert.Equal(2, metrics["tocsin_pages_total"].GetProperty("sum").GetProperty("aggregationTemporality").GetInt32());
        // The same numbers as Prometheus reads.
        var text = await world.Http.GetStringAsync("/metrics", Cancel);
        Assert.Contains("tocsin_incidents_open{severity=\"P1\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE tocsin_pages_total counter\ntocsin_pages_total{channel=\"", text, StringComparison.Ordinal);

        // The key in an intake's address opens a door: no span holds it.
        Assert.DoesNotContain(collector.Received, r => r.Body.Contains(key.Split('/')[^1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_look_that_found_nothing_to_do_is_no_span()
    {
        await using var collector = new FakeReceiver { Otherwise = FakeReceiver.Always(200, "{}") };
        await using var world = await TestWorld.SqliteAsync(o => With(o, collector.Address));
        await world.SettleAsync();
        await world.Host.Part<OtlpExport>().SendAsync(Cancel);
        // Other servers of other tests share the process, and their spans may come along; none of an idle look does.
        var spans = collector.Received.Where(r => r.Path == "/v1/traces").SelectMany(r => Scope(r, "resourceSpans", "scopeSpans", "spans"));
        Assert.DoesNotContain(spans, s => s.GetProperty("name").GetString() == "decide what is due" && Tag(s, "tocsin.incidents") == "0");
    }

    [Fact]
    public async Task A_collector_that_is_away_holds_up_nothing_and_is_said_once()
    {
        await using var collector = new FakeReceiver { Otherwise = FakeReceiver.Always(503, "") };
        await using var world = await TestWorld.SqliteAsync(o => With(o, collector.Address));
        await world.DeclareAsync("Checkout is broken", "P1");
        Assert.NotEmpty(world.Sent);
        var export = world.Host.Part<OtlpExport>();
        await export.SendAsync(Cancel);
        await export.SendAsync(Cancel);
        Assert.Equal(1, world.Log.All.Split("the collector of traces and metrics was not reached: it answered 503").Length - 1);
    }

    [Fact]
    public async Task A_collector_in_a_private_network_is_asked_only_where_that_is_allowed()
    {
        await using var collector = new FakeReceiver();
        await using var world = await TestWorld.SqliteAsync(o => With(o, collector.Address) with { AllowNetworks = [] });
        await world.Host.Part<OtlpExport>().SendAsync(Cancel);
        Assert.Empty(collector.Received);
        Assert.Contains("private network", world.Log.All, StringComparison.Ordinal);
    }

    private static Setup.ServerOptions With(Setup.ServerOptions options, string url) => options with
    {
        AllowNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        Otlp = new OtlpSettings(url, [("Authorization", "$TOKEN")], Duration.FromHours(1)),
        Variable = name => name == "TOKEN" ? "abc" : $"address-of-{name}",
    };

    private static string Header(Received request, string name) => request.Headers.First(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static List<JsonElement> Scope(Received request, string resources, string scopes, string items)
    {
        using var document = JsonDocument.Parse(request.Body);
        var resource = document.RootElement.GetProperty(resources)[0];
        Assert.Equal("tocsin", Tag(resource.GetProperty("resource"), "service.name"));
        return [.. resource.GetProperty(scopes)[0].GetProperty(items).EnumerateArray().Select(e => e.Clone())];
    }

    private static string Tag(JsonElement holder, string key) =>
        holder.GetProperty("attributes").EnumerateArray().Where(a => a.GetProperty("key").GetString() == key).Select(a => a.GetProperty("value").EnumerateObject().First().Value.GetString()!).FirstOrDefault() ?? "";
}
