using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Access;
using Tocsin.Server.Actions;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <param name="Values">By name, such as count; what is secret is held in memory only.</param>
public sealed record PlanBody(string Action, string Environment, string Target, ImmutableSortedDictionary<string, string>? Values = null, IncidentId? Incident = null, string? Why = null);

public sealed record ApproveBody(string Digest);

public sealed record WhyBody(string Why);

/// <param name="Values">What is stored nowhere, typed in again.</param>
public sealed record RunBody(ImmutableSortedDictionary<string, string>? Values = null);

public sealed record SettleBody(bool WasDone, string Why);

/// <param name="Digest">What an approval names.</param>
/// <param name="Waiting">Who is still needed, in words.</param>
/// <param name="Undo">How it is taken back, or why it cannot be.</param>
public sealed record ActionAnswerBody(string Id, string State, IncidentId? Incident, string By, string Why, string Digest, string Waiting, string Undo, ActionPlan Plan, Approvals Approvals, ImmutableArray<CallState> Calls, string Words, Instant? StartedAt, Instant? EndedAt, ActionVerified? Verified, ImmutableArray<GuardRefusal> HeldBack)
{
    public static ActionAnswerBody Of(ActionRun run, Instant now) => new(
        run.Id, run.State.ToString().ToLowerInvariant(), run.Incident, run.By, run.Why, run.Plan.Digest, ActionWords.Waiting(run, now), ActionTable.Find(run.Plan.Action)?.Undo ?? "", run.Plan, run.Approvals, run.Calls, run.Words, run.StartedAt, run.EndedAt, run.Verified, run.HeldBack);
}

public sealed record ActionKindBody(string Id, string Does, int Approvers, string Target, string Reversibility, string Undo, ImmutableArray<ActionArgument> Arguments)
{
    public static ActionKindBody Of(ActionKind kind)
    {
        var rule = ActionTable.Find(kind.Id)!;
        return new ActionKindBody(kind.Id, rule.Does, rule.Approvers, kind.Target, rule.Reversibility.ToString().ToLowerInvariant(), rule.Undo, kind.Arguments);
    }
}

/// <summary>Guarded actions: plan, approve, run, look, undo.</summary>
public static class ActionApi
{
    private const int Most = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        var actions = api.MapGroup("/actions").WithTags("actions");
        actions.MapGet("/", ListAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("Plans and what became of them, the newest first").Produces<List<ActionAnswerBody>>();
        actions.MapGet("/kinds", Kinds).Needs(Role.Viewer, Scopes.Read).WithSummary("Every action there is, and what it takes").Produces<List<ActionKindBody>>();
        actions.MapGet("/{id}", ShowAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("One plan with its calls, approvals and outcome").Produces<ActionAnswerBody>().ProducesProblem(404);
        actions.MapPost("/", (PlanBody body, HttpContext context, ActionDesk desk) => AnswerAsync(context, desk.PlanAsync(new ActionOrder(body.Action, body.Environment, body.Target, body.Values ?? ActionOrder.None), body.Incident, Who(context), body.Why ?? "", context.RequestAborted), created: true))
            .Needs(Role.Responder, Scopes.Respond).WithSummary("Plan it: only reads").Produces<ActionAnswerBody>(201).ProducesProblem(409);
        Post<ApproveBody>(actions, "approve", "Approve exactly this plan, by its digest", (id, b, who, desk, c) => desk.ApproveAsync(id, who, b.Digest, c));
        Post<WhyBody>(actions, "break-glass", "Alone, because the second approver is silent; P0 and P1 only", (id, b, who, desk, c) => desk.BreakAsync(id, who, b.Why, c));
        Post<WhyBody>(actions, "withdraw", "It will not run", (id, b, who, desk, c) => desk.WithdrawAsync(id, who, b.Why, c));
        Post<SettleBody>(actions, "settle", "Say how an unknown outcome really was", (id, b, who, desk, c) => desk.SettleAsync(id, who, b.WasDone, b.Why, c));
        Post<WhyBody>(actions, "undo", "Plan what takes it back", (id, b, who, desk, c) => desk.UndoAsync(id, who, b.Why, c));
        actions.MapPost("/{id}/run", RunAsync).Needs(Role.Responder, Scopes.Respond).WithName("run-action").WithSummary("Run it, where every guard lets it").Produces<ActionAnswerBody>().ProducesProblem(404).ProducesProblem(409);
    }

    /// <summary>Who acts, as the gate proved it.</summary>
    public static Actor Who(HttpContext context) => new(context.Caller().By, (ActorRole)(int)context.Caller().Role, Verified: true);

    private static void Post<TBody>(RouteGroupBuilder actions, string name, string about, Func<string, TBody, Actor, ActionDesk, CancellationToken, Task<ActionResult>> act)
        where TBody : class =>
        actions.MapPost($"/{{id}}/{name}", (string id, TBody body, HttpContext context, ActionDesk desk) => AnswerAsync(context, act(id, body, Who(context), desk, context.RequestAborted), created: false))
            .Needs(Role.Responder, Scopes.Respond).WithName($"{name}-action").WithSummary(about).Produces<ActionAnswerBody>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409);

    private static async Task<IResult> ListAsync(HttpContext context, ActionDesk desk, string? incident, int? most)
    {
        if (most is < 1 or > Most) return Problems.Bad($"most is from 1 to {Most}");
        if (incident is not null && IncidentIds.Parse(incident) is null) return Problems.Bad($"'{incident}' is no incident such as INC-12");
        var now = context.RequestServices.GetNow();
        return Results.Ok((await desk.ListAsync(incident is null ? null : IncidentIds.Parse(incident), most ?? 50, context.RequestAborted)).Select(r => ActionAnswerBody.Of(r, now)));
    }

    private static IResult Kinds(ActionDesk desk) => Results.Ok(desk.Planner.Kinds.Select(ActionKindBody.Of));

    private static async Task<IResult> ShowAsync(string id, HttpContext context, ActionDesk desk) =>
        await desk.ReadAsync(id, context.RequestAborted) is { } run ? Results.Ok(ActionAnswerBody.Of(run, context.RequestServices.GetNow())) : Problems.NotFound($"there is no action {id}");

    private static async Task<IResult> RunAsync(string id, RunBody body, HttpContext context, ActionDesk desk, ActionRunner runner)
    {
        var values = body.Values ?? ActionOrder.None;
        var result = await desk.StartAsync(id, Who(context), values, context.RequestAborted);
        if (result is ActionResult.Done) runner.Begin(id, values);
        return Answer(context, result, created: false);
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, Task<ActionResult> result, bool created) => Answer(context, await result, created);

    private static IResult Answer(HttpContext context, ActionResult result, bool created) => result switch
    {
        ActionResult.Done done => Results.Json(ActionAnswerBody.Of(done.Run, context.RequestServices.GetNow()), statusCode: created ? 201 : 200),
        ActionResult.Refused refused => Problems.Refused(refused.Why),
        ActionResult.Missing missing => Problems.NotFound($"there is no action {missing.Id}"),
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, "unknown result"),
    };

    private static Instant GetNow(this IServiceProvider services) => ((TimeProvider)services.GetService(typeof(TimeProvider))!).Now();
}
