using System.Globalization;
using System.Text.Json;

namespace Tocsin.Lab.Aws.Logs.Patterns;

/// <summary>
/// A condition on a line that is a JSON document; another line never fits. A comparison asks a text or a number: on an object, a list, a boolean or a
/// property that is not there it is false, <c>!=</c> too.
/// </summary>
internal static class JsonCondition
{
    private const int MaxIndex = 1_000_000;

    public static Func<ReadOnlyMemory<byte>, bool> Parse(string inner)
    {
        var text = new PatternText(inner);
        var condition = text.AnyOf(() => Atom(text));
        text.SkipSpace();
        return text.Ended ? m => Test(condition, m) : throw PatternText.Invalid();
    }

    private static bool Test(Func<JsonElement, bool> condition, ReadOnlyMemory<byte> message)
    {
        var start = message.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0 || message.Span[start] is not ((byte)'{' or (byte)'[')) return false;
        try
        {
            using var document = JsonDocument.Parse(message);
            return condition(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Func<JsonElement, bool> Atom(PatternText text)
    {
        var select = Selector(text);
        if (text.TakeWord("IS")) return Is(text, select);
        if (text.TakeWord("NOT"))
        {
            if (!text.TakeWord("EXISTS")) throw PatternText.Invalid();
            return root => !select(root).Any();
        }
        var sign = text.Operator() ?? throw PatternText.Invalid();
        var value = PatternValue.Read(text, static c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or '*' or ':' or '/' or '+');
        return sign switch
        {
            "=" => root => select(root).Any(e => Scalar(e) is { } found && value.EqualTo(found)),
            "!=" => root => select(root).Any(e => Scalar(e) is { } found && !value.EqualTo(found)),
            _ when value.IsNumber => root => select(root).Any(e => e.ValueKind == JsonValueKind.Number && value.Compares(sign, e.GetDouble())),
            _ => throw PatternText.Invalid(),
        };
    }

    private static Func<JsonElement, bool> Is(PatternText text, Func<JsonElement, IEnumerable<JsonElement>> select)
    {
        var kind = text.TakeWord("NULL") ? JsonValueKind.Null
            : text.TakeWord("TRUE") ? JsonValueKind.True
            : text.TakeWord("FALSE") ? JsonValueKind.False
            : throw PatternText.Invalid();
        return root => select(root).Any(e => e.ValueKind == kind);
    }

    private static string? Scalar(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetRawText(),
        _ => null,
    };

    // $.a.b[0]['c.d'].list[*]: every step leads from one element to those below it.
    private static Func<JsonElement, IEnumerable<JsonElement>> Selector(PatternText text)
    {
        text.Need("$");
        List<Step> steps = [];
        while (text.Here is '.' or '[')
        {
            var dot = text.Here == '.';
            text.Skip();
            steps.Add(dot && text.Here != '[' ? Property(text) : Indexed(text, skip: dot));
        }
        if (steps.Count == 0) throw PatternText.Invalid();
        return steps.TrueForAll(s => s.One is not null) ? root => Walk(root, steps)
            : root => steps.Aggregate<Step, IEnumerable<JsonElement>>([root], static (e, step) => step.One is { } one ? e.Select(one).OfType<JsonElement>() : e.SelectMany(Children));
    }

    private static JsonElement[] Walk(JsonElement at, List<Step> steps)
    {
        foreach (var step in steps)
        {
            if (step.One!(at) is not { } next) return [];
            at = next;
        }
        return [at];
    }

    private static Step Property(PatternText text)
    {
        if (text.Here == '*')
        {
            text.Skip();
            return Step.All;
        }
        var name = text.TakeWhile(static c => char.IsLetterOrDigit(c) || c is '_' or '-' or '@');
        return name.Length > 0 ? Named(name) : throw PatternText.Invalid();
    }

    private static Step Indexed(PatternText text, bool skip)
    {
        if (skip) text.Skip();
        var step = text.Here switch
        {
            '*' => All(text),
            '"' => Named(text.Quoted()),
            '\'' => Named(Apostrophes(text)),
            _ => Item(text),
        };
        text.Need("]");
        return step;
    }

    private static Step All(PatternText text)
    {
        text.Skip();
        return Step.All;
    }

    private static string Apostrophes(PatternText text)
    {
        text.Skip();
        var name = text.TakeWhile(static c => c != '\'');
        if (text.Ended) throw PatternText.Invalid();
        text.Skip();
        return name;
    }

    private static Step Item(PatternText text) =>
        int.TryParse(text.TakeWhile(char.IsAsciiDigit), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < MaxIndex
            ? new Step(e => e.ValueKind == JsonValueKind.Array && index < e.GetArrayLength() ? e[index] : null)
            : throw PatternText.Invalid();

    private static Step Named(string name) => new(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty(name, out var found) ? found : null);

    private static IEnumerable<JsonElement> Children(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray(),
        JsonValueKind.Object => element.EnumerateObject().Select(p => p.Value),
        _ => [],
    };

    /// <summary>A step of a path to one element below; without it, to all of them.</summary>
    private sealed record Step(Func<JsonElement, JsonElement?>? One)
    {
        public static readonly Step All = new(One: null);
    }
}
