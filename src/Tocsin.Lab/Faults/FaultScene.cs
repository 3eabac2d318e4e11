using System.Collections.Immutable;
using System.Diagnostics;
using Tocsin.Lab.Host;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Faults;

/// <summary>A fault as it is to be met.</summary>
public sealed record SceneOrder(Fault Fault, string Environment)
{
    public FaultVariant Variant { get; init; }

    /// <summary>Decides what a variant may choose.</summary>
    public int Seed { get; init; }

    /// <summary>Also where the platform is not healthy.</summary>
    public bool Force { get; init; }
}

/// <summary>One fault in one variant on a running lab: breaks, sees it land, then does what the variant asks for.</summary>
public sealed class FaultScene : IDisposable
{
    private const int StrayRequests = 12;
    private static readonly TimeSpan HealLimit = TimeSpan.FromMinutes(2);
    // Nobody mends in the same second; only their times tell ECS's own steps from a person's.
    private static readonly TimeSpan Thought = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CountLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);
    private static readonly string[] StrayPaths = ["/favicon.ico", "/robots.txt", "/wp-login.php", "/.env", "/old-page"];
    private readonly LabClient lab;
    private readonly Core.Platforms.Platform platform;
    private readonly TimeProvider time;
    private readonly SceneOrder order;
    private readonly ImmutableArray<FaultRun> runs;

    public FaultScene(LabClient lab, LabFolder folder, Core.Platforms.Platform platform, FaultFolder faults, SceneOrder order, TimeProvider time)
    {
        this.lab = lab;
        this.platform = platform;
        this.time = time;
        this.order = order;
        var first = new FaultRun(lab, folder, platform, order.Fault, order.Environment, time);
        if (order.Variant is not FaultVariant.Two)
        {
            runs = [first];
            return;
        }
        try
        {
            var second = FaultVariants.Second(order.Fault, faults.Faults, f => Reach(f, first), first.Environment, lab.State.Profile, order.Seed);
            runs = [first, new FaultRun(lab, folder, platform, second, first.Environment, time)];
        }
        catch (LabException)
        {
            first.Dispose();
            throw;
        }
    }

    public FaultRun First => runs[0];

    /// <summary>Breaks what the variant breaks; gives what the verbs said.</summary>
    public async Task<ImmutableArray<string>> BreakAsync(CancellationToken cancel)
    {
        if (order.Variant is FaultVariant.Noop) return [.. await First.RefuseUnlessHealthyAsync(order.Force, cancel), "nothing is broken"];
        var said = ImmutableArray.CreateBuilder<string>();
        foreach (var run in runs) said.AddRange(await run.BreakAsync(order.Force || run != First, cancel));
        if (order.Variant is FaultVariant.RedHerring) said.AddRange(await MisleadAsync(cancel));
        return said.ToImmutable();
    }

    /// <summary>One landing for each fault. Nothing lands where nothing is broken: then one look shows a healthy platform.</summary>
    public async Task<ImmutableArray<Landing>> LandAsync(CancellationToken cancel)
    {
        if (order.Variant is FaultVariant.Noop) return [await First.LookOnceAsync(cancel)];
        return [.. await Task.WhenAll(runs.Select(r => r.LandAsync(cancel)))];
    }

    /// <summary>What the variant does once the fault was seen; gives what was said.</summary>
    public async Task<ImmutableArray<string>> AfterwardsAsync(CancellationToken cancel)
    {
        switch (order.Variant)
        {
            case FaultVariant.Recovered:
                await Task.Delay(Thought, time, cancel);
                var said = await First.FixAsync(cancel);
                await lab.HealAsync(cancel);
                await UntilHealthyAsync(cancel);
                await First.UntilHealedAsync(NodaTime.Duration.FromTimeSpan(HealLimit), cancel);
                await UntilUncountedAsync(cancel);
                return [.. said, "the platform is healthy again; its logs and events remember"];
            case FaultVariant.Denied:
                return [await lab.RunAsync(VerbRequest.Read(FaultVariants.Denial(order.Fault, order.Seed), First.Environment, By), cancel)];
            default:
                return [];
        }
    }

    /// <summary>Whether it came as ordered: everything landed, or nothing where nothing was broken.</summary>
    public bool AsOrdered(ImmutableArray<Landing> landings) => order.Variant is FaultVariant.Noop ? !landings.Any(l => l.Landed) : landings.All(l => l.Landed);

    public void Dispose()
    {
        foreach (var run in runs) run.Dispose();
    }

    private string By => $"{order.Fault.Id} ({FaultVariants.Name(order.Variant)})";

    private ImmutableHashSet<string> Reach(Fault fault, FaultRun run) => FaultReach.Of(fault, platform, run.Environment, run.Eyes.Place.Hosts);

    private async Task<IEnumerable<string>> MisleadAsync(CancellationToken cancel)
    {
        var line = FaultVariants.Herring(Reach(order.Fault, First), platform, First.Environment, order.Seed);
        var said = await lab.RunAsync(VerbRequest.Read(line, First.Environment, By), cancel);
        var random = new Random(order.Seed);
        var hosts = First.Eyes.Place.Hosts.Keys.Order(StringComparer.Ordinal).ToList();
        var sent = 0;
        for (var i = 0; i < StrayRequests; i++)
        {
            if (await First.Eyes.Http.StrayAsync(hosts[random.Next(hosts.Count)], StrayPaths[random.Next(StrayPaths.Length)], cancel)) sent++;
        }
        return [said, $"{sent} requests for pages that nobody has"];
    }

    // What is said no more has to be silent for a while; and what a load balancer counts, it counts by the minute: within the same minute nobody can tell what came before the end from what came after.
    private async Task UntilUncountedAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var (end, _) = await First.Eyes.CountedAsync(cancel);
        while (await First.Eyes.CountedAsync(cancel) is var (counted, failed) && (watch.Elapsed < Silence || counted is null || counted <= end || counted - failed < NodaTime.Duration.FromMinutes(2)))
        {
            if (watch.Elapsed > CountLimit) throw new LabException($"the load balancer still counts errors {CountLimit.TotalSeconds:0} s after {order.Fault.Id} was healed");
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancel);
        }
    }

    private async Task UntilHealthyAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (!(await lab.StatusAsync(cancel)).Healthy)
        {
            if (watch.Elapsed > HealLimit) throw new LabException($"the platform is not healthy {HealLimit.TotalSeconds:0} s after {order.Fault.Id} was healed");
            await Task.Delay(Between, time, cancel);
        }
    }
}
