using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Clock;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Api;

/// <summary>One event, as those who watch get it. <paramref name="Position"/> is the id to go on from.</summary>
public sealed record Change(long Position, string Incident, long Version, NodaTime.Instant At, string Type, string By, string Text);

/// <summary>Reads new events once for everyone who watches, of this node and of others.</summary>
public sealed class ChangeFeed(Database database, Journal journal, ServerState state) : BackgroundService
{
    private const int Most = 500;
    private const int Behind = 1000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly HashSet<Channel<Change>> watchers = [];
    private readonly Lock gate = new();

    public Wakeup Appended { get; } = new();

    public int Watchers
    {
        get
        {
            lock (gate) return watchers.Count;
        }
    }

    /// <summary>A place to wait for changes. Who falls far behind is cut off, and comes again with the last id it saw.</summary>
    public Channel<Change> Join()
    {
        var watcher = Channel.CreateBounded<Change>(Behind);
        lock (gate) watchers.Add(watcher);
        return watcher;
    }

    public void Leave(Channel<Change> watcher)
    {
        lock (gate) watchers.Remove(watcher);
    }

    public Task<List<Change>> AfterAsync(long position, CancellationToken cancel) => database.ReadAsync(
        async (s, c) =>
        {
            var rows = await s.QueryAsync<EventRow>($"select incident, version, position, at, type, person, body from events where position > @position order by position limit {Most}", new { position }, c);
            var events = await journal.ReadAsync(s, rows, c);
            return rows.Select((r, i) => new Change(r.Position, new IncidentId((int)r.Incident).ToString(), r.Version, Micros.At(r.At), r.Type, r.Person, EventWords.Whole(events[i]))).ToList();
        },
        cancel);

    public Task<long> HeadAsync(CancellationToken cancel) => database.ReadAsync((s, c) => s.FirstAsync<long>("select coalesce(max(position), 0) from events", null, c), cancel);

    public override void Dispose()
    {
        base.Dispose();
        Appended.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? head = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var nobody = Watchers == 0;
                if (head is null || nobody)
                {
                    var last = await HeadAsync(stoppingToken);
                    // Who came meanwhile has looked already, and what was appended since is told: for that one, nothing is passed over.
                    if (head is null || Watchers == 0) head = last;
                }
                if (!nobody) foreach (var change in await AfterAsync(head.Value, stoppingToken)) head = Give(change);
                await Appended.WaitAsync(Look, stoppingToken);
            }
            catch (System.Data.Common.DbException e)
            {
                state.DatabaseFailed(e);
                await Task.Delay(Look, CancellationToken.None);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
        }
        lock (gate)
        {
            foreach (var watcher in watchers) watcher.Writer.TryComplete();
        }
    }

    private long Give(Change change)
    {
        lock (gate)
        {
            foreach (var watcher in watchers)
            {
                if (!watcher.Writer.TryWrite(change)) watcher.Writer.TryComplete();
            }
        }
        return change.Position;
    }
}

/// <summary>Server-sent events: each change of every incident, in order and none left out.</summary>
public static class ChangeStream
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly JsonSerializerOptions Form = JsonForm.Options();

    public static async Task WriteAsync(HttpContext context)
    {
        var feed = (ChangeFeed)context.RequestServices.GetService(typeof(ChangeFeed))!;
        var cancel = context.RequestAborted;
        var from = context.Request.Headers["Last-Event-ID"].ToString();
        var position = 0L;
        if (from.Length > 0 && !long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out position))
        {
            await Problems.Bad($"Last-Event-ID is a number, and not '{(from.Length > 40 ? from[..40] : from)}'").ExecuteAsync(context);
            return;
        }
        var watcher = feed.Join();
        try
        {
            if (from.Length == 0) position = await feed.HeadAsync(cancel);
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"retry: 1000\nid: {position}\n: {(from.Length == 0 ? "from now on" : "going on")}\n\n"), cancel);
            await context.Response.Body.FlushAsync(cancel);
            // What was missed first; what the feed gives meanwhile is told by its position.
            while (await feed.AfterAsync(position, cancel) is { Count: > 0 } missed)
            {
                foreach (var change in missed) position = await WriteAsync(context.Response, change, cancel);
            }
            await FollowAsync(context.Response, watcher, position, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The watcher has gone: nobody is left to tell.
            position = 0;
        }
        finally
        {
            feed.Leave(watcher);
        }
    }

    private static async Task FollowAsync(HttpResponse response, Channel<Change> watcher, long position, CancellationToken cancel)
    {
        while (true)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            quiet.CancelAfter(Silence);
            try
            {
                if (!await watcher.Reader.WaitToReadAsync(quiet.Token)) return;
                while (watcher.Reader.TryRead(out var change))
                {
                    if (change.Position > position) position = await WriteAsync(response, change, cancel);
                }
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Keeps proxies from closing a line on which nothing is said.
                await response.WriteAsync(": still here\n\n", cancel);
            }
            await response.Body.FlushAsync(cancel);
        }
    }

    private static async Task<long> WriteAsync(HttpResponse response, Change change, CancellationToken cancel)
    {
        await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {change.Position}\nevent: {change.Type}\ndata: {JsonSerializer.Serialize(change, Form)}\n\n"), Encoding.UTF8, cancel);
        return change.Position;
    }
}
