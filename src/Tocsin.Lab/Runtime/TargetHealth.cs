using System.Globalization;

namespace Tocsin.Lab.Runtime;

/// <summary>AWS's states of a target; in its answers in small letters.</summary>
public enum TargetState
{
    Initial,
    Healthy,
    Unhealthy,
    Unused,
    Draining,
}

/// <summary>
/// What a load balancer says of a target, in AWS's codes and words (Elastic Load Balancing user guide, health check reason codes). A healthy one has neither
/// reason nor description.
/// </summary>
public sealed record TargetHealth(TargetState State, string? Reason, string? Description)
{
    public static readonly TargetHealth Healthy = new(TargetState.Healthy, null, null);
    public static readonly TargetHealth Registering = new(TargetState.Initial, "Elb.RegistrationInProgress", "Target registration is in progress");
    public static readonly TargetHealth InitialChecks = new(TargetState.Initial, "Elb.InitialHealthChecking", "Initial health checks in progress");
    public static readonly TargetHealth FailedChecks = new(TargetState.Unhealthy, "Target.FailedHealthChecks", "Health checks failed");
    public static readonly TargetHealth TimedOut = new(TargetState.Unhealthy, "Target.Timeout", "Request timed out");
    public static readonly TargetHealth InternalError = new(TargetState.Unhealthy, "Elb.InternalError", "Health checks failed due to an internal error");
    public static readonly TargetHealth Deregistering = new(TargetState.Draining, "Target.DeregistrationInProgress", "Target deregistration is in progress");
    public static readonly TargetHealth NotRegistered = new(TargetState.Unused, "Target.NotRegistered", "Target is not registered to the target group");
    public static readonly TargetHealth NotInUse = new(TargetState.Unused, "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer");
    public static readonly TargetHealth WrongZone = new(TargetState.Unused, "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer");
    public static readonly TargetHealth Stopped = new(TargetState.Unused, "Target.InvalidState", "Target is in the stopped state");
    public static readonly TargetHealth Terminated = new(TargetState.Unused, "Target.InvalidState", "Target is in the terminated state");
    public static readonly TargetHealth IpUnusable = new(TargetState.Unused, "Target.IpUnusable", "The IP address cannot be used as a target, as it is in use by a load balancer");

    public static TargetHealth Mismatch(int code) =>
        new(TargetState.Unhealthy, "Target.ResponseCodeMismatch", string.Create(CultureInfo.InvariantCulture, $"Health checks failed with these codes: [{code}]"));
}
