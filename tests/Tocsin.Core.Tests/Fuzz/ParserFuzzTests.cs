using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;

namespace Tocsin.Core.Tests.Fuzz;

public sealed class ParserFuzzTests
{
    private const string SmallEntry =
        """
        id: small
        title: "Small: it fails"
        layer: service
        component: redis
        service: core-api
        summary: It fails.
        keywords: [a, b]
        signatures:
          - id: one
            says: cause
            causes: [first]
            any:
              - template: "refused {host}:6379"
              - regex: "refused [0-9]+"
            not:
              - literal: "nothing"
          - id: two
            says: part
            each: containers
            all:
              - { field: containers.exitCode, oneOf: [137, 139] }
              - { field: containers.reason, contains: OutOf }
        timing:
          - { id: often, says: symptom, of: [two], count: 3, within: 5m, unless: [one] }
        page:
          any:
            - { count: 5, within: 2m, severity: P2 }
        causes:
          - id: first
            title: The first
            prior: common
            evidence:
              - { fact: redis.connect.stage, is: connect, for: strong, group: reach, because: "It says so" }
              - { saw: one, for: weak, group: text, because: It says so }
            leadsTo: [other/cause]
            fixes: [mend]
        fixes:
          - { id: mend, title: Mend, does: Mend it., verify: It works., action: ecs.scale, undo: Scale back. }
        """;

    private const string SmallPlatform =
        """
        id: small
        name: Small
        account: "000000000000"
        baseDomain: small.example
        environments:
          staging: { region: ap-south-1, cluster: small, components: { aurora: { endpoint: db.small, port: 3306 } } }
        components:
          redis: { endpoint: redis.small, zones: [a, b] }
        services:
          core: { role: core-api, port: 3000, memory: 512, tasks: { staging: 2 }, ingress: alb, logGroup: /ecs/core, criticalEnv: [A, B] }
        links: { docs: https://small.example }
        """;

    private const string SmallFacts =
        """
        probes:
          redis.connect:
            about: Opens a connection
            vantage: host
            facts:
              stage: { type: enum, values: [dns, connect, done], about: How far it came }
              millis: { type: number, unit: ms, about: How long it took }
              tls: { type: bool, about: Whether it was encrypted }
        """;

    private const string SmallSamples =
        """
        samples:
          - id: refused
            from: ioredis 5
            source: captured
            rank: among
            among: [other-entry]
            signature: one
            text: |-
              Error: connect ECONNREFUSED 10.0.0.1:6379
                  at x
        nearMisses:
          - { id: other, from: pg 8, source: documented, goesTo: none, because: It is another, text: "refused 10.0.0.1:5432" }
        """;

    [Fact]
    public void The_seeds_are_whole()
    {
        Assert.Empty(EntryReader.Parse(SmallEntry, "x").Problems);
        Assert.Empty(EntryReader.ParseSamples(SmallSamples, "x").Problems);
        Assert.Empty(FactTable.Parse(SmallFacts, "x").Problems);
        Assert.Empty(PlatformReader.Parse(SmallPlatform, "x").Problems);
    }

    [Fact]
    public void Entries_are_read_or_refused() =>
        new Mutation([SmallEntry], 2500).Run((text, random) =>
        {
            var parsed = EntryReader.Parse(text, "entry.yaml");
            CheckParsed(parsed);
            if (parsed.Value is { } entry) Some.Scan(MatchSet.Build([entry]), "refused 10.0.0.1:6379 refused 12\n{\"containers\":[{\"exitCode\":137,\"reason\":\"OutOfMemory\"}]}\n");
        });

    [Fact]
    public void Shipped_entries_are_read_or_refused()
    {
        var texts = ShippedCatalog.EntryTexts;
        var some = Math.Clamp(Mutation.Count / 200, 10, 200);
        Parallel.For(0, some, i => CheckParsed(EntryReader.Parse(texts[i % texts.Length].Remove((i * 37) % texts[i % texts.Length].Length, 1), "entry.yaml")));
    }

    [Fact]
    public void Samples_are_read_or_refused() => new Mutation([SmallSamples], 1500).Run((text, _) => CheckParsed(EntryReader.ParseSamples(text, "samples.yaml")));

    [Fact]
    public void Facts_are_read_or_refused() => new Mutation([SmallFacts], 1500).Run((text, _) => CheckParsed(FactTable.Parse(text, "observations.yaml")));

    [Fact]
    public void Platforms_are_read_or_refused() => new Mutation([SmallPlatform], 1500).Run((text, _) => CheckParsed(PlatformReader.Parse(text, "platform.yaml")));

    private static void CheckParsed<T>(Parsed<T> parsed)
        where T : class
    {
        Assert.True(parsed.Value is not null || parsed.Problems.Count > 0, "neither a value nor a problem");
        foreach (var problem in parsed.Problems)
        {
            Assert.NotEmpty(problem.Message);
            Assert.True(problem.Place.Line >= 0, $"a problem in line {problem.Place.Line}");
        }
    }
}
