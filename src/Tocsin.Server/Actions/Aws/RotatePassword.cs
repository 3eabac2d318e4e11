using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Aws;

/// <summary>
/// aurora.rotatePassword: RDS's own master user gets a new password, and every secret that holds the old one. The new one is made here, first stored as
/// AWSPENDING beside the old one in the master secret, and only then given to RDS: whatever breaks in between, the password that holds can be read.
/// </summary>
public sealed class RotatePassword : ActionKind
{
    private const string Pending = "AWSPENDING";
    private const string User = "master user";
    private const string Password = "password";
    private const int Length = 32;

    // What MySQL, URLs, shells and .env files all take as it is.
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-_";

    public override string Id => "aurora.rotatePassword";

    public override string Target => "the database component, or the cluster";

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var cluster = await ClusterNow.FindAsync(ground, order.Target, cancel);
        var user = cluster.Raw.Text("MasterUsername") ?? throw new ActionRefused($"RDS does not say who the master user of {cluster.Id} is");
        if (cluster.Raw.Map("MasterUserSecret") is not null) throw new ActionRefused($"RDS itself manages the password of {cluster.Id}: rotate it there");
        var (master, key, old) = await MasterAsync(ground, cluster.Id, cancel);
        var holders = await HoldersAsync(ground, master, key, old, cancel);
        ImmutableArray<PlannedCall> calls =
        [
            Put(master, key, Pending),
            AwsCalling.Call("rds", "ModifyDBCluster", new JsonObject { ["DBClusterIdentifier"] = cluster.Id, ["MasterUserPassword"] = "the new password", ["ApplyImmediately"] = true }),
            .. holders.Select(h => Put(h.Secret, h.Key, "AWSCURRENT")),
        ];
        return new ActionDraft(cluster.Id, $"the password of {user}", string.Create(CultureInfo.InvariantCulture, $"a new one of {Length} characters, in {string.Join(", ", holders.Select(h => $"{h.Secret} ({h.Key})"))}"), calls, Facts(user, holders))
        {
            BlastRadius = [.. ground.Map.Services.Where(s => holders.Any(h => h.Secret == s.Fields.GetValueOrDefault("secret"))).Select(s => s.Name)],
            Notes = ["connections that are open stay open; new ones need the new password", "tasks read a secret when they start: deploy the services anew afterwards (ecs.forceDeploy), one after another"],
        };
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel)
    {
        var cluster = await ClusterNow.FindAsync(ground, plan.Target, cancel);
        var (master, key, old) = await MasterAsync(ground, cluster.Id, cancel);
        return Facts(cluster.Raw.Text("MasterUsername") ?? "", await HoldersAsync(ground, master, key, old, cancel));
    }

    public override async Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        var (master, key, _) = await MasterAsync(ground, run.Plan.Target, cancel);
        var planned = run.Plan.Calls[call];
        if (call == 0) return await PutAsync(ground, run, call, master, key, RandomNumberGenerator.GetString(Letters, Length), Pending, cancel);
        if (await PendingAsync(ground, run, master, key, cancel) is not { } password) return CallResult.Failed("the new password is not stored in the master secret; nothing was changed");
        if (planned.Operation is "ModifyDBCluster") return await AwsCalling.SendAsync(ground, run, call, new JsonObject { ["DBClusterIdentifier"] = run.Plan.Target, ["MasterUserPassword"] = password, ["ApplyImmediately"] = true }, cancel);
        var change = JsonNode.Parse(planned.Arguments["SecretString"])!;
        return await PutAsync(ground, run, call, JsonNode.Parse(planned.Arguments["SecretId"])!.ToString(), change.Text("key")!, password, "AWSCURRENT", cancel);
    }

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var (master, key, _) = await MasterAsync(ground, run.Plan.Target, cancel);
        var pending = await PendingAsync(ground, run, master, key, cancel);
        var planned = run.Plan.Calls[call];
        if (call == 0) return pending is null ? CallResult.Failed("read back: no new password is stored") : CallResult.Done("read back: the new password is stored as AWSPENDING");
        if (planned.Operation is "ModifyDBCluster") return pending is not null && await ground.Doors.LogsInAsync(ground, run.Plan.Facts[User], pending, cancel) is { } holds ? holds ? CallResult.Done("read back: the new password is accepted") : CallResult.Failed("read back: the new password is refused") : CallResult.Unknown("whether the new password holds could not be tried from here; it is stored as AWSPENDING in the master secret");
        var secret = await SecretNow.FindAsync(ground, JsonNode.Parse(planned.Arguments["SecretId"])!.ToString(), cancel);
        var holder = JsonNode.Parse(planned.Arguments["SecretString"]).Text("key")!;
        return secret?.Keys.Text(holder) is { } held && held == pending ? CallResult.Done("read back: it holds the new password") : CallResult.Failed("read back: it holds the old password");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var (_, _, current) = await MasterAsync(ground, run.Plan.Target, cancel);
        return await ground.Doors.LogsInAsync(ground, run.Plan.Facts[User], current, cancel) switch
        {
            true => Verification.Yes("the password in the master secret is accepted"),
            false => Verification.NotYet("the password in the master secret is still refused; RDS takes minutes to change it"),
            null => Verification.NotYet("the database could not be tried from here"),
        };
    }

    private static PlannedCall Put(string secret, string key, string stage) => AwsCalling.Call("secretsmanager", "PutSecretValue", new JsonObject { ["SecretId"] = secret, ["SecretString"] = new JsonObject { ["key"] = key, ["to"] = "the new password" }, ["VersionStages"] = new JsonArray(stage) });

    // The whole JSON is read again right before: whatever else stands in it stays.
    private static async Task<CallResult> PutAsync(ActionGround ground, ActionRun run, int call, string secret, string key, string password, string stage, CancellationToken cancel)
    {
        if (await SecretNow.FindAsync(ground, secret, cancel) is not { } now) return CallResult.Failed($"{secret} does not exist any more");
        if (now.Keys is { } keys) keys[key] = password;
        return await AwsCalling.SendAsync(ground, run, call, new JsonObject { ["SecretId"] = secret, ["ClientRequestToken"] = stage is Pending ? run.Token : null, ["SecretString"] = now.Keys?.ToJsonString(AwsCalling.Plain) ?? password, ["VersionStages"] = new JsonArray(stage) }, cancel);
    }

    private static async Task<(string Secret, string Key, string Value)> MasterAsync(ActionGround ground, string cluster, CancellationToken cancel)
    {
        var component = ground.Map.Components.First(c => ground.Map.Component(c, "cluster") == cluster);
        var name = ground.Map.Component(component, "secret") ?? throw new ActionRefused($"platform.yaml names no secret of {component}");
        var now = await SecretNow.FindAsync(ground, name, cancel) ?? throw new ActionRefused($"{name} does not exist in {ground.Map.Region}");
        return now.Keys.Text(Password) is { Length: > 0 } value ? (name, Password, value) : now.Keys is null && now.Whole.Length > 0 ? (name, "", now.Whole) : throw new ActionRefused($"{name} has no key {Password}");
    }

    // Of exactly this run: an earlier one's, or RDS's own, may lie there too.
    private static async Task<string?> PendingAsync(ActionGround ground, ActionRun run, string master, string key, CancellationToken cancel)
    {
        try
        {
            var whole = (await ground.AskAsync("secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = master, ["VersionId"] = run.Token }, cancel)).Text("SecretString");
            return key.Length > 0 ? Tree.Object(whole).Text(key) : whole;
        }
        catch (Collect.Aws.AwsFailure e) when (e.Code is "ResourceNotFoundException" or "InvalidRequestException")
        {
            return null;
        }
    }

    /// <summary>Every secret of the platform that holds the old password, the master's own last: until then it tells the old one.</summary>
    private static async Task<ImmutableArray<(string Secret, string Key)>> HoldersAsync(ActionGround ground, string master, string key, string old, CancellationToken cancel)
    {
        var holders = ImmutableArray.CreateBuilder<(string, string)>();
        foreach (var name in ground.Map.Services.Select(s => s.Fields.GetValueOrDefault("secret")).OfType<string>().Where(n => n != master).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (await SecretNow.FindAsync(ground, name, cancel) is not { Keys: { } keys }) continue;
            holders.AddRange(keys.Where(k => k.Value is JsonValue v && v.ToString() == old).Select(k => (name, k.Key)));
        }
        holders.Add((master, key));
        return holders.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, string> Facts(string user, ImmutableArray<(string Secret, string Key)> holders) => ActionOrder.None.Add(User, user).Add("secrets that hold it", string.Join(", ", holders.Select(h => $"{h.Secret} {h.Key}")));
}
