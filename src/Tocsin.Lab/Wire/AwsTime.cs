using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Lab.Wire;

/// <summary>Times as the protocols write them.</summary>
public static class AwsTime
{
    private static readonly InstantPattern Millis = InstantPattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd'T'HH':'mm':'ss'.'fff'Z'");

    /// <summary>JSON protocols: seconds since 1970 with their fraction.</summary>
    public static JsonValue Epoch(Instant at) => JsonValue.Create(at.ToUnixTimeMilliseconds() / 1000m);

    /// <summary>XML protocols: ISO 8601.</summary>
    public static string Iso(Instant at) => Millis.Format(at);
}
