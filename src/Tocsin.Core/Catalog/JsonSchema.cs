using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tocsin.Core.Catalog;

/// <summary>The JSON Schema that editors use, drawn from the same shape the reader checks.</summary>
public static class JsonSchema
{
    // The same on every machine, and patterns stay readable.
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(Shape shape, string title)
    {
        var schema = Node(shape);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", title);
        return schema.ToJsonString(Written) + "\n";
    }

    private static JsonObject Node(Shape shape) => shape switch
    {
        Shape.Text text => OfText(text),
        Shape.Number number => With(new JsonObject { ["type"] = number.Whole ? "integer" : "number" }, shape, n => number.Least > double.MinValue ? ("minimum", JsonValue.Create(number.Least)) : null),
        Shape.Flag => With(new JsonObject { ["type"] = "boolean" }, shape, _ => null),
        Shape.Scalar => With(new JsonObject { ["type"] = Types("string", "number", "boolean") }, shape, _ => null),
        Shape.OneOrMany => With(new JsonObject { ["type"] = Types("string", "number", "boolean", "array") }, shape, _ => null),
        Shape.List list => With(new JsonObject { ["type"] = "array", ["items"] = Node(list.Item) }, shape, _ => list.NotEmpty ? ("minItems", JsonValue.Create(1)) : null),
        Shape.Table table => With(new JsonObject { ["type"] = "object", ["additionalProperties"] = Node(table.Item) }, shape, _ => table.KeyPattern.Length > 0 ? ("propertyNames", new JsonObject { ["pattern"] = $"^(?:{table.KeyPattern})$" }) : null),
        Shape.Map map => OfMap(map),
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, "unknown shape"),
    };

    private static JsonObject OfText(Shape.Text text)
    {
        var node = new JsonObject { ["type"] = "string", ["description"] = text.About };
        if (!text.Allowed.IsDefaultOrEmpty) node["enum"] = Names(text.Allowed);
        if (text.Pattern.Length > 0) node["pattern"] = $"^(?:{text.Pattern})$";
        if (!text.MayBeEmpty) node["minLength"] = 1;
        return node;
    }

    private static JsonObject OfMap(Shape.Map map)
    {
        var properties = new JsonObject();
        foreach (var key in map.Keys) properties[key.Name] = Node(key.Shape);
        var node = new JsonObject
        {
            ["type"] = "object",
            ["description"] = map.About,
            ["additionalProperties"] = false,
            ["properties"] = properties,
            ["required"] = Names([.. map.Keys.Where(k => k.Required).Select(k => k.Name)]),
        };
        if (map.ExactlyOne.IsDefaultOrEmpty) return node;
        var groups = map.ExactlyOne.Select(g => (JsonNode)new JsonObject { ["oneOf"] = new JsonArray([.. g.Select(k => (JsonNode)new JsonObject { ["required"] = Names([k]) })]) });
        node["allOf"] = new JsonArray([.. groups]);
        return node;
    }

    private static JsonObject With(JsonObject node, Shape shape, Func<Shape, (string Name, JsonNode Value)?> extra)
    {
        node["description"] = shape.About;
        if (extra(shape) is { } found) node[found.Name] = found.Value;
        return node;
    }

    private static JsonArray Types(params string[] names) => Names([.. names]);

    private static JsonArray Names(ImmutableArray<string> names) => new([.. names.Select(n => (JsonNode)JsonValue.Create(n))]);
}
