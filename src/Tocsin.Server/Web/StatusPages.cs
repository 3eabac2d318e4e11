using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Response.StatusPages;
using Tocsin.Server.Access;
using Tocsin.Server.Publishing;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>The public status page, and where commanders write it.</summary>
public static class StatusPages
{
    private const string Open = "the public status page: only what was published for it";
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/status", (HttpContext context, PublicPages pages) => ServeAsync(context, pages, "", "text/html; charset=utf-8")).NeedsNobody(Open).ExcludeFromDescription();
        app.MapGet("/status/{number:int}", (int number, HttpContext context, PublicPages pages) => ServeAsync(context, pages, number.ToString(CultureInfo.InvariantCulture), "text/html; charset=utf-8")).NeedsNobody(Open).ExcludeFromDescription();
        app.MapGet("/status.rss", (HttpContext context, PublicPages pages) => ServeAsync(context, pages, "rss", "application/rss+xml; charset=utf-8")).NeedsNobody(Open).ExcludeFromDescription();
        app.MapGet("/status.json", (HttpContext context, PublicPages pages) => ServeAsync(context, pages, "json", "application/json; charset=utf-8")).NeedsNobody(Open).ExcludeFromDescription();
        SubscribePages.Map(app);
        app.Look("/status/edit", EditAsync, Role.Commander, Scopes.Command);
        app.Form("/status/components", (HttpContext context, PageWriter pages, StatusDesk desk) => DoAsync(context, pages, desk, (f, by) => new StatusCommand.Name(by, f["id"].ToString(), f["name"].ToString().Trim(), f["about"].ToString().Trim())), Role.Commander, Scopes.Command);
        app.Form("/status/components/{component}/state", (string component, HttpContext context, PageWriter pages, StatusDesk desk) => DoAsync(context, pages, desk, (f, by) => Enum.TryParse<ComponentState>(f["state"], out var state) && Enum.IsDefined(state) ? new StatusCommand.Set(by, component, state) : null), Role.Commander, Scopes.Command);
        app.Form("/status/components/{component}/remove", (string component, HttpContext context, PageWriter pages, StatusDesk desk) => DoAsync(context, pages, desk, (_, by) => new StatusCommand.Remove(by, component)), Role.Commander, Scopes.Command);
        app.Form("/status/reports", (HttpContext context, PageWriter pages, StatusDesk desk) => DoAsync(context, pages, desk, Opened), Role.Commander, Scopes.Command);
        app.Form("/status/reports/{number:int}", (int number, HttpContext context, PageWriter pages, StatusDesk desk) => DoAsync(context, pages, desk, (f, by) => Composing.PublicOf(f) is var told ? new StatusCommand.Update(by, number, told.Stage, told.Impact, told.Text) : null), Role.Commander, Scopes.Command);
    }

    private static async Task ServeAsync(HttpContext context, PublicPages pages, string name, string type)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        if (await pages.OfAsync(name, context.RequestAborted) is not { } page)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        headers.CacheControl = "public, max-age=10";
        headers.ETag = page.Tag;
        if (context.Request.Headers.IfNoneMatch.Contains(page.Tag, StringComparer.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = type;
        context.Response.ContentLength = page.Bytes.Length;
        await context.Response.Body.WriteAsync(page.Bytes, context.RequestAborted);
    }

    private static async Task EditAsync(HttpContext context, PageWriter pages, StatusDesk desk) =>
        await pages.WriteAsync<StatusEditPage>(context, 200, (nameof(StatusEditPage.Page), await desk.NowAsync(context.RequestAborted)), (nameof(StatusEditPage.Done), context.Request.Query.ContainsKey("done")));

    private static StatusCommand? Opened(IFormCollection form, string by)
    {
        var told = Composing.PublicOf(form);
        return new StatusCommand.Open(by, told.Title, IncidentIds.Parse(form["incident"].ToString().Trim()), told.Components, told.Impact, told.Stage, told.Text);
    }

    private static async Task DoAsync(HttpContext context, PageWriter pages, StatusDesk desk, Func<IFormCollection, string, StatusCommand?> command)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var outcome = command(form, context.User().Caller.By) is { } wanted ? await desk.DoAsync(wanted, context.RequestAborted) : new StatusOutcome.Refused("something in it could not be read");
        if (outcome is not StatusOutcome.Refused refused) context.Goto("/status/edit?done=1");
        else await pages.WriteAsync<StatusEditPage>(context, 409, (nameof(StatusEditPage.Page), await desk.NowAsync(context.RequestAborted)), (nameof(StatusEditPage.Refused), refused.Why), (nameof(StatusEditPage.Given), Composing.PublicOf(form)));
    }
}

/// <summary>The status page for programs.</summary>
public sealed record PublicShown(ImmutableArray<PublicComponentShown> Components, ImmutableArray<PublicReportShown> Reports);

public sealed record PublicComponentShown(string Name, string About, ComponentState State);

public sealed record PublicReportShown(int Number, string Title, ReportStage Stage, ComponentState Impact, NodaTime.Instant Opened, ImmutableArray<ReportUpdate> Updates);

/// <summary>What the public reads, rendered once for each version of the page.</summary>
public sealed class PublicPages(StatusDesk desk, PageWriter writer, Links links, Subscribers subscribers)
{
    private readonly ConcurrentDictionary<string, Made> made = new(StringComparer.Ordinal);

    private const int MostReports = 100;

    public sealed record Made(int Version, string Tag, byte[] Bytes);

    /// <summary>Null where there is nothing of that name.</summary>
    public async Task<Made?> OfAsync(string name, CancellationToken cancel)
    {
        var page = await desk.NowAsync(cancel);
        if (made.TryGetValue(name, out var known) && known.Version == page.Version) return known;
        if (await TextAsync(name, page, cancel) is not { } text) return null;
        var bytes = Encoding.UTF8.GetBytes(text);
        return made[name] = new Made(page.Version, $"\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))[..16]}\"", bytes);
    }

    private async Task<string?> TextAsync(string name, StatusPage page, CancellationToken cancel)
    {
        if (name is "rss") return PublicFeed.Of(page, links.Address);
        if (name is "json") return JsonSerializer.Serialize(Plain(page), JsonForm.Options());
        if (name.Length == 0) return await writer.RenderAsync<PublicStatusPage>(new(StringComparer.Ordinal) { [nameof(PublicStatusPage.Page)] = page, [nameof(PublicStatusPage.ByMail)] = subscribers.Settings.Mail is not null, [nameof(PublicStatusPage.ByWebhook)] = subscribers.Settings.Webhooks }, cancel);
        return page.Report(int.Parse(name, CultureInfo.InvariantCulture)) is { } report ? await writer.RenderAsync<PublicStatusPage>(new(StringComparer.Ordinal) { [nameof(PublicStatusPage.Page)] = page, [nameof(PublicStatusPage.Only)] = report }, cancel) : null;
    }

    // Named one by one: what is added to a report some day is not public by that.
    private static PublicShown Plain(StatusPage page) => new(
        [.. page.Components.Select(c => new PublicComponentShown(c.Name, c.About, page.StateOf(c)))],
        [.. page.Reports.Reverse().Take(MostReports).Select(r => new PublicReportShown(r.Number, r.Title, r.Stage, r.Impact, r.Opened, r.Updates))]);
}
