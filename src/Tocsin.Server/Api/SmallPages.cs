using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Incidents;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <summary>The two pages that work without an account: the button in a page, and an invitation. Opening one changes nothing: chats look at links too.</summary>
public static class SmallPages
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/a/{id}/{page:int}/{person}/{until:long}/{signature}", LookAsync).NeedsNobody("the signature in the link").ExcludeFromDescription();
        app.MapPost("/a/{id}/{page:int}/{person}/{until:long}/{signature}", AcknowledgeAsync).NeedsNobody("the signature in the link").ExcludeFromDescription();
        app.MapGet("/invite/{invitation}", (string invitation) => Page("Tocsin", Form(invitation, ""))).NeedsNobody("shows a form").ExcludeFromDescription();
        app.MapPost("/invite/{invitation}", AcceptAsync).NeedsNobody("the invitation, once").ExcludeFromDescription();
    }

    private static async Task<IResult> LookAsync(string id, int page, string person, long until, string signature, HttpContext context, Links links, IncidentList list)
    {
        if (IncidentIds.Parse(id) is not { } incident || !links.Holds(incident, page, person, until, signature)) return Ended();
        if (await list.OneAsync(incident, context.RequestAborted) is not { } found) return Ended();
        return Page($"{found.Id} {found.Severity}", $"<p>{Text(found.Title)}</p><p>{Text(found.Environment)} {Text(found.Service)}, {Text(found.Phase)}{(found.HeldBy.Length > 0 ? $", held by {Text(found.HeldBy)}" : "")}</p><form method=\"post\"><button>Acknowledge as {Text(person)}</button></form>");
    }

    private static async Task<IResult> AcknowledgeAsync(string id, int page, string person, long until, string signature, HttpContext context, Links links, IncidentDesk desk)
    {
        if (IncidentIds.Parse(id) is not { } incident || !links.Holds(incident, page, person, until, signature)) return Ended();
        return await desk.DoAsync(incident, new IncidentCommand.Acknowledge(person), null, context.RequestAborted) switch
        {
            Outcome.Done or Outcome.Nothing => Page($"{incident} is yours", $"<p>Acknowledged as {Text(person)}.</p>"),
            Outcome.Refused refused => Page($"{incident}", $"<p>{Text(refused.Why)}</p>", 409),
            _ => Ended(),
        };
    }

    private static async Task<IResult> AcceptAsync(string invitation, HttpContext context, Accounts accounts)
    {
        if (!context.Request.HasFormContentType) return Problems.Of(415, "a form is expected; programs post to /api/v1/invitations/INVITATION");
        try
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var token = await accounts.AcceptAsync(invitation, form["password"].ToString(), context.RequestAborted);
            return Page("Welcome", $"<p>Your password is set. This token is for the command line, and is shown once:</p><pre>export TOCSIN_TOKEN={Text(token)}</pre>");
        }
        catch (AccessException e)
        {
            return Page("Tocsin", Form(invitation, e.Message), 400);
        }
    }

    private static string Form(string invitation, string problem) =>
        $"<p>{Text(problem)}</p><form method=\"post\" action=\"/invite/{Uri.EscapeDataString(invitation)}\"><label>A new password, of 12 characters or more <input type=\"password\" name=\"password\" autocomplete=\"new-password\" minlength=\"12\" required></label> <button>Begin</button></form>";

    private static IResult Ended() => Page("Tocsin", "<p>This link has ended or was never valid. Open the incident instead.</p>", 404);

    private static IResult Page(string title, string body, int status = 200) => Results.Content(
        $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>{Text(title)}</title></head><body><main><h1>{Text(title)}</h1>{body}</main></body></html>",
        "text/html; charset=utf-8",
        statusCode: status);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
