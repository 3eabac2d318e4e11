using NodaTime;

namespace Tocsin.Lab.Aws.Elb;

/// <summary>Application or network load balancer.</summary>
public sealed class LoadBalancer(string name, string region, string type, Instant created)
{
    public string Name { get; } = name;

    /// <summary><c>application</c> or <c>network</c>.</summary>
    public string Type { get; } = type;

    public string Arn { get; } = LabIds.Arn("elasticloadbalancing", region, $"loadbalancer/{(type is "network" ? "net" : "app")}/{name}/{LabIds.Hex(16)}");

    public string DnsName { get; } = $"{name}-{LabIds.Digits(10)}.{region}.elb.amazonaws.com";

    public Instant Created { get; } = created;

    /// <summary>The loopback address that it really listens on.</summary>
    public required string Address { get; init; }

    public Dictionary<string, string> Attributes { get; } = new(StringComparer.Ordinal)
    {
        ["idle_timeout.timeout_seconds"] = "60",
        ["access_logs.s3.enabled"] = "true",
        ["access_logs.s3.bucket"] = "",
        ["access_logs.s3.prefix"] = "",
        ["deletion_protection.enabled"] = "false",
    };

    public List<Listener> Listeners { get; } = [];

    public Duration IdleTimeout => Duration.FromSeconds(double.Parse(Attributes["idle_timeout.timeout_seconds"], System.Globalization.CultureInfo.InvariantCulture));
}

public sealed class Listener(LoadBalancer balancer, int port, string protocol)
{
    public int Port { get; } = port;

    public string Protocol { get; } = protocol;

    public string Arn { get; } = balancer.Arn.Replace(":loadbalancer/", ":listener/", StringComparison.Ordinal) + "/" + LabIds.Hex(16);

    /// <summary>In order of priority; the last one is the default.</summary>
    public List<ListenerRule> Rules { get; } = [];
}

/// <summary>A rule: the host name that it is for, and where it forwards to. Without a host it is the listener's default; without a target it answers 404.</summary>
public sealed record ListenerRule(string Arn, string Priority, string? Host, string? TargetGroupArn);

public sealed class TargetGroup(string name, string region, string protocol, int port)
{
    public string Name { get; } = name;

    public string Arn { get; } = LabIds.Arn("elasticloadbalancing", region, $"targetgroup/{name}/{LabIds.Hex(16)}");

    public string Protocol { get; } = protocol;

    public int Port { get; } = port;

    public string HealthPath { get; set; } = "/";

    public string HealthProtocol { get; set; } = protocol;

    public string HealthPort { get; set; } = "traffic-port";

    public string Matcher { get; set; } = "200";

    public Duration Interval { get; set; } = Duration.FromSeconds(30);

    public Duration Timeout { get; set; } = Duration.FromSeconds(5);

    public int HealthyThreshold { get; set; } = 2;

    public int UnhealthyThreshold { get; set; } = 2;

    public Duration DeregistrationDelay { get; set; } = Duration.FromSeconds(30);

    public List<Target> Targets { get; } = [];
}

/// <summary>A registered address. The state is what the health checks made of it, in ELBv2's words.</summary>
public sealed class Target(string ip, int port, Instant registered)
{
    public string Ip { get; } = ip;

    public int Port { get; } = port;

    public Instant Registered { get; } = registered;

    /// <summary><c>initial</c>, <c>healthy</c>, <c>unhealthy</c>, <c>draining</c>, <c>unused</c>.</summary>
    public string State { get; set; } = "initial";

    public string? Reason { get; set; } = "Elb.RegistrationInProgress";

    public string? Description { get; set; } = "Target registration is in progress";

    /// <summary>Lab time from which on it is no longer there.</summary>
    public Duration? GoneAt { get; set; }
}

/// <summary>Load balancers and target groups of one region.</summary>
public sealed class ElbState
{
    public SortedDictionary<string, LoadBalancer> Balancers { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, TargetGroup> TargetGroups { get; } = new(StringComparer.Ordinal);

    public TargetGroup? Group(string arn) => TargetGroups.Values.FirstOrDefault(g => g.Arn == arn);

    public IEnumerable<LoadBalancer> BalancersOf(TargetGroup group) =>
        Balancers.Values.Where(b => b.Listeners.SelectMany(l => l.Rules).Any(r => r.TargetGroupArn == group.Arn));
}
