using System.Collections.Immutable;
using System.Globalization;
using NodaTime;

namespace Tocsin.Lab.Runtime;

public enum HealthProtocol
{
    Http,
    Tcp,
}

/// <summary>Whose health check it is: the two load balancers differ in what they say and in how many checks a new target has to pass.</summary>
public enum LoadBalancerKind
{
    Application,
    Network,
}

/// <summary>
/// A target group's health check; durations in lab time. No <see cref="Port"/> is AWS's <c>traffic-port</c>. The defaults are those of an Application Load
/// Balancer's target group of IP addresses.
/// </summary>
public sealed record HealthCheckSettings
{
    public LoadBalancerKind For { get; init; } = LoadBalancerKind.Application;

    public HealthProtocol Protocol { get; init; } = HealthProtocol.Http;

    public int? Port { get; init; }

    public string Path { get; init; } = "/";

    public Duration Interval { get; init; } = Duration.FromSeconds(30);

    public Duration Timeout { get; init; } = Duration.FromSeconds(5);

    public int HealthyThreshold { get; init; } = 5;

    public int UnhealthyThreshold { get; init; } = 2;

    public CodeMatcher Matcher { get; init; } = CodeMatcher.Parse("200")!;
}

/// <summary>Which status codes pass: <c>200</c>, <c>200,302</c>, <c>200-299</c>, or a mix.</summary>
public sealed record CodeMatcher(string Text, ImmutableArray<(int From, int To)> Ranges)
{
    /// <summary>None when the text is not a matcher.</summary>
    public static CodeMatcher? Parse(string text)
    {
        var ranges = text.Split(',').Select(Range).ToImmutableArray();
        return ranges.All(r => r is (>= 100 and <= 599, <= 599) && r.From <= r.To) ? new CodeMatcher(text, ranges) : null;
    }

    public bool Matches(int code) => Ranges.Any(r => code >= r.From && code <= r.To);

    public bool Equals(CodeMatcher? other) => other is not null && string.Equals(Text, other.Text, StringComparison.Ordinal);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Text);

    private static (int From, int To) Range(string part)
    {
        var ends = part.Trim().Split('-');
        return ends.Length <= 2 ? (Number(ends[0]), Number(ends[^1])) : (0, 0);
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}

/// <summary>What one health check saw.</summary>
public abstract record CheckResult
{
    private CheckResult()
    {
    }

    public static readonly CheckResult Connected = new Connection();
    public static readonly CheckResult TimedOut = new Silence();
    public static readonly CheckResult Failed = new Failure();

    public static CheckResult Answered(int code) => new Answer(code);

    public sealed record Answer(int Code) : CheckResult;

    /// <summary>A TCP check passed.</summary>
    public sealed record Connection : CheckResult;

    /// <summary>No answer within the timeout, the connection's own included.</summary>
    public sealed record Silence : CheckResult;

    /// <summary>Refused, reset, or an answer that is no HTTP.</summary>
    public sealed record Failure : CheckResult;
}

/// <summary>A target's health and how many checks in a row led or lead away from it.</summary>
public sealed record HealthHistory(TargetHealth Health, int Passed, int Failed)
{
    public static readonly HealthHistory Registered = new(TargetHealth.Registering, 0, 0);
}

/// <summary>What a load balancer concludes from the results of its checks.</summary>
public static class HealthDecision
{
    public static HealthHistory Next(HealthHistory before, CheckResult result, HealthCheckSettings settings)
    {
        var fault = Fault(result, settings);
        var passed = fault is null ? before.Passed + 1 : 0;
        var failed = fault is null ? 0 : before.Failed + 1;
        return new HealthHistory(Conclude(before.Health, fault, passed, failed, settings), passed, failed);
    }

    public static TargetHealth Of(IEnumerable<CheckResult> results, HealthCheckSettings settings) =>
        results.Aggregate(HealthHistory.Registered, (history, result) => Next(history, result, settings)).Health;

    private static TargetHealth Conclude(TargetHealth before, TargetHealth? fault, int passed, int failed, HealthCheckSettings settings)
    {
        if (fault is null) return passed >= Needed(before, settings) ? TargetHealth.Healthy : Undecided(before);
        // An unhealthy target's reason is that of its newest failure.
        return failed >= settings.UnhealthyThreshold || before.State == TargetState.Unhealthy ? fault : Undecided(before);
    }

    private static TargetHealth Undecided(TargetHealth before) => before.State == TargetState.Initial ? TargetHealth.InitialChecks : before;

    // A new target of an Application Load Balancer is healthy after one check (user guide, target group health checks).
    private static int Needed(TargetHealth before, HealthCheckSettings settings) =>
        before.State == TargetState.Initial && settings.For == LoadBalancerKind.Application ? 1 : settings.HealthyThreshold;

    // A Network Load Balancer knows only the one reason (API reference, TargetHealth).
    private static TargetHealth? Fault(CheckResult result, HealthCheckSettings settings) => result switch
    {
        CheckResult.Connection => null,
        CheckResult.Answer answer when settings.Matcher.Matches(answer.Code) => null,
        _ when settings.For == LoadBalancerKind.Network => TargetHealth.FailedChecks,
        CheckResult.Answer answer => TargetHealth.Mismatch(answer.Code),
        CheckResult.Silence => TargetHealth.TimedOut,
        _ => TargetHealth.FailedChecks,
    };
}
