using System.Text;
using System.Text.Json;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>
/// The JSON value in an event (after a prefix or not), for field patterns. Text values that hold JSON themselves, as CloudWatch and
/// EventBridge wrap it, are looked into as well. Parsed once per event and only when a field pattern asks.
/// </summary>
internal sealed class StructuredEvent : IDisposable
{
    private const int MaxDepth = 64;
    private const int MaxNested = 16;
    private const int MaxTries = 8;

    // Only the end of a path is compared; names as long as the event must not be copied for each of its values.
    private const int MaxPath = 400;
    private readonly List<JsonDocument> documents = [];

    public static StructuredEvent? Read(ReadOnlyMemory<byte> raw)
    {
        var found = new StructuredEvent();
        var span = raw.Span;
        for (int from = 0, tries = 0; tries < MaxTries; tries++)
        {
            var open = span[from..].IndexOfAny((byte)'{', (byte)'[');
            if (open < 0) break;
            if (MayBeJson(span[(from + open)..]) && found.TryAdd(span[(from + open)..])) return found;
            from += open + 1;
        }
        found.Dispose();
        return null;
    }

    // A log line is full of brackets; only what begins as JSON does is worth a parse.
    private static bool MayBeJson(ReadOnlySpan<byte> text)
    {
        var next = text[1..].TrimStart(" \t\r\n"u8);
        return !next.IsEmpty && (next[0] == '"' || (text[0] == '{' ? next[0] == '}' : next[0] is (byte)'{' or (byte)'[' or (byte)']'));
    }

    /// <summary>Whether all field patterns hold: anywhere in the event, or together in one element of the array <paramref name="each"/>.</summary>
    public bool Holds(IReadOnlyList<Pattern.Field> fields, string each)
    {
        var roots = documents.ConvertAll(d => (d.RootElement, Path: ""));
        if (each.Length == 0) return fields.All(f => Has(roots, f));
        var elements = new List<(JsonElement Element, string Path)>();
        foreach (var (root, _) in roots) Elements(root, "", each, elements, 0);
        return elements.Exists(e => fields.All(f => Has([e], f)));
    }

    private static bool Has(List<(JsonElement Element, string Path)> within, Pattern.Field field)
    {
        if (field.Compare is not Comparison.Exists { Wanted: false }) return within.Exists(e => Find(e.Element, e.Path, field));
        var present = field with { Compare = new Comparison.Exists(true) };
        return !within.Exists(e => Find(e.Element, e.Path, present));
    }

    public void Dispose()
    {
        foreach (var document in documents) document.Dispose();
    }

    private bool TryAdd(ReadOnlySpan<byte> json)
    {
        if (documents.Count > MaxNested) return false;
        var reader = new Utf8JsonReader(JsonText.Readable(json), new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = MaxDepth });
        try
        {
            if (!JsonDocument.TryParseValue(ref reader, out var document)) return false;
            if (document.RootElement.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
            {
                document.Dispose();
                return false;
            }
            documents.Add(document);
            AddNested(document.RootElement, 0);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void AddNested(JsonElement element, int depth)
    {
        if (depth > MaxDepth || documents.Count > MaxNested) return;
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject()) AddNested(property.Value, depth + 1);
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray()) AddNested(item, depth + 1);
                break;
            case JsonValueKind.String when element.GetString() is { Length: > 2 } text && text[0] is '{' or '[':
                TryAdd(Encoding.UTF8.GetBytes(text));
                break;
            default:
                break;
        }
    }

    private static bool Find(JsonElement element, string path, Pattern.Field field) => element.ValueKind switch
    {
        JsonValueKind.Object => FindInObject(element, path, field),
        JsonValueKind.Array => FindInArray(element, path, field),
        _ => EndsWith(path, field.Path) && field.Compare.Holds(Text(element)),
    };

    private static bool FindInObject(JsonElement element, string path, Pattern.Field field)
    {
        if (field.Compare is Comparison.Exists && path.Length > 0 && EndsWith(path, field.Path)) return true;
        foreach (var property in element.EnumerateObject())
        {
            if (Find(property.Value, Join(path, property.Name), field)) return true;
        }
        return false;
    }

    // An empty array is a value too: a service without events, a target group without targets.
    private static bool FindInArray(JsonElement element, string path, Pattern.Field field)
    {
        if (element.GetArrayLength() == 0 && EndsWith(path, field.Path)) return field.Compare.Holds("[]");
        foreach (var item in element.EnumerateArray())
        {
            if (Find(item, path, field)) return true;
        }
        return false;
    }

    private static void Elements(JsonElement element, string path, string each, List<(JsonElement Element, string Path)> found, int depth)
    {
        if (depth > MaxDepth) return;
        if (element.ValueKind == JsonValueKind.Object)
        {
            if (EndsWith(path, each)) found.Add((element, path));
            foreach (var property in element.EnumerateObject())
                Elements(property.Value, Join(path, property.Name), each, found, depth + 1);
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) Elements(item, path, each, found, depth + 1);
        }
    }

    private static string Join(string path, string name)
    {
        if (name.Length >= MaxPath) return name[^MaxPath..];
        var joined = path.Length == 0 ? name : $"{path}.{name}";
        return joined.Length > MaxPath ? joined[^MaxPath..] : joined;
    }

    private static bool EndsWith(string path, string wanted) =>
        path.EndsWith(wanted, StringComparison.OrdinalIgnoreCase)
        && (path.Length == wanted.Length || path[path.Length - wanted.Length - 1] == '.');

    private static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString() ?? "",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        _ => element.GetRawText(),
    };
}
