using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Access;
using Tocsin.Server.Setup;
using Tocsin.Server.Web;

namespace Tocsin.Server.Api;

/// <summary>A drill by the server, for who has no access to the platform of their own, or no time: the process is warm, and it stands where the platform is.</summary>
public static class DrillApi
{
    /// <summary>What the drill came down to, for who reads the status and not the text.</summary>
    public const string VerdictHeader = "Tocsin-Verdict";

    // Each looks at everything at once: two leave the account's rate limits to others.
    private const int AtOnce = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal) { ["json"] = "application/json", ["text"] = "text/plain; charset=utf-8", ["md"] = "text/markdown; charset=utf-8", ["html"] = "text/html; charset=utf-8" };

    public static void Map(IEndpointRouteBuilder api)
    {
        var turns = new SemaphoreSlim(AtOnce);
        api.MapPost("/drills", (DrillAsked body, HttpContext context, ServerOptions options) => DrillAsync(turns, body, options, context.RequestAborted))
            .Needs(Role.Responder, Scopes.Respond).WithTags("drills").WithSummary("Look at a service, or at all, and say what is wrong; the answer is as of tocsin drill, and its verdict in the header Tocsin-Verdict").Produces(200, contentType: "application/json", additionalContentTypes: ["text/plain", "text/markdown", "text/html"]).ProducesProblem(400).ProducesProblem(404).ProducesProblem(429).ProducesProblem(504);
    }

    private static async Task<IResult> DrillAsync(SemaphoreSlim turns, DrillAsked asked, ServerOptions options, CancellationToken cancel)
    {
        if (!Types.TryGetValue(asked.Format, out var type)) return Problems.Bad($"format is one of {string.Join(", ", Types.Keys)}, not '{asked.Format}'");
        if (asked.Width is < 40 or > 400) return Problems.Bad("width is from 40 to 400");
        if (options.Web.Tell is not { } tell) return Problems.NotFound("this server has no platform to look at");
        if (!await turns.WaitAsync(Patience, cancel)) return Problems.Of(429, $"{AtOnce} drills run already; try again in some seconds");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        try
        {
            return new Told(await tell(asked, limit.Token), type);
        }
        catch (DrillRefusal e)
        {
            return Problems.Bad(e.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Problems.Of(504, $"the drill did not end within {Limit.TotalMinutes:0} minutes");
        }
        finally
        {
            turns.Release();
        }
    }

    private sealed class Told(DrillTold told, string type) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[VerdictHeader] = JsonNamingPolicy.CamelCase.ConvertName(told.Verdict.ToString());
            httpContext.Response.ContentType = type;
            return httpContext.Response.WriteAsync(told.Text, httpContext.RequestAborted);
        }
    }
}
