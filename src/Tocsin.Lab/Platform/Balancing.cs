using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Platform;

/// <summary>Load balancers for real: listens where ELBv2's state says, checks the targets' health, and writes what it sees back into that state.</summary>
internal sealed class Balancing(LabWorld world, Action changed) : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<string, HealthCheck> checks = new(StringComparer.Ordinal);
    private readonly List<IAsyncDisposable> forwarders = [];
    private readonly Dictionary<string, AlbForwarder> applications = new(StringComparer.Ordinal);

    /// <summary>Gets every access-log line with its load balancer's region.</summary>
    public required Action<string, LoadBalancer, AccessLogEntry> AccessLog { get; init; }

    /// <summary>The certificate of application load balancers' TLS listeners.</summary>
    public required Func<LoadBalancer, System.Security.Cryptography.X509Certificates.X509Certificate2?> Certificate { get; init; }

    public AlbCounters Counters(string targetGroup) => applications.Values.Select(a => a.Counters(targetGroup)).FirstOrDefault(c => c.Requests > 0) ?? AlbCounters.None;

    /// <summary>Listens on every load balancer's address; throws what the system says where one is taken.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        foreach (var region in world.Regions.Values)
        {
            foreach (var balancer in region.Elb.Balancers.Values)
            {
                foreach (var listener in balancer.Listeners) await StartAsync(region, balancer, listener, cancel);
            }
        }
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Beat);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            bool moved;
            lock (world.Gate) moved = Sync();
            if (moved) changed();
        }
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        foreach (var forwarder in forwarders) await forwarder.DisposeAsync();
        foreach (IAsyncDisposable check in checks.Values) await check.DisposeAsync();
    }

    private async Task StartAsync(LabRegion region, LoadBalancer balancer, Listener listener, CancellationToken cancel)
    {
        var address = new IPEndPoint(IPAddress.Parse(balancer.Address), listener.Port);
        if (balancer.Type is "network")
        {
            forwarders.Add(NetworkForwarder.Start(address, () => Targets(Arn(listener)), world.Clock));
            return;
        }
        var forwarder = await AlbForwarder.StartAsync(
            new AlbListener
            {
                Address = address,
                LoadBalancer = balancer.Arn[(balancer.Arn.IndexOf(":loadbalancer/", StringComparison.Ordinal) + ":loadbalancer/".Length)..],
                Rules = () => Rules(listener),
                TargetGroup = arn => new TargetGroupView(arn, [.. Targets(arn)]),
                AccessLog = entry => AccessLog(region.Name, balancer, entry),
                IdleTimeout = () => balancer.IdleTimeout,
                Certificate = listener.Protocol is "HTTPS" ? Certificate(balancer) : null,
                Clock = world.Clock,
            },
            cancel);
        forwarders.Add(forwarder);
        applications[listener.Arn] = forwarder;
    }

    private string Arn(Listener listener)
    {
        lock (world.Gate) return listener.Rules.FirstOrDefault(r => r.TargetGroupArn is not null)?.TargetGroupArn ?? "";
    }

    private List<AlbRule> Rules(Listener listener)
    {
        lock (world.Gate)
        {
            return [.. listener.Rules.Where(r => r is { Host: not null, TargetGroupArn: not null }).Select(r => new AlbRule(int.Parse(r.Priority, CultureInfo.InvariantCulture), [r.Host!], r.TargetGroupArn!))];
        }
    }

    private ImmutableArray<CheckedTarget> Targets(string arn) => checks.TryGetValue(arn, out var check) ? check.Targets : [];

    private bool Sync()
    {
        var moved = false;
        foreach (var region in world.Regions.Values)
        {
            foreach (var group in region.Elb.TargetGroups.Values) moved |= Sync(region, group);
        }
        return moved;
    }

    private bool Sync(LabRegion region, TargetGroup group)
    {
        var balancer = region.Elb.BalancersOf(group).FirstOrDefault();
        var settings = Settings(group, balancer);
        var check = checks.GetOrAdd(group.Arn, _ => new HealthCheck(settings, world.Clock));
        if (check.Settings != settings) check.Settings = settings;
        check.InUse = balancer is not null;
        var moved = false;
        foreach (var target in group.Targets)
        {
            var address = new IPEndPoint(IPAddress.Parse(target.Ip), target.Port);
            if (target.GoneAt is { } gone)
            {
                check.Deregister(address, gone - world.Clock.Elapsed);
                continue;
            }
            check.Register(address);
            var health = check.Health(address);
            var state = health.State.ToString().ToLowerInvariant();
            moved |= state != target.State;
            (target.State, target.Reason, target.Description) = (state, health.Reason, health.Description);
        }
        return moved;
    }

    private static HealthCheckSettings Settings(TargetGroup group, LoadBalancer? balancer) => new()
    {
        For = balancer?.Type is "network" ? LoadBalancerKind.Network : LoadBalancerKind.Application,
        Protocol = group.HealthProtocol is "TCP" ? HealthProtocol.Tcp : HealthProtocol.Http,
        Port = group.HealthPort is "traffic-port" ? null : int.Parse(group.HealthPort, CultureInfo.InvariantCulture),
        Path = group.HealthPath,
        Interval = group.Interval,
        Timeout = group.Timeout,
        HealthyThreshold = group.HealthyThreshold,
        UnhealthyThreshold = group.UnhealthyThreshold,
        Matcher = CodeMatcher.Parse(group.Matcher) ?? CodeMatcher.Parse("200")!,
    };
}
