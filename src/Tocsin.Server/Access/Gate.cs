using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Api;

namespace Tocsin.Server.Access;

/// <summary>Lets a request through to an endpoint whose needs its caller meets, and no other.</summary>
public sealed class Gate(RequestDelegate next, Accounts accounts, TrustedProxy proxy)
{
    public const string Cookie = "tocsin";

    public async Task InvokeAsync(HttpContext context)
    {
        // What routing itself answers (no such address, another method or media type) is none of ours and tells nothing.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(context);
            return;
        }
        if (endpoint.Metadata.GetMetadata<Needs>() is not { } needs)
        {
            await Problems.Of(403, "this address has no declared needs, so it answers nobody").ExecuteAsync(context);
            return;
        }
        var caller = needs.Role is null ? null : await CallerAsync(context);
        if (!needs.Holds(caller))
        {
            if (caller is null) context.Response.Headers.WWWAuthenticate = "Bearer";
            await (caller is null ? Problems.Of(401, "a token is needed: Authorization: Bearer TOKEN") : Problems.Of(403, Lacking(needs, caller))).ExecuteAsync(context);
            return;
        }
        if (caller is not null) context.Items[typeof(Caller)] = caller;
        await next(context);
    }

    public static string Lacking(Needs needs, Caller caller) =>
        caller.Role < needs.Role ? $"this needs the role {needs.Role.ToString()!.ToLowerInvariant()}; {caller.Account} is {caller.Role.ToString().ToLowerInvariant()}" : $"this needs the scope {needs.Scope}; the token has {string.Join(", ", caller.Scopes)}";

    private async Task<Caller?> CallerAsync(HttpContext context)
    {
        if (proxy.NameOf(context) is { } name) return await accounts.OfProxyAsync(name, context.RequestAborted);
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? await accounts.CallerAsync(header[7..].Trim(), context.RequestAborted) : null;
    }
}

/// <summary>A proxy in front that has already asked who somebody is: believed only from its own addresses.</summary>
public sealed record TrustedProxy(string Header, IReadOnlyList<System.Net.IPNetwork> From)
{
    public static TrustedProxy None { get; } = new("", []);

    public string? NameOf(HttpContext context)
    {
        if (Header.Length == 0 || context.Connection.RemoteIpAddress is not { } address) return null;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return From.Any(n => n.Contains(plain)) && context.Request.Headers[Header].ToString() is { Length: > 0 } name ? name : null;
    }
}

public static class CallerOf
{
    /// <summary>Who calls; only where the endpoint needs an account.</summary>
    public static Caller Caller(this HttpContext context) => (Caller)context.Items[typeof(Caller)]!;
}
