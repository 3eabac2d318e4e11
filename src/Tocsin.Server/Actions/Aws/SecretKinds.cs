using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Aws;

/// <summary>A secret as actions read it. Values live in memory for as long as one step needs them, and are told to nobody.</summary>
internal sealed record SecretNow(string Name, string Version, JsonObject? Keys, string Whole)
{
    public static async Task<SecretNow?> FindAsync(ActionGround ground, string name, CancellationToken cancel)
    {
        try
        {
            var answer = await ground.AskAsync("secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = name }, cancel);
            var whole = answer.Text("SecretString") ?? "";
            return new SecretNow(name, answer.Text("VersionId") ?? "", Tree.Object(whole), whole);
        }
        catch (AwsFailure e) when (e.Code is "ResourceNotFoundException")
        {
            return null;
        }
    }

    /// <summary>Of a key only whether it is there, and how long.</summary>
    public string LengthOf(string key) => Keys?[key] is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value.ToString().Length} characters") : "not there";
}

/// <summary>secret.put: one key of a secret changes, all others stay. The value is typed in, and typed in again when it runs.</summary>
public sealed class PutSecret : ActionKind
{
    private const string Version = "version";
    private const string Value = "value";

    public override string Id => "secret.put";

    public override string Target => "a secret's name";

    public override ImmutableArray<ActionArgument> Arguments => [new("key", "the key in it that changes", Required: true), new(Value, "its new value", Required: true, Secret: true)];

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var now = await SecretNow.FindAsync(ground, order.Target, cancel) ?? throw new ActionRefused($"{order.Target} does not exist in {ground.Map.Region}; secret.create makes it");
        if (now.Keys is null) throw new ActionRefused($"{order.Target} is no JSON object: there is no key that could change alone");
        var (key, value) = (order.Value("key")!, order.Value(Value)!);
        if (value.Length == 0) throw new ActionRefused("an empty value is none");
        if (now.Keys[key]?.ToString() == value) throw new ActionRefused($"{key} has that value already");
        return new ActionDraft(order.Target, $"{key}: {now.LengthOf(key)}", string.Create(CultureInfo.InvariantCulture, $"{key}: {value.Length} characters; the other {now.Keys.Count(k => k.Key != key)} keys stay as they are"), [Put(order.Target, new JsonObject { ["key"] = key, ["to"] = AwsCalling.Value(Value) })], Facts(now, key))
        {
            Typed = [Value],
            BlastRadius = [.. ground.Map.Services.Where(s => s.Fields.GetValueOrDefault("secret") == order.Target).Select(s => s.Name)],
            Notes = ["tasks read a secret when they start: deploy the services anew afterwards (ecs.forceDeploy)"],
        };
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) =>
        await SecretNow.FindAsync(ground, plan.Target, cancel) is { } now ? Facts(now, Key(plan)) : ActionOrder.None;

    public override async Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        if (run.Plan.Calls[call].Operation is "UpdateSecretVersionStage") return await AwsCalling.SendAsync(ground, run, call, values, cancel);
        if (values.GetValueOrDefault(Value) is not { } value) return CallResult.Failed("the value is not there any more; plan it again");
        // Merged from what is there right now, of the very version that was approved.
        if (await SecretNow.FindAsync(ground, run.Plan.Target, cancel) is not { Keys: { } keys } now || now.Version != run.Plan.Facts[Version]) return CallResult.Failed("the secret has changed since it was planned");
        keys[Key(run.Plan)] = value;
        return await AwsCalling.SendAsync(ground, run, call, new JsonObject { ["SecretId"] = run.Plan.Target, ["ClientRequestToken"] = run.Token, ["SecretString"] = keys.ToJsonString(AwsCalling.Plain) }, cancel);
    }

    // A version is named by the token of the call that made it: whoever else changed the secret is not taken for it.
    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var now = await SecretNow.FindAsync(ground, run.Plan.Target, cancel);
        if (now?.Version == Becomes(run)) return CallResult.Done("read back: the version that it makes is current");
        return now?.Version == run.Plan.Facts[Version] ? CallResult.Failed("read back: the version before is still current") : CallResult.Unknown("read back: somebody else's version is current");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var now = await SecretNow.FindAsync(ground, run.Plan.Target, cancel);
        if (now is null) return Verification.No($"{run.Plan.Target} does not exist");
        var seen = $"{run.Plan.Target}: version {now.Version[..Math.Min(8, now.Version.Length)]} is current, {Key(run.Plan)} has {now.LengthOf(Key(run.Plan))}";
        return now.Version == Becomes(run) ? Verification.Yes(seen) : Verification.No(seen);
    }

    private static string Becomes(ActionRun run) => run.Plan.Undoes.Length > 0 ? JsonNode.Parse(run.Plan.Calls[0].Arguments["MoveToVersionId"])!.ToString() : run.Token;

    public override async Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var now = await SecretNow.FindAsync(ground, run.Plan.Target, cancel) ?? throw new ActionRefused($"{run.Plan.Target} does not exist any more");
        var before = run.Plan.Facts[Version];
        if (now.Version == before) throw new ActionRefused("the version before is current already");
        var back = AwsCalling.Call("secretsmanager", "UpdateSecretVersionStage", new JsonObject { ["SecretId"] = run.Plan.Target, ["VersionStage"] = "AWSCURRENT", ["MoveToVersionId"] = before, ["RemoveFromVersionId"] = now.Version });
        return new ActionDraft(run.Plan.Target, $"version {now.Version}", $"version {before}, as before", [back], Facts(now, Key(run.Plan))) { BlastRadius = run.Plan.BlastRadius };
    }

    public override string CommandOf(PlannedCall call, ActionPlace place)
    {
        if (call.Operation is not "PutSecretValue") return base.CommandOf(call, place);
        var (name, key) = (JsonNode.Parse(call.Arguments["SecretId"]), JsonNode.Parse(call.Arguments["SecretString"]).Text("key"));
        var at = AwsCommands.Where(place);
        return $"read -rsp 'new value of {key}: ' value && aws secretsmanager get-secret-value {at} --secret-id {name} --query SecretString --output text | jq --arg v \"$value\" '.{key} = $v' | aws secretsmanager put-secret-value {at} --secret-id {name} --secret-string file:///dev/stdin";
    }

    private static PlannedCall Put(string name, JsonObject change) => AwsCalling.Call("secretsmanager", "PutSecretValue", new JsonObject { ["SecretId"] = name, ["ClientRequestToken"] = AwsCalling.Token, ["SecretString"] = change });

    private static string Key(ActionPlan plan) => plan.Facts["key"];

    private static ImmutableSortedDictionary<string, string> Facts(SecretNow now, string key) => ActionOrder.None.Add(Version, now.Version).Add("key", key).Add("value", now.LengthOf(key));
}

