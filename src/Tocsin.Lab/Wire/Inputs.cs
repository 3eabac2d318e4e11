using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Lab.Wire;

/// <summary>What the services read and write alike.</summary>
internal static class Inputs
{
    // The last second that four digits of a year can say.
    private const decimal LastSecond = 253_402_300_799m;

    /// <summary>A time as either family writes it: seconds since 1970, or ISO 8601.</summary>
    public static Instant? Time(this AwsCall call, string name)
    {
        if (call.Text(name) is not { Length: > 0 } text) return null;
        return AsTime(text) ?? throw new AwsException("SerializationException", $"{name} is not a time: {Short(text)}");
    }

    public static Instant? AsTime(string text)
    {
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return seconds is >= 0 and <= LastSecond ? Instant.FromUnixTimeMilliseconds((long)(seconds * 1000)) : null;
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Instant.FromDateTimeOffset(at) : null;
    }

    /// <summary>A number between two bounds.</summary>
    public static int Within(this AwsCall call, string name, int least, int most, int absent, Func<long, AwsException> refuse)
    {
        var number = call.Number(name) ?? absent;
        return number >= least && number <= most ? (int)number : throw refuse(number);
    }

    /// <summary>A list within an object; a list whose members have a name of their own (<c>Values.Value.1</c>) is that list.</summary>
    public static IEnumerable<JsonNode?> List(this JsonObject? within, string name) => within?[name] switch
    {
        JsonArray list => list,
        JsonObject { Count: 1 } named when named.First().Value is JsonArray list => list,
        _ => [],
    };

    public static string? Leaf(this JsonObject? within, string name) => within?[name] is JsonValue value ? value.ToString() : null;

    /// <summary>The objects of a list; anything else in it is refused.</summary>
    public static List<JsonObject> Objects(this AwsCall call, string name) =>
        [.. call.Items(name).Select(i => i as JsonObject ?? throw new AwsException("SerializationException", $"{name} holds something that is not a structure"))];

    public static double? Real(this JsonObject? within, string name) => within.Leaf(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : throw new AwsException("SerializationException", $"{name} is not a number");

    /// <summary>Adds a member only where there is something to say.</summary>
    public static JsonObject With(this JsonObject answer, string name, JsonNode? value)
    {
        if (value is not null) answer[name] = value;
        return answer;
    }

    public static JsonArray Array<T>(this IEnumerable<T> items, Func<T, JsonNode?> one)
    {
        var array = new JsonArray();
        foreach (var item in items) array.Add(one(item));
        return array;
    }

    public static JsonArray Array(this IEnumerable<string> items) => items.Array(i => JsonValue.Create(i));

    public static string Short(string text) => text.Length > 64 ? text[..64] + "…" : text;
}
