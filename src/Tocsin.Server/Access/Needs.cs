using Microsoft.AspNetCore.Builder;

namespace Tocsin.Server.Access;

/// <summary>What a person may, the later the more.</summary>
public enum Role
{
    Viewer,
    Responder,
    Commander,
    Admin,
}

/// <summary>What a token may at most, whatever its account may.</summary>
public static class Scopes
{
    public const string Read = "read";
    public const string Respond = "respond";
    public const string Command = "command";
    public const string Audit = "audit";
    public const string Metrics = "metrics";
    public const string Admin = "admin";

    public static readonly IReadOnlyList<string> All = [Read, Respond, Command, Audit, Metrics, Admin];
}

/// <summary>What an endpoint asks of whoever calls it. One without it answers nobody.</summary>
/// <param name="Role">Null: no account at all.</param>
/// <param name="Scope">Empty: none.</param>
/// <param name="Why">Where no account is needed: what guards it instead.</param>
public sealed record Needs(Role? Role, string Scope, string Why)
{
    public static Needs Of(Role role, string scope) => new(role, scope, "");

    public static Needs Nobody(string why) => new(null, "", why);

    public bool Holds(Caller? caller) => Role is not { } role || (caller is not null && caller.Role >= role && caller.Scopes.Contains(Scope, StringComparer.Ordinal));
}

/// <summary>Who calls.</summary>
/// <param name="By">The name that events and the audit log keep: a person of response.yaml where the account has one, else the account.</param>
public sealed record Caller(string Account, string By, string Person, Role Role, IReadOnlyList<string> Scopes, string Kind);

public static class NeedsOnEndpoints
{
    public static TBuilder Needs<TBuilder>(this TBuilder builder, Role role, string scope)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(Access.Needs.Of(role, scope));

    public static TBuilder NeedsNobody<TBuilder>(this TBuilder builder, string why)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(Access.Needs.Nobody(why));
}
