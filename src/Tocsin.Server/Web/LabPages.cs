using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
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
        app.Form("/lab/exam", ExamAsync);
        app.Form("/lab/exam/end", EndAsync);
    }

    private static async Task ShowAsync(HttpContext context, PageWriter pages, ServerOptions options, ExamDesk exam, string? q, string? part, string? done)
    {
        if (options.Web.Lab is not { } lab) await NoneAsync(context, pages);
        else if (part is "live") await pages.WriteAsync<LabLive>(context, 200, (nameof(LabLive.Seen), await SeenAsync(lab, context.RequestAborted)), (nameof(LabLive.Asked), exam.Asked));
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

    private static async Task ExamAsync(HttpContext context, PageWriter pages, ServerOptions options, ExamDesk exam)
    {
        if (options.Web.Lab is not { } lab)
        {
            await NoneAsync(context, pages);
            return;
        }
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (entry, environment) = (form["entry"].ToString(), form["environment"].ToString());
        var chosen = lab.Faults().Where(f => (entry.Length == 0 || f.Entry == entry) && f.Environments.Contains(environment, StringComparer.Ordinal)).ToList();
        if (chosen.Count == 0) await AnswerAsync(context, pages, lab, 400, "", "choose an error that has faults, and an environment in which they can be", []);
        else if (!exam.Begin(chosen, environment, context.User().Caller.By)) await AnswerAsync(context, pages, lab, 409, "", "another exam is not over; end it first", []);
        else context.Goto("/lab#exam");
    }

    private static void EndAsync(HttpContext context, ExamDesk exam)
    {
        exam.End();
        context.Goto("/lab#exam");
    }

    private static async Task AnswerAsync(HttpContext context, PageWriter pages, LabDoor lab, int status, string text, string problem, IReadOnlyList<string> said)
    {
        var found = lab.Faults().Where(f => text.Length == 0 || $"{f.Id} {f.Title} {f.About} {f.Entry}".Contains(text, StringComparison.OrdinalIgnoreCase)).ToList();
        await pages.WriteAsync<LabPage>(
            context, status, (nameof(LabPage.Seen), await SeenAsync(lab, context.RequestAborted)), (nameof(LabPage.Asked), context.RequestServices.GetRequiredService<ExamDesk>().Asked), (nameof(LabPage.Faults), found), (nameof(LabPage.Text), text), (nameof(LabPage.Problem), problem), (nameof(LabPage.Said), said));
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
