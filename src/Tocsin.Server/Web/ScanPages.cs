using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>A log that is pasted or dropped is read as it comes and kept nowhere.</summary>
public static class ScanPages
{
    public const long MostBytes = 50 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/scan", (HttpContext context, PageWriter pages) => pages.WriteAsync<ScanPage>(context, 200));
        // Nothing is changed by it, and its body is read once, so it carries no token; the door has asked where it comes from.
        app.Form("/scan", ScanAsync).WithMetadata(new PageEndpoint(ChecksForm: false));
    }

    private static async Task ScanAsync(HttpContext context, PageWriter pages, ServerOptions options)
    {
        // With the frame of the form; the log itself is counted apart.
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MostBytes + 64 * 1024;
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary)
        {
            await AnswerAsync(context, pages, 415, null, "a form with a text or a file is expected");
            return;
        }
        try
        {
            var reader = new MultipartReader(boundary, context.Request.Body);
            while (await reader.ReadNextSectionAsync(context.RequestAborted) is { } section)
            {
                var name = ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) ? HeaderUtilities.RemoveQuotes(disposition.FileName).Value ?? "" : "";
                var seen = await new LogLook(options.Matching, options.Time.Now()).ReadAsync(name.Length > 0 ? name : "pasted text", section.Body, context.RequestAborted);
                if (seen.Bytes == 0) continue;
                await AnswerAsync(context, pages, 200, seen, "");
                return;
            }
            await AnswerAsync(context, pages, 400, null, "there is no text in it: paste some, or choose a file");
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            context.Response.Headers.Connection = "close";
            await AnswerAsync(context, pages, 413, null, "the log is larger than the 50 MB that are taken here; the command line reads logs of any size: tocsin scan FILE");
        }
        catch (InvalidDataException e)
        {
            await AnswerAsync(context, pages, 400, null, $"the form could not be read: {e.Message}");
        }
    }

    private static Task AnswerAsync(HttpContext context, PageWriter pages, int status, LogSeen? seen, string problem) =>
        pages.WriteAsync<ScanPage>(context, status, (nameof(ScanPage.Seen), seen), (nameof(ScanPage.Problem), problem));
}
