using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime.Text;
using Tocsin.Core.PostMortems;
using Tocsin.Server.Incidents;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>The documents of incidents, and the numbers over many of them.</summary>
public static class PostMortemPages
{
    private const int MostItems = 60;
    private const int MostNoisy = 10;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/post-mortems", async (HttpContext context, PageWriter pages, PostMortemDesk desk) => await pages.WriteAsync<PostMortemsPage>(context, 200, (nameof(PostMortemsPage.Lines), await desk.ListAsync(context.RequestAborted))));
        app.Look("/post-mortems/{id}", ShowAsync);
        app.Look("/post-mortems/{id}/document.md", (string id, HttpContext context, PageWriter pages, PostMortemDesk desk) => FileAsync(id, "md", context, pages, desk));
        app.Look("/post-mortems/{id}/document.html", (string id, HttpContext context, PageWriter pages, PostMortemDesk desk) => FileAsync(id, "html", context, pages, desk));
        app.Form("/post-mortems/{id}", WriteAsync);
        app.Form("/post-mortems/{id}/final", (string id, HttpContext context, PageWriter pages, PostMortemDesk desk, PlanSource plan) => DoAsync(id, context, pages, desk, plan, (i, _, by) => desk.CloseAsync(i, by, context.RequestAborted)));
        app.Form("/post-mortems/{id}/reopen", (string id, HttpContext context, PageWriter pages, PostMortemDesk desk, PlanSource plan) => DoAsync(id, context, pages, desk, plan, (i, f, by) => desk.OpenAgainAsync(i, f["text"].ToString().Trim(), by, context.RequestAborted)));
        app.Form("/post-mortems/{id}/items/{item:int}", (string id, int item, HttpContext context, PageWriter pages, PostMortemDesk desk, PlanSource plan) => DoAsync(id, context, pages, desk, plan, (i, f, by) => desk.TickAsync(i, item, f["done"] == "1", by, context.RequestAborted)));
        app.Form("/post-mortems/{id}/issues", PushAsync);
        app.Look("/reports", ReportAsync);
    }

    private static async Task ShowAsync(string id, HttpContext context, PageWriter pages, PostMortemDesk desk, PlanSource plan)
    {
        if (IncidentIds.Parse(id) is { } incident && await desk.ReadAsync(incident, context.RequestAborted) is { } document) await PageAsync(context, pages, plan, document, 200, "", "");
        else await MissingAsync(context, pages);
    }

    private static async Task FileAsync(string id, string form, HttpContext context, PageWriter pages, PostMortemDesk desk)
    {
        if (IncidentIds.Parse(id) is not { } incident || await desk.ReadAsync(incident, context.RequestAborted) is not { } document)
        {
            await MissingAsync(context, pages);
            return;
        }
        var everyEvent = context.Request.Query.ContainsKey("all");
        var text = form is "md" ? PostMortemMarkdown.Of(document.Whole, everyEvent) : PostMortemHtml.Of(document.Whole, everyEvent);
        // It is taken away as a file: its own style is for paper, and not for a page of this server.
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"post-mortem-{incident}.{form}\"";
        context.Response.ContentType = form is "md" ? "text/markdown; charset=utf-8" : "text/html; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static async Task WriteAsync(string id, HttpContext context, PageWriter pages, PostMortemDesk desk, PlanSource plan)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (IncidentIds.Parse(id) is not { } incident || await desk.ReadAsync(incident, context.RequestAborted) is not { } document)
        {
            await MissingAsync(context, pages);
            return;
        }
        var (text, problem) = TextOf(form);
        var typed = document with { Record = document.Record with { Text = text with { Status = document.Record.Text.Status } } };
        if (problem.Length > 0 || form.ContainsKey("preview"))
        {
            await PageAsync(context, pages, plan, typed, problem.Length > 0 ? 409 : 200, problem, problem.Length > 0 ? "" : "preview");
            return;
        }
        _ = int.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var version);
        switch (await desk.WriteAsync(incident, text, version, context.User().Caller.By, context.RequestAborted))
        {
            case DocumentOutcome.Done or DocumentOutcome.Nothing: context.Goto($"/post-mortems/{incident}?done=saved"); break;
            case DocumentOutcome.Refused refused: await PageAsync(context, pages, plan, typed, 409, refused.Why, ""); break;
            default: await PageAsync(context, pages, plan, typed, 409, "somebody else wrote meanwhile. What you typed is below; their text is at this page's address", ""); break;
        }
    }

    private static async Task PushAsync(string id, HttpContext context, PageWriter pages, PostMortemDesk desk, IssueDesk issues, PlanSource plan)
    {
        if (IncidentIds.Parse(id) is not { } incident || await desk.ReadAsync(incident, context.RequestAborted) is not { } document)
        {
            await MissingAsync(context, pages);
            return;
        }
        var (done, words) = await issues.PushAsync(incident, context.User().Caller.By, context.RequestAborted);
        if (done) context.Goto($"/post-mortems/{incident}?done=done");
        else await PageAsync(context, pages, plan, document, 409, words, "");
    }

    private static async Task DoAsync(string id, HttpContext context, PageWriter pages, PostMortemDesk desk, PlanSource plan, Func<Core.Incidents.IncidentId, IFormCollection, string, Task<DocumentOutcome>> act)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var outcome = IncidentIds.Parse(id) is { } incident ? await act(incident, form, context.User().Caller.By) : new DocumentOutcome.Unknown(default);
        if (outcome is DocumentOutcome.Refused refused && IncidentIds.Parse(id) is { } same && await desk.ReadAsync(same, context.RequestAborted) is { } document) await PageAsync(context, pages, plan, document, 409, refused.Why, "");
        else if (outcome is DocumentOutcome.Unknown) await MissingAsync(context, pages);
        else context.Goto($"/post-mortems/{id}?done=done");
    }

    private static Task PageAsync(HttpContext context, PageWriter pages, PlanSource plan, Document document, int status, string refused, string state) => pages.WriteAsync<PostMortemPage>(
        context,
        status,
        (nameof(PostMortemPage.Document), document),
        (nameof(PostMortemPage.Refused), refused),
        (nameof(PostMortemPage.State), state.Length > 0 ? state : context.Request.Query["done"].ToString()),
        (nameof(PostMortemPage.People), plan.Now.Roster.People.Keys.Order(StringComparer.Ordinal).ToList()));

    private static (PostMortemText Text, string Problem) TextOf(IFormCollection form)
    {
        string Of(string name) => form[name].ToString().Trim().ReplaceLineEndings("\n");
        ImmutableArray<string> Lines(string name) => [.. Of(name).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        var items = ImmutableArray.CreateBuilder<ActionItem>();
        var problem = "";
        for (var i = 0; i < MostItems && form.ContainsKey($"item-{i}"); i++)
        {
            var (what, due) = (Of($"item-{i}"), Of($"due-{i}"));
            if (what.Length == 0) continue;
            var date = LocalDatePattern.Iso.Parse(due);
            if (due.Length > 0 && !date.Success) problem = $"\"{due}\" is no date such as 2026-12-01";
            _ = Enum.TryParse<ItemKind>(form[$"kind-{i}"], out var kind);
            items.Add(new ActionItem(what, Enum.IsDefined(kind) ? kind : ItemKind.Prevention, Of($"owner-{i}"), due.Length > 0 && date.Success ? date.Value : null, form[$"done-{i}"] == "1"));
        }
        return (new PostMortemText { Author = Of("author"), Summary = Of("summary"), Users = Of("users"), Revenue = Of("revenue"), Detection = Of("detection"), RootCause = Of("cause"), Factors = Lines("factors"), WentWell = Lines("well"), WentPoorly = Lines("poorly"), Lessons = Of("lessons"), Items = items.ToImmutable() }, problem);
    }

    private static async Task ReportAsync(HttpContext context, PageWriter pages, ResponseReport report, ReferenceDesk reference, string? by, int? days)
    {
        var group = Enum.TryParse<MetricGroup>(by ?? "severity", ignoreCase: true, out var named) && Enum.IsDefined(named) ? named : MetricGroup.Severity;
        var whole = await report.OfAsync(group, days is >= 1 and <= ResponseReport.MostDays ? days.Value : 90, context.RequestAborted);
        var noisy = (await reference.SeenAsync(context.RequestAborted)).OrderByDescending(s => s.Value.Count).ThenBy(s => s.Key, StringComparer.Ordinal).Take(MostNoisy).Select(s => (s.Key, s.Value)).ToList();
        await pages.WriteAsync<ReportsPage>(context, 200, (nameof(ReportsPage.Report), whole), (nameof(ReportsPage.Noisy), noisy));
    }

    private static Task MissingAsync(HttpContext context, PageWriter pages) => pages.ProblemAsync(context, 404, "There is no such incident", "So it has no post-mortem. The list has all that there are.");
}
