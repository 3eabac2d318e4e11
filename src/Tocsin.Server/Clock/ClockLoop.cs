using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Server.Ingest;
using Tocsin.Server.Notify;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Clock;

/// <summary>What a server does by itself, each in a loop of its own: a slow channel never holds up the clock.</summary>
public sealed class ClockLoop(DueIncidents due, Sender sender, Flow flow, HeartbeatWatch heartbeats, ServerState state, ILogger<ClockLoop> log) : BackgroundService
{
    // Another node, or a clock that was set, is noticed that late at most.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>Set when events were appended: there may be something due, and pages to send.</summary>
    public Wakeup Appended { get; } = new();

    public Wakeup Pages { get; } = new();

    public Wakeup Signals { get; } = new();

    public override void Dispose()
    {
        base.Dispose();
        Appended.Dispose();
        Pages.Dispose();
        Signals.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        LoopAsync("clock", Appended, due.TickAsync, stoppingToken),
        LoopAsync("heartbeats", Signals, heartbeats.CheckAsync, stoppingToken),
        LoopAsync("signals", Signals, flow.RunAsync, stoppingToken),
        sender.RunAsync(Pages, stoppingToken));

    private async Task LoopAsync(string name, Wakeup wakeup, Func<CancellationToken, Task<int>> act, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                while (await act(cancel) > 0) state.DatabaseAnswered();
                state.DatabaseAnswered();
                await wakeup.WaitAsync(Look, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (DbException e)
            {
                state.DatabaseFailed(e);
                await PauseAsync(cancel);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                ServerMessages.LoopFailed(log, name, e);
                await PauseAsync(cancel);
            }
        }
    }

    // An end while it waits is seen by the loop itself.
    private static async Task PauseAsync(CancellationToken cancel) => await Task.Delay(Look, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
