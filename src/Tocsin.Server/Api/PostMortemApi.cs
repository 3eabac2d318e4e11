using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Server.Access;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <param name="Due">Null: as the severity says.</param>
public sealed record ItemBody(string Text, ItemKind Kind = ItemKind.Prevention, string Owner = "", LocalDate? Due = null, bool Done = false);

/// <summary>What only people know; what is left out is emptied.</summary>
public sealed record DocumentBody(
    string Author = "",
    string Summary = "",
    string Users = "",
    string Revenue = "",
    string Detection = "",
    string RootCause = "",
    string Lessons = "",
    ImmutableArray<string>? Factors = null,
    ImmutableArray<string>? WentWell = null,
    ImmutableArray<string>? WentPoorly = null,
    ImmutableArray<ItemBody>? Items = null)
{
    public PostMortemText Text() => new()
    {
        Author = Author,
        Summary = Summary,
        Users = Users,
        Revenue = Revenue,
        Detection = Detection,
        RootCause = RootCause,
        Lessons = Lessons,
        Factors = Factors ?? [],
        WentWell = WentWell ?? [],
        WentPoorly = WentPoorly ?? [],
        Items = [.. (Items ?? []).Select(i => new ActionItem(i.Text, i.Kind, i.Owner, i.Due, i.Done))],
    };
}

public sealed record DoneBody(bool Done = true);

/// <param name="Said">What became of it, in words.</param>
public sealed record PushedBody(string Said);

/// <param name="Missing">What keeps it from being final.</param>
/// <param name="Markdown">The whole document.</param>
public sealed record DocumentShown(IncidentId Id, int Version, string Status, Instant? Due, PostMortemText Text, ImmutableArray<string> Missing, ImmutableArray<WordingHint> Hints, string Markdown, string? Nothing)
{
    public static DocumentShown Of(Document document, string? nothing) => new(
        document.Id,
        document.Record.Version,
        document.Record.IsFinal ? "final" : document.Record.Version > 0 ? "draft" : "none",
        document.Account.DocumentDue,
        document.Record.Text,
        [.. document.Whole.Missing()],
        BlamelessHints.Of(document.Record.Text, document.Account.Pages.Select(p => p.Person).Distinct(StringComparer.Ordinal)),
        PostMortemMarkdown.Of(document.Whole, everyEvent: false),
        nothing);
}

