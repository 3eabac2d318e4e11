using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Ingest;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>What commanders and administrators set up: pages held back, channels, people, tokens and the keys of senders. What is secret is shown once.</summary>
public static class SettingsPages
{
    private const int MostName = 100;
    private const int MostDays = 3650;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/settings", (HttpContext context, PageWriter pages, SettingsDesk desk, PlanSource plan, ServerOptions options) => HeldBackAsync(context, pages, desk, plan, options, 200, ""), Role.Commander, Scopes.Command);
        app.Form("/settings/maintenance", HoldBackAsync, Role.Commander, Scopes.Command);
        app.Form("/settings/maintenance/end", EndAsync, Role.Commander, Scopes.Command);
        app.Look("/settings/channels", ChannelsAsync, Role.Commander, Scopes.Command);
        app.Look("/settings/people", (HttpContext context, PageWriter pages, Accounts accounts, PlanSource plan) => PeopleAsync(context, pages, accounts, plan, Made.Nothing), Role.Admin, Scopes.Admin);
        app.Form("/settings/people", InviteAsync, Role.Admin, Scopes.Admin);
        app.Form("/settings/people/again", InviteAgainAsync, Role.Admin, Scopes.Admin);
        app.Form("/settings/people/shut", ShutAsync, Role.Admin, Scopes.Admin);
        app.Look("/settings/tokens", (HttpContext context, PageWriter pages, Accounts accounts) => TokensAsync(context, pages, accounts, Made.Nothing), Role.Admin, Scopes.Admin);
        app.Form("/settings/tokens", IssueAsync, Role.Admin, Scopes.Admin);
        app.Form("/settings/tokens/revoke", RevokeTokenAsync, Role.Admin, Scopes.Admin);
        app.Look("/settings/intake", KeysAsync, Role.Admin, Scopes.Admin);
        app.Form("/settings/intake", KeyAsync, Role.Admin, Scopes.Admin);
        app.Form("/settings/intake/revoke", RevokeKeyAsync, Role.Admin, Scopes.Admin);
    }

    private static async Task HeldBackAsync(HttpContext context, PageWriter pages, SettingsDesk desk, PlanSource plan, ServerOptions options, int status, string problem) => await pages.WriteAsync<MaintenancePage>(
        context, status, (nameof(MaintenancePage.HeldBack), await desk.HeldBackAsync(context.RequestAborted)), (nameof(MaintenancePage.Written), plan.Now.Maintenance.RemoveAll(w => w.Id.StartsWith(PlanChanges.Prefix, StringComparison.Ordinal))), (nameof(MaintenancePage.Zone), plan.Now.Policy.Calendar.Zone), (nameof(MaintenancePage.Services), options.Platform.Services.Select(s => s.Name).ToList()), (nameof(MaintenancePage.Problem), problem));

    private static async Task HoldBackAsync(HttpContext context, PageWriter pages, SettingsDesk desk, PlanSource plan, PlanChanges changes, ServerOptions options)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (about, environment, service) = (form["about"].ToString().Trim(), form["environment"].ToString(), form["service"].ToString());
        var problem = OnCallPages.When(form, plan) is not { } when ? "from and to are times, and to comes after from"
            : about.Length > MostName ? $"what it is for has {MostName} characters at most"
            : environment.Length > 0 && options.Platform.Environment(environment) is null ? "choose an environment, or all of them"
            : service.Length > 0 && options.Platform.Service(service) is null ? "choose a service, or all of them"
            : await changes.AddAsync(new PlanChange.HoldBack("", when, about, Named(environment), Named(service)), context.User().Caller.By, context.RequestAborted);
        if (problem is null) context.Goto("/settings");
        else await HeldBackAsync(context, pages, desk, plan, options, 400, problem);
    }

    private static async Task EndAsync(HttpContext context, PageWriter pages, SettingsDesk desk, PlanSource plan, PlanChanges changes, ServerOptions options)
    {
        var id = (await context.Request.ReadFormAsync(context.RequestAborted))["id"].ToString();
        if (await changes.EndAsync(id, "hold-back", context.User().Caller.By, context.RequestAborted)) context.Goto("/settings");
        else await HeldBackAsync(context, pages, desk, plan, options, 404, "it has ended already, or was never there");
    }

    private static async Task ChannelsAsync(HttpContext context, PageWriter pages, SettingsDesk desk) =>
        await pages.WriteAsync<ChannelsPage>(context, 200, (nameof(ChannelsPage.Channels), await desk.ChannelsAsync(context.RequestAborted)));

    private static async Task PeopleAsync(HttpContext context, PageWriter pages, Accounts accounts, PlanSource plan, Made made) => await pages.WriteAsync<PeoplePage>(
        context, made.Problem.Length > 0 ? 400 : 200, (nameof(PeoplePage.Accounts), await accounts.AllAsync(context.RequestAborted)), (nameof(PeoplePage.Persons), plan.Now.Roster.People.Keys.Order(StringComparer.Ordinal).ToList()), (nameof(PeoplePage.Made), made));

    private static async Task InviteAsync(HttpContext context, PageWriter pages, Accounts accounts, PlanSource plan, Links links)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var name = form["name"].ToString().Trim();
        var role = Enum.TryParse<Role>(form["role"], out var given) && Enum.IsDefined(given) ? given : (Role?)null;
        var made = role is null ? Made.Refused("choose a role") : await TriedAsync(async c => new Made(links.Invitation(await accounts.InviteAsync(name, form["person"].ToString(), role.Value, context.User().Caller.By, c)).ToString(), $"The invitation of {name}. It holds three days, for one use.", ""), context.RequestAborted);
        await PeopleAsync(context, pages, accounts, plan, made);
    }

    private static async Task InviteAgainAsync(HttpContext context, PageWriter pages, Accounts accounts, PlanSource plan, Links links)
    {
        var id = (await context.Request.ReadFormAsync(context.RequestAborted))["id"].ToString();
        await PeopleAsync(context, pages, accounts, plan, await TriedAsync(async c => new Made(links.Invitation(await accounts.InviteAgainAsync(id, context.User().Caller.By, c)).ToString(), "A new invitation: whoever opens it sets the password. It holds three days, for one use.", ""), context.RequestAborted));
    }

    private static async Task ShutAsync(HttpContext context, PageWriter pages, Accounts accounts, PlanSource plan)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var made = await TriedAsync(
            async c =>
            {
                await accounts.ShutAsync(form["id"].ToString(), form["shut"] == "1", context.User().Caller.By, c);
                return Made.Nothing;
            },
            context.RequestAborted);
        if (made.Problem.Length == 0) context.Goto("/settings/people");
        else await PeopleAsync(context, pages, accounts, plan, made);
    }

    private static async Task TokensAsync(HttpContext context, PageWriter pages, Accounts accounts, Made made) => await pages.WriteAsync<TokensPage>(
        context, made.Problem.Length > 0 ? 400 : 200, (nameof(TokensPage.Tokens), await accounts.TokensAsync(context.RequestAborted)), (nameof(TokensPage.Accounts), await accounts.AllAsync(context.RequestAborted)), (nameof(TokensPage.Made), made));

    private static async Task IssueAsync(HttpContext context, PageWriter pages, Accounts accounts)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (name, account, life) = (form["name"].ToString().Trim(), form["account"].ToString(), form["days"].ToString());
        int? days = int.TryParse(life, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : null;
        var made = name.Length is 0 or > MostName ? Made.Refused($"a name has 1 to {MostName} characters")
            : life.Length > 0 && days is not (>= 1 and <= MostDays) ? Made.Refused($"days is from 1 to {MostDays}")
            : await TriedAsync(async c => new Made(await accounts.IssueAsync(account, name, [.. form["scope"].OfType<string>()], days is { } whole ? Duration.FromDays(whole) : null, context.User().Caller.By, c), $"The token {name}.", ""), context.RequestAborted);
        await TokensAsync(context, pages, accounts, made);
    }

    private static async Task RevokeTokenAsync(HttpContext context, PageWriter pages, Accounts accounts)
    {
        var id = (await context.Request.ReadFormAsync(context.RequestAborted))["id"].ToString();
        if (await accounts.RevokeAsync(id, context.User().Caller.By, context.RequestAborted)) context.Goto("/settings/tokens");
        else await TokensAsync(context, pages, accounts, Made.Refused("there is no such token"));
    }

    private static async Task KeysAsync(HttpContext context, PageWriter pages, SettingsDesk desk, string? part)
    {
        var keys = await desk.KeysAsync(context.RequestAborted);
        if (part is "live") await pages.WriteAsync<IntakeLive>(context, 200, (nameof(IntakeLive.Keys), keys));
        else await pages.WriteAsync<IntakePage>(context, 200, (nameof(IntakePage.Keys), keys));
    }

    private static async Task KeyAsync(HttpContext context, PageWriter pages, SettingsDesk desk, IntakeKeys keys, Links links)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (name, environment, service) = (form["name"].ToString().Trim(), form["environment"].ToString(), form["service"].ToString().Trim());
        var made = name.Length is 0 or > MostName || environment.Length > MostName || service.Length > MostName ? Made.Refused($"a name has 1 to {MostName} characters")
            : new Made(links.Intake((await keys.CreateAsync(name, environment.Length > 0 ? environment : "production", service, context.User().Caller.By, context.RequestAborted)).Secret).ToString(), $"The address of {name}.", "");
        await pages.WriteAsync<IntakePage>(context, made.Problem.Length > 0 ? 400 : 200, (nameof(IntakePage.Keys), await desk.KeysAsync(context.RequestAborted)), (nameof(IntakePage.Made), made));
    }

    private static async Task RevokeKeyAsync(HttpContext context, PageWriter pages, SettingsDesk desk, IntakeKeys keys)
    {
        var id = (await context.Request.ReadFormAsync(context.RequestAborted))["id"].ToString();
        if (await keys.RevokeAsync(id, context.User().Caller.By, context.RequestAborted)) context.Goto("/settings/intake");
        else await pages.WriteAsync<IntakePage>(context, 404, (nameof(IntakePage.Keys), await desk.KeysAsync(context.RequestAborted)), (nameof(IntakePage.Made), Made.Refused("there is no such key")));
    }

    private static ImmutableArray<string> Named(string name) => name.Length > 0 ? [name] : [];

    private static async Task<Made> TriedAsync(Func<CancellationToken, Task<Made>> make, CancellationToken cancel)
    {
        try
        {
            return await make(cancel);
        }
        catch (AccessException e)
        {
            return Made.Refused(e.Message);
        }
    }
}
