using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Lab.Wire;

/// <summary>Times as the protocols write them.</summary>
public static class AwsTime
{
    private static readonly InstantPattern Millis = InstantPattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd'T'HH':'mm':'ss'.'fff'Z'");

    private static readonly InstantPattern Basic = InstantPattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss'Z'");

    /// <summary>As signatures write it.</summary>
    public static string Stamp(Instant at) => Basic.Format(at);

    /// <summary>JSON protocols: seconds since 1970 with their fraction.</summary>
    public static JsonValue Epoch(Instant at) => JsonValue.Create(at.ToUnixTimeMilliseconds() / 1000m);

    /// <summary>XML protocols: ISO 8601.</summary>
    public static string Iso(Instant at) => Millis.Format(at);
}
