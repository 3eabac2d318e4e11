using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Server.Watch;

/// <summary>
/// Looks at the platform by itself: addresses and facts, each at its own pace. What it has to say is handed over in order, and is kept until it was taken. One
/// look that hangs or fails costs its own limit; the next comes all the same.
/// </summary>
/// <param name="hand">Takes one signal; when it throws, the same signal comes again.</param>
public sealed class PlatformWatch(WatchSetup setup, Func<WatchSignal, CancellationToken, Task> hand, TimeProvider time, ILogger<PlatformWatch> log)
{
    private const int MostPending = 1000;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Lock reading = new();
    private readonly AddressLooks addresses = new(setup, time);
    private readonly Instant started = Instant.FromDateTimeOffset(time.GetUtcNow());
    private readonly List<WatchSignal> pending = [];
    private WatchState state = WatchState.Empty;
    private CallBudget budget = new(setup.Plan.CallsPerHour);
    private Instant? lastAddresses;
    private Instant? lastFacts;

    /// <summary>How the addresses of an environment stand now.</summary>
    public WatchedAddresses Addresses(string environment)
    {
        lock (reading) return WatchDecisions.Addresses(state, environment, setup.Plan);
    }

    /// <summary>What the watch knows now, for whoever shows it.</summary>
    public WatchView View()
    {
        lock (reading)
        {
            var now = Now();
            return new WatchView(
                lastAddresses,
                lastFacts,
                budget.Used(now),
                budget.PerHour,
                pending.Count,
                [.. addresses.Unset().Select(a => a.Id)],
                [.. state.Subjects.OrderBy(s => s.Key.Environment, StringComparer.Ordinal).ThenBy(s => s.Key.Kind).ThenBy(s => s.Key.Service, StringComparer.Ordinal).ThenBy(s => s.Key.Id, StringComparer.Ordinal).ThenBy(s => s.Key.Item, StringComparer.Ordinal).Select(s => new WatchedThing(s.Key, s.Value))]);
        }
    }

    /// <summary>Looks until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var loops = setup.Places.Select(p => EveryAsync(setup.Plan.RulePace.Every, new FactLooks(setup, p, time, started), FactsAsync, cancel));
        await Task.WhenAll(loops.Prepend(EveryAsync(setup.Plan.AddressPace.Every, addresses, (_, c) => LookAtAddressesAsync(c), cancel)));
    }

    /// <summary>One round at all addresses.</summary>
    public async Task LookAtAddressesAsync(CancellationToken cancel)
    {
        var answers = await addresses.AskAsync(cancel);
        // Only then: what everyone asks all the time is a load for others.
        var control = WatchLooks.NothingAnswered(answers) ? await addresses.ControlAsync(cancel) : null;
        await TakeAsync(WatchLooks.Of(answers, control, Now()), s => lastAddresses = s, cancel);
    }

    /// <summary>One round at the facts of every environment, one after the other.</summary>
    public async Task LookAtFactsAsync(CancellationToken cancel)
    {
        foreach (var place in setup.Places) await FactsAsync(new FactLooks(setup, place, time, started), cancel);
    }

    private async Task FactsAsync(FactLooks looks, CancellationToken cancel)
    {
        var environment = looks.Environment;
        bool allowed;
        lock (reading) allowed = budget.Allows(Now());
        if (!allowed)
        {
            WatchMessages.BudgetUsed(log, environment, setup.Plan.CallsPerHour);
            await TakeAsync([WatchLooks.Budget(environment, Now(), setup.Plan.CallsPerHour, isUsed: true)], null, cancel);
            return;
        }
        var round = await looks.AskAsync(cancel);
        lock (reading) budget = budget.Spend(Now(), round.Calls);
        await TakeAsync(round.Looks.Add(WatchLooks.Budget(environment, Now(), setup.Plan.CallsPerHour, isUsed: false)), s => lastFacts = s, cancel);
    }

    private async Task TakeAsync(ImmutableArray<Look> looks, Action<Instant>? looked, CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            var now = Now();
            lock (reading)
            {
                var decided = WatchDecisions.Decide(state, looks, now, setup.Plan);
                state = decided.State;
                pending.AddRange(decided.Signals);
                looked?.Invoke(now);
            }
            foreach (var signal in pending.ToArray()) await HandAsync(signal, cancel);
        }
        finally
        {
            gate.Release();
        }
    }

    // In order: a recovery never overtakes its onset. What was not taken comes again with the next look.
    private async Task HandAsync(WatchSignal signal, CancellationToken cancel)
    {
        if (pending.Count == 0 || !ReferenceEquals(pending[0], signal)) return;
        try
        {
            await hand(signal, cancel);
            lock (reading) pending.RemoveAt(0);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            WatchMessages.NotTaken(log, signal.Title, e);
            // What only goes on is said again anyway.
            lock (reading)
            {
                if (pending.Count > MostPending) pending.RemoveAll(s => s.Kind is WatchSignalKind.Continues);
            }
        }
    }

    // The first look at once, then at its pace; a look that takes longer than its pace leaves one out and is never doubled.
    private async Task EveryAsync<T>(Duration every, T what, Func<T, CancellationToken, Task> look, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(every.ToTimeSpan(), time);
        try
        {
            do
            {
                await OnceAsync(what, look, cancel);
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            WatchMessages.Ended(log);
        }
    }

    // The boundary of a look: whatever fails in it is seen, and the next one comes.
    private async Task OnceAsync<T>(T what, Func<T, CancellationToken, Task> look, CancellationToken cancel)
    {
        try
        {
            await look(what, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            WatchMessages.LookFailed(log, e);
        }
    }

    private Instant Now() => Instant.FromDateTimeOffset(time.GetUtcNow());
}
