using System.Data.Common;
using Microsoft.AspNetCore.Http;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>Marks an endpoint that answers with a page.</summary>
/// <param name="ChecksForm">Whether a form sent to it must carry the session's token.</param>
public sealed record PageEndpoint(bool ChecksForm);

/// <summary>Stands before the gate for pages: knows a browser by its cookie, sends who is not signed in to where one does, and says no as a page. The API never looks at the cookie.</summary>
public sealed class Door(RequestDelegate next, Accounts accounts, TrustedProxy proxy, FormTokens tokens, PageWriter pages, ServerState state)
{
    private const string Bearer = "Bearer ";
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<PageEndpoint>() is not { } page)
        {
            await next(context);
            return;
        }
        Guard(context.Response.Headers);
        try
        {
            await AnswerAsync(context, page);
        }
        catch (DbException e) when (!context.Response.HasStarted)
        {
            state.DatabaseFailed(e);
            await pages.ProblemAsync(context, 503, "The database does not answer", $"It has not answered since {Words.Time(state.DatabaseDownSince ?? state.Started)}. Nothing was changed by this. The server tries it again by itself; load the page again in a moment.");
        }
    }

    private async Task AnswerAsync(HttpContext context, PageEndpoint page)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !tokens.IsOwn(context.Request))
        {
            await pages.ProblemAsync(context, 403, "This form came from another site", "Nothing was done. Open the page here and send it again.");
            return;
        }
        var needs = context.GetEndpoint()!.Metadata.GetMetadata<Needs>()!;
        var (caller, session, byBrowser) = await CallerAsync(context);
        if (caller is not null) context.Items[typeof(SignedIn)] = new SignedIn(caller, tokens.For(session));
        if (needs.Role is not null && !await MayAsync(context, needs, caller)) return;
        if (page.ChecksForm && !await IsFormAsync(context, byBrowser ? session : null)) return;
        await next(context);
    }

    private static void Guard(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        headers.CacheControl = "no-store";
    }

    // A program that names its token itself cannot be led to it by another site, as a browser can.
    private async Task<(Caller? Caller, string Session, bool ByBrowser)> CallerAsync(HttpContext context)
    {
        if (proxy.NameOf(context) is { } name) return (await accounts.OfProxyAsync(name, context.RequestAborted), $"proxy {name}", true);
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return (await accounts.CallerAsync(header[Bearer.Length..].Trim(), context.RequestAborted), header, false);
        if (context.Request.Cookies[Gate.Cookie] is not { Length: > 0 } session) return (null, "", true);
        var caller = await accounts.CallerAsync(session, context.RequestAborted);
        // From here on the gate sees one way of being known.
        if (caller is not null) context.Request.Headers.Authorization = Bearer + session;
        return (caller, session, true);
    }

    private async Task<bool> MayAsync(HttpContext context, Needs needs, Caller? caller)
    {
        if (needs.Holds(caller)) return true;
        if (caller is not null)
        {
            await pages.ProblemAsync(context, 403, "You may not do this", $"{Gate.Lacking(needs, caller)}. Ask an administrator of this server for it.");
            return false;
        }
        if (context.Request.Headers.ContainsKey("HX-Request"))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers["HX-Redirect"] = "/sign-in";
            return false;
        }
        // The form stands at the address that was asked for, so that a link leads on to what it names.
        var to = HttpMethods.IsGet(context.Request.Method) ? context.Request.Path + context.Request.QueryString.Value : "/";
        await pages.WriteAsync<SignInPage>(context, 401, (nameof(SignInPage.To), to));
        return false;
    }

    private async Task<bool> IsFormAsync(HttpContext context, string? session)
    {
        if (!context.Request.HasFormContentType)
        {
            await pages.ProblemAsync(context, 415, "A form is expected here", "Programs use /api/v1.");
            return false;
        }
        if (session is null || tokens.Holds(session, (await context.Request.ReadFormAsync(context.RequestAborted))[FormTokens.Field].ToString())) return true;
        await pages.ProblemAsync(context, 403, "This form is not of your session", "Nothing was done. Go back, load the page again, and send it once more.");
        return false;
    }
}

/// <summary>Who looks at a page, and what the forms of the page carry.</summary>
public sealed record SignedIn(Caller Caller, string FormToken)
{
    public bool May(Role role) => Caller.Role >= role;
}
