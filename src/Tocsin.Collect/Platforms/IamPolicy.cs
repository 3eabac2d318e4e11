using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Platforms;

/// <summary>The least that lets what was declared be done, as an IAM policy. Secrets and logs are named; what AWS lets nobody narrow stands for all resources.</summary>
public static class IamPolicy
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What compare, checklist and logs ask beside the probes.</summary>
    public static readonly ImmutableArray<string> Commands =
    [
        "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "secretsmanager:DescribeSecret", "logs:StartQuery", "logs:GetQueryResults", "logs:StopQuery", "sts:GetCallerIdentity",
    ];

    public static string Write(Platform platform, string account, IEnumerable<string> actions)
    {
        var statements = new JsonArray();
        foreach (var group in actions.Distinct(StringComparer.Ordinal).GroupBy(Scope, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            statements.Add((JsonNode)new JsonObject
            {
                ["Sid"] = group.Key,
                ["Effect"] = "Allow",
                ["Action"] = new JsonArray([.. group.Order(StringComparer.Ordinal).Select(a => (JsonNode)a)]),
                ["Resource"] = new JsonArray([.. Resources(group.Key, platform, account).Select(r => (JsonNode)r)]),
            });
        }
        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = statements }.ToJsonString(Written);
    }

    private static string Scope(string action) => action switch
    {
        "logs:GetQueryResults" or "logs:StopQuery" or "logs:DescribeLogGroups" or "secretsmanager:ListSecrets" => "Everywhere",
        _ when action.StartsWith("logs:", StringComparison.Ordinal) => "Logs",
        _ when action.StartsWith("secretsmanager:", StringComparison.Ordinal) => "Secrets",
        "iam:PassRole" => "Roles",
        _ => "Everywhere",
    };

    private static IEnumerable<string> Resources(string scope, Platform platform, string account)
    {
        var regions = platform.Environments.Select(e => e.Fields["region"]).Distinct(StringComparer.Ordinal).ToList();
        return scope switch
        {
            "Logs" => regions.SelectMany(r => platform.Services.Select(s => s.Fields["logGroup"]).Distinct(StringComparer.Ordinal).SelectMany(g => new[] { $"arn:aws:logs:{r}:{account}:log-group:{g}", $"arn:aws:logs:{r}:{account}:log-group:{g}:*" })),
            "Secrets" => regions.SelectMany(r => Secrets(platform).Select(s => $"arn:aws:secretsmanager:{r}:{account}:secret:{s}-*")),
            "Roles" => platform.Environments.Select(e => $"arn:aws:iam::{account}:role/{e.Fields["cluster"]}-*"),
            _ => ["*"],
        };
    }

    private static IEnumerable<string> Secrets(Platform platform) =>
        platform.Services.Select(s => s.Fields.GetValueOrDefault("secret")).Concat(platform.Environments.SelectMany(e => e.Components.Values).Select(c => c.GetValueOrDefault("secret"))).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}
