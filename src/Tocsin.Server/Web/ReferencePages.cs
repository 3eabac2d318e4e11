using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>The error reference, alive.</summary>
public static class ReferencePages
{
    private const int LongestQuestion = 200;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/reference", ListAsync);
        app.Look("/reference/{id}", EntryAsync);
    }

    private static async Task ListAsync(HttpContext context, PageWriter pages, ReferenceDesk desk, string? q, string? part)
    {
        var text = q is { Length: > LongestQuestion } ? q[..LongestQuestion] : q ?? "";
        var (found, seen) = (desk.Find(text), await desk.SeenAsync(context.RequestAborted));
        if (part is "list") await pages.WriteAsync<ReferenceList>(context, 200, (nameof(ReferenceList.Found), found), (nameof(ReferenceList.Seen), seen), (nameof(ReferenceList.Text), text));
        else await pages.WriteAsync<ReferencePage>(context, 200, (nameof(ReferencePage.Found), found), (nameof(ReferencePage.Seen), seen), (nameof(ReferencePage.Text), text));
    }

    private static async Task EntryAsync(string id, HttpContext context, PageWriter pages, ReferenceDesk desk, ServerOptions options, string? env)
    {
        if (desk.Entry(id) is not { } entry)
        {
            await pages.ProblemAsync(context, 404, "There is no such error", "The reference does not have it. Search it by words of the message.");
            return;
        }
        var environment = options.Platform.Environment(env ?? "") ?? options.Platform.Environments[0];
        var seen = (await desk.SeenAsync(context.RequestAborted)).GetValueOrDefault(entry.Entry.Id);
        await pages.WriteAsync<EntryPage>(
            context, 200, (nameof(EntryPage.Entry), entry), (nameof(EntryPage.Environment), environment.Name), (nameof(EntryPage.Guide), Guide.Html(entry, options.Platform, environment, desk.Entry)), (nameof(EntryPage.Seen), seen),
            (nameof(EntryPage.Week), seen is null ? [] : await desk.WeekAsync(entry.Entry.Id, context.RequestAborted)), (nameof(EntryPage.Exam), desk.Exam(entry.Entry.Id)));
    }
}
