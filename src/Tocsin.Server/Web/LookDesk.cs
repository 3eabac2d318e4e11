using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>What a look on a page is about.</summary>
/// <param name="Other">The environment to compare with; empty: none.</param>
/// <param name="Service">Empty: all.</param>
public sealed record LookAsked(string Environment, string Other, string Service);

/// <summary>One look that somebody asked for on a page; its parts come as they are found.</summary>
public sealed class RunningLook<TPart>(string id, LookAsked asked, string by, Instant begun)
{
    private readonly ConcurrentQueue<TPart> parts = new();

    public string Id => id;

    public LookAsked Asked => asked;

    public string By => by;

    public Instant Begun => begun;

    public IReadOnlyList<TPart> Parts => [.. parts];

    /// <summary>Account, region and endpoint that answered, once it has ended; null before.</summary>
    public IReadOnlyList<string>? Where { get; private set; }

    /// <summary>Why it ended early; empty: it did not.</summary>
    public string Problem { get; private set; } = "";

    public bool IsOver => Where is not null || Problem.Length > 0;

    public void Add(TPart part) => parts.Enqueue(part);

    public void End(IReadOnlyList<string> where) => Where = where;

    public void Fail(string why) => Problem = why;
}

/// <summary>Runs the looks of one kind of page, one after the other; each only looks. The newest are kept in memory, and gone with a restart.</summary>
/// <param name="run">Null: this server cannot look in this way.</param>
public sealed class LookDesk<TPart>(Looking<TPart>? run, ServerOptions options, ILogger<LookDesk<TPart>> log) : BackgroundService
{
    private const int Kept = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Channel<RunningLook<TPart>> waiting = Channel.CreateBounded<RunningLook<TPart>>(5);
    private readonly LinkedList<RunningLook<TPart>> looks = new();
    private readonly Lock gate = new();

    public bool CanLook => run is not null;

    public IReadOnlyList<RunningLook<TPart>> Newest
    {
        get
        {
            lock (gate) return [.. looks];
        }
    }

    /// <summary>Null where too many wait already.</summary>
    public RunningLook<TPart>? Begin(LookAsked asked, string by)
    {
        var look = new RunningLook<TPart>(Guid.CreateVersion7(options.Time.GetUtcNow()).ToString(), asked, by, options.Time.Now());
        if (!waiting.Writer.TryWrite(look)) return null;
        lock (gate)
        {
            looks.AddFirst(look);
            if (looks.Count > Kept) looks.RemoveLast();
        }
        return look;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (run is null) return;
        await foreach (var look in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(Limit);
            try
            {
                look.End(await run(look.Asked, look.Add, limit.Token));
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                look.Fail($"it did not end within {Limit.TotalMinutes:0} minutes");
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                look.Fail(e.Message);
                ServerMessages.LoopFailed(log, $"the look at {look.Asked.Environment} {look.Asked.Other} {look.Asked.Service}", e);
            }
        }
    }
}
