using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;

namespace Tocsin.Collect.Aws;

/// <summary>The written forms of calls, answers and errors.</summary>
internal static class AwsForm
{
    private const int MaxWords = 500;
    private static readonly string[] ListItems = ["member", "item"];

    /// <summary>An input as the Query protocol writes it.</summary>
    public static string Write(string operation, string version, JsonObject input, string member)
    {
        var pairs = new List<KeyValuePair<string, string>> { new("Action", operation), new("Version", version) };
        foreach (var (name, value) in input) Flatten(pairs, name, value, member);
        return string.Join('&', pairs.Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
    }

    /// <summary>The result as a tree: lists are arrays, everything else is text. Response wrapper and metadata are left out.</summary>
    public static JsonObject Tree(XDocument answer)
    {
        var root = answer.Root!;
        var result = root.Elements().FirstOrDefault(e => e.Name.LocalName.EndsWith("Result", StringComparison.Ordinal)) ?? root;
        return Tree(result) as JsonObject ?? [];
    }

    /// <summary>AWS's code and sentence, from the body or the header; what is neither JSON nor XML is given as it is.</summary>
    public static (string Code, string Words) Error(byte[] body, HttpResponseHeaders headers)
    {
        var text = Encoding.UTF8.GetString(body).Trim();
        var found = text.StartsWith('{') ? FromJson(text) : text.StartsWith('<') ? FromXml(text) : null;
        if (found is { } error) return error;
        var code = headers.TryGetValues("x-amzn-ErrorType", out var types) ? types.First().Split(':')[0] : "Unknown";
        return (code, text.Length > MaxWords ? text[..MaxWords] + "…" : text);
    }

    private static void Flatten(List<KeyValuePair<string, string>> pairs, string name, JsonNode? value, string member)
    {
        switch (value)
        {
            case JsonArray list:
                for (var i = 0; i < list.Count; i++) Flatten(pairs, string.Create(CultureInfo.InvariantCulture, $"{name}{member}.{i + 1}"), list[i], member);
                break;
            case JsonObject map:
                foreach (var (key, inner) in map) Flatten(pairs, $"{name}.{key}", inner, member);
                break;
            case not null:
                pairs.Add(new(name, value.ToString()));
                break;
        }
    }

    private static JsonNode Tree(XElement element)
    {
        var children = element.Elements().ToList();
        if (children.Count == 0) return JsonValue.Create(element.Value);
        if (children.TrueForAll(c => IsItem(element.Name.LocalName, c.Name.LocalName))) return new JsonArray([.. children.Select(Tree)]);
        var map = new JsonObject();
        foreach (var same in children.GroupBy(c => c.Name.LocalName, StringComparer.Ordinal)) map[same.Key] = same.Count() == 1 ? Tree(same.First()) : new JsonArray([.. same.Select(Tree)]);
        return map;
    }

    // RDS and ElastiCache name the items of a list after it: DBClusters hold DBCluster, VpcSecurityGroups hold VpcSecurityGroupMembership.
    private static bool IsItem(string list, string child) =>
        ListItems.Contains(child, StringComparer.Ordinal) || (list.EndsWith('s') && child.StartsWith(list[..^1], StringComparison.Ordinal) && !string.Equals(child, list, StringComparison.Ordinal));

    private static (string, string)? FromJson(string text)
    {
        try
        {
            if (JsonNode.Parse(text) is not JsonObject error) return null;
            // A type may come with its name space before it and a link behind it.
            var code = (error["__type"] ?? error["code"])?.ToString().Split('#')[^1].Split(':')[0];
            return code is null ? null : (code, (error["message"] ?? error["Message"])?.ToString() ?? "");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static (string, string)? FromXml(string text)
    {
        try
        {
            var error = XDocument.Parse(text).Descendants().FirstOrDefault(e => e.Name.LocalName is "Error");
            string? Of(string name) => error?.Elements().FirstOrDefault(e => string.Equals(e.Name.LocalName, name, StringComparison.Ordinal))?.Value;
            return Of("Code") is { } code ? (code, Of("Message") ?? "") : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
