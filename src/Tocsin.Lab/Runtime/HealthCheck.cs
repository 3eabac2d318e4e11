using System.Collections.Immutable;
using System.Net;
using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Runtime;

/// <summary>A registered target and its health as of now.</summary>
public sealed record CheckedTarget(IPEndPoint Address, TargetHealth Health);

/// <summary>
/// The health checks of one target group: one loop per registered target. Durations are lab time; each check starts an interval after the one before,
/// however long that took, as the load balancer's do.
/// </summary>
public sealed class HealthCheck(HealthCheckSettings settings, LabClock clock) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource ended = new();
    private readonly Dictionary<IPEndPoint, Watched> targets = [];
    private readonly List<Task> loops = [];
    private bool inUse = true;

    /// <summary>Counts from each target's next check.</summary>
    public HealthCheckSettings Settings { get; set; } = settings;

    /// <summary>A group that no load balancer forwards to is not checked: its targets are unused.</summary>
    public bool InUse
    {
        get => inUse;
        set
        {
            lock (gate)
            {
                if (inUse == value) return;
                inUse = value;
                foreach (var target in targets.Values) target.History = HealthHistory.Registered;
            }
        }
    }

    /// <summary>In the order of their registration.</summary>
    public ImmutableArray<CheckedTarget> Targets
    {
        get
        {
            lock (gate) return [.. targets.Values.OrderBy(t => t.Number).Select(t => new CheckedTarget(t.Address, HealthOf(t)))];
        }
    }

    public TargetHealth Health(IPEndPoint target)
    {
        lock (gate) return targets.TryGetValue(target, out var watched) ? HealthOf(watched) : TargetHealth.NotRegistered;
    }

    /// <summary>Registers a target, also one that drains; one that is registered stays as it is.</summary>
    public void Register(IPEndPoint target)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(ended.IsCancellationRequested, this);
            if (targets.TryGetValue(target, out var known) && !known.Draining) return;
            var watched = new Watched(target, (targets.Count == 0 ? 0 : targets.Values.Max(t => t.Number)) + 1);
            targets[target] = watched;
            Own(CheckAsync(watched, ended.Token));
        }
    }

    /// <summary>The target gets no new requests; after <paramref name="delay"/> it is gone.</summary>
    public void Deregister(IPEndPoint target, Duration delay)
    {
        lock (gate)
        {
            if (!targets.TryGetValue(target, out var watched) || watched.Draining) return;
            watched.Draining = true;
            Own(DrainAsync(watched, delay, ended.Token));
        }
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await ended.CancelAsync();
        Task[] open;
        lock (gate) open = [.. loops];
        await Task.WhenAll(open);
        ended.Dispose();
    }

    private void Own(Task loop)
    {
        loops.RemoveAll(l => l.IsCompletedSuccessfully);
        loops.Add(loop);
    }

    private TargetHealth HealthOf(Watched target) =>
        target.Draining ? TargetHealth.Deregistering : inUse ? target.History.Health : TargetHealth.NotInUse;

    private async Task CheckAsync(Watched target, CancellationToken cancel)
    {
        await Task.Yield();
        try
        {
            while (IsWatched(target))
            {
                var next = clock.Delay(Settings.Interval, cancel);
                if (inUse) await CheckOnceAsync(target, cancel);
                await next;
            }
        }
        catch (OperationCanceledException)
        {
            // Only the owner's end cancels.
            target.Draining = true;
        }
    }

    private async Task CheckOnceAsync(Watched target, CancellationToken cancel)
    {
        var now = Settings;
        lock (gate)
        {
            if (target.History == HealthHistory.Registered) target.History = HealthHistory.Registered with { Health = TargetHealth.InitialChecks };
        }
        var result = await HealthProbe.CheckAsync(target.Address, now, clock, cancel);
        lock (gate) target.History = HealthDecision.Next(target.History, result, now);
    }

    private async Task DrainAsync(Watched target, Duration delay, CancellationToken cancel)
    {
        await clock.Delay(delay, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate)
        {
            if (IsWatched(target)) targets.Remove(target.Address);
        }
    }

    private bool IsWatched(Watched target)
    {
        lock (gate) return targets.TryGetValue(target.Address, out var known) && ReferenceEquals(known, target);
    }

    private sealed class Watched(IPEndPoint address, int number)
    {
        public IPEndPoint Address => address;

        public int Number => number;

        public HealthHistory History { get; set; } = HealthHistory.Registered;

        public bool Draining { get; set; }
    }
}
