using NodaTime;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Core.Tests.Diagnosis;

public sealed class DiagnoserTests
{
    private const string Well = "ecs.service@api missing=0 rollout=COMPLETED";

    /// <summary>Evidence, one observation or match a part; what it comes down to.</summary>
    [Theory]
    [InlineData("Healthy:", Well)]
    [InlineData("Healthy:", Well + "|alb.targets@api healthy=2 reason=NONE|redis.connect@/redis stage=done code=NONE")]
    [InlineData("Healthy:", Well + "|alb.accessLog@api !notConfigured")]
    [InlineData("Blind:", "")]
    [InlineData("Blind:", "app.logs@api anyLines=true")]
    [InlineData("Blind:", "ecs.service@api !denied:ecs.DescribeServices")]
    [InlineData("Blind:", Well + "|alb.targets@api !denied:elasticloadbalancing.DescribeTargetHealth")]
    [InlineData("Blind:", Well + "|alb.targets@api !timeout")]
    [InlineData("Blind:", Well + "|ecs.service@panel !expired")]
    [InlineData("Blind:", Well + "|ecs.service@panel !truncated missing=0")]
    [InlineData("NoKnownCause:", Well + "|saw an-entry-nobody-knows.text@api")]
    [InlineData("NoKnownCause:", Well + "|app.logs@api failing=/orders failingWords=what-nobody-wrote-down")]
    [InlineData("NoKnownCause:", Well + "|app.metrics@api failedShare=40")]
    [InlineData("Healthy:", Well + "|app.metrics@api failedShare=0.4")]
    [InlineData("Blind:", Well + "|app.metrics@api failedShare=40|app.logs@api !denied:logs.FilterLogEvents")]
    [InlineData("Confirmed:mysql-unreachable/security-group", "saw mysql-unreachable.timeout-port@api|aws.network@api taskToDatabase=false|aws.cloudtrail@api lastChange=SECURITY_GROUP|" + Well)]
    [InlineData("Ambiguous:", "saw mysql-unreachable.timeout-port@api|" + Well)]
    [InlineData("Blind:", "saw mysql-unreachable.timeout-port@api|aws.network@api !denied:ec2.DescribeSecurityGroups|" + Well)]
    [InlineData("Blind:", "saw ecs-exit-137.oom@api|ecs.stoppedTasks@api !denied:ecs.DescribeTasks|app.metrics@api !denied:cloudwatch.GetMetricData")]
    [InlineData("Confirmed:clickhouse-no-data/server-down", "aws.instance@/clickhouse state=stopped|clickhouse.http@/clickhouse stage=connect code=ETIMEDOUT|saw clickhouse-no-data.refused@consumer")]
    public void Evidence_comes_down_to(string expected, string evidence)
    {
        var found = Given.Diagnose(Given.Bundle(evidence.Split('|', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(expected, $"{found.Verdict}:{string.Join(' ', found.Causes.Select(c => c.Id))}");
    }

    [Fact]
    public void A_missing_permission_is_named()
    {
        var found = Given.Diagnose(Given.Bundle(Well, "alb.targets@api !denied:elasticloadbalancing.DescribeTargetHealth"));
        Assert.Equal(["elasticloadbalancing:DescribeTargetHealth"], found.Missing.Select(m => m.Why));
        Assert.Equal(new Coverage(1, 2), found.Coverage);
    }

    [Theory]
    [InlineData("vpn.interface@ up=false", true)]
    [InlineData("vpn.interface@ up=true handshakeSeconds=900", true)]
    [InlineData("vpn.interface@ up=true handshakeSeconds=-1", true)]
    [InlineData("vpn.interface@ !denied", true)]
    [InlineData("ecs.tasks@api running=1", true)]
    [InlineData("vpn.interface@ up=true handshakeSeconds=20", false)]
    public void A_missing_vpn_is_blindness_and_never_a_dead_database(string vpn, bool blind)
    {
        var found = Given.Diagnose(Given.Bundle(Well, "mysql.connect@/aurora stage=connect code=ETIMEDOUT", vpn));
        Assert.Equal(blind, found.Verdict == Verdict.Blind);
        Assert.Equal(blind, found.Missing.Any(m => m.Why.Contains("VPN", StringComparison.Ordinal)));
        Assert.DoesNotContain(found.Causes.Concat(found.Rivals), c => c.Id == "mysql-unreachable/vpn-down");
    }

    [Fact]
    public void A_text_from_nobodys_task_may_be_the_vpn() =>
        Assert.Equal("mysql-unreachable/vpn-down", Given.Diagnose(Given.Bundle("saw mysql-unreachable.timeout-port@", "vpn.interface@ up=false", "rds.cluster@/aurora status=available")).Causes[0].Id);

    [Fact]
    public void A_symptom_at_the_storefront_is_followed_to_the_cause_at_the_database()
    {
        var found = Given.Diagnose(Given.Bundle(
            "saw storefront-fetch-failed.refused@shop", "saw alb-503.page@api", "saw ecs-task-crash-on-start.refused@api", "saw mysql-unreachable.refused-port@api",
            "storefront.fetch@shop stage=connect code=ECONNREFUSED", "alb.targets@api healthy=0", "ecs.stoppedTasks@api count=3 reason=ESSENTIAL_EXITED",
            "app.logs@api crashText=CONNECT_REFUSED", "rds.cluster@/aurora status=stopped", "aws.cloudtrail@/aurora lastChange=DATABASE"));
        var cause = Assert.Single(found.Causes);
        Assert.Equal("mysql-unreachable/cluster-down", cause.Id);
        Assert.Equal(new Subject("production", "", "aurora"), cause.At);
        Assert.Contains(new Subject("production", "shop"), cause.FeltAt);
        Assert.Contains(found.Consequences, c => c.Id == "storefront-fetch-failed/core-api-down");
        Assert.Empty(found.Unexplained);
        Assert.Equal(Verdict.Confirmed, found.Verdict);
    }

    [Theory]
    [InlineData("nestjs-startup-crash/variable-not-in-revision", "ecs-task-crash-on-start ecs-deployment-stuck/crashing-tasks alb-503/tasks-crash",
        "saw nestjs-startup-crash.key-absent@admin|saw alb-503.page@admin|saw ecs-deployment-stuck.circuit-breaker@admin|saw ecs-task-crash-on-start.observed@admin|ecs.service@admin missing=1 rollout=FAILED circuitBreakerFired=true"
        + "|ecs.stoppedTasks@admin count=4 reason=ESSENTIAL_EXITED stopCode=EssentialContainerExited lifetimeSeconds=1|app.logs@admin crashText=CONFIG_INVALID|ecs.taskDefinition@admin variablesRemoved=1|aws.secret@admin criticalKeysMissing=0|alb.targets@admin healthy=0")]
    [InlineData("ecs-cannot-pull-container/tag-missing", "ecs-deployment-stuck/never-started alb-503/tasks-cannot-start",
        "saw ecs-cannot-pull-container.image-not-found@api|saw alb-503.page@api|ecs.service@api missing=2 rollout=IN_PROGRESS|ecs.image@api exists=false repositoryExists=true"
        + "|ecs.stoppedTasks@api count=3 reason=CANNOT_PULL pullError=NOT_FOUND stopCode=TaskFailedToStart neverStarted=true|alb.targets@api healthy=0")]
    [InlineData("alb-unhealthy-targets/wrong-path", "alb-503/targets-unhealthy ecs-exit-137/health-check-kill",
        "saw alb-unhealthy-targets.wrong-code@api|saw alb-503.page@api|saw ecs-exit-137.oom@api|alb.targetGroup@api pathMatches=false|alb.targets@api healthy=0 reason=Target.ResponseCodeMismatch statusSeen=404"
        + "|ecs.events@api failedHealthChecks=true|ecs.tasks@api running=1|ecs.stoppedTasks@api reason=HEALTH_CHECK count=2 oomReason=false")]
    [InlineData("alb-503/scaled-to-zero", "storefront-fetch-failed/core-api-down", "saw alb-503.page@api|ecs.service@api desired=0 missing=0|alb.targets@api healthy=0 registered=0|storefront.fetch@shop stage=done status=503|ecs.service@shop missing=0")]
    public void What_only_follows_is_shown_as_that_and_never_as_the_cause(string root, string follows, string evidence)
    {
        var found = Given.Diagnose(Given.Bundle(evidence.Split('|')));
        Assert.Equal([root], found.Causes.Select(c => c.Id));
        Assert.True(found.Verdict is Verdict.Confirmed or Verdict.Likely, $"{found.Verdict}");
        Assert.All(follows.Split(' '), f => Assert.DoesNotContain(found.Rivals, r => r.Id.StartsWith(f, StringComparison.Ordinal) && r.Score >= Decibans.Likely));
    }

    [Fact]
    public void An_age_or_a_setting_beside_a_symptom_links_no_cause_to_it()
    {
        var found = Given.Diagnose(Given.Bundle("ecs.service@api missing=1 minutesSinceDeployment=2", "aws.secret@api tlsFlagSet=true newerThanTasks=false", "aws.cloudtrail@api lastChange=DEPLOYMENT"));
        Assert.DoesNotContain(found.Causes.Concat(found.Rivals), c => c.Id.StartsWith("mysql-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("alb.http@api status=500", "cloudflare-worker-1101")]
    [InlineData("ecs.service@admin missing=1 running=0 desired=1", "bullmq-jobs-waiting")]
    [InlineData("ecs.service@consumer missing=1", "nestjs-startup-crash")]
    public void Without_a_text_an_entry_is_weighed_only_where_it_can_show_itself(string evidence, string entry) =>
        Assert.DoesNotContain(Given.Diagnose(Given.Bundle(evidence)).Rivals, c => c.Id.StartsWith(entry, StringComparison.Ordinal));

    [Theory]
    [InlineData("ecs.stoppedTasks@api !denied:ecs.DescribeTasks_is_denied", "saw alb-unhealthy-targets.wrong-code@api|alb.targetGroup@api pathMatches=false|alb.targets@api statusSeen=404 healthy=0|app.logs@api !denied:logs.FilterLogEvents_is_denied")]
    [InlineData("app.logs@admin !denied:logs.FilterLogEvents_is_denied", "cors.preflight@admin originListed=false allowedForOrigin=false allowedForListed=true status=204 answeredBy=APPLICATION|ecs.service@admin missing=0")]
    [InlineData("aws.secret@api !denied:secretsmanager.GetSecretValue_is_denied", "saw ecs-resource-initialization.secret-missing@api|ecs.stoppedTasks@api count=2 reason=RESOURCE_INITIALIZATION initError=SECRET_NOT_FOUND neverStarted=true")]
    [InlineData("aws.secret@api !denied:there_are_no_credentials", "saw ecs-resource-initialization.secret-missing@api|ecs.stoppedTasks@api count=2 reason=RESOURCE_INITIALIZATION initError=SECRET_NOT_FOUND neverStarted=true")]
    [InlineData("aws.secret@api !timeout:secretsmanager.GetSecretValue_is_not_answered", "saw ecs-resource-initialization.secret-missing@api|ecs.stoppedTasks@api count=2 reason=RESOURCE_INITIALIZATION initError=SECRET_NOT_FOUND neverStarted=true")]
    public void Whoever_was_refused_a_look_that_speaks_of_the_trouble_is_not_sure(string refused, string evidence)
    {
        var seen = $"{evidence}|{refused}".Split('|').Where(l => !l.StartsWith("saw ", StringComparison.Ordinal)).Select(Given.Observation).Select(o => o with { Note = o.Note.Replace('_', ' ') }).ToList();
        var found = Given.Diagnose(Given.Bundle(seen, evidence.Split('|').Where(l => l.StartsWith("saw ", StringComparison.Ordinal)).Select(Given.Match)));
        Assert.True(found.Verdict is Verdict.Ambiguous or Verdict.Blind, $"{found.Verdict} {string.Join(' ', found.Causes.Select(c => c.Id))}");
        Assert.Contains(found.Missing, m => m.Why.Contains(seen[^1].Note, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Well, "app.logs@api !denied:logs.FilterLogEvents_is_denied")]
    [InlineData(Well, "app.logs@api !timeout")]
    [InlineData(Well, "ecs.stoppedTasks@api !truncated")]
    public void A_look_that_could_have_shown_a_fault_and_was_not_made_is_no_health(string well, string look) =>
        Assert.Equal(Verdict.Blind, Given.Diagnose(Given.Bundle(well, look)).Verdict);

    [Theory]
    [InlineData("404", "alb-unhealthy-targets/not-attached")]
    [InlineData("503", "alb-503/listener-misrouted")]
    public void Who_answers_tells_a_missing_rule_from_one_that_leads_elsewhere(string status, string cause) =>
        Assert.Equal(cause, Given.Diagnose(Given.Bundle("alb.settings@api listenerHasTarget=false", $"alb.http@api status={status} server=ALB", "alb.targets@api healthy=0 reason=Target.NotInUse registered=1", "ecs.service@api missing=0")).Causes[0].Id);

    [Fact]
    public void Two_faults_give_two_causes()
    {
        var found = Given.Diagnose(Given.Bundle(
            "saw mysql-unreachable.timeout-port@api", "aws.network@api taskToDatabase=false", "aws.cloudtrail@api lastChange=SECURITY_GROUP",
            "saw redis-unreachable.refused@consumer", "aws.secret@consumer redisHostIsLocal=true redisHostMatches=false", "ecs.service@api missing=0"));
        Assert.Equal(["mysql-unreachable/security-group", "redis-unreachable"], found.Causes.Select(c => c.Id.StartsWith("redis-unreachable", StringComparison.Ordinal) ? "redis-unreachable" : c.Id).Order());
        Assert.NotEqual(found.Causes[0].At, found.Causes[1].At);
    }

    [Fact]
    public void Two_faults_of_one_service_give_two_causes()
    {
        var found = Given.Diagnose(Given.Bundle(
            "saw alb-unhealthy-targets.failed@api", "alb.targetGroup@api pathMatches=false", "alb.targets@api statusSeen=404 healthy=0",
            "saw razorpay-signature.invalid@api", "payment.check@api keysAccepted=false failuresShare=90", "aws.secret@api razorpaySecretShape=WHITESPACE"));
        Assert.Contains(found.Causes, c => c.Id == "alb-unhealthy-targets/wrong-path");
        Assert.Contains(found.Causes, c => c.Id.StartsWith("razorpay-signature/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(-60, 1)]
    [InlineData(5, -1)]
    public void A_change_after_the_onset_speaks_against(int minutesAfterOnset, int sign)
    {
        var change = Given.Observation("aws.cloudtrail@api lastChange=SECURITY_GROUP") with { ChangedAt = Given.Onset + Duration.FromMinutes(minutesAfterOnset) };
        var found = Given.Diagnose(Given.Bundle([change, Given.Observation("aws.network@api taskToDatabase=false")], [Given.Match("saw mysql-unreachable.timeout-port@api")]));
        var cause = found.Causes.Concat(found.Rivals).First(c => c.Id == "mysql-unreachable/security-group");
        Assert.Equal(sign, Math.Sign(cause.For.Concat(cause.Against).Where(c => c.Group is "change" or "time-order").Sum(c => c.Points)));
    }

    [Fact]
    public void What_was_the_same_before_it_began_hardly_counts()
    {
        var now = Given.Observation("aws.secret@api dbHostMatches=false");
        EvidenceBundle With(params Observation[] more) => Given.Bundle([now, .. more], [Given.Match("saw mysql-unreachable.refused-port@api")]);
        Assert.Equal(["mysql-unreachable/wrong-endpoint"], Given.Diagnose(With()).Causes.Select(c => c.Id));
        var before = now with { At = Given.Onset - Duration.FromHours(1) };
        Assert.Empty(Given.Diagnose(With(before)).Causes);
        var differs = before with { Facts = before.Facts.SetItem("dbHostMatches", "true") };
        Assert.Contains(Given.Diagnose(With(differs)).Causes[0].For, c => c.Compared.StartsWith("true before", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_the_same_where_all_is_well_hardly_counts()
    {
        var here = Given.Observation("aws.secret@api dbHostMatches=false");
        Observation There(string line) => Given.Observation(line) is var o ? o with { Subject = o.Subject with { Environment = "staging" } } : null!;
        var found = Given.Diagnose(Given.Bundle([here, There("aws.secret@api dbHostMatches=false"), There(Well)], [Given.Match("saw mysql-unreachable.refused-port@api")]));
        Assert.Equal(2, found.Rivals.Single(c => c.Id == "mysql-unreachable/wrong-endpoint").For.Max(c => c.Points));
    }

    [Theory]
    [InlineData("alb.targets@api/x/1 reason=A", "alb.targets@api/x/2 reason=B", "alb.targets.reason Items A B")]
    [InlineData("ecs.tasks@api running=1 imageTags=1", "ecs.tasks@panel running=2 imageTags=1", "ecs.tasks.running Services 1 2")]
    [InlineData("ecs.tasks@api running=1", "ecs.tasks@api !denied running=2", "")]
    [InlineData("ecs.tasks@api running=1", "ecs.service@api running=2", "")]
    [InlineData("ecs.tasks@api running=1", "ecs.tasks@api imageTags=2", "")]
    public void Differences_between(string here, string there, string expected) =>
        Assert.Equal(expected, string.Join('|', Difference.Between(Given.Observation(here), Given.Observation(there)).Select(d => $"{d.Fact} {d.Across} {d.Here} {d.There}")));

    [Fact]
    public void What_ended_before_all_was_well_is_history()
    {
        var recovered = Given.Observation(Well) with { Since = Given.Now - Duration.FromSeconds(30) };
        var found = Given.Diagnose(Given.Bundle([recovered], [Given.Match("saw mysql-unreachable.refused-port@api")]));
        Assert.Equal(Verdict.Healthy, found.Verdict);
        Assert.Single(found.Past);
    }

    [Theory]
    [InlineData(40, 12, 60, 2, Verdict.Healthy)]
    [InlineData(10, 12, 60, 2, Verdict.Ambiguous)]
    [InlineData(40, 12, 60, 20, Verdict.Ambiguous)]
    [InlineData(40, 2, 60, 2, Verdict.Ambiguous)]
    [InlineData(40, 12, 0.5, 0.1, Verdict.Ambiguous)]
    public void Who_said_it_again_and_again_and_fell_silent_says_it_no_more(int silent, int count, double kept, double gap, Verdict expected)
    {
        var last = Given.Now - Duration.FromSeconds(silent);
        var match = Given.Match("saw mysql-unreachable.refused-port@api") with { First = last - Duration.FromSeconds(kept), Last = last, Count = count, Live = true, Gap = Duration.FromSeconds(gap) };
        var server = Given.Observation("mysql.server@/aurora usedShare=10");
        var bundle = Given.Bundle([Given.Observation(Well), server], [match]);
        Assert.Equal(expected, Given.Diagnose(bundle).Verdict);
        // Nobody saw the server, so nobody knows that it is well.
        Assert.NotEqual(Verdict.Healthy, Given.Diagnose(Given.Bundle([Given.Observation(Well)], [match])).Verdict);
        // Requests went well since, and for a while: no more proof is needed then.
        var works = Given.Observation("app.logs@api slowRequests=0") with { Since = last + Duration.FromSeconds(1) };
        Assert.Equal(silent >= 20 ? Verdict.Healthy : Verdict.Ambiguous, Given.Diagnose(Given.Bundle([Given.Observation(Well), server, works], [match])).Verdict);
        Assert.Equal(match.Gap, Assert.Single(BundleReader.Parse(BundleJson.Write(bundle), "bundle").Value!.Matches).Gap);
    }

    [Theory]
    [InlineData("shop.example", 1, Verdict.Healthy)]
    [InlineData("other.example", 1, Verdict.Ambiguous)]
    [InlineData("shop.example", -1, Verdict.Ambiguous)]
    public void What_a_line_names_is_over_when_that_is_well_since(string well, int after, Verdict expected)
    {
        var last = Given.Now - Duration.FromSeconds(5);
        var match = Given.Match("saw mysql-unreachable.refused-port@api") with { First = last, Last = last, Count = 1, Live = true, Text = "no answer for shop.example" };
        var named = Given.Observation("rds.snapshots@/aurora running=false");
        named = named with { Subject = named.Subject with { Item = well }, Since = last + Duration.FromSeconds(after) };
        Assert.Equal(expected, Given.Diagnose(Given.Bundle([Given.Observation(Well), named], [match])).Verdict);
        // Something known is seen of it itself: that is no end, however new it is.
        var seen = match with { Subject = named.Subject, Source = named.Name, Live = false, Last = Given.Now };
        Assert.NotEqual(Verdict.Healthy, Given.Diagnose(Given.Bundle([Given.Observation(Well), named], [match, seen])).Verdict);
        Assert.DoesNotContain(match.Subject, Given.Diagnose(Given.Bundle([Given.Observation(Well), named], [match, seen])).Past.Select(p => p.Subject));
    }

    [Theory]
    [InlineData("redis-unreachable.unnamed-reset@admin", true)]
    [InlineData("redis-unreachable.unnamed-reset@panel", false)]
    [InlineData("redis-unreachable.unnamed-reset.port-6379@admin", false)]
    [InlineData("redis-unreachable.refused-login@admin", false)]
    public void A_mere_hint_of_a_component_is_no_sign_of_it_where_nobody_needs_it(string saw, bool none)
    {
        var match = Given.Match($"saw {saw}") with { Last = Given.Now, Live = true };
        var found = Given.Diagnose(Given.Bundle([Given.Observation(Well), Given.Observation("ecs.service@admin found=true missing=0 rollout=COMPLETED"), Given.Observation("ecs.service@panel found=true missing=0 rollout=COMPLETED")], [match]));
        Assert.Equal(none, found.Verdict is Verdict.Healthy);
        Assert.Equal(none, found.Findings.IsEmpty);
        Assert.Empty(found.Past);
    }

    [Theory]
    [InlineData(40, 1, 2, Verdict.Healthy)]
    [InlineData(40, 2, 2, Verdict.Healthy)]
    [InlineData(40, 1, 12, Verdict.Ambiguous)]
    [InlineData(10, 1, 2, Verdict.Ambiguous)]
    public void What_a_component_s_users_said_as_it_came_back_is_over_when_they_fell_silent(int silent, int count, int afterStart, Verdict expected)
    {
        var last = Given.Now - Duration.FromSeconds(silent);
        var match = Given.Match("saw mysql-unreachable.refused-port@api") with { First = last, Last = last, Count = count, Live = true, Gap = count == 1 ? null : Duration.FromMilliseconds(6) };
        var server = Given.Observation("mysql.server@/aurora usedShare=10") with { Since = last - Duration.FromSeconds(afterStart) };
        Assert.Equal(expected, Given.Diagnose(Given.Bundle([Given.Observation(Well), server], [match])).Verdict);
    }

    [Theory]
    [InlineData(2, 40, Verdict.Healthy)]
    [InlineData(12, 40, Verdict.Ambiguous)]
    [InlineData(2, 12, Verdict.Ambiguous)]
    public void What_several_said_and_ended_in_the_same_moment_they_said_together(int apart, int silent, Verdict expected)
    {
        var last = Given.Now - Duration.FromSeconds(silent);
        LogMatch At(string place, int count, Instant end) => Given.Match($"saw mysql-unreachable.refused-port@{place}") with { First = end - Duration.FromSeconds(6), Last = end, Count = count, Live = true, Gap = Duration.FromSeconds(3) };
        var bundle = Given.Bundle([Given.Observation(Well), Given.Observation(Well.Replace("@api", "@panel", StringComparison.Ordinal)), Given.Observation("mysql.server@/aurora usedShare=10")], [At("api", 2, last - Duration.FromSeconds(apart)), At("panel", 9, last)]);
        Assert.Equal(expected, Given.Diagnose(bundle).Verdict);
    }

    [Fact]
    public void One_line_is_over_for_all_entries_that_know_it()
    {
        var last = Given.Now - Duration.FromSeconds(40);
        LogMatch At(string saw, string text) => Given.Match(saw) with { First = last - Duration.FromSeconds(30), Last = last, Count = 9, Live = true, Gap = Duration.FromSeconds(4), Text = text };
        var server = Given.Observation("mysql.server@/aurora usedShare=10");
        DiagnosisReport Found(string text) => Given.Diagnose(Given.Bundle([Given.Observation(Well), server], [At("saw mysql-unreachable.refused-port@api", "connect ETIMEDOUT"), At("saw ecs-task-crash-on-start.refused@api", text)]));
        Assert.Equal(Verdict.Healthy, Found("connect ETIMEDOUT").Verdict);
        Assert.NotEqual(Verdict.Healthy, Found("something else").Verdict);
    }

    [Fact]
    public void One_cause_at_two_places_gives_way_where_another_is_much_likelier()
    {
        var found = Given.Diagnose(Given.Bundle(
            "saw ecs-task-definition-not-deployed.behind-terraform@api", "ecs.taskDefinition@api newestBy=TERRAFORM newestEnvDiffers=true revisionsBehind=1", "ecs.service@api missing=0 forcedRedeployOnly=false",
            "saw ecs-task-definition-not-deployed.behind-terraform.forced-same@admin", "ecs.taskDefinition@admin newestBy=TERRAFORM newestEnvDiffers=true revisionsBehind=1", "ecs.service@admin missing=0 forcedRedeployOnly=true minutesSinceDeployment=5"));
        Assert.Equal(
            [("ecs-task-definition-not-deployed/forced-same-revision", "admin"), ("ecs-task-definition-not-deployed/terraform-only-registered", "api")],
            found.Causes.Select(c => (c.Id, c.At.Service)).Order());
    }

    [Fact]
    public void An_open_question_names_the_check_that_would_decide()
    {
        var found = Given.Diagnose(Given.Bundle("saw mysql-unreachable.timeout-port@api", Well, "aws.secret@api dbHostMatches=true", "vpn.interface@ up=true handshakeSeconds=5", "rds.cluster@/aurora status=available"));
        Assert.Equal(Verdict.Ambiguous, found.Verdict);
        Assert.Equal("aws.network.taskToDatabase", found.Next?.Fact);
        Assert.Contains(found.Next!.Answers, a => a is { Value: "false", Favours: "mysql-unreachable/security-group" });
    }

    [Fact]
    public void A_check_that_is_denied_gives_way_to_one_that_can_be_made()
    {
        var asked = Given.Diagnose(Given.Bundle("saw mysql-unreachable.timeout-port@api", Well, "aws.network@api !denied:ec2.DescribeSecurityGroups"));
        Assert.NotNull(asked.Next);
        Assert.NotEqual("aws.network", asked.Next.Probe);
        Assert.Empty(asked.Next.Missing);
    }

    [Fact]
    public void Every_claim_names_its_observation_and_every_flip_a_rival()
    {
        var found = Given.Diagnose(Given.Bundle("saw mysql-unreachable.timeout-port.host-unknown@api", "aws.network@api taskToDatabase=false", "rds.cluster@/aurora status=available"));
        var cause = found.Causes[0];
        Assert.All(cause.For.Where(c => !c.Says.StartsWith("the text", StringComparison.Ordinal)), c => Assert.NotEmpty(c.By));
        Assert.Contains(cause.Missing, m => m.Asks.StartsWith("aws.cloudtrail", StringComparison.Ordinal));
        Assert.NotEmpty(cause.Flips);
        Assert.All(cause.Flips, f => Assert.Contains('/', f.ThenLeads));
    }

    [Fact]
    public void Text_alone_confirms_nothing()
    {
        var entries = ShippedCatalog.Entries;
        foreach (var entry in entries)
        {
            var all = $"saw {entry.Id}.{string.Join('.', entry.Signatures.Select(s => s.Id))}@api";
            Assert.NotEqual(Verdict.Confirmed, Given.Diagnose(Given.Bundle(all)).Verdict);
        }
    }

    [Fact]
    public void A_topology_comes_from_the_platform()
    {
        var text = File.ReadAllText(Path.Combine(ShippedCatalog.Root, "platforms", "zelly", "platform.yaml"));
        var topology = Topology.Of(Core.Platforms.PlatformReader.Parse(text, "platform.yaml").Value!);
        var dependencies = new Dependencies(topology);
        var storefront = topology.Services.Single(s => s.Role == "storefront").Name;
        Assert.True(dependencies.Needs(storefront, "redis"), "through the core API");
        Assert.False(dependencies.Needs(storefront, "clickhouse"));
        Assert.True(dependencies.BehindVpn("production", "aurora"));
        Assert.False(dependencies.BehindVpn("staging", "aurora"));
    }

    [Theory]
    [InlineData("redis-unreachable/server-down", "bullmq-jobs-waiting/worker-down", true)]
    [InlineData("alb-503/scaled-to-zero", "storefront-fetch-failed/core-api-down", true)]
    [InlineData("bullmq-jobs-waiting/worker-down", "redis-unreachable/server-down", false)]
    public void An_effect_is_told_from_a_cause(string cause, string other, bool isEffect) => Assert.Equal(isEffect, Given.Catalog.LeadsTo(cause, other));

    [Theory]
    [InlineData("bullmq-jobs-waiting/queue-paused", "shopify-webhook-backlog/queue-paused", true)]
    [InlineData("clickhouse-no-data/wrong-host", "clickhouse-table-missing/wrong-server", true)]
    [InlineData("bullmq-jobs-waiting/queue-paused", "bullmq-jobs-waiting/rate-limited", false)]
    public void One_cause_by_two_names_is_known_by_what_decides_it(string one, string other, bool isSame) => Assert.Equal(isSame, Given.Catalog.IsSame(one, other));

    [Theory]
    [InlineData("saw shopify-webhook-backlog.deep@api//SHOPIFY_WEBHOOK", true)]
    [InlineData("saw shopify-webhook-backlog.deep@api", false)]
    public void What_the_queue_in_trouble_does_counts_against_whatever_an_idle_one_does(string text, bool counts)
    {
        var found = Given.Diagnose(Given.Bundle(Well, "bullmq.queue@api//SHOPIFY_WEBHOOK waiting=26837 active=4 completedPerMinute=69200 oldestSeconds=10", "bullmq.queue@api//SHOPIFY_CATALOG_SYNC waiting=0 active=0 completedPerMinute=0 oldestSeconds=0", "mysql.connect@/aurora stage=done code=NONE seconds=0.89", text));
        Assert.Equal("shopify-webhook-backlog/burst", found.Causes.Concat(found.Rivals).First().Id);
        Assert.Equal(counts, found.Verdict is Verdict.Confirmed or Verdict.Likely);
    }

    [Fact]
    public void What_a_symptom_shows_at_is_kept_for_the_fix()
    {
        var found = Given.Diagnose(Given.Bundle(Well, "bullmq.queue@consumer//store-events waiting=900 paused=true", "saw bullmq-jobs-waiting.paused@consumer"));
        Assert.Equal("bullmq-jobs-waiting/queue-paused", found.Causes[0].Id);
        Assert.Contains("store-events", found.Causes[0].At.Item.Length > 0 ? [found.Causes[0].At.Item] : found.Causes[0].Items);
    }
}
