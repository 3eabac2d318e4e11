using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Tests.Runtime;

public sealed class HealthDecisionTests
{
    private static readonly HealthCheckSettings Alb = new() { HealthyThreshold = 3, UnhealthyThreshold = 2 };
    private static readonly HealthCheckSettings Nlb = Alb with { For = LoadBalancerKind.Network, Protocol = HealthProtocol.Tcp };
    private static readonly CheckResult Ok = CheckResult.Answered(200);
    private static readonly CheckResult Missing = CheckResult.Answered(404);

    [Fact]
    public void A_target_that_was_never_checked_is_being_registered() => Assert.Equal(TargetHealth.Registering, HealthDecision.Of([], Alb));

    [Fact]
    public void One_passed_check_is_enough_for_a_new_target_of_an_application_load_balancer() => Assert.Equal(TargetHealth.Healthy, HealthDecision.Of([Ok], Alb));

    [Fact]
    public void A_new_target_of_a_network_load_balancer_needs_all_of_the_threshold()
    {
        Assert.Equal(TargetHealth.InitialChecks, HealthDecision.Of([CheckResult.Connected, CheckResult.Connected], Nlb));
        Assert.Equal(TargetHealth.Healthy, HealthDecision.Of([CheckResult.Connected, CheckResult.Connected, CheckResult.Connected], Nlb));
    }

    [Fact]
    public void Failures_below_the_threshold_change_nothing()
    {
        Assert.Equal(TargetHealth.InitialChecks, HealthDecision.Of([Missing], Alb));
        Assert.Equal(TargetHealth.Healthy, HealthDecision.Of([Ok, Missing, Ok, Missing], Alb));
    }

    [Fact]
    public void The_threshold_of_failures_makes_a_target_unhealthy_with_the_newest_reason()
    {
        Assert.Equal(new TargetHealth(TargetState.Unhealthy, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"), HealthDecision.Of([Ok, Missing, Missing], Alb));
        Assert.Equal(new TargetHealth(TargetState.Unhealthy, "Target.Timeout", "Request timed out"), HealthDecision.Of([Missing, Missing, CheckResult.TimedOut], Alb));
        Assert.Equal(new TargetHealth(TargetState.Unhealthy, "Target.FailedHealthChecks", "Health checks failed"), HealthDecision.Of([CheckResult.Failed, CheckResult.Failed], Alb));
    }

    [Fact]
    public void An_unhealthy_target_comes_back_after_the_whole_threshold_and_keeps_its_reason_until_then()
    {
        CheckResult[] failed = [Ok, Missing, Missing, Ok, Ok];
        Assert.Equal(TargetHealth.Mismatch(404), HealthDecision.Of(failed, Alb));
        Assert.Equal(TargetHealth.Healthy, HealthDecision.Of([.. failed, Ok], Alb));
        Assert.Equal(TargetHealth.Mismatch(500), HealthDecision.Of([.. failed, CheckResult.Answered(500)], Alb));
    }

    [Fact]
    public void A_network_load_balancer_knows_one_reason_only()
    {
        var http = Nlb with { Protocol = HealthProtocol.Http };
        Assert.Equal(TargetHealth.FailedChecks, HealthDecision.Of([CheckResult.TimedOut, CheckResult.TimedOut], Nlb));
        Assert.Equal(TargetHealth.FailedChecks, HealthDecision.Of([Missing, Missing], http));
    }

    [Theory]
    [InlineData("200", 200, true)]
    [InlineData("200", 204, false)]
    [InlineData("200-299", 204, true)]
    [InlineData("200-299", 302, false)]
    [InlineData("200,302", 302, true)]
    [InlineData("200, 300-399", 301, true)]
    public void A_matcher_is_codes_and_ranges(string text, int code, bool passes) => Assert.Equal(passes, CodeMatcher.Parse(text)!.Matches(code));

    [Theory]
    [InlineData("")]
    [InlineData("ok")]
    [InlineData("299-200")]
    [InlineData("200-250-299")]
    [InlineData("2000")]
    public void What_is_no_matcher_is_none(string text) => Assert.Null(CodeMatcher.Parse(text));
}
