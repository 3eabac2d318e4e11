using System.Text.Json.Nodes;
using static Tocsin.Core.Diagnosis.CanonicalJson;

namespace Tocsin.Core.Diagnosis;

/// <summary>An evidence bundle as bytes: canonical, so that two equal bundles are equal files.</summary>
public static class BundleJson
{
    public const int Version = 1;

    public static byte[] Write(EvidenceBundle bundle) => Canonical(bundle).Bytes;

    /// <summary>The bundle sorted, each thing once, and its bytes; made together, for both need the text of every observation.</summary>
    internal static (EvidenceBundle Bundle, byte[] Bytes) Canonical(EvidenceBundle bundle)
    {
        var observations = Sorted(bundle.Observations, o => CanonicalJson.Text(Node(o)));
        var matches = Sorted(bundle.Matches.Select(m => m with { Signatures = [.. m.Signatures.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] }), m => CanonicalJson.Text(Node(m)));
        var one = bundle with
        {
            Services = [.. bundle.Services.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Observations = [.. observations.Select(p => p.Item)],
            Matches = [.. matches.Select(p => p.Item)],
        };
        return (one, Bytes(Header(one), ("observations", [.. observations.Select(p => p.Text)]), ("matches", [.. matches.Select(p => p.Text)])));
    }

    private static JsonObject Header(EvidenceBundle one) => Object(
        ("version", JsonValue.Create(Version)),
        ("platform", CanonicalJson.Text(one.Platform)),
        ("environment", CanonicalJson.Text(one.Environment)),
        ("services", Array(one.Services)),
        ("catalog", CanonicalJson.Text(one.Catalog)),
        ("collectedAt", Time(one.CollectedAt)),
        ("onset", Time(one.Onset)),
        ("topology", Node(one.Topology)));

    private static List<(T Item, string Text)> Sorted<T>(IEnumerable<T> items, Func<T, string> text) =>
        [.. items.Select(i => (Item: i, Text: text(i))).DistinctBy(p => p.Text, StringComparer.Ordinal).OrderBy(p => p.Text, StringComparer.Ordinal)];

    internal static JsonObject Node(Subject subject) => Object(
        ("environment", CanonicalJson.Text(subject.Environment)),
        ("service", CanonicalJson.Text(subject.Service)),
        ("component", CanonicalJson.Text(subject.Component)),
        ("item", CanonicalJson.Text(subject.Item)));

    private static JsonObject Node(Observation seen) => Object(
        ("probe", CanonicalJson.Text(seen.Probe)),
        ("subject", Node(seen.Subject)),
        ("vantage", CanonicalJson.Text(Names.Of(seen.Vantage))),
        ("status", CanonicalJson.Text(Names.Of(seen.Status))),
        ("at", Time(seen.At)),
        ("facts", new JsonObject(seen.Facts.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)Fact(f.Value))))),
        ("since", Time(seen.Since)),
        ("changedAt", Time(seen.ChangedAt)),
        ("note", CanonicalJson.Text(seen.Note)));

    private static JsonObject Node(LogMatch match) => Object(
        ("entry", CanonicalJson.Text(match.Entry)),
        ("signatures", Array(match.Signatures)),
        ("subject", Node(match.Subject)),
        ("source", CanonicalJson.Text(match.Source)),
        ("first", Time(match.First)),
        ("last", Time(match.Last)),
        ("count", JsonValue.Create(match.Count)),
        ("text", CanonicalJson.Text(match.Text)),
        ("live", match.Live ? JsonValue.Create(true) : null),
        ("gapMs", match.Gap is { TotalMilliseconds: >= 1 } gap ? JsonValue.Create((long)gap.TotalMilliseconds) : null));

    private static JsonObject Node(Topology topology) => Object(
        ("services", Array(topology.Services, s => Object(("name", CanonicalJson.Text(s.Name)), ("role", CanonicalJson.Text(s.Role)), ("dependsOn", Array(s.DependsOn))))),
        ("components", Array(topology.Components, c => Object(("environment", CanonicalJson.Text(c.Environment)), ("name", CanonicalJson.Text(c.Name)), ("reach", CanonicalJson.Text(c.Reach))))));
}

/// <summary>Enum values as JSON has them: camelCase.</summary>
internal static class Names
{
    public static string Of<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        return string.Create(name.Length, name, (to, from) =>
        {
            from.CopyTo(to);
            to[0] = char.ToLowerInvariant(to[0]);
        });
    }
}
