using System.Globalization;
using System.Text.Json.Nodes;

namespace Tocsin.Lab.Wire;

/// <summary>Parameters of the Query and EC2 protocols as the tree that they stand for.</summary>
internal static class QueryForm
{
    private const int MaxDepth = 12;

    /// <summary><c>A.member.1.B=x</c> and <c>A.1.B=x</c> are <c>{"A":[{"B":"x"}]}</c>.</summary>
    public static JsonObject Read(IEnumerable<KeyValuePair<string, string>> form)
    {
        var root = new Node();
        foreach (var (key, value) in form)
        {
            if (key is "Action" or "Version") continue;
            var path = key.Split('.').Where(p => p is not "member").ToArray();
            if (path.Length > MaxDepth) throw new AwsException("MalformedInput", $"{Inputs.Short(key)} is nested deeper than {MaxDepth}");
            var at = root;
            foreach (var part in path) at = at.Children.TryGetValue(part, out var child) ? child : at.Children[part] = new Node();
            at.Value = value;
        }
        return root.Children.Count == 0 ? [] : (JsonObject)ToObject(root);
    }

    private static JsonNode? ToJson(Node node) =>
        node.Children.Count == 0 ? JsonValue.Create(node.Value)
        : node.Children.Keys.All(IsIndex) ? ToArray(node)
        : ToObject(node);

    private static JsonObject ToObject(Node node)
    {
        var result = new JsonObject();
        foreach (var (name, child) in node.Children) result[name] = ToJson(child);
        return result;
    }

    // Members have names of their own in some services: Filters.Filter.1.
    private static JsonArray ToArray(Node node) => [.. node.Children.OrderBy(c => int.Parse(c.Key, CultureInfo.InvariantCulture)).Select(c => ToJson(c.Value))];

    private static bool IsIndex(string key) => key.Length is > 0 and < 7 && key.All(char.IsAsciiDigit);

    private sealed class Node
    {
        public Dictionary<string, Node> Children { get; } = new(StringComparer.Ordinal);

        public string? Value { get; set; }
    }
}
