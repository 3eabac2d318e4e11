using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Platforms;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>Two environments side by side, and the variables that matter. Both only look, and show what they find as it comes.</summary>
public static class ComparePages
{
    private const string Busy = "other looks wait already; try again in a minute";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/compare", (HttpContext context, PageWriter pages, LookDesk<ServiceCompared> desk, ServerOptions options) => CompareAsync(context, pages, desk, options, 200, Pair(options.Platform), ""));
        app.Look("/compare/{id}", ComparedAsync);
        app.Form("/compare", BeginCompareAsync);
        app.Look("/checklist", (HttpContext context, PageWriter pages, LookDesk<ServiceChecked> desk, ServerOptions options, string? env, string? service) => ChecklistAsync(context, pages, desk, options, 200, new LookAsked(env ?? "", "", service ?? ""), ""));
        app.Look("/checklist/{id}", CheckedAsync);
        app.Form("/checklist", BeginCheckAsync);
    }

    // The last ones of a platform's list stand before production: left is what is tried, right what must work.
    private static LookAsked Pair(Platform platform) => new(platform.Environments[^1].Name, platform.Environments[0].Name, "");

    private static Task CompareAsync(HttpContext context, PageWriter pages, LookDesk<ServiceCompared> desk, ServerOptions options, int status, LookAsked asked, string problem) =>
        !desk.CanLook ? CannotAsync(context, pages, "tocsin compare")
            : pages.WriteAsync<ComparePage>(context, status, (nameof(ComparePage.Asked), asked), (nameof(ComparePage.Services), Names(options)), (nameof(ComparePage.Newest), desk.Newest), (nameof(ComparePage.Problem), problem));

    private static async Task BeginCompareAsync(HttpContext context, PageWriter pages, LookDesk<ServiceCompared> desk, ServerOptions options)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var asked = new LookAsked(form["left"].ToString(), form["right"].ToString(), form["service"].ToString());
        var problem = options.Platform.Environment(asked.Environment) is null || options.Platform.Environment(asked.Other) is null ? "choose two environments"
            : asked.Environment == asked.Other ? "choose two different environments"
            : Unknown(asked.Service, options);
        if (problem is null && desk.CanLook && desk.Begin(asked, context.User().Caller.By) is { } look) context.Goto($"/compare/{look.Id}");
        else await CompareAsync(context, pages, desk, options, problem is null ? 429 : 400, asked, problem ?? Busy);
    }

    private static Task ComparedAsync(string id, HttpContext context, PageWriter pages, LookDesk<ServiceCompared> desk, string? part) =>
        desk.Newest.FirstOrDefault(l => l.Id == id) is not { } look ? GoneAsync(context, pages)
        : part is "live" ? pages.WriteAsync<CompareLive>(context, 200, (nameof(CompareLive.Look), look))
        : pages.WriteAsync<CompareResultPage>(context, 200, (nameof(CompareResultPage.Look), look));

    private static Task ChecklistAsync(HttpContext context, PageWriter pages, LookDesk<ServiceChecked> desk, ServerOptions options, int status, LookAsked asked, string problem) =>
        !desk.CanLook ? CannotAsync(context, pages, "tocsin checklist")
            : pages.WriteAsync<ChecklistPage>(context, status, (nameof(ChecklistPage.Asked), asked), (nameof(ChecklistPage.Services), Names(options)), (nameof(ChecklistPage.Newest), desk.Newest), (nameof(ChecklistPage.Problem), problem));

    private static async Task BeginCheckAsync(HttpContext context, PageWriter pages, LookDesk<ServiceChecked> desk, ServerOptions options)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var asked = new LookAsked(form["environment"].ToString(), "", form["service"].ToString());
        var problem = options.Platform.Environment(asked.Environment) is null ? "choose an environment" : Unknown(asked.Service, options);
        if (problem is null && desk.CanLook && desk.Begin(asked, context.User().Caller.By) is { } look) context.Goto($"/checklist/{look.Id}");
        else await ChecklistAsync(context, pages, desk, options, problem is null ? 429 : 400, asked, problem ?? Busy);
    }

    private static Task CheckedAsync(string id, HttpContext context, PageWriter pages, LookDesk<ServiceChecked> desk, string? part) =>
        desk.Newest.FirstOrDefault(l => l.Id == id) is not { } look ? GoneAsync(context, pages)
        : part is "live" ? pages.WriteAsync<ChecklistLive>(context, 200, (nameof(ChecklistLive.Look), look))
        : pages.WriteAsync<ChecklistResultPage>(context, 200, (nameof(ChecklistResultPage.Look), look));

    private static string? Unknown(string service, ServerOptions options) => service.Length > 0 && options.Platform.Service(service) is null ? "choose a service, or all of them" : null;

    private static List<string> Names(ServerOptions options) => [.. options.Platform.Services.Select(s => s.Name)];

    private static Task CannotAsync(HttpContext context, PageWriter pages, string command) => pages.ProblemAsync(context, 404, "This server cannot look", $"It was started without a way to. On the command line: {command}.");

    private static Task GoneAsync(HttpContext context, PageWriter pages) => pages.ProblemAsync(context, 404, "This look is not kept", "The newest twenty are, until the server restarts. Look again.");
}
