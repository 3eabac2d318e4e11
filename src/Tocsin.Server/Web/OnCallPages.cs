using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>Who is on call when; taking over and swapping turns; a test page; a calendar to subscribe to.</summary>
public static class OnCallPages
{
    internal static readonly LocalDateTimePattern Moment = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/oncall", (HttpContext context, PageWriter pages, OnCallDesk desk, string? view, string? from, string? done) => ShowAsync(context, pages, desk, 200, view, from, Said(done), ""));
        app.Form("/oncall/override", TakeOverAsync);
        app.Form("/oncall/swap", SwapAsync);
        app.Form("/oncall/end", EndAsync);
        app.Form("/oncall/test", TestAsync);
        app.MapGet("/calendar/{schedule}/{signature}", CalendarAsync).Open("the signature in the address");
    }

    private static async Task ShowAsync(HttpContext context, PageWriter pages, OnCallDesk desk, int status, string? view, string? from, string said, string problem) =>
        await pages.WriteAsync<OnCallPage>(context, status, (nameof(OnCallPage.View), await desk.LookAsync(view is "month", OnCallDesk.Day(from), context.RequestAborted)), (nameof(OnCallPage.Said), said), (nameof(OnCallPage.Problem), problem));

    private static string Said(string? done) => done switch
    {
        "override" => "Taken over: whoever is paged in that time is paged so.",
        "swap" => "Swapped.",
        "end" => "Ended: the turns are as they were.",
        "test" => "The test page is on its way; below stands how it went.",
        _ => "",
    };

    private static async Task TakeOverAsync(HttpContext context, PageWriter pages, OnCallDesk desk, PlanChanges changes, PlanSource plan)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        await AddAsync(context, pages, desk, changes, "override", When(form, plan) is { } when ? new PlanChange.TakeOver("", when, form["schedule"].ToString(), form["person"].ToString(), form["instead"].ToString()) : null);
    }

    private static async Task SwapAsync(HttpContext context, PageWriter pages, OnCallDesk desk, PlanChanges changes, PlanSource plan)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        await AddAsync(context, pages, desk, changes, "swap", When(form, plan) is { } when ? new PlanChange.SwapTurns("", when, form["schedule"].ToString(), form["one"].ToString(), form["other"].ToString()) : null);
    }

    private static async Task AddAsync(HttpContext context, PageWriter pages, OnCallDesk desk, PlanChanges changes, string done, PlanChange? change)
    {
        var problem = change is null ? "from and to are times, and to comes after from" : await changes.AddAsync(change, context.User().Caller.By, context.RequestAborted);
        if (problem is null) context.Goto($"/oncall?done={done}");
        else await ShowAsync(context, pages, desk, 400, null, null, "", problem);
    }

    private static async Task EndAsync(HttpContext context, PageWriter pages, OnCallDesk desk, PlanChanges changes)
    {
        var id = (await context.Request.ReadFormAsync(context.RequestAborted))["id"].ToString();
        if (await changes.EndAsync(id, "", context.User().Caller.By, context.RequestAborted)) context.Goto("/oncall?done=end");
        else await ShowAsync(context, pages, desk, 404, null, null, "", "it has ended already, or was never there");
    }

    private static async Task TestAsync(HttpContext context, PageWriter pages, OnCallDesk desk, Drills drills)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (sent, problem) = await drills.SendAsync(form["person"].ToString(), form["channel"].ToString(), context.User().Caller.By, context.RequestAborted);
        if (sent is not null) context.Goto("/oncall?done=test#tests");
        else await ShowAsync(context, pages, desk, 400, null, null, "", problem);
    }

    /// <summary>Wall clock of the business calendar, as the page says beside the fields; null: no times, or the end is not after the start.</summary>
    internal static Interval? When(IFormCollection form, PlanSource plan)
    {
        var (from, to) = (Moment.Parse(form["from"].ToString()), Moment.Parse(form["to"].ToString()));
        if (!from.Success || !to.Success) return null;
        var zone = plan.Now.Policy.Calendar.Zone;
        var (start, end) = (zone.AtLeniently(from.Value).ToInstant(), zone.AtLeniently(to.Value).ToInstant());
        return end > start ? new Interval(start, end) : null;
    }

    private static async Task CalendarAsync(string schedule, string signature, HttpContext context, PageWriter pages, PlanSource plan, Links links, TimeProvider time)
    {
        if (!links.HoldsCalendar(schedule, signature) || !plan.Now.Roster.Schedules.TryGetValue(schedule, out var known))
        {
            await pages.ProblemAsync(context, 404, "There is no such calendar", "Its address stands on the page of who is on call.");
            return;
        }
        var now = time.Now();
        context.Response.ContentType = "text/calendar; charset=utf-8";
        await context.Response.WriteAsync(OnCallCalendar.Write(known, plan.Now.Roster, new Interval(now - Duration.FromDays(7), now + Duration.FromDays(90)), now), context.RequestAborted);
    }
}
