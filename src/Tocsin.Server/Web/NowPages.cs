using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>The first page, the list of incidents, declaring one, and the way to everything else.</summary>
public static class NowPages
{
    private const int PageLength = 50;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/", NowAsync);
        app.Look("/incidents", ListAsync);
        app.Look("/palette", PaletteAsync);
        app.Form("/incidents", DeclareAsync);
    }

    private static async Task NowAsync(HttpContext context, PageWriter pages, NowDesk desk, string? part, string? title)
    {
        if (part is "live")
        {
            var watched = await desk.WatchAsync(context.RequestAborted);
            await pages.WriteSharedAsync<NowLive>(context, watched.Position.ToString(CultureInfo.InvariantCulture), (nameof(NowLive.Board), watched));
            return;
        }
        await pages.WriteAsync<NowPage>(context, 200, (nameof(NowPage.Board), await desk.LookAsync(context.RequestAborted)), (nameof(NowPage.Title), title is { Length: <= Texts.MostTitle } ? title : ""));
    }

    private static async Task ListAsync(HttpContext context, PageWriter pages, IncidentList list, string? state, int? before)
    {
        bool? open = state switch { "open" => true, "ended" => false, _ => null };
        var found = await list.FindAsync(new IncidentFilter(open, Before: before, Most: PageLength), context.RequestAborted);
        await pages.WriteAsync<IncidentsPage>(
            context, 200, (nameof(IncidentsPage.Incidents), found), (nameof(IncidentsPage.State), open is null ? "" : state), (nameof(IncidentsPage.Next), found.Count == PageLength ? found[^1].Id.Number : (int?)null));
    }

    private static async Task DeclareAsync(HttpContext context, PageWriter pages, NowDesk desk, IncidentDesk incidents)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (title, environment, service) = (form["title"].ToString().Trim(), form["environment"].ToString(), form["service"].ToString());
        var problem = Texts.TooLong(title, environment, service);
        if (problem is null && Enum.TryParse<Severity>(form["severity"], out var severity) && Enum.IsDefined(severity))
        {
            var by = context.User().Caller.By;
            var named = environment.Length > 0 ? environment : "production";
            var facts = ImpactFacts.Of([], null, string.Equals(named, "production", StringComparison.OrdinalIgnoreCase));
            var declared = await incidents.DeclareAsync(new Declaration(default, title, named, service, "", "", new SuggestedSeverity(severity, $"{by} decided"), facts, null, null), by, context.RequestAborted);
            if (declared is Outcome.Done done)
            {
                context.Goto($"/incidents/{done.Incident.Id}?done=declared");
                return;
            }
            problem = declared is Outcome.Refused refused ? refused.Why : "it could not be declared";
        }
        await pages.WriteAsync<NowPage>(
            context, 400, (nameof(NowPage.Board), await desk.LookAsync(context.RequestAborted)), (nameof(NowPage.Problem), problem ?? "choose a severity, P0 to P3"), (nameof(NowPage.Title), title));
    }

    private static async Task PaletteAsync(HttpContext context, PageWriter pages, IncidentList list, ReferenceDesk reference, string? q)
    {
        var text = (q ?? "").Trim();
        var frame = pages.FrameOf(context);
        var found = new List<(string Path, string Name, string Kind)>();
        if (Storage.IncidentIds.Parse(text) is { } id && await list.OneAsync(id, context.RequestAborted) is { } one) found.Add(($"/incidents/{one.Id}", $"{one.Id} {one.Title}", "incident"));
        found.AddRange((await list.FindAsync(new IncidentFilter(Open: true, Most: 200), context.RequestAborted)).Where(i => Has(i.Title, text) || Has(i.Id.ToString(), text) || Has(i.Service, text)).Take(6).Select(i => ($"/incidents/{i.Id}", string.Create(CultureInfo.InvariantCulture, $"{i.Id} {i.Severity} {i.Title}"), "open incident")));
        found.AddRange(Menu.Of(frame).Where(m => Has(m.Name, text)).Select(m => (m.Path, m.Name, "page")));
        if (text.Length > 0) found.AddRange(reference.Find(text).Take(8).Select(e => ($"/reference/{e.Entry.Id}", e.Entry.Title, "error")));
        await pages.WriteAsync<PaletteList>(context, 200, (nameof(PaletteList.Words), text), (nameof(PaletteList.Found), found.DistinctBy(f => f.Path, StringComparer.Ordinal).ToList()));
    }

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}
