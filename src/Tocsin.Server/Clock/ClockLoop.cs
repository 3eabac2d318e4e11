using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Server.Ingest;
using Tocsin.Server.Notify;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Clock;

/// <summary>What a server does by itself, each in a loop of its own: a slow channel never holds up the clock.</summary>
public sealed class ClockLoop(ClockSteps steps, DueIncidents due, ItemReminders items, Sender sender, Flow flow, HeartbeatWatch heartbeats, SelfCare self, ServerState state, ILogger<ClockLoop> log) : BackgroundService
{
    // Another node, or a clock that was set, is noticed that late at most.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WatchdogLook = TimeSpan.FromSeconds(15);

    /// <summary>Set when events were appended: there may be something due, and pages to send.</summary>
    public Wakeup Appended { get; } = new();

    public Wakeup Pages { get; } = new();

    public Wakeup Signals { get; } = new();

    // Nobody has work for these before their time.
    private Wakeup Quiet { get; } = new();

    public override void Dispose()
    {
        base.Dispose();
        Appended.Dispose();
        Pages.Dispose();
        Signals.Dispose();
        Quiet.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        LoopAsync("clock", Appended, Look, async c => await steps.CheckAsync(c) + await due.TickAsync(c), stoppingToken),
        LoopAsync("action items", Appended, WatchdogLook, items.TickAsync, stoppingToken),
        LoopAsync("heartbeats", Signals, Look, heartbeats.CheckAsync, stoppingToken),
        LoopAsync("signals", Signals, Look, flow.RunAsync, stoppingToken),
        LoopAsync("own alarm", Quiet, Look, self.Alarm.CheckAsync, stoppingToken),
        LoopAsync("database pulse", Quiet, Look, self.Pulse.CheckAsync, stoppingToken),
        LoopAsync("notices", Quiet, Look, self.Notices.CheckAsync, stoppingToken),
        LoopAsync("turns", Quiet, Look, self.Turns.CheckAsync, stoppingToken),
        LoopAsync("watchdog", Quiet, WatchdogLook, self.Dog.CheckAsync, stoppingToken),
        LoopAsync("retention", Quiet, WatchdogLook, self.Old.CheckAsync, stoppingToken),
        sender.RunAsync(Pages, stoppingToken));

    private async Task LoopAsync(string name, Wakeup wakeup, TimeSpan look, Func<CancellationToken, Task<int>> act, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                do state.Turned(name);
                while (await act(cancel) > 0);
                await wakeup.WaitAsync(look, cancel);
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
