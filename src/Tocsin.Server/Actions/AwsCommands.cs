using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions;

/// <summary>A plan's calls as commands of AWS's own command line, for whoever runs them by hand.</summary>
internal static class AwsCommands
{
    // As AWS's command line calls the services.
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal) { ["elasticloadbalancing"] = "elbv2", ["monitoring"] = "cloudwatch", ["servicequotas"] = "service-quotas" };

    public static string Of(PlannedCall call, ActionPlace place)
    {
        var line = new StringBuilder($"aws {Names.GetValueOrDefault(call.Provider, call.Provider)} {Kebab(call.Operation)} {Where(place)}");
        foreach (var (name, json) in call.Arguments) line.Append(' ').Append(Option(name, JsonNode.Parse(json)));
        return line.ToString();
    }

    public static string Where(ActionPlace place) => place.Endpoint == ActionPlanner.AwsItself ? $"--region {place.Region}" : $"--region {place.Region} --endpoint-url {place.Endpoint}";

    private static string Option(string name, JsonNode? value) => value switch
    {
        JsonValue flag when flag.GetValueKind() is JsonValueKind.True => $"--{Kebab(name)}",
        JsonValue flag when flag.GetValueKind() is JsonValueKind.False => $"--no-{Kebab(name)}",
        JsonValue text => $"--{Kebab(name)} {Quoted(text.ToString())}",
        _ => $"--{Kebab(name)} {Quoted(value?.ToJsonString(AwsCalling.Plain) ?? "")}",
    };

    private static string Quoted(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '/' or ':' or '.' or ',') ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    // desiredCount: desired-count; DBClusterIdentifier: db-cluster-identifier.
    private static string Kebab(string name)
    {
        var kebab = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            var begins = i > 0 && char.IsUpper(name[i]) && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (begins) kebab.Append('-');
            kebab.Append(char.ToLowerInvariant(name[i]));
        }
        return kebab.ToString();
    }
}
