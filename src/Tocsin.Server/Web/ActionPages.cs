using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Actions;
using Tocsin.Server.Api;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>What a form of an action had, and why it was not taken.</summary>
public sealed record ActionForm(string Action, string Environment, string Target, string Incident, string Why, string Refused)
{
    /// <summary>By name; never a secret's.</summary>
    public ImmutableSortedDictionary<string, string> Values { get; init; } = ActionOrder.None;
}

/// <summary>Guarded fixes: the list, a form for a plan, and the plan with what may be done about it.</summary>
public static class ActionPages
{
    private const int Most = 50;
    private const string ValueField = "value-";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/actions", ListAsync);
        app.Look("/actions/new", NewAsync);
        app.Look("/actions/{id}", ShowAsync);
        app.Form("/actions", PlanAsync);
        foreach (var verb in new[] { "approve", "run", "break-glass", "withdraw", "settle", "undo" })
            app.Form($"/actions/{{id}}/{verb}", (string id, HttpContext context, PageWriter pages, ActionDesk desk, ActionRunner runner) => DoAsync(id, verb, context, pages, desk, runner));
    }

    private static async Task ListAsync(HttpContext context, PageWriter pages, ActionDesk desk, string? incident) =>
        await pages.WriteAsync<ActionsPage>(context, 200, (nameof(ActionsPage.Runs), await desk.ListAsync(IncidentIds.Parse(incident ?? ""), Most, context.RequestAborted)), (nameof(ActionsPage.Incident), incident ?? ""));

    private static Task NewAsync(HttpContext context, PageWriter pages, ActionDesk desk, ServerOptions options, string? action, string? environment, string? target, string? incident) =>
        FormAsync(context, pages, desk, new ActionForm(action ?? "", environment ?? options.Platform.Environments[0].Name, target ?? "", incident ?? "", "", "") { Values = context.Request.Query.Where(q => q.Key.StartsWith(ValueField, StringComparison.Ordinal)).ToImmutableSortedDictionary(q => q.Key[ValueField.Length..], q => q.Value.ToString(), StringComparer.Ordinal) });

    private static Task FormAsync(HttpContext context, PageWriter pages, ActionDesk desk, ActionForm form) =>
        pages.WriteAsync<ActionFormPage>(context, form.Refused.Length > 0 ? 409 : 200, (nameof(ActionFormPage.Form), form), (nameof(ActionFormPage.Kinds), desk.Planner.Kinds.ToList()));

    private static async Task PlanAsync(HttpContext context, PageWriter pages, ActionDesk desk)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var asked = new ActionForm(form["action"].ToString(), form["environment"].ToString(), form["target"].ToString().Trim(), form["incident"].ToString().Trim(), form["why"].ToString().Trim(), "");
        var order = new ActionOrder(asked.Action, asked.Environment, asked.Target, Values(form));
        var result = await desk.PlanAsync(order, IncidentIds.Parse(asked.Incident), ActionApi.Who(context), asked.Why, context.RequestAborted);
        if (result is ActionResult.Done done) context.Goto($"/actions/{done.Run.Id}");
        else await FormAsync(context, pages, desk, asked with { Refused = result is ActionResult.Refused refused ? refused.Why : "it could not be planned" });
    }

    private static async Task ShowAsync(string id, HttpContext context, PageWriter pages, ActionDesk desk, string? part)
    {
        if (await FindAsync(id, context, pages, desk) is not { } run) return;
        if (part is "live") await pages.WriteAsync<ActionLive>(context, 200, (nameof(ActionLive.Run), run));
        else await pages.WriteAsync<ActionPage>(context, 200, (nameof(ActionPage.Run), run));
    }

    private static async Task<ActionRun?> FindAsync(string id, HttpContext context, PageWriter pages, ActionDesk desk)
    {
        if (Guid.TryParse(id, out _) && await desk.ReadAsync(id, context.RequestAborted) is { } run) return run;
        await pages.ProblemAsync(context, 404, "There is no such action", $"{(id.Length > 40 ? id[..40] + "…" : id)} is not here. The list of actions may have it.");
        return null;
    }

    private static async Task DoAsync(string id, string verb, HttpContext context, PageWriter pages, ActionDesk desk, ActionRunner runner)
    {
        if (await FindAsync(id, context, pages, desk) is not { } run) return;
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (who, why, cancel) = (ActionApi.Who(context), form["why"].ToString().Trim(), context.RequestAborted);
        var result = verb switch
        {
            "approve" => await desk.ApproveAsync(id, who, form["digest"].ToString(), cancel),
            "run" => await desk.StartAsync(id, who, Values(form), cancel),
            "break-glass" => await desk.BreakAsync(id, who, why, cancel),
            "withdraw" => await desk.WithdrawAsync(id, who, why, cancel),
            "settle" => await desk.SettleAsync(id, who, form["done"].ToString() is "yes", why, cancel),
            "undo" => await desk.UndoAsync(id, who, why, cancel),
            _ => throw new ArgumentOutOfRangeException(nameof(verb), verb, "unknown verb"),
        };
        switch (result)
        {
            case ActionResult.Done done:
                if (verb is "run") runner.Begin(id, Values(form));
                context.Goto($"/actions/{done.Run.Id}");
                break;
            case ActionResult.Refused refused:
                await pages.WriteAsync<ActionPage>(context, 409, (nameof(ActionPage.Run), await desk.ReadAsync(id, cancel) ?? run), (nameof(ActionPage.Refused), refused.Why));
                break;
            default:
                await pages.ProblemAsync(context, 404, "There is no such action", "It is not here any more.");
                break;
        }
    }

    private static ImmutableSortedDictionary<string, string> Values(IFormCollection form) =>
        form.Where(f => f.Key.StartsWith(ValueField, StringComparison.Ordinal) && f.Value.ToString().Length > 0).ToImmutableSortedDictionary(f => f.Key[ValueField.Length..], f => f.Value.ToString(), StringComparer.Ordinal);
}
