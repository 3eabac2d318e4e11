using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Reading;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>The playbooks to read, to print, and to start in an incident that is open.</summary>
public static class PlaybookReading
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/playbooks", ListAsync);
        app.Look("/playbooks/{id}", ReadAsync);
    }

    private static Task ListAsync(HttpContext context, PageWriter pages, PlaybookShelf shelf, ServerOptions options) =>
        pages.WriteAsync<PlaybooksPage>(context, 200, (nameof(PlaybooksPage.Books), shelf.In(options.Platform.Environments[0])));

    private static async Task ReadAsync(string id, HttpContext context, PageWriter pages, PlaybookShelf shelf, IncidentList incidents, ServerOptions options, string? env)
    {
        var environment = options.Platform.Environment(env ?? "") ?? options.Platform.Environments[0];
        if (shelf.Fill(id, environment.Name, "", out _) is not { } book)
        {
            await pages.ProblemAsync(context, 404, "There is no such playbook", "The list of playbooks has all that there are.");
            return;
        }
        var open = await incidents.FindAsync(new IncidentFilter(Open: true, Most: 20), context.RequestAborted);
        await pages.WriteAsync<PlaybookReadPage>(
            context, 200, (nameof(PlaybookReadPage.Book), book), (nameof(PlaybookReadPage.Environment), environment.Name), (nameof(PlaybookReadPage.Open), open));
    }
}
