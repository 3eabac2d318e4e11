using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify.Webhook;
using Tocsin.Server.Storage;
using Tocsin.Server.Tests.Notify;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Tests.Watch;

/// <summary>From a fault in the lab to the phone: a whole server with its watch, as it ships, and a phone on loopback. Lab and server run ten times faster than the wall.</summary>
public sealed class LabRingTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_rings_the_phone_within_a_minute_and_while_the_server_only_observes_nothing_leaves()
    {
        await using var lab = await WatchedLab.StartAsync(cancel);
        await using var phone = new FakeReceiver { Otherwise = FakeReceiver.Always(200, "{}") };
        await using (var quiet = await StartAsync(lab, phone, live: false))
        {
            await WatchingAsync(quiet);
            lab.Do("service scale fastify-nova 0");
            await UntilAsync(async () => await CountAsync(quiet, "select count(*) from outbox where state = 'would'") > 0, "nobody would be paged");
            Assert.Equal(1, await CountAsync(quiet, "select count(*) from incidents where service = 'fastify-nova' and severity = 1"));
            Assert.Empty(phone.Received);
            lab.Do("service scale fastify-nova 2");
            var watch = quiet.Host.Part<PlatformWatch>();
            await UntilAsync(() => Task.FromResult(!watch.View().Ill.Any()), "it is not well again");
        }
        await using var live = await StartAsync(lab, phone, live: true);
        await WatchingAsync(live);
        var broken = live.Options.Time.GetUtcNow();
        lab.Do("service scale fastify-nova 0");
        await UntilAsync(() => Task.FromResult(phone.Received.Count > 0), "the phone does not ring");
        var seconds = (live.Options.Time.GetUtcNow() - broken).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"from the fault to the ring: {seconds:0.0} s");
        Assert.InRange(seconds, 0, 60);
        var said = (string?)JsonNode.Parse(phone.Received[0].Body)!["data"]!["first"];
        Assert.Matches("^P1 production fastify-nova since [0-9:]+Z: ", said);
    }

    private static Task<TestWorld> StartAsync(WatchedLab lab, FakeReceiver phone, bool live) => TestWorld.StartAsync(null, o => o with
    {
        Live = live,
        Loops = true,
        Time = new SwiftTime(WatchedLab.Times),
        Watch = lab.Setup,
        Kinds = [.. ResponseShape.Kinds.Select(k => WebhookChannel.Kind with { Kind = k })],
        Channels = o.Plan.Policy.Channels.Keys.ToImmutableDictionary(c => c, _ => YamlTree.Read($"{{ secret: a-secret, room: \"{phone.Address}/room\" }}", "tocsin.yaml").Value!, StringComparer.Ordinal),
        AllowNetworks = [IPNetwork.Parse("127.0.0.0/8")],
        Variable = name => $"{phone.Address}/{name}",
    });

    private Task WatchingAsync(TestWorld world)
    {
        var watch = world.Host.Part<PlatformWatch>();
        return UntilAsync(() => Task.FromResult(watch.Addresses("production").Watched == 3 && watch.View().Things.Count(t => t.Subject.Kind is Core.Signals.Watching.WatchKind.Address && t.Known.GoodRun >= 3) == 3), "the watch does not begin");
    }

    private async Task<long> CountAsync(TestWorld world, string sql) => await world.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long>(sql, null, c), cancel);

    private async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, what);
            await Task.Delay(50, cancel);
        }
    }
}
