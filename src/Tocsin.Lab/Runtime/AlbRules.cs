using System.Collections.Immutable;
using System.Net;
using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Runtime;

/// <summary>A listener rule: requests for one of these host names (with <c>*</c> and <c>?</c>) go to the target group. The lowest priority wins.</summary>
public sealed record AlbRule(int Priority, ImmutableArray<string> Hosts, string TargetGroup)
{
    public bool Fits(string host) => Hosts.Any(h => Fits(h, host));

    /// <summary>Upper and lower case are alike, as in host names.</summary>
    internal static bool Fits(ReadOnlySpan<char> pattern, ReadOnlySpan<char> host)
    {
        if (pattern.IsEmpty) return host.IsEmpty;
        if (pattern[0] != '*')
            return !host.IsEmpty && (pattern[0] == '?' || char.ToLowerInvariant(pattern[0]) == char.ToLowerInvariant(host[0])) && Fits(pattern[1..], host[1..]);
        for (var taken = 0; taken <= host.Length; taken++)
        {
            if (Fits(pattern[1..], host[taken..])) return true;
        }
        return false;
    }
}

/// <summary>A target group as a load balancer sees it at one moment.</summary>
public sealed record TargetGroupView(string Arn, ImmutableArray<CheckedTarget> Targets);

/// <summary>What the default rule answers when no other fits.</summary>
public sealed record FixedResponse(int Status, string ContentType, string Body);

/// <summary>
/// One listener of an Application Load Balancer. <see cref="Rules"/> and <see cref="TargetGroup"/> are asked at every request, so that a change counts at
/// once; a group that does not exist is as one without targets.
/// </summary>
public sealed record AlbListener
{
    public required IPEndPoint Address { get; init; }

    /// <summary>Its resource id, such as <c>app/my-loadbalancer/50dc6c495c0c9188</c>.</summary>
    public required string LoadBalancer { get; init; }

    public required Func<IEnumerable<AlbRule>> Rules { get; init; }

    public required Func<string, TargetGroupView?> TargetGroup { get; init; }

    /// <summary>Gets one entry per request, never two at once, and does not throw.</summary>
    public required Action<AccessLogEntry> AccessLog { get; init; }

    public FixedResponse Default { get; init; } = new(404, "text/plain; charset=utf-8", "");

    /// <summary>How long neither side of a request may be silent; lab time.</summary>
    public Func<Duration> IdleTimeout { get; init; } = static () => Duration.FromSeconds(60);

    /// <summary>How long a target may take to accept; not configurable with AWS, lab time.</summary>
    public Duration ConnectTimeout { get; init; } = Duration.FromSeconds(10);

    /// <summary>With one it is an HTTPS listener: TLS ends here, and targets see <c>X-Forwarded-Proto: https</c>.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2? Certificate { get; init; }

    public string Scheme => Certificate is null ? "http" : "https";

    public required LabClock Clock { get; init; }
}
