using System.Data.Common;
using System.Runtime.InteropServices;
using NodaTime;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;
using Tocsin.Server;
using Tocsin.Server.Incidents;
using Tocsin.Server.Setup;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>SIGHUP: response.yaml is read again, what changes on call is printed, and it holds from then on; or it is refused with the reason, and the old one holds.</summary>
internal sealed class PlanSignal : IDisposable
{
    private static readonly Duration Ahead = Duration.FromDays(7 * 26);
    private readonly SemaphoreSlim asked = new(0);
    private readonly PosixSignalRegistration signal;

    public PlanSignal() => signal = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        asked.Release();
    });

    public void Dispose()
    {
        signal.Dispose();
        asked.Dispose();
    }

    /// <summary>Until it is cancelled.</summary>
    public async Task FollowAsync(Settings settings, Terminal terminal, ServerHost host, ServerOptions options, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            await asked.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!cancel.IsCancellationRequested) await TakeAsync(settings, terminal, host, options, cancel);
        }
    }

    private static async Task TakeAsync(Settings settings, Terminal terminal, ServerHost host, ServerOptions options, CancellationToken cancel)
    {
        var before = host.Part<PlanSource>().Now;
        try
        {
            var newer = ResponseFile.Load(settings);
            var problem = await host.Part<PlanReload>().TakeAsync(newer, cancel);
            if (problem.Length > 0)
            {
                options.Write($"{ResponseFile.Name} is not taken: {problem}");
                return;
            }
            options.Write($"{ResponseFile.Name} is read again: {before.Policy.Version} → {newer.Policy.Version}");
            // With what people changed on a page, on both sides.
            var after = host.Part<PlanSource>().Now;
            var now = Instant.FromDateTimeOffset(options.Time.GetUtcNow());
            new OnCallText(terminal, after).Changes([.. OnCallReport.Diff(before.Roster, after.Roster, new Interval(now, now + Ahead))]);
            await terminal.Out.FlushAsync(cancel);
        }
        catch (Exception e) when (e is SettingsException or DbException)
        {
            options.Write($"{ResponseFile.Name} is not taken: {e.Message}");
        }
    }
}
