using System.Text.Json.Nodes;

namespace Tocsin.Lab.Aws.Iam;

/// <summary>How the values of a request that has several are weighed.</summary>
internal enum ConditionSet
{
    None,
    ForAllValues,
    ForAnyValue,
}

/// <summary>
/// One operator of a statement's condition with its keys, read strictly: every key must hold, and of one key's values one is enough, or none for a negated
/// operator. AWS, IAM user guide: condition operators, and multivalued context keys.
/// </summary>
internal sealed record Condition(ConditionSet Set, ConditionOperator Operator, bool IfExists, IReadOnlyList<(string Key, List<string> Values)> Keys)
{
    private const string Exists = "IfExists";

    /// <summary>Throws <see cref="FormatException"/> in IAM's words: a condition that could not be decided later must not get in.</summary>
    public static List<Condition> Read(JsonNode? all) => all switch
    {
        null => [],
        JsonObject operators => [.. operators.Select(o => Read(o.Key, o.Value))],
        _ => throw new FormatException("Syntax errors in policy."),
    };

    public bool Holds(PolicyContext context) => Keys.All(k => Holds(k.Key, k.Values, context));

    private static Condition Read(string name, JsonNode? keys)
    {
        var (set, rest) = name.Split(':', 2) switch
        {
            ["ForAllValues", var after] => (ConditionSet.ForAllValues, after),
            ["ForAnyValue", var after] => (ConditionSet.ForAnyValue, after),
            _ => (ConditionSet.None, name),
        };
        var ifExists = rest.EndsWith(Exists, StringComparison.Ordinal);
        if (ifExists) rest = rest[..^Exists.Length];
        if (ConditionOperator.Find(rest) is not { } found || (found.IsNull && (ifExists || set != ConditionSet.None))) throw new FormatException($"Invalid Condition type : {name}.");
        if (keys is not JsonObject map) throw new FormatException("Syntax errors in policy.");
        var read = map.Select(k => (k.Key, Values: Policy.Texts(k.Value))).ToList();
        if (read.Exists(k => !k.Values.TrueForAll(v => found.Takes(v)))) throw new FormatException("Syntax errors in policy.");
        return new Condition(set, found, ifExists, read);
    }

    private bool Holds(string key, List<string> values, PolicyContext context)
    {
        var actual = context.Values(key);
        if (Operator.IsNull) return values.Exists(v => (actual.Count == 0) == string.Equals(v, "true", StringComparison.OrdinalIgnoreCase));
        if (actual.Count == 0)
        {
            return Set switch
            {
                ConditionSet.ForAllValues => true,
                ConditionSet.ForAnyValue => IfExists,
                _ => IfExists || Operator.Negated,
            };
        }
        var wanted = Operator.Variables ? values.Select(v => PolicyVariable.Fill(v, context)).OfType<string>().ToList() : values;
        bool Fits(string one) => wanted.Exists(w => Operator.Fits(w, one)) != Operator.Negated;
        return Set is ConditionSet.ForAllValues ? actual.All(Fits) : Set is ConditionSet.ForAnyValue || !Operator.Negated ? actual.Any(Fits) : actual.All(Fits);
    }
}

/// <summary><c>${aws:username}</c> and the like within a policy's text.</summary>
internal static class PolicyVariable
{
    // What a variable stands for is no pattern, whatever it holds: its * and ? are these signs until they are compared.
    internal const char Star = '\uE000';
    internal const char Mark = '\uE001';

    /// <summary>Null where a variable has no value and no default: such a text fits nothing.</summary>
    public static string? Fill(string text, PolicyContext context)
    {
        var at = text.IndexOf("${", StringComparison.Ordinal);
        if (at < 0) return text;
        var end = text.IndexOf('}', at);
        if (end < 0) return text;
        if (Value(text[(at + 2)..end], context) is not { } value) return null;
        return Fill(text[(end + 1)..], context) is { } rest ? text[..at] + value.Replace('*', Star).Replace('?', Mark) + rest : null;
    }

    /// <summary>For operators that know no patterns.</summary>
    public static string Plain(string filled) => filled.Replace(Star, '*').Replace(Mark, '?');

    private static string? Value(string inside, PolicyContext context)
    {
        if (inside is "*" or "?" or "$") return inside;
        var parts = inside.Split(',', 2);
        if (context.Values(parts[0].Trim()) is [var only]) return only;
        return parts.Length > 1 ? parts[1].Trim().Trim('\'') : null;
    }
}
