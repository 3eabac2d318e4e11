using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Server.Telemetry;

/// <summary>A collector that traces and metrics are sent to, by OTLP over HTTP.</summary>
/// <param name="Url">Without the /v1/traces and /v1/metrics that are put behind it.</param>
/// <param name="Headers">Values may be $NAME of a variable.</param>
/// <param name="Every">How often what has gathered is sent.</param>
public sealed record OtlpSettings(string Url, ImmutableArray<(string Name, string Value)> Headers, Duration Every)
{
    private const int UsualSeconds = 15;

    public static readonly Shape.Map Shape = new(
        "A collector of OpenTelemetry",
        [
            new Key("url", new Shape.Text("Its address for OTLP over HTTP, such as https://collector.example.org:4318", Pattern: "https?://.+"), Required: true),
            new Key("headers", new Shape.Table("Headers that it asks for, best as $NAME of a variable", new Shape.Text("A value"))),
            new Key("every", new Shape.Text("How often what has gathered is sent (default: 15s)", Pattern: "[1-9][0-9]{0,3}s")),
        ]);

    internal static OtlpSettings? Read(YamlMappingNode? map)
    {
        if (map is null) return null;
        var headers = map.Get("headers") is YamlMappingNode table ? table.Children.Select(c => (((YamlScalarNode)c.Key).Value ?? "", ((YamlScalarNode)c.Value).Value ?? "")) : [];
        var seconds = map.Has("every") ? int.Parse(map.Text("every").AsSpan(..^1), System.Globalization.CultureInfo.InvariantCulture) : UsualSeconds;
        return new OtlpSettings(map.Text("url").TrimEnd('/'), [.. headers], Duration.FromSeconds(seconds));
    }
}
