using System.Text.Json.Nodes;
using Tocsin.Core.Signals;

namespace Tocsin.Lab.Faults;

/// <summary>
/// An answer of AWS without its secrets. In JSON a secret seldom stands beside its name as in a line of a log: a container's variable is a name and a value,
/// an option of a command is two words. Each is put together before the redactor looks at it, and what it leaves is taken apart again.
/// </summary>
internal static class RecordRedaction
{
    private static readonly string[] Values = ["value", "Value"];

    /// <summary>A copy; keys, numbers and the order stay.</summary>
    public static JsonNode? Of(JsonNode? node) => node switch
    {
        JsonObject map => Of(map),
        JsonArray list when list.Count > 0 && list.All(IsText) => Words(list),
        JsonArray list => new JsonArray([.. list.Select(Of)]),
        _ when IsText(node) => Redactor.Default.Redact(node!.ToString()),
        _ => node?.DeepClone(),
    };

    private static JsonObject Of(JsonObject map)
    {
        var name = (map["name"] ?? map["Name"] ?? map["key"] ?? map["Key"]) is { } given && IsText(given) ? given.ToString() : null;
        var copy = new JsonObject();
        foreach (var (key, value) in map) copy[key] = IsText(value) ? Beside(Values.Contains(key, StringComparer.Ordinal) && name is not null ? name : key, value!.ToString()) : Of(value);
        return copy;
    }

    // "--password" and what follows it are a pair; a word may also hold both.
    private static JsonArray Words(JsonArray list)
    {
        var words = list.Select(w => w!.ToString()).ToList();
        return new JsonArray([.. words.Select((w, i) => (JsonNode?)JsonValue.Create(i == 0 || !words[i - 1].StartsWith('-') ? Redactor.Default.Redact(w) : After(words[i - 1] + " ", w)))]);
    }

    private static string Beside(string name, string value) => After(name + "=", value);

    private static string After(string before, string value)
    {
        var both = Redactor.Default.Redact(before + value);
        return Redactor.Default.Redact(both.StartsWith(before, StringComparison.Ordinal) ? both[before.Length..] : value);
    }

    private static bool IsText(JsonNode? node) => node is JsonValue value && value.GetValueKind() is System.Text.Json.JsonValueKind.String;
}
