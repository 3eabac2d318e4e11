using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Incidents;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>How people get in: name and password, an invitation, and the button of a page, which needs neither. Opening a link changes nothing: chats look at links too.</summary>
public static class SignIn
{
    private const string Signed = "the signature in the link";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/sign-in", (HttpContext c, PageWriter pages, string? to) => ShowAsync(c, pages, 200, to, "", "")).Open("shows a form");
        app.MapPost("/sign-in", EnterAsync).Open("name and password");
        app.MapPost("/sign-out", LeaveAsync).Open("ends the session of its own cookie");
        app.MapGet("/invite/{invitation}", (string invitation, HttpContext c, PageWriter pages) => InviteAsync(c, pages, 200, invitation, "")).Open("shows a form");
        app.MapPost("/invite/{invitation}", AcceptAsync).Open("the invitation, once");
        app.MapGet("/a/{id}/{page:int}/{person}/{until:long}/{signature}", LookAsync).Open(Signed);
        app.MapPost("/a/{id}/{page:int}/{person}/{until:long}/{signature}", AcknowledgeAsync).Open(Signed);
        // A test page, then a turn: the first address says more, and so is asked first.
        app.MapGet("/ready/{signature}/test-{drill}/{channel}", (string signature, string drill, string channel, HttpContext c, PageWriter pages, Links links, Drills drills) => ArrivedAsync(c, pages, links, drills, signature, $"test-{drill}/{channel}", press: false)).Open(Signed);
        app.MapPost("/ready/{signature}/test-{drill}/{channel}", (string signature, string drill, string channel, HttpContext c, PageWriter pages, Links links, Drills drills) => ArrivedAsync(c, pages, links, drills, signature, $"test-{drill}/{channel}", press: true)).Open(Signed);
        app.MapGet("/ready/{signature}/{**turn}", (string signature, string turn, HttpContext c, PageWriter pages, Links links, TurnStarts turns) => ReadyAsync(c, pages, links, turns, signature, turn, press: false)).Open(Signed);
        app.MapPost("/ready/{signature}/{**turn}", (string signature, string turn, HttpContext c, PageWriter pages, Links links, TurnStarts turns) => ReadyAsync(c, pages, links, turns, signature, turn, press: true)).Open(Signed);
    }

    private static async Task ArrivedAsync(HttpContext context, PageWriter pages, Links links, Drills drills, string signature, string page, bool press)
    {
        var found = links.HoldsConfirm(page, signature) ? press ? await drills.ConfirmAsync(page, context.RequestAborted) : await drills.OneAsync(page, context.RequestAborted) : null;
        if (found is null) await EndedAsync(context, pages);
        else await pages.WriteAsync<ArrivedPage>(context, 200, (nameof(ArrivedPage.Page), found));
    }

    private static async Task ReadyAsync(HttpContext context, PageWriter pages, Links links, TurnStarts turns, string signature, string turn, bool press)
    {
        var found = links.HoldsConfirm(turn, signature) ? press ? await turns.ConfirmAsync(turn, context.RequestAborted) : await turns.OneAsync(turn, context.RequestAborted) : null;
        if (found is null) await EndedAsync(context, pages);
        else await pages.WriteAsync<ReadyPage>(context, 200, (nameof(ReadyPage.Turn), found));
    }

    internal static Task ShowAsync(HttpContext context, PageWriter pages, int status, string? to, string name, string problem) =>
        pages.WriteAsync<SignInPage>(context, status, (nameof(SignInPage.To), Own(to)), (nameof(SignInPage.Name), name), (nameof(SignInPage.Problem), problem));

    // Only to a page of this server: else a link could lead from here to anywhere.
    internal static string Own(string? to) => to is ['/', not '/' and not '\\', ..] && Uri.IsWellFormedUriString(to, UriKind.Relative) ? to : "/";

    private static async Task EnterAsync(HttpContext context, PageWriter pages, Accounts accounts, Links links)
    {
        var form = await FormOf(context);
        var name = form["name"].ToString();
        try
        {
            if (await accounts.LogInAsync(name, form["password"].ToString(), context.RequestAborted) is { } session)
            {
                Keep(context, links, session);
                context.Goto(Own(form["to"]));
                return;
            }
            await ShowAsync(context, pages, 401, form["to"], name, "Name or password is wrong.");
        }
        catch (AccessException e)
        {
            await ShowAsync(context, pages, 429, form["to"], name, e.Message);
        }
    }

    private static async Task LeaveAsync(HttpContext context, Accounts accounts)
    {
        if (context.Request.Cookies[Gate.Cookie] is { Length: > 0 } session) await accounts.EndAsync(session, context.RequestAborted);
        context.Response.Cookies.Delete(Gate.Cookie);
        context.Goto("/sign-in");
    }

    internal static void Keep(HttpContext context, Links links, string session) =>
        context.Response.Cookies.Append(Gate.Cookie, session, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = links.Address.Scheme == Uri.UriSchemeHttps, Path = "/", IsEssential = true, MaxAge = TimeSpan.FromHours(12) });

    private static Task InviteAsync(HttpContext context, PageWriter pages, int status, string invitation, string problem) =>
        pages.WriteAsync<InvitePage>(context, status, (nameof(InvitePage.Invitation), invitation), (nameof(InvitePage.Problem), problem));

    private static async Task AcceptAsync(string invitation, HttpContext context, PageWriter pages, Accounts accounts, Links links)
    {
        var password = (await FormOf(context))["password"].ToString();
        try
        {
            var token = await accounts.AcceptAsync(invitation, password, context.RequestAborted);
            var caller = (await accounts.CallerAsync(token, context.RequestAborted))!;
            if (await accounts.LogInAsync(caller.Account, password, context.RequestAborted) is { } session) Keep(context, links, session);
            await pages.WriteAsync<WelcomePage>(context, 200, (nameof(WelcomePage.Account), caller.Account), (nameof(WelcomePage.Token), token));
        }
        catch (AccessException e)
        {
            await InviteAsync(context, pages, 400, invitation, e.Message);
        }
    }

    private static async Task LookAsync(string id, int page, string person, long until, string signature, HttpContext context, PageWriter pages, Links links, IncidentList list)
    {
        if (IncidentIds.Parse(id) is { } incident && links.Holds(incident, page, person, until, signature) && await list.OneAsync(incident, context.RequestAborted) is { } found)
            await pages.WriteAsync<AcknowledgePage>(context, 200, (nameof(AcknowledgePage.Incident), found), (nameof(AcknowledgePage.Person), person));
        else await EndedAsync(context, pages);
    }

    private static async Task AcknowledgeAsync(string id, int page, string person, long until, string signature, HttpContext context, PageWriter pages, Links links, IncidentDesk desk, IncidentList list)
    {
        if (IncidentIds.Parse(id) is not { } incident || !links.Holds(incident, page, person, until, signature))
        {
            await EndedAsync(context, pages);
            return;
        }
        var outcome = await desk.DoAsync(incident, new IncidentCommand.Acknowledge(person), null, context.RequestAborted);
        if (outcome is Outcome.Unknown || await list.OneAsync(incident, context.RequestAborted) is not { } found) await EndedAsync(context, pages);
        else
        {
            var problem = outcome is Outcome.Refused refused ? refused.Why : "";
            await pages.WriteAsync<AcknowledgePage>(context, problem.Length > 0 ? 409 : 200, (nameof(AcknowledgePage.Incident), found), (nameof(AcknowledgePage.Person), person), (nameof(AcknowledgePage.Done), problem.Length == 0), (nameof(AcknowledgePage.Problem), problem));
        }
    }

    private static Task EndedAsync(HttpContext context, PageWriter pages) => pages.ProblemAsync(context, 404, "This link has ended, or was never valid", "A link in a page holds a day. Sign in and open the incident instead.");

    private static async Task<IFormCollection> FormOf(HttpContext context) =>
        context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : throw new BadHttpRequestException("a form is expected; programs use /api/v1", (int)HttpStatusCode.UnsupportedMediaType);
}
