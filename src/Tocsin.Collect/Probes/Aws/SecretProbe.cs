using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>
/// The secrets that the revision in question names, and the service's own. That they exist and since when by DescribeSecret; key names and shapes only where
/// values may be read, and those are dropped as soon as their shape is known.
/// </summary>
internal static class SecretProbe
{
    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view) =>
    [
        ground.Probe("aws.secret", view.Subject, "secretsmanager", (s, c) => new SecretLook(ground, view, s).LookAsync(c), Needs(ground)) with { Limit = Duration.FromSeconds(8) },
    ];

    private static string[] Needs(AwsGround ground) =>
        ["ecs:DescribeServices", "ecs:DescribeTaskDefinition", "secretsmanager:DescribeSecret", .. ground.ReadsSecretValues ? new[] { "secretsmanager:GetSecretValue" } : []];
}

/// <summary>One look at one service's secrets.</summary>
internal sealed class SecretLook(AwsGround ground, ServiceView view, Sighting sighting)
{
    private readonly Dictionary<string, string?> passed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonObject> values = new(StringComparer.Ordinal);
    private bool incomplete;

    public async Task LookAsync(CancellationToken cancel)
    {
        var definition = await view.RevisionInQuestionAsync(sighting, cancel);
        var uses = SecretUse.Of(definition).ToList();
        var own = view.Service.Fields.GetValueOrDefault("secret");
        var names = uses.Select(u => u.Secret).Distinct(StringComparer.Ordinal).ToList();
        if (own is not null && !names.Exists(n => NameOf(n) == own)) names.Add(own);
        if (names.Count == 0) throw new CouldNotLook(ObservationStatus.NotConfigured, $"{view.Service.Name} names no secret");
        var described = await Task.WhenAll(names.Select(n => DescribeAsync(n, cancel)));
        sighting.Fact("exists", Array.TrueForAll(described, d => d is not null));
        sighting.Fact("pendingDeletion", described.Any(d => d.Time("DeletedDate") is not null));
        if (Array.IndexOf(described, null) is var gone and >= 0) await ElsewhereAsync(NameOf(names[gone]), cancel);
        await AgeAsync([.. described.OfType<JsonObject>()], cancel);
        if (!ground.ReadsSecretValues) return;
        foreach (var (name, about) in names.Zip(described).Where(p => p.Second is not null && p.Second.Time("DeletedDate") is null)) await ReadAsync(name, cancel);
        Keys(definition, uses);
        if (own is not null && values.Keys.FirstOrDefault(k => NameOf(k) == own) is { } read) await new ValueLook(ground, view, sighting, Value, values[read]).LookAsync(cancel);
    }

    private async Task<JsonObject?> DescribeAsync(string secret, CancellationToken cancel)
    {
        try
        {
            return await ground.Calls.AskAsync(sighting, "secretsmanager", RegionOf(secret), "DescribeSecret", new JsonObject { ["SecretId"] = secret }, cancel);
        }
        catch (AwsFailure e) when (e.Code is "ResourceNotFoundException")
        {
            return null;
        }
    }

    private async Task ElsewhereAsync(string name, CancellationToken cancel)
    {
        var found = false;
        foreach (var region in ground.Map.Others.Select(o => o.Region).Where(r => r != ground.Map.Region).Distinct(StringComparer.Ordinal))
        {
            try
            {
                found |= (await ground.Calls.AskAsync(sighting, "secretsmanager", region, "DescribeSecret", new JsonObject { ["SecretId"] = name }, cancel)).Text("ARN") is not null;
            }
            catch (AwsFailure e) when (e.Code is "ResourceNotFoundException")
            {
                continue;
            }
        }
        sighting.Fact("existsInOtherRegion", found);
    }

    // Tasks read secrets when they start, so a version younger than all of them is one that nobody uses. A task that read it and ended has read it too.
    private async Task AgeAsync(List<JsonObject> described, CancellationToken cancel)
    {
        var changed = described.Select(d => d.Time("LastChangedDate")).OfType<Instant>().ToList();
        if (changed.Count == 0) return;
        sighting.ChangedAt(changed.Max());
        sighting.Fact("changedMinutesAgo", changed.Max().MinutesTo(ground.Now));
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var started = (await view.TasksAsync(sighting, cancel)).Where(t => t.Text("lastStatus") == "RUNNING" || t.Time("startedAt") is not null).Select(t => t.Time("createdAt")).OfType<Instant>().ToList();
            if (started.Count > 0) sighting.Fact("newerThanTasks", started.TrueForAll(s => s < changed.Max()));
        }, cancel);
    }

    private async Task ReadAsync(string secret, CancellationToken cancel)
    {
        try
        {
            var answer = await ground.Calls.AskAsync(sighting, "secretsmanager", RegionOf(secret), "GetSecretValue", new JsonObject { ["SecretId"] = secret }, cancel);
            values[secret] = Tree.Object(answer.Text("SecretString")) ?? new JsonObject { [""] = "" };
        }
        catch (AwsFailure e) when (e.Kind is not AwsFailureKind.Refused)
        {
            incomplete = true;
            sighting.Lacks(Refusals.Words(e));
        }
        catch (AwsFailure e)
        {
            incomplete = true;
            sighting.Lacks($"{secret} has no value to read: {e.Words}");
        }
    }

    private void Keys(JsonObject definition, List<SecretUse> uses)
    {
        foreach (var use in uses) passed[use.Variable] = values.TryGetValue(use.Secret, out var of) ? use.Key.Length == 0 ? "" : of.Text(use.Key) : null;
        var container = view.Application(definition, found: null);
        foreach (var set in container.Items("environment")) passed[set.Text("name") ?? ""] = set.Text("value");
        if (incomplete) return;
        var keyed = uses.Where(u => u.Key.Length > 0 && values.ContainsKey(u.Secret)).ToList();
        sighting.Fact("keysMissing", keyed.Where(u => !values[u.Secret].ContainsKey(u.Key)).Select(u => $"{u.Secret} {u.Key}").Distinct(StringComparer.Ordinal).Count());
        sighting.Fact("validJson", keyed.TrueForAll(u => !values[u.Secret].ContainsKey("")));
        if (values.Count > 0 || uses.Count == 0) sighting.Fact("criticalKeysMissing", view.Service.CriticalEnv.Count(k => string.IsNullOrWhiteSpace(passed.GetValueOrDefault(k)) && !values.Values.Any(v => !string.IsNullOrWhiteSpace(v.Text(k)))));
    }

    // What a task of this revision gets for a variable: null where the revision does not pass it or the secret does not have it.
    private (bool Known, string? Value) Value(string variable) => (!incomplete, passed.GetValueOrDefault(variable));

    private string RegionOf(string secret) => secret.Split(':') is ["arn", _, _, { Length: > 0 } region, ..] ? region : ground.Map.Region;

    // Behind the name an ARN has six random characters.
    private static string NameOf(string secret)
    {
        var name = secret[(secret.LastIndexOf(':') + 1)..];
        return secret.StartsWith("arn:", StringComparison.Ordinal) && name.Length > 7 && name[^7] == '-' ? name[..^7] : name;
    }
}
