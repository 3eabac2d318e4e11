using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Server.Access;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>What came in, and what was done.</summary>
public static class BoardPages
{
    private const int Rows = 100;
    private const int MostSignals = 100;

    // The year 9999, beyond which no time is read.
    private const long LastMicros = 253_402_300_799_000_000;
    private static readonly Duration Day = Duration.FromDays(1);
    internal static readonly string[] States = ["opened", "joined", "reopened", "damped", "counted", "ended", "failed", "new"];

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/signals", SignalsAsync);
        app.Look("/signals/unknown", UnknownAsync);
        app.Look("/audit", AuditAsync, Role.Commander, Scopes.Audit);
    }

    private static async Task SignalsAsync(HttpContext context, PageWriter pages, SignalHour signals, TimeProvider time, string? fingerprint, string? state, string? service, long? before)
    {
        var since = time.Now() - Day;
        var filter = new SignalFilter(since, fingerprint ?? "", States.Contains(state) ? state! : "", "", service ?? "", before is > 0 and < LastMicros ? Micros.At(before.Value) : null, MostSignals);
        var found = await signals.FindAsync(filter, context.RequestAborted);
        await pages.WriteAsync<SignalsPage>(context, 200, (nameof(SignalsPage.Signals), found), (nameof(SignalsPage.Filter), filter), (nameof(SignalsPage.Next), found.Count == MostSignals ? Micros.Of(found[^1].At) : (long?)null));
    }

    private static async Task UnknownAsync(HttpContext context, PageWriter pages, SignalHour signals, TimeProvider time) =>
        await pages.WriteAsync<UnknownPage>(context, 200, (nameof(UnknownPage.Patterns), await signals.UnknownAsync(time.Now() - Day, MostSignals, context.RequestAborted)));

    private static async Task AuditAsync(HttpContext context, PageWriter pages, AuditTrail trail, long? before, string? subject)
    {
        var rows = await trail.NewestAsync(before, subject ?? "", Rows, context.RequestAborted);
        await pages.WriteAsync<AuditPage>(context, 200, (nameof(AuditPage.Rows), rows), (nameof(AuditPage.Subject), subject ?? ""), (nameof(AuditPage.Next), rows.Count == Rows ? rows[^1].Seq : (long?)null));
    }
}
