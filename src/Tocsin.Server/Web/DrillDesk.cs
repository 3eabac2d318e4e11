using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Diagnosis;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>One drill that somebody asked for on a page: what was seen up to now, and in the end what it comes down to.</summary>
public sealed class WatchedDrill(string id, string environment, string service, string by, Instant begun)
{
    private readonly ConcurrentQueue<Observation> seen = new();

    public string Id => id;

    public string Environment => environment;

    public string Service => service;

    public string By => by;

    public Instant Begun => begun;

    public IReadOnlyList<Observation> Seen => [.. seen];

    public DrillSeen? Outcome { get; private set; }

    /// <summary>Why there is no outcome and will be none; empty: there is, or will be.</summary>
    public string Problem { get; private set; } = "";

    public bool IsOver => Outcome is not null || Problem.Length > 0;

    public void Add(Observation observation) => seen.Enqueue(observation);

    public void End(DrillSeen outcome) => Outcome = outcome;

    public void Fail(string why) => Problem = why;
}

/// <summary>Runs the drills of pages, one after the other; each only looks. The newest are kept in memory, and gone with a restart.</summary>
public sealed class DrillDesk(ServerOptions options, ILogger<DrillDesk> log) : BackgroundService
{
    private const int Kept = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Channel<WatchedDrill> waiting = Channel.CreateBounded<WatchedDrill>(5);
    private readonly LinkedList<WatchedDrill> drills = new();
    private readonly Lock gate = new();

    public IReadOnlyList<WatchedDrill> Newest
    {
        get
        {
            lock (gate) return [.. drills];
        }
    }

    /// <summary>Null where too many wait already.</summary>
    public WatchedDrill? Begin(string environment, string service, string by)
    {
        var drill = new WatchedDrill(Guid.CreateVersion7(options.Time.GetUtcNow()).ToString(), environment, service, by, options.Time.Now());
        if (!waiting.Writer.TryWrite(drill)) return null;
        lock (gate)
        {
            drills.AddFirst(drill);
            if (drills.Count > Kept) drills.RemoveLast();
        }
        return drill;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Web.Drill is not { } look) return;
        await foreach (var drill in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(Limit);
            try
            {
                drill.End(await look(drill.Environment, drill.Service, drill.Add, limit.Token));
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                drill.Fail($"it did not end within {Limit.TotalMinutes:0} minutes");
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                drill.Fail(e.Message);
                ServerMessages.LoopFailed(log, $"the drill of {drill.Environment} {drill.Service}", e);
            }
        }
    }
}
