using System.Globalization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Api;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>Tells open pages that something changed; they fetch what they show. A page says up to which change it was made, so nothing falls between its making and its listening.</summary>
public static class Live
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.Look("/live", WriteAsync);
        app.MapGet("/clock", (TimeProvider time) => Results.Text(time.Now().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture))).Open("tells only the time");
    }

    private static async Task WriteAsync(HttpContext context, ChangeFeed feed, long? after, string? incident)
    {
        var cancel = context.RequestAborted;
        var watcher = feed.Join();
        try
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("retry: 1000\n: from now on\n\n", cancel);
            var head = await feed.HeadAsync(cancel);
            if (after is { } seen && seen < head) await TellAsync(context.Response, head, cancel);
            await context.Response.Body.FlushAsync(cancel);
            await FollowAsync(context.Response, watcher, incident ?? "", cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The browser has gone; there is nobody to tell.
            watcher.Writer.TryComplete();
        }
        finally
        {
            feed.Leave(watcher);
        }
    }

    private static async Task FollowAsync(HttpResponse response, Channel<Change> watcher, string incident, CancellationToken cancel)
    {
        while (true)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            quiet.CancelAfter(Silence);
            try
            {
                if (!await watcher.Reader.WaitToReadAsync(quiet.Token)) return;
                long? last = null;
                // Many changes at once are one to whoever fetches the page's part again.
                while (watcher.Reader.TryRead(out var change))
                {
                    if (incident.Length == 0 || change.Incident == incident) last = change.Position;
                }
                if (last is { } position) await TellAsync(response, position, cancel);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                await response.WriteAsync(": still here\n\n", cancel);
            }
            await response.Body.FlushAsync(cancel);
        }
    }

    private static Task TellAsync(HttpResponse response, long position, CancellationToken cancel) =>
        response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {position}\nevent: change\ndata: {position}\n\n"), cancel);
}
