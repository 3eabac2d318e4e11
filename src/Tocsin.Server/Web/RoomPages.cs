using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>One incident: its page, the forms on it, and why somebody was paged.</summary>
public static class RoomPages
{
    private const int MostMinutes = 7 * 24 * 60;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/incidents/{id}", ShowAsync);
        app.Look("/incidents/{id}/why", WhyAsync);
        app.Form("/incidents/{id}/merge", MergeAsync, Role.Commander, Scopes.Command);
        foreach (var verb in new[] { "acknowledge", "assign", "severity", "note", "update", "mitigate", "resolve", "reopen", "escalate", "post-mortem" })
            app.Form($"/incidents/{{id}}/{verb}", (string id, HttpContext context, PageWriter pages, RoomDesk desk, IncidentDesk incidents, TimeProvider time) => DoAsync(id, verb, context, pages, desk, incidents, time));
    }

    private static async Task ShowAsync(string id, HttpContext context, PageWriter pages, RoomDesk desk, string? part)
    {
        if (part is "live" && IncidentIds.Parse(id) is { } incident && await desk.WatchAsync(incident, context.RequestAborted) is { } watched)
        {
            // Whoever has it is not asked to take it.
            var own = watched.Detail.Summary.HeldBy == context.User().Caller.By;
            await pages.WriteSharedAsync<RoomLive>(context, string.Create(CultureInfo.InvariantCulture, $"{incident} {watched.Position} {own}"), (nameof(RoomLive.View), watched));
            return;
        }
        if (await ViewAsync(id, context, pages, desk) is { } view) await pages.WriteAsync<RoomPage>(context, 200, (nameof(RoomPage.View), view), (nameof(RoomPage.Done), context.Request.Query["done"].ToString()));
    }

    private static async Task<RoomView?> ViewAsync(string id, HttpContext context, PageWriter pages, RoomDesk desk)
    {
        if (IncidentIds.Parse(id) is { } incident && await desk.LookAsync(incident, context.RequestAborted) is { } view) return view;
        await pages.ProblemAsync(context, 404, "There is no such incident", $"{(id.Length > 40 ? id[..40] + "…" : id)} is not here. The list of incidents may have it.");
        return null;
    }

    private static async Task DoAsync(string id, string verb, HttpContext context, PageWriter pages, RoomDesk desk, IncidentDesk incidents, TimeProvider time)
    {
        if (await ViewAsync(id, context, pages, desk) is not { } view) return;
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var draft = new Draft(verb, form["text"].ToString().Trim(), form["other"].ToString().Trim(), "");
        if (draft.Text.Length > Texts.MostText)
        {
            await AgainAsync(context, pages, view, draft with { Refused = $"a text has {Texts.MostText} characters at most" });
            return;
        }
        if (form.ContainsKey("preview") && draft.Text.Length > 0)
        {
            await pages.WriteAsync<RoomPage>(context, 200, (nameof(RoomPage.View), view), (nameof(RoomPage.Draft), draft));
            return;
        }
        var (by, incident) = (context.User().Caller.By, view.Detail.Summary.Id);
        var outcome = verb is "escalate" ? await incidents.EscalateAsync(incident, by, draft.Text, null, context.RequestAborted)
            : CommandOf(draft, by, time.Now()) is { } command ? await incidents.DoAsync(incident, command, null, context.RequestAborted)
            : new Outcome.Refused("something in it could not be read");
        await AnswerAsync(context, pages, view, draft, outcome);
    }

    private static async Task AnswerAsync(HttpContext context, PageWriter pages, RoomView view, Draft draft, Outcome outcome)
    {
        var id = view.Detail.Summary.Id;
        switch (outcome)
        {
            case Outcome.Done: context.Goto($"/incidents/{id}?done={draft.Verb}"); break;
            case Outcome.Nothing: context.Goto($"/incidents/{id}?done=nothing"); break;
            case Outcome.Refused refused: await AgainAsync(context, pages, view, draft with { Refused = refused.Why }); break;
            case Outcome.Unknown: await pages.ProblemAsync(context, 404, "There is no such incident", $"{draft.Other} is not here."); break;
            case Outcome.Stale: await AgainAsync(context, pages, view, draft with { Refused = "somebody else was quicker; look again" }); break;
            default: throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "unknown outcome");
        }
    }

    private static Task AgainAsync(HttpContext context, PageWriter pages, RoomView view, Draft draft) =>
        pages.WriteAsync<RoomPage>(context, 409, (nameof(RoomPage.View), view), (nameof(RoomPage.Draft), draft));

    private static IncidentCommand? CommandOf(Draft draft, string by, Instant now) => draft.Verb switch
    {
        "acknowledge" => new IncidentCommand.Acknowledge(by),
        "note" => new IncidentCommand.Note(by, draft.Text),
        "mitigate" => new IncidentCommand.Mitigate(by, draft.Text),
        "resolve" => new IncidentCommand.Resolve(by, draft.Text),
        "reopen" => new IncidentCommand.Reopen(by, draft.Text),
        "post-mortem" => new IncidentCommand.FilePostMortem(by, draft.Text),
        "update" when draft.Other.Length == 0 => new IncidentCommand.PostUpdate(by, draft.Text, null),
        "update" when int.TryParse(draft.Other, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and <= MostMinutes => new IncidentCommand.PostUpdate(by, draft.Text, now + Duration.FromMinutes(minutes)),
        "assign" when Enum.TryParse<IncidentRole>(draft.Other, out var role) && Enum.IsDefined(role) && draft.Text.Length <= 100 => new IncidentCommand.Assign(by, role, draft.Text),
        "severity" when Enum.TryParse<Severity>(draft.Other, out var severity) && Enum.IsDefined(severity) => new IncidentCommand.ChangeSeverity(by, severity, draft.Text),
        _ => null,
    };

    private static async Task MergeAsync(string id, HttpContext context, PageWriter pages, RoomDesk desk, IncidentDesk incidents)
    {
        if (await ViewAsync(id, context, pages, desk) is not { } view) return;
        var draft = new Draft("merge", "", (await context.Request.ReadFormAsync(context.RequestAborted))["other"].ToString().Trim(), "");
        var outcome = IncidentIds.Parse(draft.Other) is { } parent ? await incidents.MergeAsync(view.Detail.Summary.Id, parent, context.User().Caller.By, context.RequestAborted) : new Outcome.Refused("choose the incident that it is part of, such as INC-3");
        if (outcome is Outcome.Done) context.Goto($"/incidents/{draft.Other.ToUpperInvariant()}?done=merge");
        else await AnswerAsync(context, pages, view, draft, outcome);
    }

    private static async Task WhyAsync(string id, HttpContext context, PageWriter pages, RoomDesk desk, WhyPaged why, string? person)
    {
        if (await ViewAsync(id, context, pages, desk) is not { } view) return;
        var name = person is { Length: > 0 and <= 100 } ? person : context.User().Caller.By;
        var answer = await why.OfAsync(view.Detail.Summary.Id, name, null, context.RequestAborted);
        await pages.WriteAsync<WhyPage>(context, 200, (nameof(WhyPage.View), view), (nameof(WhyPage.Answer), answer));
    }
}
