using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Access;
using Tocsin.Server.Api;

namespace Tocsin.Server.Ingest;

/// <summary>What a sender hears: its report is kept, and will be handled whatever happens to this process.</summary>
public sealed record TakenAnswer(string Id, int Signals, long? Lines, bool Again);

/// <summary>Where senders post to. The key in the address says who they are.</summary>
public static class IntakeApi
{
    private const int LongestSenderKey = 200;

    public static void Map(IEndpointRouteBuilder app)
    {
        var intake = app.MapGroup("/in/{key}").WithTags("intake");
        intake.MapPost("/webhook", WebhookAsync).NeedsNobody("the key in the address").WithSummary("One signal, or a list of them, as JSON").Produces<TakenAnswer>(202).ProducesProblem(400).ProducesProblem(404).ProducesProblem(413);
        intake.MapPost("/ndjson", LinesAsync).NeedsNobody("the key in the address").WithSummary("Log lines, each a text or a JSON object").Produces<TakenAnswer>(202).ProducesProblem(400).ProducesProblem(404).ProducesProblem(413);
        intake.MapPost("/heartbeat/{name}", BeatAsync).NeedsNobody("the key in the address").WithSummary("It is alive").Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> WebhookAsync(string key, HttpContext context, IntakeKeys keys, Flow flow)
    {
        if (await keys.FindAsync(key, context.RequestAborted) is not { } known) return UnknownKey();
        if (!TrySenderKey(context, out var sender)) return Problems.Bad($"Idempotency-Key has 1 to {LongestSenderKey} characters");
        var (taken, problem) = await flow.TakeReportAsync(known, sender, await BodyAsync(context), context.RequestAborted);
        return taken is null ? Problems.Bad(problem) : Results.Json(new TakenAnswer(taken.Intake, taken.Signals, null, taken.Again), statusCode: 202);
    }

    private static async Task<IResult> LinesAsync(string key, HttpContext context, IntakeKeys keys, Flow flow)
    {
        if (await keys.FindAsync(key, context.RequestAborted) is not { } known) return UnknownKey();
        if (!TrySenderKey(context, out var sender)) return Problems.Bad($"Idempotency-Key has 1 to {LongestSenderKey} characters");
        var query = context.Request.Query;
        var of = new LinesOf(Named(query, "environment", known.Environment), Named(query, "service", known.Service));
        if (of.Environment.Length > 100 || of.Service.Length > 100) return Problems.Bad("environment and service have 100 characters at most");
        var body = await BodyAsync(context);
        if (body.Length == 0) return Problems.Bad("there is no line in the body");
        var (taken, lines) = await flow.TakeLinesAsync(known, sender, body, of, context.RequestAborted);
        return Results.Json(new TakenAnswer(taken.Intake, taken.Signals, lines, taken.Again), statusCode: 202);
    }

    private static async Task<IResult> BeatAsync(string key, string name, HttpContext context, IntakeKeys keys, Heartbeats heartbeats)
    {
        if (await keys.FindAsync(key, context.RequestAborted) is not { } known) return UnknownKey();
        return await heartbeats.BeatAsync(known, name, context.RequestAborted) ? Results.NoContent() : Problems.NotFound(string.Create(CultureInfo.InvariantCulture, $"nobody armed a heartbeat '{(name.Length > 100 ? name[..100] : name)}'"));
    }

    private static string Named(IQueryCollection query, string name, string otherwise) => query[name].ToString() is { Length: > 0 } given ? given : otherwise;

    private static IResult UnknownKey() => Problems.NotFound("this intake key is unknown or revoked");

    private static bool TrySenderKey(HttpContext context, out string? key)
    {
        key = context.Request.Headers.TryGetValue("Idempotency-Key", out var given) ? given.ToString() : null;
        return key is null or { Length: > 0 and <= LongestSenderKey };
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
