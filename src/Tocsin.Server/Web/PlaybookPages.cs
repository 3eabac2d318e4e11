using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Api;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>The forms by which playbooks are started and worked on, in an incident's room.</summary>
public static class PlaybookPages
{
    private const string Verb = "playbook";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Form("/incidents/{id}/playbooks", StartAsync);
        foreach (var (verb, _) in RunVerbs.All)
            app.Form($"/incidents/{{id}}/runs/{{run}}/{verb}", (string id, string run, HttpContext context, PageWriter pages, RoomDesk room, PlaybookDesk desk) => DoAsync(id, run, verb, context, pages, room, desk));
    }

    private static async Task StartAsync(string id, HttpContext context, PageWriter pages, RoomDesk room, PlaybookDesk desk)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var outcome = IncidentIds.Parse(id) is { } incident ? await desk.StartAsync(incident, form["playbook"].ToString(), form["service"].ToString(), context.User().Caller.By, context.RequestAborted) : new RunOutcome.Unknown(id);
        if (outcome is RunOutcome.Done done) context.Goto($"/incidents/{id}?done=started#run-{done.Run.Id}");
        else await AgainAsync(id, context, pages, room, outcome);
    }

    private static async Task DoAsync(string id, string run, string verb, HttpContext context, PageWriter pages, RoomDesk room, PlaybookDesk desk)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var text = form["text"].ToString().Trim();
        _ = int.TryParse(form["way"], NumberStyles.None, CultureInfo.InvariantCulture, out var way);
        var outcome = text.Length > Texts.MostText
            ? new RunOutcome.Refused($"a text has {Texts.MostText} characters at most")
            : await desk.DoAsync(run, r => RunVerbs.Command(r, verb, context.User().Caller.By, form["step"].ToString(), text, way), null, context.RequestAborted);
        if (outcome is RunOutcome.Done or RunOutcome.Nothing) context.Goto($"/incidents/{id}?done={(outcome is RunOutcome.Done ? Verb : "nothing")}#run-{run}");
        else await AgainAsync(id, context, pages, room, outcome);
    }

    private static async Task AgainAsync(string id, HttpContext context, PageWriter pages, RoomDesk room, RunOutcome outcome)
    {
        var why = outcome switch
        {
            RunOutcome.Refused refused => refused.Why,
            RunOutcome.Stale => "somebody else was quicker; look again",
            _ => "there is no such playbook in it",
        };
        if (IncidentIds.Parse(id) is { } incident && await room.LookAsync(incident, context.RequestAborted) is { } view)
            await pages.WriteAsync<RoomPage>(context, 409, (nameof(RoomPage.View), view), (nameof(RoomPage.Draft), new Draft(Verb, "", "", why)));
        else await pages.ProblemAsync(context, 404, "There is no such incident", "It is not here. The list of incidents may have it.");
    }
}
