using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>An attached lab: what can be broken on purpose, how it is put back, and its exam. It changes the lab and nothing else.</summary>
public static class LabPages
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/lab", (HttpContext context, LabScreen screen, string? q, string? part, string? done) => screen.WithAsync(context, lab => ShowAsync(context, screen, lab, q ?? "", part, done)));
        app.Form("/lab/inject", (HttpContext context, LabScreen screen) => screen.WithAsync(context, lab => InjectAsync(context, screen, lab)));
        app.Form("/lab/heal", (HttpContext context, LabScreen screen) => screen.WithAsync(context, lab => HealAsync(context, lab)));
        app.Form("/lab/exam", (HttpContext context, LabScreen screen, ExamDesk exam) => screen.WithAsync(context, lab => ExamAsync(context, screen, lab, exam)));
        app.Form("/lab/exam/end", EndAsync);
    }

    private static Task ShowAsync(HttpContext context, LabScreen screen, LabDoor lab, string text, string? part, string? done) =>
        part is "live" ? screen.LiveAsync(context, lab) : screen.AnswerAsync(context, lab, 200, text, "", done is "heal" ? ["Everything is put back; the platform becomes healthy again within a minute."] : []);

    private static async Task InjectAsync(HttpContext context, LabScreen screen, LabDoor lab)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (id, environment) = (form["fault"].ToString(), form["environment"].ToString());
        if (lab.Faults().FirstOrDefault(f => f.Id == id) is not { } fault || !fault.Environments.Contains(environment, StringComparer.Ordinal)) await screen.AnswerAsync(context, lab, 400, "", "choose a fault, and an environment in which it can be", []);
        else await screen.AnswerAsync(context, lab, 200, "", "", [$"{fault.Title}: broken in {environment}. What the watch sees of it stands on the first page within a minute.", .. await lab.Break(fault.Id, environment, context.RequestAborted)]);
    }

    private static async Task HealAsync(HttpContext context, LabDoor lab)
    {
        await lab.Heal(context.RequestAborted);
        context.Goto("/lab?done=heal");
    }

    private static async Task ExamAsync(HttpContext context, LabScreen screen, LabDoor lab, ExamDesk exam)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (entry, environment) = (form["entry"].ToString(), form["environment"].ToString());
        var chosen = lab.Faults().Where(f => (entry.Length == 0 || f.Entry == entry) && f.Environments.Contains(environment, StringComparer.Ordinal)).ToList();
        if (chosen.Count == 0) await screen.AnswerAsync(context, lab, 400, "", "choose an error that has faults, and an environment in which they can be", []);
        else if (!exam.Begin(chosen, environment, context.User().Caller.By)) await screen.AnswerAsync(context, lab, 409, "", "another exam is not over; end it first", []);
        else context.Goto("/lab#exam");
    }

    private static void EndAsync(HttpContext context, ExamDesk exam)
    {
        exam.End();
        context.Goto("/lab#exam");
    }
}

/// <summary>The page of an attached lab, with whatever is to be said on it.</summary>
public sealed class LabScreen(PageWriter pages, ExamDesk exam, ServerOptions options)
{
    /// <summary>Says so where no lab is attached, and where the lab does not do it.</summary>
    public async Task WithAsync(HttpContext context, Func<LabDoor, Task> act)
    {
        if (options.Web.Lab is not { } lab)
        {
            await pages.ProblemAsync(context, 404, "No lab is attached", "Start one with tocsin lab up, and this server with tocsin serve --lab.");
            return;
        }
        try
        {
            await act(lab);
        }
        catch (LabRefusal e)
        {
            await AnswerAsync(context, lab, 409, "", e.Message, []);
        }
    }

    public async Task LiveAsync(HttpContext context, LabDoor lab) => await pages.WriteAsync<LabLive>(context, 200, (nameof(LabLive.Seen), await SeenAsync(lab, context.RequestAborted)), (nameof(LabLive.Asked), exam.Asked));

    public async Task AnswerAsync(HttpContext context, LabDoor lab, int status, string text, string problem, IReadOnlyList<string> said)
    {
        var found = lab.Faults().Where(f => text.Length == 0 || $"{f.Id} {f.Title} {f.About} {f.Entry}".Contains(text, StringComparison.OrdinalIgnoreCase)).ToList();
        await pages.WriteAsync<LabPage>(
            context, status, (nameof(LabPage.Seen), await SeenAsync(lab, context.RequestAborted)), (nameof(LabPage.Asked), exam.Asked), (nameof(LabPage.Faults), found), (nameof(LabPage.Text), text), (nameof(LabPage.Problem), problem), (nameof(LabPage.Said), said));
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
}
