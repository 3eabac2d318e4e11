using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Ecs;

/// <summary>What a revision needs before anyone points a service at it.</summary>
internal static class Revisions
{
    // Of a description, what RegisterTaskDefinition takes too.
    private static readonly string[] Registered =
    [
        "family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "volumes", "placementConstraints", "requiresCompatibilities", "cpu", "memory", "pidMode", "ipcMode", "proxyConfiguration",
        "inferenceAccelerators", "ephemeralStorage", "runtimePlatform", "enableFaultInjection",
    ];

    /// <summary>The input that registers the same again.</summary>
    public static JsonObject Input(JsonObject definition)
    {
        var input = new JsonObject();
        foreach (var name in Registered) if (definition[name] is { } value && value is not JsonArray { Count: 0 }) input[name] = value.DeepClone();
        return input;
    }

    public static ImmutableArray<string> Images(JsonObject definition) => [.. definition.Items("containerDefinitions").Select(c => c.Text("image") ?? "")];

    /// <summary>Throws <see cref="ActionRefused"/> with the first thing that would keep its tasks from starting.</summary>
    public static async Task CheckAsync(ActionGround ground, JsonObject definition, CancellationToken cancel)
    {
        var name = (definition.Text("taskDefinitionArn") ?? definition.Text("family") ?? "").LastPart();
        if (definition.Text("status") is { } status and not "ACTIVE") throw new ActionRefused($"{name} is {status}, and cannot be deployed");
        foreach (var image in Images(definition).Select(ImageName.Parse).OfType<ImageName>()) await ImageAsync(ground, name, image, cancel);
        foreach (var secret in SecretUse.Of(definition).Select(u => u.Secret).Where(a => a.StartsWith("arn:", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)) await SecretAsync(ground, name, secret, cancel);
    }

    private static async Task ImageAsync(ActionGround ground, string name, ImageName image, CancellationToken cancel)
    {
        var id = image.Digest.Length > 0 ? new JsonObject { ["imageDigest"] = image.Digest } : new JsonObject { ["imageTag"] = image.Tag };
        try
        {
            var answer = await ground.Reader.AskAsync("ecr", image.Region, "DescribeImages", new JsonObject { ["registryId"] = image.Registry, ["repositoryName"] = image.Repository, ["imageIds"] = new JsonArray(id) }, cancel);
            if (answer.Items("imageDetails").Any()) return;
        }
        catch (AwsFailure e) when (e.Code is "RepositoryNotFoundException" or "ImageNotFoundException")
        {
            throw new ActionRefused($"{name} cannot start: ECR has no {image.Repository}:{image.Tag}{image.Digest} any more");
        }
        throw new ActionRefused($"{name} cannot start: ECR has no {image.Repository}:{image.Tag}{image.Digest} any more");
    }

    private static async Task SecretAsync(ActionGround ground, string name, string arn, CancellationToken cancel)
    {
        var region = arn.Split(':')[3];
        try
        {
            var secret = await ground.Reader.AskAsync("secretsmanager", region, "DescribeSecret", new JsonObject { ["SecretId"] = arn }, cancel);
            if (secret.Text("DeletedDate") is null) return;
        }
        catch (AwsFailure e) when (e.Code is "ResourceNotFoundException")
        {
            throw new ActionRefused($"{name} cannot start: its secret {arn.Split(':')[^1]} does not exist in {region}");
        }
        throw new ActionRefused($"{name} cannot start: its secret {arn.Split(':')[^1]} is marked for deletion");
    }
}

/// <summary>Actions after which a service runs another revision.</summary>
public abstract class RevisionKind : EcsKind
{
    private protected const string Running = "running revision";
    private protected const string Newest = "newest revision";

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, plan.Target, cancel);
        var facts = ActionOrder.None.Add(Running, now.Revision);
        return plan.Facts.ContainsKey(Newest) ? facts.Add(Newest, (await EcsNow.FamilyAsync(ground, EcsNow.Family(now.Revision), cancel)).FirstOrDefault() ?? "") : facts;
    }

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, run.Plan.Target, cancel);
        if (run.Plan.Calls[call].Operation is "RegisterTaskDefinition") return await RegisteredAsync(ground, run, call, cancel);
        return now.Revision == Wanted(run) ? CallResult.Done($"read back: {now.Revision.LastPart()} is deployed") : CallResult.Failed($"read back: {now.Revision.LastPart()} is deployed, as before");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, run.Plan.Target, cancel);
        // The circuit breaker takes a revision back by itself: then it is another one that is steady.
        return now.Revision == Wanted(run) ? await base.VerifyAsync(ground, run, cancel) : Verification.No($"{now.Name} is back at {now.Revision.LastPart()}: {now.Primary.Text("rolloutStateReason") ?? "something else deployed it"}");
    }

    public override async Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, run.Plan.Target, cancel);
        return await ToAsync(ground, now, run.Plan.Facts[Running], [], cancel);
    }

    private protected static async Task<ActionDraft> ToAsync(ActionGround ground, EcsNow now, string revision, ImmutableArray<string> notes, CancellationToken cancel)
    {
        if (revision == now.Revision) throw new ActionRefused($"{now.Name} is at {revision.LastPart()} already");
        await Revisions.CheckAsync(ground, await EcsNow.DefinitionAsync(ground, revision, cancel), cancel);
        return new ActionDraft(now.Name, now.Revision.LastPart(), revision.LastPart(), [EcsNow.Update(ground, now.Name, new JsonObject { ["taskDefinition"] = revision })], ActionOrder.None.Add(Running, now.Revision)) { BlastRadius = [now.Name], Notes = notes };
    }

    // A revision that came since, with exactly what was registered.
    private static async Task<CallResult> RegisteredAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var wanted = AwsCalling.Fill(run.Plan.Calls[call], run, ActionOrder.None)!;
        var newer = (await EcsNow.FamilyAsync(ground, wanted.Text("family")!, cancel)).TakeWhile(a => a != run.Plan.Facts[Newest]);
        foreach (var arn in newer)
        {
            if (JsonNode.DeepEquals(Revisions.Input(await EcsNow.DefinitionAsync(ground, arn, cancel)), Revisions.Input(wanted))) return CallResult.Done($"read back: {arn.LastPart()} was registered", "taskDefinition.taskDefinitionArn", arn);
        }
        return CallResult.Failed("read back: no such revision was registered");
    }

    private static string Wanted(ActionRun run)
    {
        var call = run.Plan.Calls.Length - 1;
        return AwsCalling.Fill(run.Plan.Calls[call], run, ActionOrder.None).Text("taskDefinition") ?? "";
    }
}
