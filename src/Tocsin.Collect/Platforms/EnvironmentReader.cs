using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Core.Platforms;
using Tocsin.Core.Signals;

namespace Tocsin.Collect.Platforms;

/// <summary>
/// Reads an environment as <see cref="EnvironmentState"/>. What one service cannot tell is said at it and stops no other. A value of a secret lives in memory until
/// its digest is made, and only where reading values is opted in.
/// </summary>
public sealed class EnvironmentReader(AwsCaller caller, bool readsSecretValues)
{
    private const int ArnParts = 7;

    // Keyed anew in each process: a digest that is written down says nothing later.
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    public async Task<EnvironmentState> ReadAsync(PlatformMap map, ImmutableArray<Service> services, CancellationToken cancel)
    {
        var states = await Task.WhenAll(services.Select(s => ServiceAsync(map, s, cancel)));
        return new EnvironmentState(map.Environment, map.Region, map.Cluster, [.. states]);
    }

    private async Task<ServiceState> ServiceAsync(PlatformMap map, Service service, CancellationToken cancel)
    {
        try
        {
            return await LookAsync(map, service, cancel);
        }
        catch (AwsFailure e)
        {
            return new ServiceState(service.Name) { Blind = Refusals.Words(e) };
        }
    }

    private async Task<ServiceState> LookAsync(PlatformMap map, Service service, CancellationToken cancel)
    {
        var described = await AskAsync(map, "ecs", "DescribeServices", new() { ["cluster"] = map.Cluster, ["services"] = new JsonArray(service.Name) }, cancel);
        var found = Items(described["services"]).FirstOrDefault();
        if (found is null || Text(found["status"]) is "INACTIVE") return new ServiceState(service.Name) { Blind = $"there is no service {service.Name} in {map.Cluster}" };
        var arn = Text(found["taskDefinition"]) ?? "";
        var definition = (await AskAsync(map, "ecs", "DescribeTaskDefinition", new() { ["taskDefinition"] = arn }, cancel))["taskDefinition"] as JsonObject ?? [];
        var family = Text(definition["family"]) ?? service.Name;
        var listed = await AskAsync(map, "ecs", "ListTaskDefinitions", new() { ["familyPrefix"] = family, ["status"] = "ACTIVE", ["sort"] = "DESC", ["maxResults"] = 10 }, cancel);
        var newest = ((listed["taskDefinitionArns"] as JsonArray) ?? []).Select(a => a!.ToString()).Where(a => a.Split('/')[^1].Split(':')[0] == family).Select(RevisionOf).DefaultIfEmpty(RevisionOf(arn)).Max();
        var containers = Items(definition["containerDefinitions"]).ToList();
        return new ServiceState(service.Name)
        {
            Desired = Number(found["desiredCount"]),
            Running = Number(found["runningCount"]),
            Revision = RevisionOf(arn),
            Newest = newest,
            Images = Sorted(containers.Select(c => (Text(c["name"]) ?? "", (Text(c["image"]) ?? "").Split('/')[^1]))),
            Settings = Sorted(Settings(definition, containers)),
            Variables = Sorted(containers.SelectMany(c => Items(c["environment"]).Select(e => (Text(e["name"]) ?? "", Redactor.Default.Redact($"{Text(e["name"])}={Text(e["value"])}")[((Text(e["name"]) ?? "").Length + 1)..])))),
            FromSecrets = Sorted(Uses(containers).Select(u => (u.Variable, u.Key.Length > 0 ? $"{u.Name}:{u.Key}" : u.Name))),
            Secrets = [.. await Task.WhenAll(Uses(containers).DistinctBy(u => u.Name, StringComparer.Ordinal).Select(u => SecretAsync(map, u.Id, u.Name, cancel)))],
        };
    }