/// <summary>Post-mortems, and the numbers over many incidents.</summary>
public static class PostMortemApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var all = api.MapGroup("/post-mortems").WithTags("post-mortems");
        all.MapGet("/", async (HttpContext context, PostMortemDesk desk) => Results.Ok(await desk.ListAsync(context.RequestAborted))).Needs(Role.Viewer, Scopes.Read).WithSummary("Those that are asked for, and those that were begun").Produces<List<DocumentLine>>();
        all.MapGet("/{id}", ShowAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("The document of one incident").Produces<DocumentShown>().ProducesProblem(404);
        all.MapGet("/{id}/document", WholeAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("The whole document as Markdown or HTML, by format=md or html; all=true has every event").Produces(200).ProducesProblem(400).ProducesProblem(404);
        all.MapPost("/{id}", (string id, DocumentBody body, HttpContext context, PostMortemDesk desk) => DoAsync(id, context, (i, by) => desk.WriteAsync(i, body.Text(), ETags.Expected(context), by, context.RequestAborted))).Needs(Role.Responder, Scopes.Respond).WithSummary("Write what only people know").Produces<DocumentShown>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412);
        all.MapPost("/{id}/final", (string id, HttpContext context, PostMortemDesk desk) => DoAsync(id, context, (i, by) => desk.CloseAsync(i, by, context.RequestAborted))).Needs(Role.Responder, Scopes.Respond).WithSummary("Make it final, and file it with its incident").Produces<DocumentShown>().ProducesProblem(409);
        all.MapPost("/{id}/reopen", (string id, TextBody body, HttpContext context, PostMortemDesk desk) => DoAsync(id, context, (i, by) => desk.OpenAgainAsync(i, body.Text, by, context.RequestAborted))).Needs(Role.Responder, Scopes.Respond).WithSummary("Open a final one again").Produces<DocumentShown>().ProducesProblem(409);
        all.MapPost("/{id}/items/{item:int}", (string id, int item, DoneBody body, HttpContext context, PostMortemDesk desk) => DoAsync(id, context, (i, by) => desk.TickAsync(i, item, body.Done, by, context.RequestAborted))).Needs(Role.Responder, Scopes.Respond).WithSummary("An action item is done, or is not").Produces<DocumentShown>().ProducesProblem(409);
        all.MapPost("/{id}/issues", PushAsync).Needs(Role.Responder, Scopes.Respond).WithSummary("Make each open action item an issue, once").Produces<PushedBody>().ProducesProblem(404).ProducesProblem(409);
        all.MapGet("/{id}/items", ItemsAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("Its action items with due dates and issues").Produces<List<ItemShown>>().ProducesProblem(404);
        api.MapGet("/reports", ReportAsync).Needs(Role.Viewer, Scopes.Read).WithTags("reports").WithSummary("MTTA, MTTR and promises by all, severity, service, entry or month").Produces<ReportWhole>().ProducesProblem(400);
    }

    private static async Task<IResult> ShowAsync(string id, HttpContext context, PostMortemDesk desk)
    {
        if (IncidentIds.Parse(id) is not { } incident || await desk.ReadAsync(incident, context.RequestAborted) is not { } document) return Problems.NotFound($"there is no incident {id}");
        context.Response.Headers.ETag = ETags.Of(document.Record.Version);
        return Results.Ok(DocumentShown.Of(document, null));
    }

    private static async Task<IResult> PushAsync(string id, HttpContext context, IssueDesk issues)
    {
        if (IncidentIds.Parse(id) is not { } incident) return Problems.NotFound($"there is no incident {id}");
        var (done, words) = await issues.PushAsync(incident, context.Caller().By, context.RequestAborted);
        return done ? Results.Ok(new PushedBody(words)) : Problems.Refused(words);
    }

    private static async Task<IResult> ItemsAsync(string id, HttpContext context, PostMortemDesk desk, IssueDesk issues) =>
        IncidentIds.Parse(id) is { } incident && await desk.ReadAsync(incident, context.RequestAborted) is { } document ? Results.Ok(await issues.ShownAsync(document, context.RequestAborted)) : Problems.NotFound($"there is no incident {id}");

    private static async Task<IResult> WholeAsync(string id, HttpContext context, PostMortemDesk desk, string? format, bool? all)
    {
        if (format is not (null or "md" or "html")) return Problems.Bad("format is md or html");
        if (IncidentIds.Parse(id) is not { } incident || await desk.ReadAsync(incident, context.RequestAborted) is not { } document) return Problems.NotFound($"there is no incident {id}");
        // A page of its own with its own style: it is taken away as a file and never shown as one of this server.
        if (format is "html") context.Response.Headers.ContentDisposition = $"attachment; filename=\"post-mortem-{incident}.html\"";
        return format is "html" ? Results.Text(PostMortemHtml.Of(document.Whole, all ?? false), "text/html; charset=utf-8") : Results.Text(PostMortemMarkdown.Of(document.Whole, all ?? false), "text/markdown; charset=utf-8");
    }

    private static async Task<IResult> DoAsync(string id, HttpContext context, Func<IncidentId, string, Task<DocumentOutcome>> act)
    {
        if (IncidentIds.Parse(id) is not { } incident) return Problems.NotFound($"there is no incident {id}");
        var outcome = await act(incident, context.Caller().By);
        if (outcome is DocumentOutcome.Done or DocumentOutcome.Nothing)
        {
            var shown = outcome is DocumentOutcome.Done done ? DocumentShown.Of(done.Document, null) : DocumentShown.Of(((DocumentOutcome.Nothing)outcome).Document, ((DocumentOutcome.Nothing)outcome).Why);
            context.Response.Headers.ETag = ETags.Of(shown.Version);
            return Results.Ok(shown);
        }
        return outcome switch
        {
            DocumentOutcome.Refused refused => Problems.Refused(refused.Why),
            DocumentOutcome.Stale stale => Problems.Of(412, $"somebody wrote meanwhile: it is at version {stale.Version}; read it again"),
            _ => Problems.NotFound($"there is no incident {id}"),
        };
    }

    private static async Task<IResult> ReportAsync(HttpContext context, ResponseReport report, string? by, int? days)
    {
        if (!Enum.TryParse<MetricGroup>(by ?? "severity", ignoreCase: true, out var group) || !Enum.IsDefined(group)) return Problems.Bad($"by is one of {string.Join(", ", Enum.GetNames<MetricGroup>().Select(n => n.ToLowerInvariant()))}");
        if (days is < 1 or > ResponseReport.MostDays) return Problems.Bad($"days is from 1 to {ResponseReport.MostDays}");
        return Results.Ok(await report.OfAsync(group, days ?? 90, context.RequestAborted));
    }
}
