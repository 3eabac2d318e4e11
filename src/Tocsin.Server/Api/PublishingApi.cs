using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response.StatusPages;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Publishing;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

public sealed record PublicBody(string Title, string Text, ReportStage Stage = ReportStage.Investigating, ComponentState Impact = ComponentState.Degraded, ImmutableArray<string>? Components = null);

/// <param name="Rooms">Channels by their ids; null: all that there are.</param>
/// <param name="Call">Whether the people whom the template names are called.</param>
/// <param name="Public">What the status page says; null: nothing new. Takes the role commander.</param>
public sealed record SendBody(string Text, string? Template = null, Instant? NextBy = null, ImmutableArray<string>? Rooms = null, bool Call = false, PublicBody? Public = null);

/// <summary>A message to be edited and sent.</summary>
public sealed record MessageShown(ImmutableArray<string> Templates, DraftMessage Draft, ImmutableArray<RoomChoice> Rooms, string WhatsApp, Uri WhatsAppLink);

public sealed record ComponentBody(string Name, string? About = null, string? Id = null);

public sealed record ComponentStateBody(ComponentState State);

public sealed record ReportBody(string Title, string Text, ReportStage Stage = ReportStage.Investigating, ComponentState Impact = ComponentState.Degraded, ImmutableArray<string>? Components = null, IncidentId? Incident = null);

public sealed record ReportUpdateBody(string Text, ReportStage Stage, ComponentState Impact = ComponentState.Degraded);

/// <summary>What is said to people: updates in rooms, and the status page.</summary>
public static class PublishingApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var incidents = api.MapGroup("/incidents").WithTags("communication");
        incidents.MapGet("/{id}/message", DraftAsync).Needs(Role.Viewer, Scopes.Read).WithSummary("A message about it, filled in from a template").Produces<MessageShown>().ProducesProblem(404);
        incidents.MapPost("/{id}/send", SendAsync).Needs(Role.Responder, Scopes.Respond).WithSummary("Post a status update and send it to rooms and the status page").Produces<CommandAnswer>().ProducesProblem(409).ProducesProblem(412);
        var page = api.MapGroup("/status-page").WithTags("status page");
        page.MapGet("/", async (HttpContext context, StatusDesk desk) => Results.Ok(await desk.NowAsync(context.RequestAborted))).Needs(Role.Viewer, Scopes.Read).WithSummary("The status page with what belongs to which incident").Produces<StatusPage>();
        page.MapPost("/components", (ComponentBody body, HttpContext context, StatusDesk desk) => DoAsync(new StatusCommand.Name(context.Caller().By, body.Id ?? "", body.Name.Trim(), body.About ?? ""), context, desk)).Needs(Role.Commander, Scopes.Command).WithSummary("Name a component as the public knows it").Produces<StatusPage>().ProducesProblem(409);
        page.MapPost("/components/{component}/state", (string component, ComponentStateBody body, HttpContext context, StatusDesk desk) => DoAsync(new StatusCommand.Set(context.Caller().By, component, body.State), context, desk)).Needs(Role.Commander, Scopes.Command).WithSummary("Say how a component is").Produces<StatusPage>().ProducesProblem(409);
        page.MapDelete("/components/{component}", (string component, HttpContext context, StatusDesk desk) => DoAsync(new StatusCommand.Remove(context.Caller().By, component), context, desk)).Needs(Role.Commander, Scopes.Command).WithSummary("Remove a component").Produces<StatusPage>().ProducesProblem(409);
        page.MapPost("/reports", (ReportBody body, HttpContext context, StatusDesk desk) => DoAsync(new StatusCommand.Open(context.Caller().By, body.Title, body.Incident, body.Components ?? [], body.Impact, body.Stage, body.Text), context, desk)).Needs(Role.Commander, Scopes.Command).WithSummary("Tell the public of something").Produces<StatusPage>().ProducesProblem(409);
        page.MapPost("/reports/{number:int}/updates", (int number, ReportUpdateBody body, HttpContext context, StatusDesk desk) => DoAsync(new StatusCommand.Update(context.Caller().By, number, body.Stage, body.Impact, body.Text), context, desk)).Needs(Role.Commander, Scopes.Command).WithSummary("Tell the public how it goes on").Produces<StatusPage>().ProducesProblem(409);
    }

    private static async Task<IResult> DraftAsync(string id, HttpContext context, IncidentRoom room, PlaybookDesk playbooks, Composer composer, PlanSource plan, string? template)
    {
        if (IncidentIds.Parse(id) is not { } incident || await room.StateAsync(incident, context.RequestAborted) is not { } state) return Problems.NotFound($"there is no incident {id}");
        var draft = composer.Draft(state, template ?? composer.Usual(state), await playbooks.OfAsync(incident, context.RequestAborted));
        var whatsApp = composer.ForWhatsApp(draft.Template, draft.Text, call: true);
        return Results.Ok(new MessageShown(composer.Templates, draft, composer.Rooms(plan.Now.Policy, draft.Template), whatsApp, Composer.WhatsAppLink(whatsApp)));
    }

    private static async Task<IResult> SendAsync(string id, SendBody body, HttpContext context, UpdateDesk desk, Composer composer, PlanSource plan)
    {
        if (IncidentIds.Parse(id) is not { } incident) return Problems.NotFound($"there is no incident {id}");
        if (body.Text.Length > Texts.MostText) return Problems.Bad($"a text has {Texts.MostText} characters at most");
        var caller = context.Caller();
        if (body.Public is not null && !Needs.Of(Role.Commander, Scopes.Command).Holds(caller)) return Problems.Of(403, "the status page takes the role commander and the scope command; send it without \"public\"");
        var template = body.Template ?? "";
        var told = body.Public is { } p ? new PublicText(p.Title, p.Text, p.Stage, p.Impact, p.Components ?? []) : null;
        var rooms = body.Rooms ?? [.. composer.Rooms(plan.Now.Policy, template).Select(r => r.Id)];
        return IncidentApi.Answer(context, await desk.SendAsync(incident, new UpdateToSend(template, body.Text, body.NextBy, rooms, body.Call, told), caller.By, context.RequestAborted), created: false);
    }

    private static async Task<IResult> DoAsync(StatusCommand command, HttpContext context, StatusDesk desk) => await desk.DoAsync(command, context.RequestAborted) switch
    {
        StatusOutcome.Done done => Results.Ok(done.Page),
        StatusOutcome.Nothing nothing => Results.Ok(nothing.Page),
        StatusOutcome.Refused refused => Problems.Refused(refused.Why),
        _ => throw new InvalidOperationException("unknown outcome"),
    };
}
