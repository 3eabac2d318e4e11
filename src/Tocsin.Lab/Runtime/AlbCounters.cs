using NodaTime;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// What CloudWatch's AWS/ApplicationELB metrics of one target group are made of, counted since the start. A request that no rule took counts for no group.
/// </summary>
public sealed record AlbCounters
{
    public static readonly AlbCounters None = new();

    public long Requests { get; init; }

    /// <summary>HTTPCode_ELB_5XX: the load balancer's own.</summary>
    public long Elb5xx { get; init; }

    /// <summary>HTTPCode_ELB_502, 503 and 504: three kinds of them.</summary>
    public long Elb502 { get; init; }

    public long Elb503 { get; init; }

    public long Elb504 { get; init; }

    /// <summary>HTTPCode_ELB_4XX: the load balancer's own, 460 included.</summary>
    public long Elb4xx { get; init; }

    public long Target2xx { get; init; }

    public long Target3xx { get; init; }

    public long Target4xx { get; init; }

    public long Target5xx { get; init; }

    /// <summary>TargetConnectionErrorCount: connections to a target that did not come to be.</summary>
    public long ConnectionErrors { get; init; }

    /// <summary>TargetResponseTime, summed over <see cref="Responses"/>.</summary>
    public Duration ResponseTime { get; init; }

    public long Responses { get; init; }

    internal AlbCounters With(AccessLogEntry entry, bool connectionFailed) => this with
    {
        Requests = Requests + 1,
        Elb5xx = Elb5xx + (entry is { TargetStatus: null, Status: >= 500 } ? 1 : 0),
        Elb502 = Elb502 + (entry is { TargetStatus: null, Status: 502 } ? 1 : 0),
        Elb503 = Elb503 + (entry is { TargetStatus: null, Status: 503 } ? 1 : 0),
        Elb504 = Elb504 + (entry is { TargetStatus: null, Status: 504 } ? 1 : 0),
        Elb4xx = Elb4xx + (entry is { TargetStatus: null, Status: >= 400 and < 500 } ? 1 : 0),
        Target2xx = Target2xx + Of(entry, 2),
        Target3xx = Target3xx + Of(entry, 3),
        Target4xx = Target4xx + Of(entry, 4),
        Target5xx = Target5xx + Of(entry, 5),
        ConnectionErrors = ConnectionErrors + (connectionFailed ? 1 : 0),
        ResponseTime = ResponseTime + (entry.TargetStatus is null ? Duration.Zero : entry.TargetProcessing ?? Duration.Zero),
        Responses = Responses + (entry.TargetStatus is null ? 0 : 1),
    };

    private static int Of(AccessLogEntry entry, int hundreds) => entry.TargetStatus / 100 == hundreds ? 1 : 0;
}
