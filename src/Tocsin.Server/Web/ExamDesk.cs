using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Web;

/// <summary>One question of an exam that somebody began on the page of the lab.</summary>
public sealed class AskedFault(LabFault fault, string environment, string by)
{
    public LabFault Fault => fault;

    public string Environment => environment;

    public string By => by;

    public bool IsAsked { get; private set; }

    public ExamAnswer? Answer { get; private set; }

    /// <summary>Why there is no answer and will be none; empty: there is, or will be.</summary>
    public string Problem { get; private set; } = "";

    public bool IsOver => Answer is not null || Problem.Length > 0;

    public void Begin() => IsAsked = true;

    public void End(ExamAnswer answer) => Answer = answer;

    public void Fail(string why) => Problem = why;
}

/// <summary>Asks the attached lab's exam, one fault after the other, while somebody watches. The newest one is kept in memory, and gone with a restart.</summary>
public sealed class ExamDesk(ServerOptions options, ILogger<ExamDesk> log) : BackgroundService
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);
    private readonly Channel<AskedFault> waiting = Channel.CreateUnbounded<AskedFault>();
    private readonly Lock gate = new();
    private List<AskedFault> asked = [];

    public IReadOnlyList<AskedFault> Asked
    {
        get
        {
            lock (gate) return [.. asked];
        }
    }

    /// <summary>False: another one is not over.</summary>
    public bool Begin(IEnumerable<LabFault> faults, string environment, string by)
    {
        lock (gate)
        {
            if (asked.Exists(a => !a.IsOver)) return false;
            asked = [.. faults.Where(f => f.Environments.Contains(environment, StringComparer.Ordinal)).Select(f => new AskedFault(f, environment, by))];
            foreach (var one in asked) waiting.Writer.TryWrite(one);
        }
        return true;
    }

    /// <summary>What is not asked yet is not asked any more.</summary>
    public void End()
    {
        foreach (var one in Asked.Where(a => !a.IsAsked)) one.Fail("not asked: the exam was ended");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Web.Lab is not { } lab) return;
        await foreach (var one in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            if (one.IsOver) continue;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(Limit);
            try
            {
                one.Begin();
                one.End(await lab.Ask(one.Fault.Id, one.Environment, limit.Token));
            }
            catch (LabRefusal e)
            {
                one.Fail(e.Message);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                one.Fail($"it did not end within {Limit.TotalMinutes:0} minutes");
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                one.Fail(e.Message);
                ServerMessages.LoopFailed(log, $"the exam of {one.Fault.Id}", e);
            }
        }
    }
}
