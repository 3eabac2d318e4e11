using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Access;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>A look at a service: what each probe saw as it comes, then the diagnosis.</summary>
public static class DrillPages
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/drill", (HttpContext context, PageWriter pages, DrillDesk desk, ServerOptions options, string? env, string? service) => AskAsync(context, pages, desk, options, 200, env ?? "", service ?? "", ""));
        app.Look("/drill/{id}", ShowAsync);
        app.Form("/drill", BeginAsync, Role.Responder, Scopes.Respond);
    }

    private static Task AskAsync(HttpContext context, PageWriter pages, DrillDesk desk, ServerOptions options, int status, string environment, string service, string problem) =>
        options.Web.Drill is null
            ? pages.ProblemAsync(context, 404, "This server cannot look", "It was started without a way to drill. On the command line: tocsin drill.")
            : pages.WriteAsync<DrillPage>(context, status, (nameof(DrillPage.Environment), environment), (nameof(DrillPage.Service), service), (nameof(DrillPage.Services), options.Platform.Services.Select(s => s.Name).ToList()), (nameof(DrillPage.Newest), desk.Newest), (nameof(DrillPage.Problem), problem));

    private static async Task BeginAsync(HttpContext context, PageWriter pages, DrillDesk desk, ServerOptions options)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (environment, service) = (form["environment"].ToString(), form["service"].ToString());
        if (options.Platform.Environment(environment) is not { } known) await AskAsync(context, pages, desk, options, 400, environment, service, "choose an environment");
        else if (service.Length > 0 && options.Platform.Service(service) is null) await AskAsync(context, pages, desk, options, 400, environment, service, "choose a service, or all of them");
        else if (desk.Begin(known.Name, service, context.User().Caller.By) is { } drill) context.Goto($"/drill/{drill.Id}");
        else await AskAsync(context, pages, desk, options, 429, environment, service, "other drills wait already; try again in a minute");
    }

    private static async Task ShowAsync(string id, HttpContext context, PageWriter pages, DrillDesk desk, string? part)
    {
        if (desk.Newest.FirstOrDefault(d => d.Id == id) is not { } drill)
        {
            await pages.ProblemAsync(context, 404, "This drill is not kept", "The newest twenty are, until the server restarts. Look again.");
            return;
        }
        if (part is "live") await pages.WriteAsync<DrillLive>(context, 200, (nameof(DrillLive.Drill), drill));
        else await pages.WriteAsync<DrillResultPage>(context, 200, (nameof(DrillResultPage.Drill), drill));
    }
}
