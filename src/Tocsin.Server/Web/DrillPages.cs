using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Core.Diagnosis;
using Tocsin.Server.Setup;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>A look at a service: what each probe saw as it comes, then the diagnosis. It can be kept, taken along as a bundle, and compared with another.</summary>
public static class DrillPages
{
    private const long MostBundle = 4 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/drill", (HttpContext context, DrillAsking asking, string? env, string? service) => asking.ShowAsync(context, 200, "", env ?? "", service ?? ""));
        app.Look("/drill/diff", DiffAsync);
        app.Look("/drill/{id}", ShowAsync);
        app.Look("/drill/{id}/bundle.json", BundleAsync);
        app.Form("/drill", BeginAsync);
        app.Form("/drill/bundle", TakeAsync);
        app.Form("/drill/{id}/keep", KeepAsync);
        app.Form("/drill/{id}/forget", ForgetAsync);
    }

    private static async Task BeginAsync(HttpContext context, DrillAsking asking, DrillDesk desk, ServerOptions options)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (environment, service) = (form["environment"].ToString(), form["service"].ToString());
        if (options.Platform.Environment(environment) is not { } known) await asking.ShowAsync(context, 400, "choose an environment", environment, service);
        else if (service.Length > 0 && options.Platform.Service(service) is null) await asking.ShowAsync(context, 400, "choose a service, or all of them", environment, service);
        else if (desk.Begin(known.Name, service, context.User().Caller.By) is { } drill) context.Goto($"/drill/{drill.Id}");
        else await asking.ShowAsync(context, 429, "other drills wait already; try again in a minute", environment, service);
    }

    private static async Task ShowAsync(string id, HttpContext context, PageWriter pages, DrillAsking asking, string? part)
    {
        if (await asking.FindAsync(id, context.RequestAborted) is not var (drill, name)) await pages.ProblemAsync(context, 404, "This drill is not kept", "The newest twenty are, until the server restarts, and those that somebody kept. Look again.");
        else if (part is "live") await pages.WriteAsync<DrillLive>(context, 200, (nameof(DrillLive.Drill), drill), (nameof(DrillLive.Name), name));
        else await pages.WriteAsync<DrillResultPage>(context, 200, (nameof(DrillResultPage.Drill), drill), (nameof(DrillResultPage.Name), name));
    }

    private static async Task BundleAsync(string id, HttpContext context, PageWriter pages, DrillAsking asking)
    {
        if (await asking.FindAsync(id, context.RequestAborted) is not ({ Outcome: { } outcome }, _))
        {
            await pages.ProblemAsync(context, 404, "There is no evidence of this drill", "It is not kept, or has no outcome yet.");
            return;
        }
        context.Response.ContentType = "application/json";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"drill-{outcome.Bundle.Environment}-{outcome.Diagnosis.Bundle[..8]}.json\"";
        await context.Response.Body.WriteAsync(BundleJson.Write(outcome.Bundle), context.RequestAborted);
    }

    private static async Task TakeAsync(HttpContext context, DrillAsking asking, KeptDrills kept)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (form.Files.GetFile("bundle") is not { Length: > 0 } file) await asking.ShowAsync(context, 400, "choose a bundle, as tocsin drill --bundle FILE writes it");
        else if (file.Length > MostBundle) await asking.ShowAsync(context, 413, "the bundle is larger than the 4 MB that are taken");
        else
        {
            using var bytes = new MemoryStream();
            await file.CopyToAsync(bytes, context.RequestAborted);
            var read = kept.Read(bytes.ToArray(), Path.GetFileName(file.FileName), context.User().Caller.By);
            var problem = read.Value is { } drill ? await kept.KeepAsync(drill, Path.GetFileNameWithoutExtension(file.FileName), context.User().Caller.By, context.RequestAborted) : string.Join("; ", read.Problems.Take(3));
            if (problem.Length > 0) await asking.ShowAsync(context, 400, problem);
            else context.Goto($"/drill/{read.Value!.Id}");
        }
    }

    private static async Task KeepAsync(string id, HttpContext context, DrillAsking asking, KeptDrills kept)
    {
        var name = (await context.Request.ReadFormAsync(context.RequestAborted))["name"].ToString();
        var problem = await asking.FindAsync(id, context.RequestAborted) is var (drill, _) ? await kept.KeepAsync(drill, name, context.User().Caller.By, context.RequestAborted) : "it is gone: look again";
        if (problem.Length > 0) await asking.ShowAsync(context, 400, problem);
        else context.Goto($"/drill/{id}");
    }

    private static async Task ForgetAsync(string id, HttpContext context, KeptDrills kept)
    {
        await kept.ForgetAsync(id, context.User().Caller.By, context.RequestAborted);
        context.Goto("/drill");
    }

    private static async Task DiffAsync(HttpContext context, PageWriter pages, DrillAsking asking, string? a, string? b)
    {
        var (before, after) = (await asking.FindAsync(a ?? "", context.RequestAborted), await asking.FindAsync(b ?? "", context.RequestAborted));
        if (before is not ({ Outcome: { } was }, _) || after is not ({ Outcome: { } now }, _)) await asking.ShowAsync(context, 404, "choose two drills that have an outcome");
        else
            await pages.WriteAsync<DrillDiffPage>(
                context,
                200,
                (nameof(DrillDiffPage.Before), before.Value.Drill),
                (nameof(DrillDiffPage.BeforeName), before.Value.Name),
                (nameof(DrillDiffPage.After), after.Value.Drill),
                (nameof(DrillDiffPage.AfterName), after.Value.Name),
                (nameof(DrillDiffPage.Differences), BundleDiff.Between(was.Bundle, now.Bundle)));
    }
}

/// <summary>The page that asks what to look at, with the drills there are: those of this start, and those that were kept.</summary>
public sealed class DrillAsking(PageWriter pages, DrillDesk desk, KeptDrills kept, ServerOptions options)
{
    /// <summary>With the name that it was kept by; empty: it was not.</summary>
    public async Task<(WatchedDrill Drill, string Name)?> FindAsync(string id, CancellationToken cancel)
    {
        if (id.Length == 0) return null;
        return desk.Newest.FirstOrDefault(d => d.Id == id) is { } drill ? (drill, await kept.NameAsync(id, cancel)) : await kept.FindAsync(id, cancel);
    }

    public async Task ShowAsync(HttpContext context, int status, string problem, string environment = "", string service = "")
    {
        if (options.Web.Drill is null)
        {
            await pages.ProblemAsync(context, 404, "This server cannot look", "It was started without a way to drill. On the command line: tocsin drill.");
            return;
        }
        await pages.WriteAsync<DrillPage>(
            context,
            status,
            (nameof(DrillPage.Environment), environment),
            (nameof(DrillPage.Service), service),
            (nameof(DrillPage.Services), options.Platform.Services.Select(s => s.Name).ToList()),
            (nameof(DrillPage.Newest), desk.Newest),
            (nameof(DrillPage.Kept), await kept.ListAsync(context.RequestAborted)),
            (nameof(DrillPage.Problem), problem));
    }
}
