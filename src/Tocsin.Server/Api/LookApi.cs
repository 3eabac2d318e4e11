using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Clock;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <param name="DatabaseDownSince">Null: it answers.</param>
public sealed record ServerLook(bool Live, string Database, Instant Started, Instant? DatabaseDownSince, string Policy, IReadOnlyDictionary<string, long> Open);

public sealed record DrillBody(string Person, string? Channel = null);

/// <summary>What is to be seen: on call, signals, audit, changes as they happen, health and metrics.</summary>
public static class LookApi
{
    private const int MostRows = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/server", ServerAsync).Needs(Role.Viewer, Scopes.Read).WithTags("server").WithSummary("How this server is").Produces<ServerLook>();
        api.MapGet("/oncall", (OnCallBoard board) => Results.Ok(board.Now())).Needs(Role.Viewer, Scopes.Read).WithTags("on-call").WithSummary("Who is on call").Produces<List<OnCallNow>>();
        api.MapGet("/oncall/turns", async (HttpContext context, TurnStarts turns) => Results.Ok(await turns.NewestAsync(context.RequestAborted))).Needs(Role.Viewer, Scopes.Read).WithTags("on-call").WithSummary("Whose turn began, and whether they said that they can be reached").Produces<List<Turn>>();
        api.MapGet("/signals", SignalsAsync).Needs(Role.Viewer, Scopes.Read).WithTags("signals").WithSummary("The newest signals, and where each went").Produces<List<SeenSignal>>();
        api.MapGet("/signals/minutes", async (HttpContext context, SignalHour signals, TimeProvider time) => Results.Ok(await signals.ByMinuteAsync(time.Now() - Duration.FromHours(1), context.RequestAborted))).Needs(Role.Viewer, Scopes.Read).WithTags("signals").WithSummary("Signals of the last hour by minute").Produces<List<SignalMinute>>();
        api.MapGet("/events", ChangeStream.WriteAsync).Needs(Role.Viewer, Scopes.Read).WithTags("events").WithSummary("Changes as they happen (text/event-stream); Last-Event-ID goes on where one stopped");
        api.MapGet("/audit", async (HttpContext context, AuditTrail trail, long? before, string? subject, int? most) => most is < 1 or > MostRows ? Problems.Bad($"most is from 1 to {MostRows}") : Results.Ok(await trail.NewestAsync(before, subject ?? "", most ?? 100, context.RequestAborted))).Needs(Role.Commander, Scopes.Audit).WithTags("audit").WithSummary("The audit log, the newest first").Produces<List<AuditRow>>();
        api.MapGet("/audit/verify", async (HttpContext context, AuditTrail trail) => Results.Ok(await trail.VerifyAsync(context.RequestAborted))).Needs(Role.Commander, Scopes.Audit).WithTags("audit").WithSummary("Recompute every hash").Produces<AuditVerdict>();
        api.MapGet("/audit/export", Export).Needs(Role.Commander, Scopes.Audit).WithTags("audit").WithSummary("The whole log, one JSON object per line").Produces(200, contentType: "application/x-ndjson");
        api.MapPost("/pages/test", DrillAsync).Needs(Role.Responder, Scopes.Respond).WithTags("on-call").WithSummary("A test page over a person's real channels").Produces<DrillSent>(202).ProducesProblem(400);
    }

    public static void MapPublic(IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n")).NeedsNobody("says nothing but that it runs").ExcludeFromDescription();
        app.MapGet("/readyz", ReadyAsync).NeedsNobody("says only whether the database answers and the clocks are alive").ExcludeFromDescription();
        app.MapGet("/metrics", async (HttpContext context, Metrics metrics) => Results.Text(await metrics.WriteAsync(context.RequestAborted), "text/plain; version=0.0.4")).Needs(Role.Viewer, Scopes.Metrics).ExcludeFromDescription();
    }

    private static async Task<IResult> ServerAsync(HttpContext context, ServerOptions options, ServerState state, Database database, PlanSource plan, IncidentList list) =>
        Results.Ok(new ServerLook(options.Live, database.Dialect.Name, state.Started, state.DatabaseDownSince, plan.Now.Policy.Version, (await list.OpenAsync(context.RequestAborted)).ToDictionary(o => o.Key.ToString(), o => o.Value, StringComparer.Ordinal)));

    private static async Task<IResult> SignalsAsync(HttpContext context, SignalHour signals, TimeProvider time, int? minutes, int? most)
    {
        if (most is < 1 or > MostRows) return Problems.Bad($"most is from 1 to {MostRows}");
        if (minutes is < 1 or > 60 * 24 * 30) return Problems.Bad("minutes is from 1 to 43200");
        return Results.Ok(await signals.NewestAsync(time.Now() - Duration.FromMinutes(minutes ?? 60), most ?? 100, context.RequestAborted));
    }

    private static async Task<IResult> ReadyAsync(HttpContext context, Database database, ServerState state, Watchdog dog, SelfAlarm alarm)
    {
        try
        {
            await database.ReadAsync((s, c) => s.FirstAsync<long>("select count(*) from schema_version", null, c), context.RequestAborted);
            if (state.DatabaseDownSince is null) return Results.Text($"ready\n{Alive(dog)}\n");
        }
        catch (System.Data.Common.DbException e)
        {
            state.DatabaseFailed(e);
        }
        var since = state.DatabaseDownSince is { } at ? $" since {Words.Time(at)}" : "";
        var told = alarm.Told is { } who ? $"; {(who.Reached.IsEmpty ? "nobody could be told" : $"told: {Words.List(who.Reached)}")} at {Words.Time(who.At)}" : "";
        return Problems.Of(503, $"the database does not answer, or takes nothing,{since}{told}");
    }

    // A proxy goes by the status: what comes in is still taken while a clock stands still, so this is said and not refused.
    private static string Alive(Watchdog dog) => dog.Last switch
    {
        null => "watchdog: has not looked yet",
        { Dead.IsEmpty: true } look => $"watchdog: all deadlines alive at {Words.Time(look.At)}{(dog.Pinged is { } pinged ? $", told outside at {Words.Time(pinged)}" : "")}",
        var look => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"watchdog: {look.Dead.Length} not alive at {Words.Time(look.At)}"),
    };

    private static IResult Export(HttpContext context, AuditTrail trail) => Results.Stream(
        async stream =>
        {
            await foreach (var row in trail.AllAsync(context.RequestAborted)) await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(row, JsonSerializerOptions.Web) + "\n"), context.RequestAborted);
        },
        "application/x-ndjson");

    private static async Task<IResult> DrillAsync(DrillBody body, HttpContext context, Drills drills)
    {
        var (sent, problem) = await drills.SendAsync(body.Person, body.Channel ?? "", context.Caller().By, context.RequestAborted);
        return sent is null ? Problems.Bad(problem) : Results.Json(sent, statusCode: 202);
    }
}
