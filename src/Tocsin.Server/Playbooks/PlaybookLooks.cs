using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Playbooks;

/// <summary>
/// Looks for the checks of playbooks that probes can see, by the same drill that pages show: one for all steps of an environment that are free at a moment. What was seen
/// ends a step, or stands beside it for a person; each step is looked for once in a run.
/// </summary>
public sealed class PlaybookLooks(PlaybookDesk desk, ServerOptions options, ILogger<PlaybookLooks> log) : BackgroundService
{
    private const int Most = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Gives how many steps were looked for.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        if (options.Web.Drill is null) return 0;
        var looked = 0;
        foreach (var group in (await desk.RunningAsync(Most, cancel)).Where(r => r.ToLook.Any()).GroupBy(r => r.Environment, StringComparer.Ordinal))
        {
            var seen = await DrillAsync(group.Key, cancel);
            foreach (var (run, step) in group.SelectMany(r => r.ToLook.ToList().Select(s => (r, s))))
            {
                var outcome = await desk.DoAsync(run.Id, _ => new RunCommand.Answer(step.Id, ProbeAnswer.Of(step, seen)), null, cancel);
                if (outcome is RunOutcome.Done) looked++;
            }
        }
        return looked;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // What ends a step may free the next one.
                while (await CheckAsync(stoppingToken) > 0) continue;
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                ServerMessages.LoopFailed(log, "checks of playbooks", e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A drill that fails sees nothing: each step says so, and people look.
    private async Task<ImmutableArray<Observation>> DrillAsync(string environment, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        try
        {
            return (await options.Web.Drill!(environment, "", static _ => { }, limit.Token)).Bundle.Observations;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            ServerMessages.LoopFailed(log, $"the drill of {environment} for playbooks", e);
            return [];
        }
    }
}
