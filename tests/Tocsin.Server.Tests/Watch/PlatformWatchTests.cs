using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;
using Tocsin.Core.Signals.Watching;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Tests.Watch;

public sealed class PlatformWatchTests : IAsyncDisposable
{
    private const string Shop =
        """
        id: shop
        name: Shop
        account: "000000000000"
        baseDomain: shop.example
        environments:
          production: { region: eu-west-1, cluster: live }
        services:
          api: { role: core-api, logGroup: /api, ingress: alb, targetGroup: api }
        watch:
          production: [production]
          remind: 5m
          flapping: { times: 3, within: 10m }
          addresses:
            every: 15s
            limit: LIMIT
            of: 3
            fails: 2
            recovers: 3
            look:
              - { id: one, environment: production, service: api, url: "https://api.shop.example/health" }
              - { id: two, environment: production, service: api, url: "http://app.shop.example/" }
              - { id: three, environment: production, service: api, url: "https://$SOME_SHOP/" }
            control: ["http://control.example/"]
          facts:
            every: 60s
            limit: 5s
            environments: [production]
            callsPerHour: 30
            rules:
              - { id: none, fact: ecs.service.running, is: 0, says: "none of {desired} runs" }

        """;

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly ConcurrentQueue<WatchSignal> taken = new();
    private readonly StandingTime time = new();
    private readonly FakeSite one = new();
    private readonly FakeSite two = new();
    private readonly AwsCaller caller;

