using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Core.Response.StatusPages;
using Tocsin.Server.Access;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Publishing;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>A message as its page shows it.</summary>
/// <param name="Next">Minutes until the next update; empty: as the severity says.</param>
/// <param name="Rooms">Those that were chosen.</param>
/// <param name="Public">What the status page is to say; null: nothing.</param>
/// <param name="Preview">Shown before it is sent.</param>
public sealed record MessageView(IncidentSummary Incident, ImmutableArray<string> Templates, DraftMessage Draft, ImmutableArray<RoomChoice> Choices, string Next, ImmutableArray<string> Rooms, bool Call, PublicText? Public, PublicReport? Standing, StatusPage Status, bool Preview, string Refused)
{
    /// <summary>How the text looks in each room that was chosen.</summary>
    public ImmutableArray<(string Room, string Text)> Sent { get; init; } = [];

    public string WhatsApp { get; init; } = "";
}

/// <summary>What is said about an incident: written, looked at, sent.</summary>
public static class MessagePages
{
    private const int MostMinutes = 7 * 24 * 60;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/incidents/{id}/message", ShowAsync);
        app.Form("/incidents/{id}/message", SendAsync);
    }

    private static async Task ShowAsync(string id, HttpContext context, PageWriter pages, Composing desk, string? template)
    {
        if (await desk.LookAsync(id, template, context.RequestAborted) is not { } view) await MissingAsync(context, pages);
        else await pages.WriteAsync<MessagePage>(context, 200, (nameof(MessagePage.View), view));
    }

    private static async Task SendAsync(string id, HttpContext context, PageWriter pages, Composing desk, UpdateDesk updates, TimeProvider time)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (await desk.LookAsync(id, form["template"].ToString(), context.RequestAborted) is not { } view)
        {
            await MissingAsync(context, pages);
            return;
        }
        view = desk.Read(view, form, context.User().May(Role.Commander));
        var problem = view.Draft.Text.Length > Texts.MostText ? $"a text has {Texts.MostText} characters at most" : view.Draft.Text.Length == 0 ? "it needs a text" : "";
        if (problem.Length == 0 && form.ContainsKey("preview"))
        {
            await pages.WriteAsync<MessagePage>(context, 200, (nameof(MessagePage.View), view with { Preview = true }));
            return;
        }
        var next = int.TryParse(view.Next, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and <= MostMinutes ? time.Now() + Duration.FromMinutes(minutes) : (Instant?)null;
        var wanted = new UpdateToSend(view.Draft.Template, view.Draft.Text, next, view.Rooms, view.Call, view.Public);
        var outcome = problem.Length > 0 ? new Outcome.Refused(problem) : await updates.SendAsync(view.Incident.Id, wanted, context.User().Caller.By, context.RequestAborted);
        if (outcome is Outcome.Done) context.Goto($"/incidents/{view.Incident.Id}?done=sent");
        else await pages.WriteAsync<MessagePage>(context, 409, (nameof(MessagePage.View), view with { Refused = outcome is Outcome.Refused refused ? refused.Why : "it could not be sent" }));
    }

    private static Task MissingAsync(HttpContext context, PageWriter pages) => pages.ProblemAsync(context, 404, "There is no such incident", "It is not here. The list of incidents may have it.");
}

/// <summary>Puts together what the page of a message shows.</summary>
public sealed class Composing(IncidentRoom room, IncidentList list, PlaybookDesk playbooks, Composer composer, StatusDesk status, PlanSource plan)
{
    public async Task<MessageView?> LookAsync(string id, string? template, CancellationToken cancel)
    {
        if (IncidentIds.Parse(id) is not { } incident || await room.StateAsync(incident, cancel) is not { } state || await list.OneAsync(incident, cancel) is not { } summary) return null;
        var draft = composer.Draft(state, template ?? composer.Usual(state), await playbooks.OfAsync(incident, cancel));
        var page = await status.NowAsync(cancel);
        var rooms = composer.Rooms(plan.Now.Policy, draft.Template);
        return new MessageView(summary, composer.Templates, draft, rooms, "", [.. rooms.Select(r => r.Id)], draft.CallsPeople, null, page.OpenOf(incident), page, Preview: false, "");
    }

    /// <summary>As somebody filled it in.</summary>
    public MessageView Read(MessageView view, IFormCollection form, bool mayPublish)
    {
        var next = form["other"].ToString();
        var text = form["text"].ToString().Trim().ReplaceLineEndings("\n");
        if (int.TryParse(next, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes > 0) text = composer.Promise(view.Draft.Template, text, $"in {Words.Length(Duration.FromMinutes(minutes))}");
        ImmutableArray<string> chosen = [.. form["room"].Where(r => view.Choices.Any(c => c.Id == r)).OfType<string>()];
        var call = form.ContainsKey("call");
        var read = view with { Draft = view.Draft with { Text = text }, Next = next, Rooms = chosen, Call = call, Public = mayPublish && form.ContainsKey("public") ? PublicOf(form) : null };
        return read with
        {
            Sent = [.. view.Choices.Where(c => chosen.Contains(c.Id, StringComparer.Ordinal)).Select(c => (c.Id, composer.For(c.Kind, view.Draft.Template, text, call)))],
            WhatsApp = composer.ForWhatsApp(view.Draft.Template, text, call),
        };
    }

    internal static PublicText PublicOf(IFormCollection form) => new(
        form["public-title"].ToString().Trim(),
        form["public-text"].ToString().Trim(),
        Enum.TryParse<ReportStage>(form["stage"], out var stage) && Enum.IsDefined(stage) ? stage : ReportStage.Investigating,
        Enum.TryParse<ComponentState>(form["impact"], out var impact) && Enum.IsDefined(impact) ? impact : ComponentState.Degraded,
        [.. form["component"].OfType<string>()]);
}
