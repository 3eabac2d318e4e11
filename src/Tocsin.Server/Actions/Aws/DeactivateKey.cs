using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Aws;

/// <summary>iam.deactivateKey: a key that leaked stops working, and can be made active again; deleting it is left to people.</summary>
public sealed class DeactivateKey : ActionKind
{
    private const string Active = "Active";
    private const string Inactive = "Inactive";

    public override string Id => "iam.deactivateKey";

    public override string Target => "an access key's id";

    public override Duration Patience => Duration.FromSeconds(30);

    public override Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel) => ToAsync(ground, order.Target, Inactive, cancel);

    public override Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => ToAsync(ground, run.Plan.Target, Active, cancel);

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts(await FindAsync(ground, plan.Target, cancel));

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var (_, status) = await FindAsync(ground, run.Plan.Target, cancel);
        return status == run.Plan.Wanted ? CallResult.Done($"read back: it is {status}") : CallResult.Failed($"read back: it is {status}");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var (user, status) = await FindAsync(ground, run.Plan.Target, cancel);
        return status == run.Plan.Wanted ? Verification.Yes($"the key of {user} is {status}") : Verification.No($"the key of {user} is {status}");
    }

    private static async Task<ActionDraft> ToAsync(ActionGround ground, string key, string wanted, CancellationToken cancel)
    {
        var now = await FindAsync(ground, key, cancel);
        if (now.Status == wanted) throw new ActionRefused($"the key is {wanted} already");
        var used = (await ground.AskAsync("iam", "GetAccessKeyLastUsed", new JsonObject { ["AccessKeyId"] = key }, cancel)).Map("AccessKeyLastUsed");
        return new ActionDraft(key, now.Status, wanted, [AwsCalling.Call("iam", "UpdateAccessKey", new JsonObject { ["UserName"] = now.User, ["AccessKeyId"] = key, ["Status"] = wanted })], Facts(now))
        {
            Notes = [$"the key belongs to {now.User}; last used {used.Text("LastUsedDate") ?? "never"} for {used.Text("ServiceName") ?? "nothing"}", "whatever still uses it gets InvalidClientTokenId from now on"],
        };
    }

    private static async Task<(string User, string Status)> FindAsync(ActionGround ground, string key, CancellationToken cancel)
    {
        try
        {
            var user = (await ground.AskAsync("iam", "GetAccessKeyLastUsed", new JsonObject { ["AccessKeyId"] = key }, cancel)).Text("UserName") ?? throw new ActionRefused($"AWS does not say whose key {key} is");
            var found = (await ground.AskAsync("iam", "ListAccessKeys", new JsonObject { ["UserName"] = user }, cancel)).Items("AccessKeyMetadata").FirstOrDefault(k => k.Text("AccessKeyId") == key) ?? throw new ActionRefused($"{user} has no key {key}");
            return (user, found.Text("Status") ?? "unknown");
        }
        catch (AwsFailure e) when (e.Kind is AwsFailureKind.Refused)
        {
            throw new ActionRefused($"there is no access key {key}: {e.Code}");
        }
    }

    private static ImmutableSortedDictionary<string, string> Facts((string User, string Status) now) => ActionOrder.None.Add("user", now.User).Add("status", now.Status);
}
