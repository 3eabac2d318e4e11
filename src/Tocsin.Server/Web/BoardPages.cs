using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Server.Access;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>Who is on call, what came in, and what was done.</summary>
public static class BoardPages
{
    private const int Rows = 100;
    private const int MostSignals = 300;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/oncall", OnCallAsync);
        app.Look("/signals", SignalsAsync);
        app.Look("/audit", AuditAsync, Role.Commander, Scopes.Audit);
    }

    private static Task OnCallAsync(HttpContext context, PageWriter pages, OnCallBoard board, PlanSource plan) =>
        pages.WriteAsync<OnCallPage>(context, 200, (nameof(OnCallPage.Now), board.Now()), (nameof(OnCallPage.Roster), plan.Now.Roster));

    private static async Task SignalsAsync(HttpContext context, PageWriter pages, SignalHour signals, TimeProvider time, string? fingerprint)
    {
        var found = await signals.NewestAsync(time.Now() - Duration.FromHours(24), MostSignals, context.RequestAborted);
        if (fingerprint is { Length: > 0 }) found = found.FindAll(s => s.Fingerprint == fingerprint);
        await pages.WriteAsync<SignalsPage>(context, 200, (nameof(SignalsPage.Signals), found), (nameof(SignalsPage.Fingerprint), fingerprint ?? ""));
    }

    private static async Task AuditAsync(HttpContext context, PageWriter pages, AuditTrail trail, long? before, string? subject)
    {
        var rows = await trail.NewestAsync(before, subject ?? "", Rows, context.RequestAborted);
        await pages.WriteAsync<AuditPage>(context, 200, (nameof(AuditPage.Rows), rows), (nameof(AuditPage.Subject), subject ?? ""), (nameof(AuditPage.Next), rows.Count == Rows ? rows[^1].Seq : (long?)null));
    }
}
