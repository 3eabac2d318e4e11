using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <summary>What it takes to declare.</summary>
/// <param name="Severity">As a person decides; null: what the facts suggest.</param>
public sealed record DeclareBody(string Title, string? Environment = null, string? Service = null, string? Entry = null, Severity? Severity = null, ImmutableArray<string>? Facts = null, double? Users = null, Instant? ImpactStart = null, Instant? Detected = null);

/// <summary>Nothing needs to be said.</summary>
public sealed record AcknowledgeBody(string? Text = null);

public sealed record TextBody(string Text, Instant? NextBy = null);

public sealed record SeverityBody(Severity Severity, string Why);

public sealed record AssignBody(IncidentRole Role, string Person);

public sealed record ImpactBody(ImmutableArray<string> Facts, double? Users = null);

public sealed record MergeBody(IncidentId Into);

public sealed record SplitBody(ImmutableArray<string> Fingerprints, string Title);

/// <summary>What became of a command: the incident, and what happened in it.</summary>
public sealed record CommandAnswer(IncidentSummary Incident, ImmutableArray<string> Happened, string? Nothing);

/// <summary>Incidents: lists, one of them, and everything that can be done to it.</summary>
public static class IncidentApi
{
    private const int MostPerPage = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        var incidents = api.MapGroup("/incidents").WithTags("incidents");
        incidents.MapGet("/", ListAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("Incidents, the newest first; Link: rel=next leads to older ones").Produces<List<IncidentSummary>>();
        incidents.MapGet("/{id}", ShowAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("One incident with its timeline, pages and deadlines").Produces<IncidentDetail>().ProducesProblem(404);
        incidents.MapGet("/{id}/why/{person}", WhyAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("Why a person was, or was not, paged").Produces<WhyAnswer>().ProducesProblem(404);
        incidents.MapPost("/", DeclareAsync).Needs(Role.Responder, Scopes.Respond).WithSummary("Declare an incident").Produces<CommandAnswer>(201).ProducesProblem(400);
        Command<AcknowledgeBody>(incidents, "acknowledge", "Take it: nobody else is woken while you work on it", Role.Responder, static (by, _) => new IncidentCommand.Acknowledge(by));
        Command<TextBody>(incidents, "note", "Add a note to the timeline", Role.Responder, (by, b) => new IncidentCommand.Note(by, b.Text));
        Command<TextBody>(incidents, "update", "Post a status update and promise the next", Role.Responder, (by, b) => new IncidentCommand.PostUpdate(by, b.Text, b.NextBy));
        Command<TextBody>(incidents, "mitigate", "The harm is stopped, the cause may remain", Role.Responder, (by, b) => new IncidentCommand.Mitigate(by, b.Text));
        Command<TextBody>(incidents, "resolve", "It is over", Role.Responder, (by, b) => new IncidentCommand.Resolve(by, b.Text));
        Command<TextBody>(incidents, "reopen", "It is not over", Role.Responder, (by, b) => new IncidentCommand.Reopen(by, b.Text));
        Command<SeverityBody>(incidents, "severity", "Change the severity", Role.Responder, (by, b) => new IncidentCommand.ChangeSeverity(by, b.Severity, b.Why));
        Command<AssignBody>(incidents, "assign", "Give a role to a person", Role.Responder, (by, b) => new IncidentCommand.Assign(by, b.Role, b.Person));
        Command<ImpactBody>(incidents, "impact", "Say what is known of the harm", Role.Responder, (by, b) => new IncidentCommand.ReportImpact(by, ImpactFacts.Of(b.Facts, b.Users, production: false)));
        Command<TextBody>(incidents, "post-mortem", "Say where the post-mortem is", Role.Responder, (by, b) => new IncidentCommand.FilePostMortem(by, b.Text));
        incidents.MapPost("/{id}/escalate", EscalateAsync).Needs(Role.Responder, Scopes.Respond).WithSummary("Page the next ones now").Produces<CommandAnswer>().ProducesProblem(409);
        incidents.MapPost("/{id}/merge", MergeAsync).Needs(Role.Commander, Scopes.Command).WithSummary("It is part of another incident").Produces<CommandAnswer>().ProducesProblem(409);
        incidents.MapPost("/{id}/split", SplitAsync).Needs(Role.Commander, Scopes.Command).WithSummary("Some of its errors are an incident of their own").Produces<CommandAnswer>().ProducesProblem(409);
    }

    private static void Command<TBody>(RouteGroupBuilder incidents, string name, string about, Role role, Func<string, TBody, IncidentCommand> command)
        where TBody : class =>
        incidents.MapPost($"/{{id}}/{name}", async (string id, TBody body, HttpContext context, IncidentDesk desk) =>
                IncidentIds.Parse(id) is { } incident ? Answer(context, await desk.DoAsync(incident, command(context.Caller().By, body), Expected(context), context.RequestAborted)) : Unknown(id))
            .Needs(role, Scopes.Respond).WithName(name).WithSummary(about).Produces<CommandAnswer>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(412);

    private static async Task<IResult> ListAsync(HttpContext context, IncidentList list, bool? open, Severity? severity, string? environment, string? service, string? entry, int? before, int? most)
    {
        if (most is < 1 or > MostPerPage) return Problems.Bad($"most is from 1 to {MostPerPage}");
        var filter = new IncidentFilter(open, severity, environment ?? "", service ?? "", entry ?? "", before, most ?? 50);
        var found = await list.FindAsync(filter, context.RequestAborted);
        if (found.Count == filter.Most) context.Response.Headers.Link = $"<{Next(context.Request, found[^1].Id.Number)}>; rel=\"next\"";
        return Results.Ok(found);
    }

    private static string Next(HttpRequest request, int before)
    {
        var others = request.Query.Where(q => q.Key != "before").SelectMany(q => q.Value.Select(v => $"{q.Key}={Uri.EscapeDataString(v ?? "")}&"));
        return string.Create(CultureInfo.InvariantCulture, $"{request.Path}?{string.Concat(others)}before={before}");
    }

    private static async Task<IResult> ShowAsync(string id, HttpContext context, IncidentRoom room)
    {
        if (IncidentIds.Parse(id) is not { } incident || await room.ReadAsync(incident, context.RequestAborted) is not { } detail) return Unknown(id);
        var tag = Tag(detail.Summary.Version);
        context.Response.Headers.ETag = tag;
        return context.Request.Headers.IfNoneMatch.Contains(tag, StringComparer.Ordinal) ? Results.StatusCode(304) : Results.Ok(detail);
    }

    private static async Task<IResult> WhyAsync(string id, string person, HttpContext context, WhyPaged why, string? at)
    {
        if (IncidentIds.Parse(id) is not { } incident) return Unknown(id);
        Instant? time = null;
        if (at is not null)
        {
            var parsed = NodaTime.Text.InstantPattern.ExtendedIso.Parse(at);
            if (!parsed.Success) return Problems.Bad($"'{at}' is no time such as 2026-11-22T03:00:00Z");
            time = parsed.Value;
        }
        return await why.OfAsync(incident, person, time, context.RequestAborted) is { } answer ? Results.Ok(answer) : Unknown(id);
    }

    private static async Task<IResult> DeclareAsync(DeclareBody body, HttpContext context, IncidentDesk desk, PlanSource plan, TimeProvider time)
    {
        var facts = body.Facts ?? [];
        if (facts.FirstOrDefault(f => !ImpactFacts.Words.Contains(f, StringComparer.Ordinal)) is { } unknown) return Problems.Bad($"'{unknown}' is no known fact; known: {string.Join(", ", ImpactFacts.Words)}");
        if (body.Users is < 0 or > 100) return Problems.Bad("users is a share from 0 to 100 percent");
        if (Texts.TooLong(body.Title, body.Service, body.Environment, body.Entry) is { } problem) return Problems.Bad(problem);
        var environment = body.Environment is { Length: > 0 } named ? named : "production";
        var impact = ImpactFacts.Of(facts, body.Users, string.Equals(environment, "production", StringComparison.OrdinalIgnoreCase));
        var by = context.Caller().By;
        var severity = body.Severity is { } decided ? new SuggestedSeverity(decided, $"{by} decided") : SeverityMatrix.Suggest(impact, plan.Now.Policy.MajorUsers);
        var declaration = new Declaration(default, body.Title, environment, body.Service ?? "", body.Entry ?? "", "", severity, impact, body.ImpactStart, body.Detected);
        var outcome = await desk.DeclareAsync(declaration, by, context.RequestAborted);
        if (outcome is Outcome.Done done) context.Response.Headers.Location = $"{context.Request.Path.Value!.TrimEnd('/')}/{done.Incident.Id}";
        return outcome is Outcome.Refused refused ? Problems.Bad(refused.Why) : Answer(context, outcome, created: true);
    }

    private static async Task<IResult> EscalateAsync(string id, TextBody body, HttpContext context, IncidentDesk desk) =>
        IncidentIds.Parse(id) is { } incident ? Answer(context, await desk.EscalateAsync(incident, context.Caller().By, body.Text, Expected(context), context.RequestAborted)) : Unknown(id);

    private static async Task<IResult> MergeAsync(string id, MergeBody body, HttpContext context, IncidentDesk desk) =>
        IncidentIds.Parse(id) is { } incident ? Answer(context, await desk.MergeAsync(incident, body.Into, context.Caller().By, context.RequestAborted)) : Unknown(id);

    private static async Task<IResult> SplitAsync(string id, SplitBody body, HttpContext context, IncidentDesk desk) =>
        IncidentIds.Parse(id) is { } incident ? Answer(context, await desk.SplitAsync(incident, body.Fingerprints, body.Title, context.Caller().By, context.RequestAborted)) : Unknown(id);

    internal static IResult Answer(HttpContext context, Outcome outcome, bool created = false)
    {
        switch (outcome)
        {
            case Outcome.Done done:
                context.Response.Headers.ETag = Tag(done.Incident.Version);
                return Results.Json(new CommandAnswer(Summary(done.Incident), [.. done.Events.Select(EventWords.Whole)], null), statusCode: created ? 201 : 200);
            case Outcome.Nothing nothing:
                context.Response.Headers.ETag = Tag(nothing.Incident.Version);
                return Results.Ok(new CommandAnswer(Summary(nothing.Incident), [], nothing.Why));
            case Outcome.Refused refused: return Problems.Refused(refused.Why);
            case Outcome.Unknown unknown: return Unknown(unknown.Id.ToString());
            case Outcome.Stale stale: return Problems.Of(412, $"{stale.Incident.Id} is at version {stale.Incident.Version}; read it again");
            default: throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "unknown outcome");
        }
    }

    private static IncidentSummary Summary(Incident incident) => IncidentSummary.Of(IncidentRow.Of(new Append(incident, incident, []), 0));

    private static IResult Unknown(string id) => Problems.NotFound($"there is no incident {id}");

    private static string Tag(long version) => ETags.Of(version);

    private static int? Expected(HttpContext context) => ETags.Expected(context);
}

/// <summary>Bounds of what people write.</summary>
public static class Texts
{
    public const int MostTitle = 300;
    public const int MostText = 20_000;

    public static string? TooLong(string? title, params ImmutableArray<string?> names)
    {
        if (title is null) return "title is missing: what is broken";
        if (title.Length > MostTitle) return $"title has {title.Length} characters; {MostTitle} at most";
        return names.Any(n => n is { Length: > 100 }) ? "a name has 100 characters at most" : null;
    }
}
