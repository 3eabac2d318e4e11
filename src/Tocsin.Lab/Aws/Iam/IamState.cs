using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Iam;

/// <summary>Who may sign: an access key of a user, or of a role's session.</summary>
public sealed class AccessKey(string id, string secret, string principal, Instant created)
{
    public string Id { get; } = id;

    public string Secret { get; } = secret;

    /// <summary>Name of the user or role.</summary>
    public string Principal { get; } = principal;

    public Instant Created { get; } = created;

    public bool Active { get; set; } = true;

    public Instant? LastUsed { get; set; }

    public string LastService { get; set; } = "N/A";

    public string LastRegion { get; set; } = "N/A";

    /// <summary>Only of a session: its name, its token, its end and the policy that narrows it.</summary>
    public RoleSession? Session { get; init; }
}

public sealed record RoleSession(string Name, string Token, Instant Expires, Policy? Policy);

/// <summary>A user or a role with its inline and attached policies.</summary>
public sealed class Principal(string name, bool isRole, Instant created)
{
    public string Name { get; } = name;

    public bool IsRole { get; } = isRole;

    public Instant Created { get; } = created;

    public string Id { get; } = $"{(isRole ? "AROA" : "AIDA")}{LabIds.Letters(name, 17)}";

    public string Path { get; init; } = "/";

    public string Arn => $"arn:aws:iam::{LabIds.Account}:{(IsRole ? "role" : "user")}{Path}{Name}";

    /// <summary>For a role: who may assume it.</summary>
    public JsonObject? Trust { get; init; }

    public SortedDictionary<string, Policy> Inline { get; } = new(StringComparer.Ordinal);

    /// <summary>Managed policies by ARN.</summary>
    public SortedDictionary<string, Policy> Attached { get; } = new(StringComparer.Ordinal);

    public IEnumerable<Policy> Policies => Inline.Values.Concat(Attached.Values);
}

/// <summary>Users, roles, keys and what they may do: one for the whole account.</summary>
public sealed class IamState
{
    public SortedDictionary<string, Principal> Principals { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, AccessKey> Keys { get; } = new(StringComparer.Ordinal);

    public Principal? User(string name) => Principals.GetValueOrDefault(name) is { IsRole: false } user ? user : null;

    public Principal? Role(string name) => Principals.GetValueOrDefault(name) is { IsRole: true } role ? role : null;

    public Caller Caller(AccessKey key) => key.Session is { } session
        ? new Caller(LabIds.Account, $"arn:aws:sts::{LabIds.Account}:assumed-role/{key.Principal}/{session.Name}", key.Principal, key.Id)
        : new Caller(LabIds.Account, Principals[key.Principal].Arn, key.Principal, key.Id);

    /// <summary>Whether a call's caller may do another thing as well, such as use the key under which something lies.</summary>
    public bool Allows(AwsCall call, string action, string resource) => Keys.TryGetValue(call.Caller.AccessKeyId, out var key)
        && Decide(key.Principal, key.Session?.Policy, action, resource, new PolicyContext().With("aws:RequestedRegion", call.Region).With("aws:SourceIp", call.SourceIp).With("aws:SecureTransport", "true")) is PolicyVerdict.Allow;

    /// <summary>What a role or user may do; a session may do what its own policy allows as well.</summary>
    public PolicyVerdict Decide(string principal, Policy? session, string action, string resource, PolicyContext context)
    {
        if (!Principals.TryGetValue(principal, out var who)) return PolicyVerdict.ImplicitDeny;
        var verdict = Policy.Decide(who.Policies, action, resource, context);
        if (verdict is not PolicyVerdict.Allow || session is null) return verdict;
        return session.Decide(action, resource, context);
    }
}
