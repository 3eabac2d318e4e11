using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Iam;

/// <summary>Inline and attached policies of users and roles, and the simulation of what they allow.</summary>
internal static class PolicyOperations
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, string kind, Func<IamState, AwsCall, JsonObject> answer, string note = "") => new("iam", name, call => answer(world.Iam, call))
        {
            Resources = call => [kind is "policy" ? call.Text("PolicyArn") ?? "*" : kind is "source" ? call.Text("PolicySourceArn") ?? "*" : IamOperations.Arn(world.Iam, call, kind)],
            Support = Support.Real,
            Note = note,
        };
        foreach (var (kind, word) in new[] { ("role", "Role"), ("user", "User") })
        {
            Principal Who(IamState iam, AwsCall call) => kind is "role" ? IamOperations.Role(iam, call) : call.Required("UserName") is var name && iam.User(name) is { } user ? user : throw IamOperations.NoSuch("user", call.Required("UserName"));
            yield return Op($"List{word}Policies", kind, (iam, c) => IamOperations.Page(c, "PolicyNames", Who(iam, c).Inline.Keys, n => n, n => JsonValue.Create(n)));
            yield return Op($"Get{word}Policy", kind, (iam, c) => Get(Who(iam, c), c, word));
            yield return Op($"Put{word}Policy", kind, (iam, c) => Put(Who(iam, c), c));
            yield return Op($"Delete{word}Policy", kind, (iam, c) => Delete(Who(iam, c), c, kind));
            yield return Op($"ListAttached{word}Policies", kind, (iam, c) => IamOperations.Page(c, "AttachedPolicies", Who(iam, c).Attached.Keys, n => n, arn => new JsonObject { ["PolicyName"] = arn.Split('/')[^1], ["PolicyArn"] = arn }));
        }
        yield return Op("GetPolicy", "policy", Managed);
        yield return Op("GetPolicyVersion", "policy", ManagedVersion, "a managed policy has the one version v1");
        yield return Op("SimulatePrincipalPolicy", "source", Simulate, "MatchedStatements names the policy, without the place in its text");
    }

    private static JsonObject Get(Principal who, AwsCall call, string word)
    {
        var name = call.Required("PolicyName");
        var policy = who.Inline.GetValueOrDefault(name) ?? throw IamOperations.NoSuch($"{word.ToLowerInvariant()} policy", name);
        return new JsonObject { [$"{word}Name"] = who.Name, ["PolicyName"] = name, ["PolicyDocument"] = Uri.EscapeDataString(policy.Document.ToJsonString()) };
    }

    private static JsonObject Put(Principal who, AwsCall call)
    {
        var (name, text) = (call.Required("PolicyName"), call.Required("PolicyDocument"));
        if (name.Length > 128 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && !"+=,.@-_".Contains(c, StringComparison.Ordinal))) throw new AwsException("ValidationError", "The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-");
        var most = who.IsRole ? 10_240 : 2_048;
        if (text.Count(c => !char.IsWhiteSpace(c)) > most) throw new AwsException("LimitExceeded", $"Maximum policy size of {most} bytes exceeded for {(who.IsRole ? "role" : "user")} {who.Name}", 409);
        who.Inline[name] = Read(text);
        return [];
    }

    /// <summary>A policy from a call's text, refused in IAM's words.</summary>
    public static Policy Read(string text)
    {
        try
        {
            var policy = Policy.Read(text);
            if (Policy.Many(policy.Document["Statement"]).OfType<JsonObject>().Any(s => s.ContainsKey("Principal"))) throw new FormatException("Policy document should not specify a principal.");
            return policy;
        }
        catch (FormatException e)
        {
            throw new AwsException("MalformedPolicyDocument", e.Message);
        }
    }

    private static JsonObject Delete(Principal who, AwsCall call, string kind)
    {
        var name = call.Required("PolicyName");
        return who.Inline.Remove(name) ? [] : throw IamOperations.NoSuch($"{kind} policy", name);
    }

    private static Policy Attached(IamState iam, AwsCall call)
    {
        var arn = call.Required("PolicyArn");
        return iam.Principals.Values.Select(p => p.Attached.GetValueOrDefault(arn)).FirstOrDefault(p => p is not null)
            ?? throw new AwsException("NoSuchEntity", $"Policy {Inputs.Short(arn)} was not found.", 404);
    }

    private static JsonObject Managed(IamState iam, AwsCall call)
    {
        _ = Attached(iam, call);
        var arn = call.Required("PolicyArn");
        return new JsonObject
        {
            ["Policy"] = new JsonObject
            {
                ["PolicyName"] = arn.Split('/')[^1],
                ["PolicyId"] = "ANPA" + LabIds.Letters(arn, 17),
                ["Arn"] = arn,
                ["Path"] = "/",
                ["DefaultVersionId"] = "v1",
                ["AttachmentCount"] = iam.Principals.Values.Count(p => p.Attached.ContainsKey(arn)),
                ["IsAttachable"] = true,
            },
        };
    }

    private static JsonObject ManagedVersion(IamState iam, AwsCall call)
    {
        var policy = Attached(iam, call);
        if (call.Required("VersionId") is not "v1") throw new AwsException("NoSuchEntity", $"Policy {call.Text("PolicyArn")} version {Inputs.Short(call.Text("VersionId") ?? "")} does not exist or is not attachable.", 404);
        return new JsonObject { ["PolicyVersion"] = new JsonObject { ["Document"] = Uri.EscapeDataString(policy.Document.ToJsonString()), ["VersionId"] = "v1", ["IsDefaultVersion"] = true } };
    }

    private static JsonObject Simulate(IamState iam, AwsCall call)
    {
        var source = call.Required("PolicySourceArn");
        var who = iam.Principals.Values.FirstOrDefault(p => p.Arn == source) ?? throw new AwsException("NoSuchEntity", $"Entity with ARN {Inputs.Short(source)} cannot be found.", 404);
        var policies = who.Inline.Select(p => ($"{(who.IsRole ? "role" : "user")}_{who.Name}_{p.Key}", p.Value))
            .Concat(who.Attached.Select(p => (p.Key.Split('/')[^1], p.Value)))
            .Concat(call.Texts("PolicyInputList").Select((text, i) => ($"PolicyInputList.{i + 1}", Read(text)))).ToList();
        var context = Context(call, who);
        var actions = call.Texts("ActionNames").ToList();
        if (actions.Count == 0 || actions.Exists(a => !a.Contains(':', StringComparison.Ordinal))) throw new AwsException("InvalidInput", $"Invalid Entity Action: {Inputs.Short(actions.FirstOrDefault() ?? "")}");
        var results = actions.SelectMany(a => call.Texts("ResourceArns").DefaultIfEmpty("*").Select(r => (Action: a, Resource: r)));
        return IamOperations.Page(call, "EvaluationResults", results, r => $"{r.Action} {r.Resource}", r => Evaluate(policies, r.Action, r.Resource, context));
    }

    private static PolicyContext Context(AwsCall call, Principal who)
    {
        var context = new PolicyContext().With("aws:PrincipalArn", who.Arn).With("aws:username", who.IsRole ? [] : [who.Name]);
        foreach (var entry in call.Objects("ContextEntries")) context.With(entry.Leaf("ContextKeyName") ?? "", [.. entry.List("ContextKeyValues").Select(v => v?.ToString() ?? "")]);
        return context;
    }

    private static JsonObject Evaluate(List<(string Id, Policy Policy)> policies, string action, string resource, PolicyContext context)
    {
        var verdict = Policy.Decide(policies.Select(p => p.Policy), action, resource, context);
        return new JsonObject
        {
            ["EvalActionName"] = action,
            ["EvalResourceName"] = resource,
            ["EvalDecision"] = verdict switch { PolicyVerdict.Allow => "allowed", PolicyVerdict.ExplicitDeny => "explicitDeny", PolicyVerdict.ImplicitDeny => "implicitDeny", _ => throw new ArgumentOutOfRangeException(nameof(policies)) },
            ["MatchedStatements"] = policies.Where(p => verdict is not PolicyVerdict.ImplicitDeny && p.Policy.Decide(action, resource, context) == verdict)
                .Array(p => new JsonObject { ["SourcePolicyId"] = p.Id, ["SourcePolicyType"] = "IAM Policy" }),
            ["MissingContextValues"] = new JsonArray(),
        };
    }
}
