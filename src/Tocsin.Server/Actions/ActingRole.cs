using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions;

/// <summary>
/// A role of its own for acting, assumed for each call: person and incident stand in the session's name, and the session may do no more than the plan's calls,
/// for as short as AWS allows. Calls that act are sent once: whether a lost answer was done is read back, never found out by asking again.
/// </summary>
public sealed class ActingRole(AwsCallerOptions usual, string role, string region)
{
    private const int Seconds = 900;
    private const int LongestName = 64;

    public async Task<AwsCaller> AsAsync(ActingFor who, CancellationToken cancel)
    {
        using var asking = new AwsCaller(usual);
        var input = new JsonObject { ["RoleArn"] = role, ["RoleSessionName"] = SessionName(who), ["DurationSeconds"] = Seconds.ToString(CultureInfo.InvariantCulture), ["Policy"] = Policy(who) };
        var session = (await asking.AskAsync("sts", region, "AssumeRole", input, cancel)).Map("Credentials");
        if (session.Text("AccessKeyId") is not { } id || session.Text("SecretAccessKey") is not { } secret) throw new ActionRefused($"AWS gave no session of {role}");
        return new AwsCaller(usual with { Login = AwsLogin.Keys(id, secret, session.Text("SessionToken")), Tries = 1 });
    }

    /// <summary>What IAM takes in a name, and no more.</summary>
    internal static string SessionName(ActingFor who)
    {
        var name = $"tocsin-{who.Person}{(who.Incident.Length > 0 ? $"-{who.Incident}" : "")}";
        var plain = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '=' or ',' or '.' or '@' or '-' or '_' ? c : '-'));
        return plain.Length > LongestName ? plain[..LongestName] : plain;
    }

    private string Policy(ActingFor who)
    {
        var account = role.Split(':')[4];
        var statements = who.Calls.Select(c => (Action: Permission(c), Resource: Resource(c, account))).Distinct().GroupBy(c => c.Resource, StringComparer.Ordinal).Select(g => Allow(g.Key, g.Select(c => c.Action)));
        // Who registers a revision hands its roles on.
        if (who.Calls.Any(c => c.Operation is "RegisterTaskDefinition")) statements = statements.Append(Allow($"arn:aws:iam::{account}:role/*", ["iam:PassRole"]));
        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements]) }.ToJsonString(AwsCalling.Plain);
    }

    private static JsonNode Allow(string resource, IEnumerable<string> actions) => new JsonObject { ["Effect"] = "Allow", ["Action"] = new JsonArray([.. actions.Distinct(StringComparer.Ordinal).Select(a => (JsonNode)a)]), ["Resource"] = resource };

    private static string Permission(PlannedCall call) => $"{AwsEndpoint.Find(call.Provider)?.Prefix ?? call.Provider}:{call.Operation}";

    private string Resource(PlannedCall call, string account) => call.Operation switch
    {
        "UpdateService" => $"arn:aws:ecs:{region}:{account}:service/{Argument(call, "cluster")}/{Argument(call, "service")}",
        "PutSecretValue" or "UpdateSecretVersionStage" or "DeleteSecret" => $"arn:aws:secretsmanager:{region}:{account}:secret:{Argument(call, "SecretId")}-*",
        _ => "*",
    };

    private static string Argument(PlannedCall call, string name) => call.Arguments.TryGetValue(name, out var json) && JsonNode.Parse(json) is JsonValue text ? text.ToString() : "*";
}
