using System.Globalization;
using System.Text.Json;

namespace Tocsin.Lab.Aws.Logs.Insights;

/// <summary>Where an event of a query lies.</summary>
internal sealed record RowSource(string Group, long GroupNumber, LogEvent Event);

/// <summary>
/// A row of a query: an event with the fields that AWS names with @ and those of its JSON message (<c>a.b</c>, <c>list.0</c>), or a group of <c>stats</c>, and
/// what the query made of it. A made field hides a found one.
/// </summary>
internal sealed class Row(RowSource? source)
{
    // Source: "Supported logs and discovered fields", as many are extracted from one JSON event.
    private const int MaxDiscovered = 200;

    private Dictionary<string, Datum>? made;
    private Dictionary<string, Datum>? discovered;
    private string? message;

    public RowSource? Source => source;

    public string? Pointer => source is null ? null : EventIds.Of(source.GroupNumber, source.Event.Position);

    /// <summary>The aggregates of this group while the expressions of a <c>stats</c> are worked out.</summary>
    public Datum[]? Aggregates { get; set; }

    public void Make(string name, Datum value) => (made ??= new(StringComparer.Ordinal))[name] = value;

    public Datum Field(string name) => made is not null && made.TryGetValue(name, out var value) ? value
        : source is null ? Datum.Missing
        : name switch
        {
            "@timestamp" => Datum.Time(source.Event.Timestamp),
            "@ingestionTime" => Datum.Time(source.Event.Ingested),
            "@message" => Datum.Of(message ??= source.Event.Message),
            "@logStream" => Datum.Of(source.Event.Stream),
            "@log" => Datum.Of($"{LogStore.Account}:{source.Group}"),
            "@ptr" => Datum.Of(Pointer),
            _ => (discovered ??= Discover(source.Event.Bytes)).GetValueOrDefault(name),
        };

    /// <summary>Gives back what can be read again, for the rows that have to be kept.</summary>
    public void Forget()
    {
        discovered = null;
        message = null;
    }

    private static Dictionary<string, Datum> Discover(ReadOnlyMemory<byte> bytes)
    {
        Dictionary<string, Datum> found = new(StringComparer.Ordinal);
        var start = bytes.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0 || bytes.Span[start] != (byte)'{') return found;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            Flatten(document.RootElement, "", found);
        }
        catch (JsonException)
        {
            // A line that only begins like JSON has no fields.
            return found;
        }
        return found;
    }

    private static void Flatten(JsonElement element, string path, Dictionary<string, Datum> into)
    {
        if (into.Count >= MaxDiscovered) return;
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject()) Flatten(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}", into);
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray()) Flatten(item, $"{path}.{(index++).ToString(CultureInfo.InvariantCulture)}", into);
                break;
            default:
                into[path] = Leaf(element);
                break;
        }
    }

    private static Datum Leaf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => Datum.Of(element.GetString()),
        JsonValueKind.Number => element.TryGetDouble(out var number) && Math.Abs(number) < 1e15 ? Datum.Of(number) : Datum.Of(element.GetRawText()),
        JsonValueKind.True => Datum.Of(true),
        JsonValueKind.False => Datum.Of(false),
        _ => Datum.Missing,
    };
}
