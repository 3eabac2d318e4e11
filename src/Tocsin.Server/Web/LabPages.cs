using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>An attached lab: what can be broken on purpose, and how it is put back. It changes the lab and nothing else.</summary>
public static class LabPages
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/lab", ShowAsync);
        app.Form("/lab/inject", InjectAsync);
        app.Form("/lab/heal", HealAsync);
    }

    private static async Task ShowAsync(HttpContext context, PageWriter pages, ServerOptions options, string? q, string? part, string? done)
    {
        if (options.Web.Lab is not { } lab) await NoneAsync(context, pages);
        else if (part is "live") await pages.WriteAsync<LabLive>(context, 200, (nameof(LabLive.Seen), await SeenAsync(lab, context.RequestAborted)));
        else await AnswerAsync(context, pages, lab, 200, q ?? "", "", done is "heal" ? ["Everything is put back; the platform becomes healthy again within a minute."] : []);
    }

    private static async Task InjectAsync(HttpContext context, PageWriter pages, ServerOptions options)
    {
        if (options.Web.Lab is not { } lab)
        {
            await NoneAsync(context, pages);
            return;
        }
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (id, environment) = (form["fault"].ToString(), form["environment"].ToString());
        if (lab.Faults().FirstOrDefault(f => f.Id == id) is not { } fault || !fault.Environments.Contains(environment, StringComparer.Ordinal))
        {
            await AnswerAsync(context, pages, lab, 400, "", "choose a fault, and an environment in which it can be", []);
            return;
        }
        try
        {
            await AnswerAsync(context, pages, lab, 200, "", "", [$"{fault.Title}: broken in {environment}. What the watch sees of it stands on the first page within a minute.", .. await lab.Break(fault.Id, environment, context.RequestAborted)]);
        }
        catch (LabRefusal e)
        {
            await AnswerAsync(context, pages, lab, 409, "", e.Message, []);
        }
    }

    private static async Task HealAsync(HttpContext context, PageWriter pages, ServerOptions options)
    {
        if (options.Web.Lab is not { } lab)
        {
            await NoneAsync(context, pages);
            return;
        }
        try
        {
            await lab.Heal(context.RequestAborted);
            context.Goto("/lab?done=heal");
        }
        catch (LabRefusal e)
        {
            await AnswerAsync(context, pages, lab, 409, "", e.Message, []);
        }
    }

    private static async Task AnswerAsync(HttpContext context, PageWriter pages, LabDoor lab, int status, string text, string problem, IReadOnlyList<string> said)
    {
        var found = lab.Faults().Where(f => text.Length == 0 || $"{f.Id} {f.Title} {f.About} {f.Entry}".Contains(text, StringComparison.OrdinalIgnoreCase)).ToList();
        await pages.WriteAsync<LabPage>(
            context, status, (nameof(LabPage.Seen), await SeenAsync(lab, context.RequestAborted)), (nameof(LabPage.Faults), found), (nameof(LabPage.Text), text), (nameof(LabPage.Problem), problem), (nameof(LabPage.Said), said));
    }

    // A lab that does not answer is a state of it, and the page says so.
    private static async Task<LabSeen> SeenAsync(LabDoor lab, CancellationToken cancel)
    {
        try
        {
            return await lab.Look(cancel);
        }
        catch (LabRefusal e)
        {
            return new LabSeen(IsHealthy: false, e.Message, [], []);
        }
    }

    private static Task NoneAsync(HttpContext context, PageWriter pages) => pages.ProblemAsync(context, 404, "No lab is attached", "Start one with tocsin lab up, and this server with tocsin serve --lab.");
}
