using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Core.Diagnosis;

/// <summary>JSON with sorted keys and no space: one value has one text. Empty texts, empty lists and nulls are left out.</summary>
internal static class CanonicalJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, Options)) Write(node, writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The object with members more, each a list of values that are canonical texts already.</summary>
    public static byte[] Bytes(JsonObject node, params ReadOnlySpan<(string Key, IReadOnlyList<string> Items)> lists)
    {
        var texts = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (key, items) in lists)
        {
            if (items.Count > 0) texts[key] = items;
        }
        var buffer = new ArrayBufferWriter<byte>(16384);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            foreach (var key in node.Select(m => m.Key).Concat(texts.Keys).Order(StringComparer.Ordinal))
            {
                writer.WritePropertyName(key);
                if (texts.TryGetValue(key, out var items)) WriteList(items, writer);
                else Write(node[key], writer);
            }
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteList(IReadOnlyList<string> items, Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var item in items) writer.WriteRawValue(item, skipInputValidation: true);
        writer.WriteEndArray();
    }

    public static string Text(JsonNode node) => Encoding.UTF8.GetString(Bytes(node));

    public static JsonObject Object(params ReadOnlySpan<(string Key, JsonNode? Value)> members)
    {
        var made = new JsonObject();
        foreach (var (key, value) in members)
        {
            if (value is not null and not JsonArray { Count: 0 } and not JsonObject { Count: 0 }) made[key] = value;
        }
        return made;
    }

    public static JsonNode? Text(string text) => text.Length == 0 ? null : JsonValue.Create(text);

    public static JsonNode? Time(Instant? time) => time is { } t ? JsonValue.Create(InstantPattern.ExtendedIso.Format(t)) : null;

    public static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)JsonValue.Create(t)!)]);

    public static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode> node) => new([.. items.Select(node)]);

    /// <summary>A fact as JSON would have it; what would not come back as the same text stays a text.</summary>
    public static JsonNode Fact(string value) => value switch
    {
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
               && number.ToString(CultureInfo.InvariantCulture) == value => JsonValue.Create(number),
        _ => JsonValue.Create(value)!,
    };

    private static void Write(JsonNode? node, Utf8JsonWriter writer)
    {
        switch (node)
        {
            case JsonObject map:
                writer.WriteStartObject();
                foreach (var (key, value) in map.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(key);
                    Write(value, writer);
                }
                writer.WriteEndObject();
                break;
            case JsonArray list:
                writer.WriteStartArray();
                foreach (var item in list) Write(item, writer);
                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
