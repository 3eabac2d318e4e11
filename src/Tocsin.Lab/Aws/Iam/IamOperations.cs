using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Iam;

/// <summary>IAM: users, keys, roles and their policies. What is written here decides the next call.</summary>
public static class IamOperations
{
    private const int MostKeys = 2;

    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, string kind, Func<IamState, AwsCall, JsonObject> answer, string note = "") => new("iam", name, call => answer(world.Iam, call))
        {
            Resources = call => kind is "" ? ["*"] : [Arn(world.Iam, call, kind)],
            Support = Support.Real,
            Note = note,
        };
        yield return Op("ListUsers", "user", (iam, c) => People(iam, c, false));
        yield return Op("GetUser", "user", (iam, c) => new JsonObject { ["User"] = IamShapes.Of(User(iam, c)) });
        yield return Op("ListAccessKeys", "user", Keys);
        yield return Op("CreateAccessKey", "user", CreateKey);
        yield return Op("UpdateAccessKey", "user", UpdateKey);
        yield return Op("DeleteAccessKey", "user", DeleteKey);
        yield return Op("GetAccessKeyLastUsed", "user", LastUsed);
        yield return Op("ListRoles", "role", (iam, c) => People(iam, c, true));
        yield return Op("GetRole", "role", (iam, c) => new JsonObject { ["Role"] = IamShapes.Of(Role(iam, c)) });
        foreach (var operation in PolicyOperations.All(world)) yield return operation;
    }

    internal static string Arn(IamState iam, AwsCall call, string kind)
    {
        if (kind is "role") return iam.Role(call.Text("RoleName") ?? "")?.Arn ?? $"arn:aws:iam::{LabIds.Account}:role/{call.Text("RoleName") ?? ""}";
        var name = call.Text("UserName") ?? (call.Operation is "GetAccessKeyLastUsed" ? iam.Keys.GetValueOrDefault(call.Text("AccessKeyId") ?? "")?.Principal ?? "*"
            : call.Operation.StartsWith("ListUsers", StringComparison.Ordinal) ? "" : call.Caller.UserName);
        return iam.User(name)?.Arn ?? $"arn:aws:iam::{LabIds.Account}:user/{name}";
    }

    internal static AwsException NoSuch(string kind, string name) => new("NoSuchEntity", $"The {kind} with name {Inputs.Short(name)} cannot be found.", 404);

    /// <summary>Who is named, else who asks.</summary>
    internal static Principal User(IamState iam, AwsCall call)
    {
        var name = call.Text("UserName") is { Length: > 0 } named ? named : call.Caller.UserName;
        if (call.Text("UserName") is null && iam.User(name) is null) throw new AwsException("ValidationError", "Must specify userName when calling with non-User credentials");
        return iam.User(name) ?? throw NoSuch("user", name);
    }

    internal static Principal Role(IamState iam, AwsCall call) => iam.Role(call.Required("RoleName")) ?? throw NoSuch("role", call.Required("RoleName"));

    /// <summary>IAM's paging, whose answer always says whether there is more.</summary>
    internal static JsonObject Page<T>(AwsCall call, string list, IEnumerable<T> all, Func<T, string> key, Func<T, JsonNode?> shape)
    {
        var (page, next) = Pages.Of(all, key, call.Text("Marker"),
            call.Within("MaxItems", 1, 1000, 100, n => new AwsException("ValidationError", $"1 validation error detected: Value '{n}' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000")),
            () => new AwsException("ValidationError", $"Invalid Marker: {Inputs.Short(call.Text("Marker") ?? "")}"));
        return new JsonObject { ["IsTruncated"] = next is not null, [list] = page.Array(shape) }.With("Marker", next);
    }

    private static JsonObject People(IamState iam, AwsCall call, bool roles)
    {
        var prefix = call.Text("PathPrefix") ?? "/";
        return Page(call, roles ? "Roles" : "Users", iam.Principals.Values.Where(p => p.IsRole == roles && p.Path.StartsWith(prefix, StringComparison.Ordinal)), p => p.Name, IamShapes.Of);
    }

    private static IEnumerable<AccessKey> Own(IamState iam, Principal user) => iam.Keys.Values.Where(k => k.Session is null && k.Principal == user.Name).OrderBy(k => k.Created).ThenBy(k => k.Id, StringComparer.Ordinal);

    private static AccessKey Key(IamState iam, AwsCall call)
    {
        var (user, id) = (User(iam, call), call.Required("AccessKeyId"));
        return Own(iam, user).FirstOrDefault(k => k.Id == id) ?? throw new AwsException("NoSuchEntity", $"The Access Key with id {Inputs.Short(id)} cannot be found.", 404);
    }

    private static JsonObject Keys(IamState iam, AwsCall call) => Page(call, "AccessKeyMetadata", Own(iam, User(iam, call)), k => k.Id, k => new JsonObject
    {
        ["UserName"] = k.Principal,
        ["AccessKeyId"] = k.Id,
        ["Status"] = k.Active ? "Active" : "Inactive",
        ["CreateDate"] = AwsTime.Iso(k.Created),
    });

    private static JsonObject CreateKey(IamState iam, AwsCall call)
    {
        var user = User(iam, call);
        if (Own(iam, user).Count() >= MostKeys) throw new AwsException("LimitExceeded", $"Cannot exceed quota for AccessKeysPerUser: {MostKeys}", 409);
        var key = new AccessKey(LabIds.Key("AKIA"), LabIds.Mixed(40), user.Name, call.Now);
        iam.Keys[key.Id] = key;
        return new JsonObject
        {
            ["AccessKey"] = new JsonObject { ["UserName"] = user.Name, ["AccessKeyId"] = key.Id, ["Status"] = "Active", ["SecretAccessKey"] = key.Secret, ["CreateDate"] = AwsTime.Iso(key.Created) },
        };
    }

    private static JsonObject UpdateKey(IamState iam, AwsCall call)
    {
        var key = Key(iam, call);
        key.Active = call.Required("Status") switch
        {
            "Active" => true,
            "Inactive" => false,
            var other => throw new AwsException("ValidationError", $"1 validation error detected: Value '{Inputs.Short(other)}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"),
        };
        return [];
    }

    private static JsonObject DeleteKey(IamState iam, AwsCall call)
    {
        iam.Keys.Remove(Key(iam, call).Id);
        return [];
    }

    private static JsonObject LastUsed(IamState iam, AwsCall call)
    {
        var id = call.Required("AccessKeyId");
        var key = iam.Keys.GetValueOrDefault(id) is { Session: null } found ? found : throw new AwsException("NoSuchEntity", $"The Access Key with id {Inputs.Short(id)} cannot be found.", 404);
        return new JsonObject
        {
            ["UserName"] = key.Principal,
            ["AccessKeyLastUsed"] = new JsonObject { ["ServiceName"] = key.LastService, ["Region"] = key.LastRegion }.With("LastUsedDate", key.LastUsed is { } at ? AwsTime.Iso(at) : null),
        };
    }
}

/// <summary>Users and roles as IAM writes them.</summary>
internal static class IamShapes
{
    public static JsonObject Of(Principal who)
    {
        var kind = who.IsRole ? "Role" : "User";
        var answer = new JsonObject { ["Path"] = who.Path, [$"{kind}Name"] = who.Name, [$"{kind}Id"] = who.Id, ["Arn"] = who.Arn, ["CreateDate"] = AwsTime.Iso(who.Created) };
        if (!who.IsRole) return answer;
        return answer.With("AssumeRolePolicyDocument", who.Trust is { } trust ? Uri.EscapeDataString(trust.ToJsonString()) : null).With("MaxSessionDuration", StsLimits.RoleMost);
    }
}

/// <summary>How long a session may be, in seconds.</summary>
internal static class StsLimits
{
    public const int Least = 900;
    public const int Most = 43_200;

    /// <summary>Every role of the lab lets its sessions last as long as AWS lets any.</summary>
    public const int RoleMost = Most;
}
