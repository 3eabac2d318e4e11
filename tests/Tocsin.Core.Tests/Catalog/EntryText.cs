namespace Tocsin.Core.Tests.Catalog;

/// <summary>A whole entry as text, of which a test changes one thing.</summary>
internal static class EntryText
{
    public const string Yaml =
        """
        id: redis-slow
        title: "Redis is slow"
        layer: queue
        component: redis
        service: events-worker
        summary: Commands take long.
        signatures:
          - id: slow
            says: component
            any:
              - literal: "redis command slow"
          - id: busy
            says: part
            any:
              - literal: "redis busy"
        timing:
          - id: often
            says: symptom
            of: [busy]
            count: 3
            within: 5m
        page:
          any:
            - { count: 5, within: 2m, severity: P2 }
        causes:
          - id: big-key
            title: A key is big
            prior: common
            evidence:
              - { fact: redis.slow.micros, above: 10000, for: strong, group: slow, because: It took long }
            fixes: [split]
          - id: swap
            title: The host swaps
            prior: rare
            evidence:
              - { fact: redis.info.swapped, is: true, for: strong, group: swap, because: It swaps }
            fixes: [split]
        fixes:
          - id: split
            title: Split the key
            does: Split it.
            verify: Commands are quick.
        """;

    public const string Samples =
        """
        samples:
          - id: plain
            from: redis 8
            source: captured
            rank: first
            text: "a redis command slow: 12 ms"
        nearMisses:
          - { id: quick, from: redis 8, source: captured, goesTo: none, because: It is quick, text: "redis command quick" }
          - { id: other, from: pg 8, source: captured, goesTo: silent, because: Another one, text: "a slow statement" }
        """;

    public const string Facts =
        """
        probes:
          redis.slow:
            about: The slow log
            vantage: api
            facts:
              micros: { type: number, unit: microseconds, about: The slowest }
          redis.info:
            about: INFO
            vantage: api
            facts:
              swapped: { type: bool, about: Whether the host swaps }
              role: { type: enum, values: [master, replica], about: Its role }
        """;

    public const string Guide = "## What it is\n\nSlow.\n\n## Root cause\n\nA key.\n\n## Diagnose\n\nLook.\n\n## Fix\n\nSplit.\n";

    /// <summary>The text with one part replaced; the part must stand there once.</summary>
    public static string With(string part, string by) => With(Yaml, part, by);

    public static string With(string text, string part, string by)
    {
        Assert.Equal(2, text.Split(part).Length);
        return text.Replace(part, by, StringComparison.Ordinal);
    }
}