    public PlatformWatchTests()
    {
        // Nobody listens there: AWS is gone.
        caller = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys("AKIALAB", "secret"), Endpoint = new Uri("http://127.0.0.1:1"), Tries = 1 });
    }

    [Fact]
    public async Task An_address_that_fails_is_said_at_the_second_look_and_its_return_after_three_good_ones()
    {
        var watch = Watch();
        await RoundAsync(watch);
        one.Status = 503;
        await RoundAsync(watch);
        Assert.Empty(taken);
        await RoundAsync(watch);
        var signal = Assert.Single(taken);
        Assert.Equal((WatchSignalKind.Onset, "production", "api", "api.shop.example/health answers 503"), (signal.Kind, signal.Environment, signal.Service, signal.Title));
        one.Status = 200;
        for (var i = 0; i < 3; i++) await RoundAsync(watch);
        Assert.Equal(WatchSignalKind.Recovery, taken.Last().Kind);
        // The door's scheme, the name's own host.
        Assert.All(one.Heads, h => Assert.Contains("Host: api.shop.example\r\n", h, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_target_that_hangs_costs_its_limit_and_no_other_address()
    {
        var watch = Watch("1s");
        one.Status = 0;
        for (var i = 0; i < 2; i++) await RoundAsync(watch);
        Assert.Equal("api.shop.example/health does not answer (ETIMEDOUT at ask)", Assert.Single(taken).Title);
        Assert.Null(watch.View().Things.Single(t => t.Subject.Id == "two").Known.BadSince);
    }

    [Fact]
    public async Task An_address_whose_variable_is_not_set_is_not_watched_and_shown_so()
    {
        var watch = Watch();
        await RoundAsync(watch);
        Assert.Equal(["three"], watch.View().Unset);
        Assert.Equal(2, watch.Addresses("production").Watched);
    }

    [Fact]
    public async Task When_all_fail_for_two_minutes_that_is_said_with_since_when()
    {
        var watch = Watch();
        (one.Status, two.Status) = (503, 500);
        for (var i = 0; i < 9; i++) await RoundAsync(watch);
        var all = Assert.Single(taken, s => s.Subject.Kind is WatchKind.Everything);
        Assert.Equal(Duration.FromMinutes(2), all.At - all.Since);
        Assert.Equal(watch.Addresses("production"), all.Addresses);
    }

    [Fact]
    public async Task Where_nothing_answers_others_are_asked_and_without_them_nothing_is_said()
    {
        await using var control = new FakeSite { Status = 0 };
        (one.Status, two.Status) = (0, 0);
        var watch = Watch("1s", control);
        for (var i = 0; i < 3; i++) await RoundAsync(watch);
        Assert.Empty(taken);
        Assert.Equal(2, watch.View().Unseen.Count());
        Assert.Equal(3, control.Asked);
        control.Status = 404;
        for (var i = 0; i < 2; i++) await RoundAsync(watch);
        Assert.Equal(2, taken.Count);
        one.Status = 200;
        await RoundAsync(watch);
        Assert.Equal(5, control.Asked);
    }

    [Fact]
    public async Task When_aws_is_gone_that_is_a_signal_of_its_own_and_addresses_go_on()
    {
        var watch = Watch();
        for (var i = 0; i < 2; i++)
        {
            await watch.LookAtFactsAsync(cancel);
            await RoundAsync(watch);
        }
        var blind = Assert.Single(taken);
        Assert.True(blind.IsBlind);
        Assert.StartsWith("Blind: aws of production cannot be asked", blind.Title, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", blind.Title, StringComparison.Ordinal);
        Assert.NotNull(watch.View().LastAddresses);
    }

    [Fact]
    public async Task Calls_are_counted_and_when_an_hours_are_used_up_that_is_said()
    {
        var watch = Watch();
        var looks = 0;
        while (!taken.Any(s => s.Subject.Id is "budget") && looks++ < 60)
        {
            await watch.LookAtFactsAsync(cancel);
            Assert.InRange(watch.View().CallsLastHour, 1, watch.View().CallsPerHour);
            time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Contains("30 calls to AWS of this hour are used up", taken.Last(s => s.Subject.Id is "budget").Title, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromHours(1));
        await watch.LookAtFactsAsync(cancel);
        Assert.Equal(WatchSignalKind.Recovery, taken.Last(s => s.Subject.Id is "budget").Kind);
    }

    [Fact]
    public async Task What_nobody_takes_is_kept_and_comes_again_in_its_order()
    {
        var down = true;
        var watch = Watch(hand: (s, _) =>
        {
            if (down) throw new IOException("the database is away");
            taken.Enqueue(s);
            return Task.CompletedTask;
        });
        foreach (var status in (int[])[503, 503, 200, 200, 200])
        {
            one.Status = status;
            await RoundAsync(watch);
        }
        Assert.Equal(2, watch.View().Pending);
        down = false;
        await RoundAsync(watch);
        Assert.Equal([WatchSignalKind.Onset, WatchSignalKind.Recovery], taken.Select(s => s.Kind));
        Assert.Equal(0, watch.View().Pending);
    }

    [Fact]
    public async Task It_looks_at_its_pace_until_it_is_stopped()
    {
        var swift = new SwiftTime(60);
        var watch = new PlatformWatch(Setup("20s", null), TakeAsync, swift, NullLogger<PlatformWatch>.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = watch.RunAsync(stop.Token);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (one.Asked < 5 || watch.View().LastFacts is null)
        {
            Assert.False(limit.IsCancellationRequested || running.IsCompleted, "it does not look");
            await Task.Delay(20, cancel);
        }
        await stop.CancelAsync();
        await running;
    }

    public async ValueTask DisposeAsync()
    {
        await one.DisposeAsync();
        await two.DisposeAsync();
        caller.Dispose();
    }

    private async Task RoundAsync(PlatformWatch watch)
    {
        await watch.LookAtAddressesAsync(cancel);
        time.Advance(TimeSpan.FromSeconds(15));
    }

    private PlatformWatch Watch(string limit = "5s", FakeSite? control = null, Func<WatchSignal, CancellationToken, Task>? hand = null) =>
        new(Setup(limit, control), hand ?? TakeAsync, time, NullLogger<PlatformWatch>.Instance);

    private WatchSetup Setup(string limit, FakeSite? control)
    {
        var read = PlatformReader.Parse(Shop.Replace("LIMIT", limit, StringComparison.Ordinal).Replace("control.example", $"127.0.0.1:{control?.Port ?? 1}", StringComparison.Ordinal), "platform.yaml");
        Assert.Empty(read.Problems);
        return new WatchSetup
        {
            Plan = read.Value!.Watch!,
            Facts = FactTable.Parse("probes:\n  ecs.service:\n    about: A service\n    vantage: api\n    facts:\n      running: { type: number, unit: tasks, about: Running }\n      desired: { type: number, unit: tasks, about: Desired }\n", "observations.yaml").Value!,
            Places = [new WatchPlace(new PlatformMap(read.Value!, read.Value!.Environments[0]), caller, null)],
            Doors = ImmutableDictionary<string, WatchDoor>.Empty.Add("one", new WatchDoor("127.0.0.1", one.Port, Tls: false)).Add("two", new WatchDoor("127.0.0.1", two.Port, Tls: false)),
            AsksControl = control is not null,
        };
    }

    private Task TakeAsync(WatchSignal signal, CancellationToken cancel)
    {
        taken.Enqueue(signal);
        return Task.CompletedTask;
    }
}
