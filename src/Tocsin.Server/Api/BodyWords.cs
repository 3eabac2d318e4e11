using System.Collections;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using NodaTime;

namespace Tocsin.Server.Api;

/// <summary>What is wrong with a body of JSON, in the words of the API: the field, and what would be right.</summary>
public static partial class BodyWords
{
    /// <param name="body">What the endpoint reads; null where that is not known.</param>
    public static string Of(JsonException error, Type? body)
    {
        if (Unknown().Match(error.Message) is { Success: true } unknown) return $"the field \"{unknown.Groups[1].Value}\" is unknown{(body is null ? "" : $"; known: {string.Join(", ", Fields(body))}")}";
        if (Lacking().Match(error.Message) is { Success: true } lacking) return $"missing: {lacking.Groups[1].Value.Replace("'", "", StringComparison.Ordinal)}";
        var path = Path().Matches(error.Path ?? "").Select(m => m.Groups[1].Value).ToImmutableArray();
        if (!error.Message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)) return path.IsEmpty || error.Message.Contains("LineNumber", StringComparison.Ordinal) ? error.Message : $"{string.Join('.', path)}: {error.Message}";
        return path.IsEmpty ? $"the body is {(body is null ? "of another form" : $"one object with: {string.Join(", ", Fields(body))}")}" : $"{string.Join('.', path)} is {Right(path.Aggregate(body, Inner))}";
    }

    private static IEnumerable<string> Fields(Type body) => body.GetProperties().Where(p => p.CanRead && p.Name is not "EqualityContract").Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name));

    private static Type? Inner(Type? of, string field) => of is null ? null
        : Element(Bare(of)) is { } element ? Inner(element, field)
        : Array.Find(Bare(of).GetProperties(), p => string.Equals(p.Name, field, StringComparison.OrdinalIgnoreCase))?.PropertyType;

    private static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static Type? Element(Type type) => type != typeof(string) && type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments()[^1] : null;

    private static string Right(Type? type)
    {
        if (type is null) return "of another form than is taken here";
        var bare = Bare(type);
        if (bare.IsEnum) return $"one of {string.Join(", ", Enum.GetNames(bare).Select(n => n.Length > 2 ? JsonNamingPolicy.CamelCase.ConvertName(n) : n))}";
        if (bare == typeof(string)) return "a text";
        if (bare == typeof(bool)) return "true or false";
        if (bare == typeof(int) || bare == typeof(long)) return "a whole number";
        if (bare == typeof(double)) return "a number";
        if (bare == typeof(Instant)) return "a time such as 2026-11-22T03:00:00Z";
        return Element(bare) is { } element ? $"a list, each of which is {Right(element)}" : "an object";
    }

    [GeneratedRegex("^The JSON property '(.+?)' could not be mapped", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Unknown();

    [GeneratedRegex("missing required properties including: ('.+')", RegexOptions.CultureInvariant)]
    private static partial Regex Lacking();

    [GeneratedRegex(@"\.([A-Za-z0-9_]+)|\['([^']+)'\]", RegexOptions.CultureInvariant)]
    private static partial Regex Path();
}