    private async Task<SecretState> SecretAsync(PlatformMap map, string id, string name, CancellationToken cancel)
    {
        JsonObject told;
        try
        {
            told = await AskAsync(map, "secretsmanager", "DescribeSecret", new() { ["SecretId"] = id }, cancel);
        }
        catch (AwsFailure e) when (e.Code is "ResourceNotFoundException")
        {
            return new SecretState(name);
        }
        var current = (told["VersionIdsToStages"] as JsonObject)?.FirstOrDefault(v => v.Value is JsonArray stages && stages.Any(s => s?.ToString() is "AWSCURRENT")).Key ?? "";
        var state = new SecretState(name) { Exists = true, PendingDeletion = told["DeletedDate"] is not null, Version = current, ChangedAt = Time(told["LastChangedDate"]) };
        return readsSecretValues && !state.PendingDeletion ? state with { Digests = await DigestsAsync(map, id, cancel) } : state;
    }

    private async Task<ImmutableSortedDictionary<string, string>?> DigestsAsync(PlatformMap map, string id, CancellationToken cancel)
    {
        try
        {
            var value = Text((await AskAsync(map, "secretsmanager", "GetSecretValue", new() { ["SecretId"] = id }, cancel))["SecretString"]) ?? "";
            return Sorted(Keys(value).Select(k => (k.Name, Digest(k.Value))));
        }
        catch (AwsFailure e) when (e.Kind is AwsFailureKind.Denied or AwsFailureKind.Refused)
        {
            return null;
        }
    }

    private static IEnumerable<(string Name, string Value)> Keys(string value)
    {
        try
        {
            if (JsonNode.Parse(value) is JsonObject keys) return keys.Select(k => (k.Key, k.Value?.ToString() ?? ""));
        }
        catch (JsonException)
        {
            return [("(not JSON)", value)];
        }
        return [("(not JSON)", value)];
    }

    private static string Digest(string value) => value.Length == 0 ? "(empty)" : Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(value)));

    private static IEnumerable<(string, string)> Settings(JsonObject definition, List<JsonObject> containers)
    {
        foreach (var name in new[] { "cpu", "memory", "networkMode", "runtimePlatform" }.Where(n => definition[n] is not null)) yield return (name, definition[name]!.ToJsonString().Trim('"'));
        foreach (var role in new[] { "executionRoleArn", "taskRoleArn" }.Where(n => definition[n] is not null)) yield return (role[..^3], Text(definition[role])!.Split('/')[^1]);
        foreach (var container in containers)
        {
            foreach (var name in new[] { "memory", "memoryReservation", "essential", "command", "stopTimeout", "portMappings", "healthCheck" }.Where(n => container[n] is not null))
                yield return ($"{Text(container["name"])} {name}", Redactor.Default.Redact(container[name]!.ToJsonString().Trim('"')));
        }
    }

    private static IEnumerable<(string Variable, string Id, string Name, string Key)> Uses(List<JsonObject> containers) => containers.SelectMany(c => Items(c["secrets"])).Select(s =>
    {
        var from = Text(s["valueFrom"]) ?? "";
        var parts = from.Split(':');
        var isArn = parts.Length >= ArnParts && parts[0] is "arn";
        return (Text(s["name"]) ?? "", isArn ? string.Join(':', parts[..ArnParts]) : from, isArn ? Bare(parts[ArnParts - 1]) : from, isArn && parts.Length > ArnParts ? parts[ArnParts] : "");
    });

    // The six letters behind a secret's name in its ARN are AWS's own.
    private static string Bare(string name) => name.Length > 7 && name[^7] == '-' && name[^6..].All(char.IsAsciiLetterOrDigit) ? name[..^7] : name;

    private Task<JsonObject> AskAsync(PlatformMap map, string service, string operation, JsonObject input, CancellationToken cancel) => caller.AskAsync(service, map.Region, operation, input, cancel);

    private static ImmutableSortedDictionary<string, string> Sorted(IEnumerable<(string Key, string Value)> pairs) =>
        pairs.DistinctBy(p => p.Key, StringComparer.Ordinal).ToImmutableSortedDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

    private static int RevisionOf(string arn) => int.TryParse(arn.Split(':')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    private static int Number(JsonNode? node) => int.TryParse(node?.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static Instant? Time(JsonNode? node) => double.TryParse(node?.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e11 ? Instant.FromUnixTimeMilliseconds((long)(seconds * 1000)) : null;

    private static IEnumerable<JsonObject> Items(JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];

    private static string? Text(JsonNode? node) => (node as JsonValue)?.ToString();
}
