using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Core.Signals.Watching;
using Tocsin.Core.Tests.Diagnosis;

namespace Tocsin.Core.Tests.Signals.Watching;

public sealed class WatchReaderTests
{
    private const string Head =
        """
        id: shop
        name: Shop
        account: "000000000000"
        baseDomain: shop.example
        environments:
          live: { region: eu-west-1, cluster: live }
          trial: { region: eu-west-1, cluster: trial }
        services:
          api: { role: core-api, logGroup: /api }
        watch:
          production: [live]
          remind: 5m
          flapping: { times: 3, within: 10m }
          addresses:
            every: 15s
            of: 3
            fails: 2
            recovers: 3
            look:
              - { id: api, environment: live, service: api, url: "https://api.shop.example/health" }
          facts:
            every: 60s
            environments: [live]
            callsPerHour: 100
            rules:
              - { id: missing, fact: ecs.service.missing, above: 0, for: 2m, says: "{running} of {desired} run" }

        """;

    [Fact]
    public void A_watch_is_read_whole()
    {
        var plan = Read(Head);
        var address = Assert.Single(plan.Addresses);
        Assert.Equal(("api", "live", "api", "https://api.shop.example/health"), (address.Id, address.Environment, address.Service, address.Address));
        Assert.True(address.Impact is { MajorFeature: true, Production: true });
        Assert.Equal(new WatchPace(Duration.FromSeconds(15), Duration.FromSeconds(5), new Voting(3, 2, 3)), plan.AddressPace);
        var rule = Assert.Single(plan.Rules);
        Assert.Equal(("missing", "ecs.service", Duration.FromMinutes(2)), (rule.Id, rule.Probe, rule.For));
        Assert.True(rule.Impact.Degraded);
        Assert.Equal(["ecs.service"], plan.Probes);
        Assert.True(plan.IsProduction("live") && !plan.IsProduction("trial"));
    }

    [Fact]
    public void Without_the_section_nothing_is_watched() => Assert.Null(PlatformReader.Parse(Head[..Head.IndexOf("watch:", StringComparison.Ordinal)], "platform.yaml").Value!.Watch);

    [Theory]
    [InlineData("remind: 5m", "remnd: 5m", "unknown-key", 12)]
    [InlineData("every: 15s", "every: often", "wrong-form", 15)]
    [InlineData("fails: 2", "fails: 4", "never-fails", 15)]
    [InlineData("production: [live]", "production: [lifr]", "unknown-name", 11)]
    [InlineData("environment: live", "environment: life", "unknown-name", 20)]
    [InlineData("service: api", "service: apo", "unknown-name", 20)]
    [InlineData("above: 0, for", "above: 0, below: 9, for", "exactly-one", 26)]
    [InlineData("above: 0, for: 2m,", "", "exactly-one", 26)]
    [InlineData("\"https://api", "\"ftp://api", "wrong-form", 20)]
    public void What_cannot_be_meant_is_a_problem_with_its_line(string right, string wrong, string rule, int line)
    {
        var read = PlatformReader.Parse(Head.Replace(right, wrong, StringComparison.Ordinal), "platform.yaml");
        Assert.Contains(read.Problems, p => p.Rule == rule && p.Place.File == "platform.yaml" && p.Place.Line == line);
        Assert.Null(read.Value);
    }

    [Fact]
    public void An_id_stands_once()
    {
        var twice = Head + "      - { id: missing, fact: ecs.service.running, is: 0, says: none }\n";
        Assert.Contains(PlatformReader.Parse(twice, "platform.yaml").Problems, p => p is { Rule: "id-twice", Place.Line: 27 });
    }

    [Fact]
    public void A_rule_about_what_no_probe_yields_or_no_entry_knows_is_refused()
    {
        var names = ShippedCatalog.Entries.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        Assert.Contains("ecs.service.missing", Assert.Single(Read(Head.Replace("ecs.service.missing", "ecs.service.mising", StringComparison.Ordinal)).Refuse(Given.Facts, names)), StringComparison.Ordinal);
        Assert.Contains("alb-503", Assert.Single(Read(Head.Replace("says:", "entry: alb-5003, says:", StringComparison.Ordinal)).Refuse(Given.Facts, names)), StringComparison.Ordinal);
        Assert.NotEmpty(Read(Head.Replace("ecs.service.missing, above: 0", "ecs.service.found, above: 0", StringComparison.Ordinal)).Refuse(Given.Facts, names));
    }

    [Fact]
    public void Every_shipped_platform_watches_facts_and_entries_that_exist()
    {
        var names = ShippedCatalog.Entries.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var folder in Directory.EnumerateDirectories(Path.Combine(ShippedCatalog.Root, "platforms")))
        {
            var read = PlatformReader.Parse(File.ReadAllText(Path.Combine(folder, "platform.yaml")), "platform.yaml");
            Assert.Empty(read.Problems);
            Assert.Empty(read.Value!.Watch!.Refuse(Given.Facts, names));
        }
    }

    private static WatchPlan Read(string text)
    {
        var read = PlatformReader.Parse(text, "platform.yaml");
        Assert.Empty(read.Problems);
        return read.Value!.Watch!;
    }
}
