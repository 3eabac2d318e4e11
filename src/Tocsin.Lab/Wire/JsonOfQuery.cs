using System.Text.Json.Nodes;
using NodaTime.Text;

namespace Tocsin.Lab.Wire;

/// <summary>What a Query service answers, for clients that ask it in JSON: newer SDKs do where the service knows both, such as CloudWatch.</summary>
internal static class JsonOfQuery
{
    private const string Entry = ">entry";

    public static JsonObject Of(JsonObject answer)
    {
        var json = new JsonObject();
        foreach (var (name, value) in answer)
        {
            if (name.EndsWith(Entry, StringComparison.Ordinal)) json[name[..^Entry.Length]] = Map(value!.AsArray());
            else json[name] = name.StartsWith("Timestamp", StringComparison.Ordinal) ? Times(value) : Value(value);
        }
        return json;
    }

    private static JsonNode? Value(JsonNode? value) => value switch
    {
        JsonObject members => Of(members),
        JsonArray list => list.Array(Value),
        _ => value?.DeepClone(),
    };

    private static JsonObject Map(JsonArray entries) => new(entries.OfType<JsonObject>().Select(e => KeyValuePair.Create(e["key"]!.ToString(), Value(e["value"]))));

    // In JSON a time is a number of seconds.
    private static JsonNode? Times(JsonNode? value) => value is JsonArray list ? list.Array(Times) : InstantPattern.ExtendedIso.Parse(value?.ToString() ?? "") is { Success: true, Value: var at } ? at.ToUnixTimeMilliseconds() / 1000m : null;
}
