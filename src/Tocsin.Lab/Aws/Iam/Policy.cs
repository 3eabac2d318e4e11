using System.Text.Json.Nodes;

namespace Tocsin.Lab.Aws.Iam;

/// <summary>What the policies say of one action on one resource.</summary>
public enum PolicyVerdict
{
    /// <summary>No statement allows it.</summary>
    ImplicitDeny,

    /// <summary>A statement denies it, whatever else allows it.</summary>
    ExplicitDeny,

    Allow,
}

/// <summary>Facts of a call that conditions ask for, by key: <c>aws:RequestedRegion</c> and the like.</summary>
public sealed record PolicyContext(IReadOnlyDictionary<string, string> Keys)
{
    public static PolicyContext Empty { get; } = new(new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
}

/// <summary>A policy document, read strictly and decided as IAM decides: explicit deny, then allow, else deny.</summary>
public sealed class Policy
{
    private readonly List<Statement> statements;

    private Policy(JsonObject document, List<Statement> statements)
    {
        Document = document;
        this.statements = statements;
    }

    public JsonObject Document { get; }

    /// <summary>Throws <see cref="FormatException"/> in IAM's words where the document is not one.</summary>
    public static Policy Read(string text)
    {
        JsonObject? document;
        try
        {
            document = Wire.StrictJson.Parse(text) as JsonObject;
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new FormatException("Syntax errors in policy.", e);
        }
        return Read(document ?? throw new FormatException("Syntax errors in policy."));
    }

    public static Policy Read(JsonObject document)
    {
        var read = Many(document["Statement"]).Select(s => Statement.Read(s as JsonObject ?? throw new FormatException("Syntax errors in policy."))).ToList();
        if (read.Count == 0) throw new FormatException("Missing required field Statement");
        return new Policy(document, read);
    }

    public PolicyVerdict Decide(string action, string resource, PolicyContext context)
    {
        var verdict = PolicyVerdict.ImplicitDeny;
        foreach (var statement in statements.Where(s => s.Covers(action, resource, context)))
        {
            if (!statement.Allows) return PolicyVerdict.ExplicitDeny;
            verdict = PolicyVerdict.Allow;
        }
        return verdict;
    }

    public static PolicyVerdict Decide(IEnumerable<Policy> policies, string action, string resource, PolicyContext context)
    {
        var verdicts = policies.Select(p => p.Decide(action, resource, context)).ToList();
        return verdicts.Contains(PolicyVerdict.ExplicitDeny) ? PolicyVerdict.ExplicitDeny
            : verdicts.Contains(PolicyVerdict.Allow) ? PolicyVerdict.Allow : PolicyVerdict.ImplicitDeny;
    }

    // Typed, or the single node would be put into a new JSON array, which a node that has a parent refuses.
    internal static IEnumerable<JsonNode?> Many(JsonNode? one) => one switch { null => [], JsonArray list => list, _ => (IEnumerable<JsonNode?>)[one] };

    internal static List<string> Texts(JsonNode? one) => [.. Many(one).Select(n => n?.ToString() ?? "")];
}

/// <summary>One statement of a policy.</summary>
internal sealed record Statement(bool Allows, List<string> Actions, bool NotActions, List<string> Resources, bool NotResources, JsonObject? Conditions)
{
    private static readonly string[] Fields = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal"];

    // A condition that could not be decided later must not get in.
    private static readonly string[] Operators =
    [
        "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike", "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "Bool",
    ];

    public static Statement Read(JsonObject json)
    {
        if (json.FirstOrDefault(p => !Fields.Contains(p.Key, StringComparer.Ordinal)) is { Key: { } unknown }) throw new FormatException($"Policy statement must not contain {unknown}.");
        var effect = json["Effect"]?.ToString();
        if (effect is not ("Allow" or "Deny")) throw new FormatException("Missing required field Effect");
        var notAction = json.ContainsKey("NotAction");
        var actions = Policy.Texts(json[notAction ? "NotAction" : "Action"]);
        if (actions.Count == 0) throw new FormatException("Policy statement must contain actions.");
        if (actions.FirstOrDefault(a => a is not "*" && !a.Contains(':', StringComparison.Ordinal)) is not null) throw new FormatException("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
        var notResource = json.ContainsKey("NotResource");
        var resources = Policy.Texts(json[notResource ? "NotResource" : "Resource"]);
        if (resources.Count == 0 && !json.ContainsKey("Principal")) throw new FormatException("Policy statement must contain resources.");
        if (json.ContainsKey("Condition") && json["Condition"] is not JsonObject) throw new FormatException("Syntax errors in policy.");
        foreach (var (operation, keys) in json["Condition"] as JsonObject ?? [])
        {
            if (!Operators.Contains(operation.EndsWith("IfExists", StringComparison.Ordinal) ? operation[..^"IfExists".Length] : operation, StringComparer.Ordinal)) throw new FormatException($"Invalid Condition type : {operation}.");
            if (keys is not JsonObject) throw new FormatException("Syntax errors in policy.");
        }
        return new Statement(effect is "Allow", actions, notAction, resources, notResource, json["Condition"] as JsonObject);
    }

    public bool Covers(string action, string resource, PolicyContext context) =>
        Actions.Any(a => Wildcard.Fits(a, action, StringComparison.OrdinalIgnoreCase)) != NotActions
        && Resources.Any(r => Wildcard.Fits(r, resource, StringComparison.Ordinal)) != NotResources
        && (Conditions is null || Conditions.All(c => Holds(c.Key, c.Value as JsonObject, context)));

    // Every key of every operator must hold; one of a key's values is enough.
    private static bool Holds(string operation, JsonObject? keys, PolicyContext context)
    {
        var ifExists = operation.EndsWith("IfExists", StringComparison.Ordinal);
        if (ifExists) operation = operation[..^"IfExists".Length];
        return keys is not null && keys.All(k =>
        {
            if (!context.Keys.TryGetValue(k.Key, out var actual)) return ifExists || operation.Contains("Not", StringComparison.Ordinal);
            var values = Policy.Texts(k.Value);
            return operation switch
            {
                "StringEquals" or "ArnEquals" or "Bool" => values.Contains(actual, StringComparer.Ordinal),
                "StringNotEquals" or "ArnNotEquals" => !values.Contains(actual, StringComparer.Ordinal),
                "StringEqualsIgnoreCase" => values.Contains(actual, StringComparer.OrdinalIgnoreCase),
                "StringLike" or "ArnLike" => values.Any(v => Wildcard.Fits(v, actual, StringComparison.Ordinal)),
                "StringNotLike" or "ArnNotLike" => !values.Any(v => Wildcard.Fits(v, actual, StringComparison.Ordinal)),
                _ => throw new FormatException($"Invalid Condition type : {operation}."),
            };
        });
    }
}

/// <summary>IAM's wildcards: any run and any one character.</summary>
internal static class Wildcard
{
    public static bool Fits(string pattern, string text, StringComparison comparison)
    {
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || string.Compare(pattern, p, text, t, 1, comparison) == 0))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }
        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }
}
