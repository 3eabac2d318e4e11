using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Ingest;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

public sealed record LoginBody(string Name, string Password);

public sealed record AcceptBody(string Password);

public sealed record InviteBody(string Name, string? Person, Role Role);

public sealed record TokenBody(string Account, string Name, ImmutableArray<string> Scopes, int? Days);

public sealed record KeyBody(string Name, string? Environment, string? Service);

public sealed record HeartbeatBody(string Key, string Name, Duration Every, Severity? Severity);

/// <summary>A token or a key, shown once.</summary>
public sealed record Shown(string Token, string? Link);

public sealed record AccountShown(string Id, string Name, string Person, string Role, Instant Created, bool Disabled);

/// <summary>Accounts, tokens, intake keys and heartbeats.</summary>
public static class AccessApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/sessions", LogInAsync).NeedsNobody("name and password").WithTags("access").WithSummary("Log in").Produces<Shown>().ProducesProblem(401);
        api.MapPost("/invitations/{invitation}", AcceptAsync).NeedsNobody("the invitation, once").WithTags("access").WithSummary("Take an invitation: set the password, get a token").Produces<Shown>().ProducesProblem(400);
        api.MapGet("/me", (HttpContext context) => Results.Ok(context.Caller())).Needs(Role.Viewer, Scopes.Read).WithTags("access").WithSummary("Who this token stands for").Produces<Caller>();
        var accounts = api.MapGroup("/accounts").WithTags("access");
        accounts.MapGet("/", async (HttpContext context, Accounts all) => Results.Ok((await all.AllAsync(context.RequestAborted)).Select(a => new AccountShown(a.Id, a.Name, a.Person, a.Role, Micros.At(a.Created), a.Disabled is not null)))).Needs(Role.Admin, Scopes.Admin).WithSummary("All accounts").Produces<List<AccountShown>>();
        accounts.MapPost("/", InviteAsync).Needs(Role.Admin, Scopes.Admin).WithSummary("Invite somebody").Produces<Shown>(201).ProducesProblem(400);
        var tokens = api.MapGroup("/tokens").WithTags("access");
        tokens.MapGet("/", async (HttpContext context, Accounts all) => Results.Ok(await all.TokensAsync(context.RequestAborted))).Needs(Role.Admin, Scopes.Admin).WithSummary("All tokens, without the tokens themselves").Produces<List<TokenRow>>();
        tokens.MapPost("/", IssueAsync).Needs(Role.Admin, Scopes.Admin).WithSummary("A token for a program").Produces<Shown>(201).ProducesProblem(400);
        tokens.MapDelete("/{id}", async (string id, HttpContext context, Accounts all) => await all.RevokeAsync(id, context.Caller().By, context.RequestAborted) ? Results.NoContent() : Problems.NotFound($"there is no token {id}")).Needs(Role.Admin, Scopes.Admin).WithSummary("Revoke a token").Produces(204).ProducesProblem(404);
        var keys = api.MapGroup("/intake-keys").WithTags("intake");
        keys.MapGet("/", async (HttpContext context, IntakeKeys all) => Results.Ok(await all.AllAsync(context.RequestAborted))).Needs(Role.Admin, Scopes.Admin).WithSummary("Keys of senders").Produces<List<IntakeKey>>();
        keys.MapPost("/", KeyAsync).Needs(Role.Admin, Scopes.Admin).WithSummary("A key for a sender").Produces<Shown>(201).ProducesProblem(400);
        keys.MapDelete("/{id}", async (string id, HttpContext context, IntakeKeys all) => await all.RevokeAsync(id, context.Caller().By, context.RequestAborted) ? Results.NoContent() : Problems.NotFound($"there is no intake key {id}")).Needs(Role.Admin, Scopes.Admin).WithSummary("Revoke a key").Produces(204).ProducesProblem(404);
        var heartbeats = api.MapGroup("/heartbeats").WithTags("intake");
        heartbeats.MapGet("/", async (HttpContext context, Heartbeats all) => Results.Ok(await all.AllAsync(context.RequestAborted))).Needs(Role.Viewer, Scopes.Read).WithSummary("Heartbeats, and whether they beat").Produces<List<Heartbeat>>();
        heartbeats.MapPost("/", ArmAsync).Needs(Role.Commander, Scopes.Command).WithSummary("Arm a heartbeat").Produces<Heartbeat>(201).ProducesProblem(400);
    }

    private static async Task<IResult> LogInAsync(LoginBody body, HttpContext context, Accounts accounts)
    {
        try
        {
            return await accounts.LogInAsync(body.Name ?? "", body.Password ?? "", context.RequestAborted) is { } token ? Results.Ok(new Shown(token, null)) : Problems.Of(401, "name or password is wrong");
        }
        catch (AccessException e)
        {
            return Problems.Of(429, e.Message);
        }
    }

    private static async Task<IResult> AcceptAsync(string invitation, AcceptBody body, HttpContext context, Accounts accounts) =>
        await TriedAsync(async () => Results.Ok(new Shown(await accounts.AcceptAsync(invitation, body.Password ?? "", context.RequestAborted), null)), context);

    private static async Task<IResult> InviteAsync(InviteBody body, HttpContext context, Accounts accounts, Links links) => await TriedAsync(
        async () =>
        {
            var token = await accounts.InviteAsync(body.Name ?? "", body.Person ?? "", body.Role, context.Caller().By, context.RequestAborted);
            return Results.Json(new Shown(token, links.Invitation(token).ToString()), statusCode: 201);
        },
        context);

    private static async Task<IResult> IssueAsync(TokenBody body, HttpContext context, Accounts accounts) => await TriedAsync(
        async () =>
        {
            if (body.Days is < 1 or > 3650) return Problems.Bad("days is from 1 to 3650");
            var token = await accounts.IssueAsync(body.Account ?? "", body.Name ?? "", body.Scopes.IsDefault ? [] : body.Scopes, body.Days is { } days ? Duration.FromDays(days) : null, context.Caller().By, context.RequestAborted);
            return Results.Json(new Shown(token, null), statusCode: 201);
        },
        context);

    private static async Task<IResult> KeyAsync(KeyBody body, HttpContext context, IntakeKeys keys, Links links)
    {
        if (string.IsNullOrWhiteSpace(body.Name) || Texts.TooLong(body.Name, body.Environment, body.Service) is not null) return Problems.Bad("name is missing, or a name is too long");
        var (_, secret) = await keys.CreateAsync(body.Name, body.Environment ?? "production", body.Service ?? "", context.Caller().By, context.RequestAborted);
        return Results.Json(new Shown(secret, links.Intake(secret).ToString()), statusCode: 201);
    }

    private static async Task<IResult> ArmAsync(HeartbeatBody body, HttpContext context, Heartbeats heartbeats, IntakeKeys keys)
    {
        if (string.IsNullOrWhiteSpace(body.Name) || body.Name.Length > 100 || body.Name.Contains('/', StringComparison.Ordinal)) return Problems.Bad("name has 1 to 100 characters and no slash");
        if (body.Every < Duration.FromSeconds(10) || body.Every > Duration.FromDays(40)) return Problems.Bad("every is from PT10S to P40D");
        if ((await keys.AllAsync(context.RequestAborted)).Find(k => k.Id == body.Key && k.Revoked is null) is not { } key) return Problems.Bad($"there is no intake key with the id {body.Key}");
        return Results.Json(await heartbeats.ArmAsync(key, body.Name, body.Every, body.Severity ?? Severity.P2, context.Caller().By, context.RequestAborted), statusCode: 201);
    }

    private static async Task<IResult> TriedAsync(Func<Task<IResult>> act, HttpContext context)
    {
        try
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            return await act();
        }
        catch (AccessException e)
        {
            return Problems.Bad(e.Message);
        }
    }
}
