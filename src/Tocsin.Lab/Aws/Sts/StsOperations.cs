using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Sts;

/// <summary>STS: who am I, and sessions of roles with keys that the front door takes.</summary>
public static partial class StsOperations
{
    private const int MostPolicy = 2_048;

    public static IEnumerable<Operation> All(LabWorld world)
    {
        // IAM cannot deny it; AssumeRole is decided by both sides' policies, which the operation reads itself.
        yield return new Operation("sts", "GetCallerIdentity", call => Identity(world.Iam, call)) { Actions = static _ => [], Support = Support.Real };
        yield return new Operation("sts", "AssumeRole", call => Assume(world.Iam, call)) { Actions = static _ => [], ReadOnly = true, Support = Support.Real, Note = "PolicyArns, tags and MFA are refused" };
    }

    private static JsonObject Identity(IamState iam, AwsCall call)
    {
        var id = iam.Principals[call.Caller.UserName] is { IsRole: true } role ? $"{role.Id}:{call.Caller.Arn.Split('/')[^1]}" : iam.Principals[call.Caller.UserName].Id;
        return new JsonObject { ["UserId"] = id, ["Account"] = call.Caller.Account, ["Arn"] = call.Caller.Arn };
    }

    private static JsonObject Assume(IamState iam, AwsCall call)
    {
        var (arn, name) = (call.Required("RoleArn"), call.Required("RoleSessionName"));
        if (!SessionName().IsMatch(name)) throw Invalid(name, "roleSessionName", @"Member must satisfy regular expression pattern: [\w+=,.@-]*, length 2 to 64");
        var seconds = call.Within("DurationSeconds", StsLimits.Least, StsLimits.Most, 3600, n => Invalid($"{n}", "durationSeconds", n < StsLimits.Least ? "Member must have value greater than or equal to 900" : "Member must have value less than or equal to 43200"));
        foreach (var absent in new[] { "PolicyArns", "Tags", "SerialNumber" }) if (call.Input.ContainsKey(absent) && call.Input[absent] is JsonArray or JsonObject) throw new AwsException("ValidationError", $"LAB: {absent} of AssumeRole is not part of this lab.");
        var policy = call.Text("Policy") is not { Length: > 0 } text ? null
            : text.Length > MostPolicy ? throw Invalid("policy", "policy", $"Member must have length less than or equal to {MostPolicy}")
            : PolicyOperations.Read(text);
        var role = iam.Principals.Values.FirstOrDefault(p => p.IsRole && p.Arn == arn);
        if (role is null || !May(iam, call, role)) throw new AwsException("AccessDenied", $"User: {call.Caller.Arn} is not authorized to perform: sts:AssumeRole on resource: {Inputs.Short(arn)}", 403);
        foreach (var over in iam.Keys.Values.Where(k => k.Session?.Expires <= call.Now).ToList()) iam.Keys.Remove(over.Id);
        var session = new RoleSession(name, LabIds.Mixed(256), call.Now + Duration.FromSeconds(seconds), policy);
        var key = new AccessKey(LabIds.Key("ASIA"), LabIds.Mixed(40), role.Name, call.Now) { Session = session };
        iam.Keys[key.Id] = key;
        return new JsonObject
        {
            ["Credentials"] = new JsonObject { ["AccessKeyId"] = key.Id, ["SecretAccessKey"] = key.Secret, ["SessionToken"] = session.Token, ["Expiration"] = AwsTime.Iso(session.Expires) },
            ["AssumedRoleUser"] = new JsonObject { ["AssumedRoleId"] = $"{role.Id}:{name}", ["Arn"] = $"arn:aws:sts::{LabIds.Account}:assumed-role/{role.Name}/{name}" },
        };
    }

    /// <summary>The role's trust must name the caller, or the account and the caller's own policies allow it. An explicit deny of either side wins.</summary>
    private static bool May(IamState iam, AwsCall call, Principal role)
    {
        var who = iam.Principals[call.Caller.UserName];
        var context = new PolicyContext()
            .With("aws:PrincipalArn", who.Arn)
            .With("aws:username", who.IsRole ? [] : [who.Name])
            .With("aws:SourceIp", call.SourceIp)
            .With("sts:RoleSessionName", call.Text("RoleSessionName") ?? "")
            .With("sts:ExternalId", call.Text("ExternalId") is { } external ? [external] : []);
        var session = iam.Keys.GetValueOrDefault(call.Caller.AccessKeyId)?.Session;
        var own = iam.Decide(call.Caller.UserName, session?.Policy, "sts:AssumeRole", role.Arn, context);
        if (own is PolicyVerdict.ExplicitDeny) return false;
        var (named, account) = (false, false);
        foreach (var statement in Policy.Many(role.Trust?["Statement"]).OfType<JsonObject>())
        {
            var principals = Policy.Texts(statement["Principal"] is JsonObject kinds ? kinds["AWS"] : statement["Principal"]);
            var direct = principals.Exists(p => p is "*" || p == call.Caller.Arn || p == iam.Principals[call.Caller.UserName].Arn);
            if (!direct && !principals.Exists(p => p is LabIds.Account or $"arn:aws:iam::{LabIds.Account}:root")) continue;
            var plain = (JsonObject)statement.DeepClone();
            plain.Remove("Principal");
            plain["Resource"] = "*";
            var read = Statement.Read(plain);
            if (!read.Covers("sts:AssumeRole", role.Arn, context)) continue;
            if (!read.Allows) return false;
            (named, account) = (named || direct, account || !direct);
        }
        return (named && session?.Policy is null) || ((named || account) && own is PolicyVerdict.Allow);
    }

    private static AwsException Invalid(string value, string member, string constraint) =>
        new("ValidationError", $"1 validation error detected: Value '{Inputs.Short(value)}' at '{member}' failed to satisfy constraint: {constraint}");

    [GeneratedRegex(@"\A[A-Za-z0-9_+=,.@-]{2,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex SessionName();
}
