using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>Reading AWS's answers: what is absent or of another kind is null or none, never an error. XML's answers are all text, JSON's are typed.</summary>
public static class Tree
{
    public static string? Text(this JsonNode? node, string name) => (node as JsonObject)?[name] is JsonValue value ? value.ToString() : null;

    public static double? Number(this JsonNode? node, string name) =>
        node.Text(name) is { } text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    public static bool? Flag(this JsonNode? node, string name) => bool.TryParse(node.Text(name), out var flag) ? flag : null;

    public static JsonObject? Map(this JsonNode? node, string name) => (node as JsonObject)?[name] as JsonObject;

    /// <summary>The objects of a list. Where XML names each item after its kind, the list is an object with that one member.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, string name) => (node as JsonObject)?[name] switch
    {
        JsonArray list => list.OfType<JsonObject>(),
        JsonObject { Count: 1 } kind when kind.First().Value is JsonArray list => list.OfType<JsonObject>(),
        JsonObject { Count: 1 } kind when kind.First().Value is JsonObject one => [one],
        _ => [],
    };

    public static IEnumerable<string> Texts(this JsonNode? node, string name) => ((node as JsonObject)?[name] as JsonArray)?.OfType<JsonValue>().Select(v => v.ToString()) ?? [];

    public static Instant? Time(this JsonNode? node, string name) => node.Text(name) is { } text ? At(text) : null;

    /// <summary>A time as AWS writes it: seconds since 1970, or ISO 8601.</summary>
    public static Instant? At(string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)) return Math.Abs(seconds) < 1e11 ? Instant.FromUnixTimeMilliseconds((long)(seconds * 1000)) : null;
        return OffsetDateTimePattern.ExtendedIso.Parse(text) is { Success: true } parsed ? parsed.Value.ToInstant() : null;
    }

    /// <summary>A JSON object in a text, or null.</summary>
    public static JsonObject? Object(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static double MinutesTo(this Instant from, Instant now) => Math.Round((now - from).TotalMinutes, 2);

    /// <summary>The part of an ARN or path behind its last slash.</summary>
    public static string LastPart(this string arn) => arn[(arn.LastIndexOf('/') + 1)..];
}