/// <summary>secret.create: a secret that is missing is created whole, with every key that a task definition asks of it.</summary>
public sealed class CreateSecret : ActionKind
{
    private const string Value = "value";
    private const string State = "secret";

    public override string Id => "secret.create";

    public override string Target => "the name of the secret that is missing";

    public override ImmutableArray<ActionArgument> Arguments => [new(Value, "the whole secret as a JSON object", Required: true, Secret: true)];

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var state = await StateAsync(ground, order.Target, cancel);
        if (state is not "missing") throw new ActionRefused($"{order.Target} is {state} in {ground.Map.Region}");
        if (Tree.Object(order.Value(Value)) is not { Count: > 0 } keys) throw new ActionRefused("the value is a JSON object with all keys");
        var users = ground.Map.Services.Where(s => s.Fields.GetValueOrDefault("secret") == order.Target).ToList();
        var lacking = users.SelectMany(s => s.CriticalEnv).Distinct(StringComparer.Ordinal).Where(k => !keys.ContainsKey(k)).ToList();
        if (lacking.Count > 0) throw new ActionRefused($"without {string.Join(", ", lacking)} {string.Join(", ", users.Select(u => u.Name))} would not start");
        var create = AwsCalling.Call("secretsmanager", "CreateSecret", new JsonObject { ["Name"] = order.Target, ["ClientRequestToken"] = AwsCalling.Token, ["SecretString"] = AwsCalling.Value(Value) });
        return new ActionDraft(order.Target, "missing", string.Create(CultureInfo.InvariantCulture, $"created with {keys.Count} keys: {string.Join(", ", keys.Select(k => k.Key))}"), [create], ActionOrder.None.Add(State, state)) { Typed = [Value], BlastRadius = [.. users.Select(u => u.Name)] };
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => ActionOrder.None.Add(State, await StateAsync(ground, plan.Target, cancel));

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel) => Becomes(await StateAsync(ground, run.Plan.Target, cancel), run.Plan.Undoes.Length > 0 ? "marked for deletion" : "there");

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var state = await StateAsync(ground, run.Plan.Target, cancel);
        return state == (run.Plan.Undoes.Length > 0 ? "marked for deletion" : "there") ? Verification.Yes($"{run.Plan.Target} is {state}") : Verification.No($"{run.Plan.Target} is {state}");
    }

    public override async Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var delete = AwsCalling.Call("secretsmanager", "DeleteSecret", new JsonObject { ["SecretId"] = run.Plan.Target, ["RecoveryWindowInDays"] = 7 });
        return new ActionDraft(run.Plan.Target, "there", "marked for deletion in 7 days", [delete], ActionOrder.None.Add(State, await StateAsync(ground, run.Plan.Target, cancel))) { BlastRadius = run.Plan.BlastRadius, Notes = ["aws secretsmanager restore-secret takes it back within the week"] };
    }

    private static CallResult Becomes(string state, string wanted) => state == wanted ? CallResult.Done($"read back: it is {state}") : CallResult.Failed($"read back: it is {state}");

    private static async Task<string> StateAsync(ActionGround ground, string name, CancellationToken cancel)
    {
        try
        {
            return (await ground.AskAsync("secretsmanager", "DescribeSecret", new JsonObject { ["SecretId"] = name }, cancel)).Text("DeletedDate") is null ? "there" : "marked for deletion";
        }
        catch (AwsFailure e) when (e.Code is "ResourceNotFoundException")
        {
            return "missing";
        }
    }
}
