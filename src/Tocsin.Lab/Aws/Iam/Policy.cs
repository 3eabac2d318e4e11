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

/// <summary>Facts of a call that conditions and variables ask for, by key, whatever its case: <c>aws:RequestedRegion</c> and the like. A key may have several values.</summary>
public sealed class PolicyContext
{
    private readonly Dictionary<string, IReadOnlyList<string>> keys = new(StringComparer.OrdinalIgnoreCase);

    public static PolicyContext Empty { get; } = new();

    /// <summary>A key without a value is not there.</summary>
    public PolicyContext With(string key, params IReadOnlyList<string> values)
    {
        if (values.Count > 0) keys[key] = values;
        return this;
    }

    internal IReadOnlyList<string> Values(string key) => keys.GetValueOrDefault(key, []);
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
internal sealed record Statement(bool Allows, List<string> Actions, bool NotActions, List<string> Resources, bool NotResources, List<Condition> Conditions)
{
    private static readonly string[] Fields = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal"];

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
        return new Statement(effect is "Allow", actions, notAction, resources, notResource, Condition.Read(json["Condition"]));
    }

    public bool Covers(string action, string resource, PolicyContext context) =>
        Actions.Any(a => Wildcard.Fits(a, action, StringComparison.OrdinalIgnoreCase)) != NotActions
        && Resources.Any(r => PolicyVariable.Fill(r, context) is { } filled && Wildcard.Fits(filled, resource, StringComparison.Ordinal)) != NotResources
        && Conditions.TrueForAll(c => c.Holds(context));
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
            else if (p < pattern.Length && (pattern[p] == '?' || Same(pattern, p, text, t, comparison)))
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

    private static bool Same(string pattern, int p, string text, int t, StringComparison comparison) => pattern[p] switch
    {
        PolicyVariable.Star => text[t] == '*',
        PolicyVariable.Mark => text[t] == '?',
        _ => string.Compare(pattern, p, text, t, 1, comparison) == 0,
    };
}
