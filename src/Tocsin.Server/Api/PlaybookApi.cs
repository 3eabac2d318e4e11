using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Access;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <param name="Playbook">Its id, or the beginning of one.</param>
/// <param name="Service">What a page of single steps is about; null: the playbook's own.</param>
public sealed record StartBody(string Playbook, string? Service = null);

/// <param name="Step">Null: the one that the caller is at, and for taking the next one that nobody is at.</param>
/// <param name="Text">The result, or the reason.</param>
/// <param name="Way">Of a decision: the way on, from 1.</param>
public sealed record StepBody(string? Step = null, string? Text = null, int? Way = null);

/// <summary>What an incident calls for, and what runs in it.</summary>
public sealed record PlaybooksOfIncident(ImmutableArray<PlaybookSummary> Proposed, ImmutableArray<PlaybookSummary> Others, ImmutableArray<RunView> Runs);

/// <summary>What became of a command: the run, and what happened in it.</summary>
public sealed record RunAnswer(RunView Run, ImmutableArray<string> Happened, string? Nothing);

/// <summary>Runs of playbooks.</summary>
public static class PlaybookApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var incidents = api.MapGroup("/incidents").WithTags("playbooks");
        incidents.MapGet("/{id}/playbooks", OfAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("What the incident calls for, and what runs in it").Produces<PlaybooksOfIncident>().ProducesProblem(404);
        incidents.MapPost("/{id}/playbooks", StartAsync).Needs(Role.Responder, Scopes.Respond).WithSummary("Start a playbook").Produces<RunAnswer>(201).ProducesProblem(404).ProducesProblem(409);
        var runs = api.MapGroup("/runs").WithTags("playbooks");
        runs.MapGet("/{run}", ShowAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("One run with its steps").Produces<RunView>().ProducesProblem(404);
        foreach (var (verb, about) in RunVerbs.All)
        {
            runs.MapPost($"/{{run}}/{verb}", (string run, StepBody body, HttpContext context, PlaybookDesk desk, TimeProvider time) => DoAsync(run, verb, body, context, desk, time))
                .Needs(Role.Responder, Scopes.Respond).WithName($"run-{verb}").WithSummary(about).Produces<RunAnswer>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412);
        }
    }

    private static async Task<IResult> OfAsync(string id, HttpContext context, PlaybookDesk desk, PlaybookShelf shelf, IncidentRoom room, TimeProvider time)
    {
        if (IncidentIds.Parse(id) is not { } incident || await room.StateAsync(incident, context.RequestAborted) is not { } state) return Problems.NotFound($"there is no incident {id}");
        var proposed = shelf.For(state);
        var runs = await desk.OfAsync(incident, context.RequestAborted);
        return Results.Ok(new PlaybooksOfIncident(
            [.. proposed.Select(p => PlaybookSummary.Of(p.Playbook, p.Because))],
            [.. shelf.All.Where(b => !proposed.Any(p => p.Playbook.Id == b.Id)).Select(b => PlaybookSummary.Of(b, ""))],
            [.. runs.Select(r => RunView.Of(r, time.Now()))]));
    }

    private static async Task<IResult> StartAsync(string id, StartBody body, HttpContext context, PlaybookDesk desk, TimeProvider time) =>
        IncidentIds.Parse(id) is { } incident
            ? Answer(context, await desk.StartAsync(incident, body.Playbook, body.Service ?? "", context.Caller().By, context.RequestAborted), time, created: true)
            : Problems.NotFound($"there is no incident {id}");

    private static async Task<IResult> ShowAsync(string run, HttpContext context, PlaybookDesk desk, TimeProvider time)
    {
        if (await desk.ReadAsync(run, context.RequestAborted) is not { } found) return Problems.NotFound($"there is no run {run}");
        context.Response.Headers.ETag = ETags.Of(found.Version);
        return Results.Ok(RunView.Of(found, time.Now()));
    }

    private static async Task<IResult> DoAsync(string run, string verb, StepBody body, HttpContext context, PlaybookDesk desk, TimeProvider time)
    {
        if (body.Text is { Length: > Texts.MostText }) return Problems.Bad($"a text has {Texts.MostText} characters at most");
        var by = context.Caller().By;
        return Answer(context, await desk.DoAsync(run, r => RunVerbs.Command(r, verb, by, body.Step ?? "", body.Text ?? "", body.Way ?? 0), ETags.Expected(context), context.RequestAborted), time, created: false);
    }

    private static IResult Answer(HttpContext context, RunOutcome outcome, TimeProvider time, bool created)
    {
        IResult Tell(PlaybookRun run, ImmutableArray<string> happened, string? nothing)
        {
            context.Response.Headers.ETag = ETags.Of(run.Version);
            return Results.Json(new RunAnswer(RunView.Of(run, time.Now()), happened, nothing), statusCode: created ? 201 : 200);
        }
        return outcome switch
        {
            RunOutcome.Done done => Tell(done.Run, done.Happened, null),
            RunOutcome.Nothing nothing => Tell(nothing.Run, [], nothing.Why),
            RunOutcome.Refused refused => Problems.Refused(refused.Why),
            RunOutcome.Unknown unknown => Problems.NotFound($"there is no {(unknown.Id.StartsWith("INC-", StringComparison.Ordinal) ? "incident" : "run")} {unknown.Id}"),
            RunOutcome.Stale stale => Problems.Of(412, $"the run is at version {stale.Run.Version}; read it again"),
            _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "unknown outcome"),
        };
    }
}
