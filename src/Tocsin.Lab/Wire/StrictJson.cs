using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tocsin.Lab.Wire;

/// <summary>
/// JSON read to its end at once. The parser's nodes find a name given twice or half of a surrogate pair only when somebody asks for that member, which would
/// be in the middle of an operation.
/// </summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 40, AllowDuplicateProperties = false };

    /// <summary>Throws <see cref="JsonException"/> for everything that is not JSON.</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> text) => Read(JsonNode.Parse(text, documentOptions: Options));

    public static JsonNode? Parse(string text) => Read(JsonNode.Parse(text, documentOptions: Options));

    private static JsonNode? Read(JsonNode? node)
    {
        try
        {
            Touch(node);
            return node;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw new JsonException("a text in it is not Unicode", e);
        }
    }

    private static void Touch(JsonNode? node)
    {
        if (node is JsonObject o) foreach (var (_, child) in o) Touch(child);
        else if (node is JsonArray a) foreach (var child in a) Touch(child);
        else if (node is JsonValue v) _ = v.ToString();
    }
}
