using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Access;
using Tocsin.Server.Publishing;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>Where the public asks for updates, confirms, and ends them. Opening a link changes nothing: mail programs follow links by themselves.</summary>
public static class SubscribePages
{
    private const string Why = "anybody may subscribe to the public status page; each link is signed for one subscriber";
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    private const int MostForm = 4096;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/status/subscribe", AskAsync).DisableAntiforgery().NeedsNobody(Why).ExcludeFromDescription();
        foreach (var verb in (string[])["confirm", "unsubscribe"])
        {
            app.MapGet($"/status/{verb}/{{id}}/{{signature}}", (string id, string signature, HttpContext context, Links links, Subscribers subscribers, PageWriter writer) => ShowAsync(verb, id, signature, context, links, subscribers, writer)).NeedsNobody(Why).ExcludeFromDescription();
            app.MapPost($"/status/{verb}/{{id}}/{{signature}}", (string id, string signature, HttpContext context, Links links, Subscribers subscribers, PageWriter writer) => DoAsync(verb, id, signature, context, links, subscribers, writer)).DisableAntiforgery().NeedsNobody(Why).ExcludeFromDescription();
        }
    }

    private static async Task AskAsync(HttpContext context, Subscribers subscribers, PageWriter writer)
    {
        if (!context.Request.HasFormContentType || context.Request.ContentLength is not (> 0 and <= MostForm))
        {
            await SayAsync(context, writer, 400, "That could not be read", "The form on the status page says what is expected.", "");
            return;
        }
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var problem = await subscribers.AskAsync(form["kind"].ToString(), form["address"].ToString(), context.RequestAborted);
        if (problem.Length > 0) await SayAsync(context, writer, 400, "Not subscribed", $"It was not taken: {problem}.", "");
        else await SayAsync(context, writer, 202, "One more step", "A message with a link is on its way to that address. Updates are sent once it was opened and confirmed, within a day.", "");
    }

    private static async Task ShowAsync(string verb, string id, string signature, HttpContext context, Links links, Subscribers subscribers, PageWriter writer)
    {
        if (!await IsKnownAsync(verb, id, signature, context, links, subscribers, writer)) return;
        if (verb is "confirm") await SayAsync(context, writer, 200, "Confirm", "A message is sent to you at each change of the status page. Each has a link that ends it.", "Send me updates");
        else await SayAsync(context, writer, 200, "No more updates", "Nothing more is sent, and the address is deleted.", "Send me nothing more");
    }

    private static async Task DoAsync(string verb, string id, string signature, HttpContext context, Links links, Subscribers subscribers, PageWriter writer)
    {
        if (!await IsKnownAsync(verb, id, signature, context, links, subscribers, writer)) return;
        if (verb is "unsubscribe")
        {
            await subscribers.EndAsync(id, context.RequestAborted);
            await SayAsync(context, writer, 200, "Done", "Nothing more is sent, and the address is deleted.", "");
        }
        else if (await subscribers.ConfirmAsync(id, context.RequestAborted) && await subscribers.FindAsync(id, context.RequestAborted) is { } now)
        {
            var signed = now.Kind is "webhook" ? $" Each is signed as Standard Webhooks say, with the secret {subscribers.Secret(now)}" : "";
            await SayAsync(context, writer, 200, "Done", $"Updates are sent from now on.{signed}", "");
        }
        else
        {
            await SayAsync(context, writer, 410, "Too late", "The link is older than a day. Subscribe again on the status page.", "");
        }
    }

    // Whoever is gone already, and whoever never was, get the same answer.
    private static async Task<bool> IsKnownAsync(string verb, string id, string signature, HttpContext context, Links links, Subscribers subscribers, PageWriter writer)
    {
        if (links.HoldsSubscription(verb, id, signature) && await subscribers.FindAsync(id, context.RequestAborted) is not null) return true;
        await SayAsync(context, writer, 404, "There is nothing here", "The link is wrong, or it was used already.", "");
        return false;
    }

    private static async Task SayAsync(HttpContext context, PageWriter writer, int status, string title, string text, string button)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        var page = await writer.RenderAsync<SubscribePage>(new(StringComparer.Ordinal) { [nameof(SubscribePage.Title)] = title, [nameof(SubscribePage.Text)] = text, [nameof(SubscribePage.Button)] = button }, context.RequestAborted);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(page, context.RequestAborted);
    }
}
