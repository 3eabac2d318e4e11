using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Aws.Rds;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Components;

/// <summary>
/// The full profile's components: started together, changed in turn, ended with the lab. What the world's lock does not allow is queued here and done in
/// the order in which it was asked.
/// </summary>
internal sealed class ComponentSet : IAsyncDisposable
{
    private static readonly Duration Measuring = Duration.FromMinutes(1);
    private readonly ComponentGround ground;
    private readonly Channel<Func<CancellationToken, Task>> work = Channel.CreateUnbounded<Func<CancellationToken, Task>>();
    private readonly List<Component> all = [];
    private readonly ILogger log;

    private readonly Firewall firewall;

    public ComponentSet(ComponentGround ground, Firewall firewall, ILogger log)
    {
        this.ground = ground;
        this.firewall = firewall;
        this.log = log;
        var first = ground.Options.Platform.Environments[0].Name;
        var cloudflare = new CloudflareState();
        all.AddRange([new DnsServer(ground, first), new Cloudflare(ground, first, cloudflare), new Pebble(ground, first)]);
        if (ground.Full.Worker is { } worker) all.Add(new Worker(ground, first, worker, cloudflare));
        if (ground.Options.Platform.Fields.GetValueOrDefault("vpn") is { } vpn)
        {
            if (WireGuard.WhyNot() is { } why) LeftOut = [$"vpn: {why}"];
            else all.Add(new WireGuard(ground, first, vpn));
        }
        foreach (var environment in ground.Options.Platform.Environments) all.AddRange(Of(environment));
    }

    public IReadOnlyList<Component> All => all;

    /// <summary>Components that cannot be here, and why.</summary>
    public IReadOnlyList<string> LeftOut { get; } = [];

    public Component? Find(string environment, string name) => all.Find(c => c.Name == name && (c.Shared || c.Environment == environment));

    public bool IsHealthy(Component component) => component.Healthy && firewall.Of(component.Way).Count == 0;

    public IReadOnlyList<ComponentStatus> Status() =>
    [
        .. all.Select(c => new ComponentStatus(c.Name, c.Shared ? "all" : c.Environment, StateOf(c), IsHealthy(c), c.Address, c.Port, c.Version, c.StartedInMs)),
    ];

    /// <summary>Starts them all at once; the first that fails ends the attempt with its reason.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        Packages.Require();
        Workspace.Require(ground.Options.ProgramsFolder);
        await Task.WhenAll(all.Select(c => c.StartAsync(cancel)));
    }

    /// <summary>Called with the world's lock held: changes that RDS was asked for reach the database soon after.</summary>
    public void FollowRds()
    {
        foreach (var environment in ground.Options.Platform.Environments)
        {
            if (all.OfType<Aurora>().FirstOrDefault(a => a.Environment == environment.Name) is not { } aurora) continue;
            var cluster = environment.Components["aurora"]["cluster"];
            ground.Region(environment.Name).Rds.Changed += (of, change) =>
            {
                if (of.Id == cluster) Later(c => aurora.ApplyAsync(change, c));
            };
        }
    }

    /// <summary>The way back for clusters' capacity, which the database follows. Called with the world's lock held.</summary>
    public Action RememberRds()
    {
        List<(RdsCluster Cluster, double Min, double Max, string Status)> was = [.. ground.World.Regions.Values.SelectMany(r => r.Rds.Clusters.Values).Select(c => (c, c.MinCapacity, c.MaxCapacity, c.Status))];
        return () =>
        {
            foreach (var (cluster, min, max, status) in was) (cluster.MinCapacity, cluster.MaxCapacity, cluster.Status) = (min, max, status);
        };
    }

    /// <summary>Puts every component back, soon: none counts as healthy until it is.</summary>
    public void Restore()
    {
        foreach (var component in all)
        {
            component.Restoring();
            Later(async c =>
            {
                await firewall.RemoveAsync(component.Way, c);
                await component.RestoreAsync(c);
            });
        }
    }

    /// <summary>The queue; one failure is told and does not end it.</summary>
    public async Task WorkAsync(CancellationToken cancel)
    {
        await foreach (var next in work.Reader.ReadAllAsync(cancel))
        {
            try
            {
                await next(cancel);
            }
            catch (LabException e)
            {
                LabMessages.LoopFailed(log, "a component's change", e);
            }
        }
    }

    /// <summary>Tells CloudWatch every minute of lab time what the servers say of themselves.</summary>
    public async Task MeasureAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            await ground.World.Clock.Delay(Measuring, cancel);
            foreach (var component in all)
            {
                if (await component.MeasureAsync(cancel) is { } readings) ground.Tell(component.Environment, readings);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        foreach (var component in all) await component.DisposeAsync();
    }

    private void Later(Func<CancellationToken, Task> change) => work.Writer.TryWrite(change);

    private IEnumerable<Component> Of(PlatformEnvironment environment)
    {
        if (environment.Components.GetValueOrDefault("aurora") is { } aurora) yield return new Aurora(ground, environment.Name, aurora);
        if (environment.Components.GetValueOrDefault("redis") is { } redis) yield return new Redis(ground, environment.Name, redis);
        if (environment.Components.GetValueOrDefault("clickhouse") is { } clickHouse) yield return new ClickHouse(ground, environment.Name, clickHouse);
    }

    private string StateOf(Component component)
    {
        var blocks = firewall.Of(component.Way);
        return blocks.Count == 0 ? component.State
            : blocks.FirstOrDefault(b => b.Service is null) is not null ? $"{component.State}, blocked"
            : $"{component.State}, blocked from {string.Join(", ", blocks.Select(b => b.Service))}";
    }
}
