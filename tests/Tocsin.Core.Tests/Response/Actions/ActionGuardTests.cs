using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Core.Tests.Response.Actions;

/// <summary>Every guard: with everything right a plan runs, and with one thing wrong nothing does.</summary>
public sealed class ActionGuardTests
{
    private static readonly Instant Now = Some.Time;
    private static readonly ActionPlace Here = new("111111111111", "region-1", "https://ecs.region-1.amazonaws.com");
    private static readonly ActionPlan Rollback = Plan("ecs.rollback");
    private static readonly ActionPlan Secret = Plan("secret.put");

    [Fact]
    public void The_table_holds_every_action_a_fix_may_name_and_no_other() =>
        Assert.Equal(EntryNames.Actions.Order(StringComparer.Ordinal), ActionTable.All.Select(a => a.Id).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("ecs.rollback", 1)]
    [InlineData("ecs.deployRevision", 1)]
    [InlineData("ecs.scale", 1)]
    [InlineData("ecs.forceDeploy", 1)]
    [InlineData("rds.snapshot", 1)]
    [InlineData("ecs.stopWrites", 1)]
    [InlineData("iam.deactivateKey", 1)]
    [InlineData("bullmq.pause", 1)]
    [InlineData("github.openIssue", 1)]
    [InlineData("rds.restoreToNewCluster", 2)]
    [InlineData("secret.create", 2)]
    [InlineData("secret.put", 2)]
    [InlineData("aurora.rotatePassword", 2)]
    [InlineData("mysql.killConnection", 2)]
    [InlineData("migration.markRun", 2)]
    [InlineData("bullmq.retryFailed", 2)]
    [InlineData("redis.deleteKey", 2)]
    [InlineData("cloudflare.unproxyRecord", 2)]
    [InlineData("clickhouse.applySchema", 2)]
    public void So_many_people_approve_it_in_production_and_one_elsewhere(string action, int approvers)
    {
        Assert.Equal(approvers, ActionTable.ApproversOf(ActionTable.Find(action)!, Plan(action)));
        Assert.Equal(1, ActionTable.ApproversOf(ActionTable.Find(action)!, Plan(action) with { Production = false }));
    }

    [Fact]
    public void Fewer_tasks_are_two_peoples_decision()
    {
        Assert.Equal(2, ActionTable.ApproversOf(ActionTable.Find("ecs.scale")!, Plan("ecs.scale") with { LeastHealthy = new HealthyTasks(4, 2) }));
        Assert.Equal(1, ActionTable.ApproversOf(ActionTable.Find("ecs.scale")!, Plan("ecs.scale") with { LeastHealthy = new HealthyTasks(2, 4) }));
        Assert.Equal(1, ActionTable.ApproversOf(ActionTable.Find("ecs.stopWrites")!, Plan("ecs.stopWrites") with { LeastHealthy = new HealthyTasks(4, 0) }));
    }

    [Fact]
    public void Every_action_has_an_undo_or_says_why_not() => Assert.All(ActionTable.All, a => Assert.True(a.Undo.Length > 10 && a.PerHour > 0 && a.CoolDown > Duration.Zero, a.Id));

    [Fact]
    public void With_everything_right_it_runs_and_its_token_is_that_of_the_plan()
    {
        var run = Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "one"), World(), Now));
        Assert.Equal((Rollback.Digest[..32], null), (run.Token, run.BreakGlass));
        Assert.Equal(run.Token, Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "two"), World(), Now + Duration.FromMinutes(1))).Token);
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Secret, By(Secret, "one", "two"), World(), Now));
    }

    [Theory]
    [InlineData(ActionMode.Off)]
    [InlineData(ActionMode.Plan)]
    public void Nothing_runs_where_actions_are_not_on(ActionMode mode) => Refused(ActionGuard.Mode, Rollback, World() with { Mode = mode });

    [Fact]
    public void What_could_not_be_found_out_is_a_refusal()
    {
        Refused(ActionGuard.Mode, Rollback, World() with { Mode = null });
        Refused(ActionGuard.Place, Rollback, World() with { Place = null });
        Refused(ActionGuard.FactsUnknown, Rollback, World() with { Facts = null });
        Refused(ActionGuard.Freeze, Rollback, World() with { Freezes = null });
        Refused(ActionGuard.OneAtATime, Rollback, World() with { Past = null });
        Refused(ActionGuard.Budget, Plan("rds.snapshot"), World() with { Past = null });
        Refused(ActionGuard.MinimumHealthy, Rollback with { LeastHealthy = new HealthyTasks(2, 2) }, World() with { MinimumHealthy = null });
    }

    [Theory]
    [InlineData("222222222222", "region-1")]
    [InlineData("111111111111", "region-2")]
    public void A_plan_runs_only_where_it_was_made_for(string account, string region) => Refused(ActionGuard.Place, Rollback, World() with { Place = new ActionPlace(account, region, Here.Endpoint) });

    [Fact]
    public void A_plan_that_expired_or_comes_from_the_future_does_not_run()
    {
        Refused(ActionGuard.PlanExpired, Rollback, World(), Rollback.Expires);
        Refused(ActionGuard.PlanExpired, Rollback, World(), Rollback.MadeAt - Duration.FromSeconds(1));
    }

    [Fact]
    public void A_world_that_moved_stops_it_and_what_it_does_not_depend_on_does_not()
    {
        Refused(ActionGuard.FactsMoved, Rollback, World() with { Facts = Facts("revision", "arn:8") });
        Refused(ActionGuard.FactsMoved, Rollback, World() with { Facts = ImmutableSortedDictionary<string, string>.Empty });
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "one"), World() with { Facts = Facts("revision", "arn:7").Add("running", "3") }, Now));
    }

    [Fact]
    public void Two_people_are_two_people()
    {
        Refused(ActionGuard.Approvals, Secret, World(), Now, By(Secret, "one"));
        Refused(ActionGuard.Approvals, Secret, World(), Now, new Approvals([.. By(Secret, "one").Given, .. By(Secret, "one").Given], null, null));
        Assert.Equal(ActionGuard.SamePerson, Refusal(ActionApprovals.Approve(Secret, By(Secret, "one"), Who("one"), Secret.Digest, Now)).Guard);
    }

    [Fact]
    public void An_approval_holds_for_exactly_its_plan_and_its_time()
    {
        var other = Rollback with { Calls = [Rollback.Calls[0] with { Arguments = Facts("taskDefinition", "arn:1") }] };
        Refused(ActionGuard.Approvals, other, World(), Now, By(Rollback, "one"));
        Refused(ActionGuard.Approvals, Rollback with { Expires = Now + Duration.FromHours(9) }, World(), Now + ActionApprovals.Holds, By(Rollback with { Expires = Now + Duration.FromHours(9) }, "one"));
        Assert.Equal(ActionGuard.Digest, Refusal(ActionApprovals.Approve(Rollback, Approvals.None, Who("one"), other.Digest, Now)).Guard);
        Assert.Equal(ActionGuard.PlanExpired, Refusal(ActionApprovals.Approve(Rollback, Approvals.None, Who("one"), Rollback.Digest, Rollback.Expires)).Guard);
    }

    [Fact]
    public void Who_is_not_proven_or_only_looks_on_approves_nothing()
    {
        Assert.Equal(ActionGuard.Role, Refusal(ActionApprovals.Approve(Rollback, Approvals.None, new Actor("one", ActorRole.Admin, Verified: false), Rollback.Digest, Now)).Guard);
        Assert.Equal(ActionGuard.Role, Refusal(ActionApprovals.Approve(Rollback, Approvals.None, new Actor("one", ActorRole.Viewer, Verified: true), Rollback.Digest, Now)).Guard);
        Assert.Equal(ActionGuard.Role, Refusal(ActionApprovals.Approve(Rollback, Approvals.None, new Actor("", ActorRole.Admin, Verified: true), Rollback.Digest, Now)).Guard);
    }

    [Fact]
    public void Break_glass_waits_for_the_silence_and_needs_words_and_a_bad_incident()
    {
        var asked = By(Secret, "one");
        var late = Now + ActionApprovals.Silence;
        Assert.Equal(ActionGuard.BreakGlass, Refusal(ActionApprovals.Break(Secret, asked, Who("one"), "nobody answers", Severity.P0, late - Duration.FromSeconds(1))).Guard);
        Assert.Equal(ActionGuard.BreakGlass, Refusal(ActionApprovals.Break(Secret, asked, Who("one"), "nobody answers", Severity.P2, late)).Guard);
        Assert.Equal(ActionGuard.BreakGlass, Refusal(ActionApprovals.Break(Secret, asked, Who("one"), "nobody answers", null, late)).Guard);
        Assert.Equal(ActionGuard.BreakGlass, Refusal(ActionApprovals.Break(Secret, asked, Who("one"), " ", Severity.P0, late)).Guard);
        Assert.Equal(ActionGuard.BreakGlass, Refusal(ActionApprovals.Break(Secret, asked, Who("two"), "nobody answers", Severity.P0, late)).Guard);
        Assert.Equal(ActionGuard.Role, Refusal(ActionApprovals.Break(Secret, asked, new Actor("one", ActorRole.Viewer, Verified: true), "nobody answers", Severity.P0, late)).Guard);
        var broken = Assert.IsType<ApprovalDecision.Accept>(ActionApprovals.Break(Secret, asked, Who("one"), "nobody answers", Severity.P0, late)).Now;
        Assert.Equal("nobody answers", Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Secret, broken, World() with { Severity = Severity.P0 }, late)).BreakGlass!.Why);
        Refused(ActionGuard.BreakGlass, Secret, World() with { Severity = Severity.P3 }, late, broken);
        // The one approval it stands on must hold itself.
        Refused(ActionGuard.Approvals, Secret with { Wanted = "another" }, World() with { Severity = Severity.P0 }, late, broken);
    }

    [Fact]
    public void A_freeze_holds_but_for_what_only_makes_damage_smaller()
    {
        var frozen = World() with { Freezes = [new FreezeWindow("release", Now - Duration.FromHours(1), Now + Duration.FromHours(1), ["production"])] };
        Refused(ActionGuard.Freeze, Rollback, frozen);
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Plan("ecs.stopWrites"), By(Plan("ecs.stopWrites"), "one"), frozen, Now));
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "one"), frozen with { Freezes = [frozen.Freezes!.Value[0] with { Environments = ["staging"] }] }, Now));
        Refused(ActionGuard.Freeze, Rollback, frozen with { Freezes = [frozen.Freezes!.Value[0] with { Environments = [] }] });
    }

    [Fact]
    public void Never_below_the_minimum_of_healthy_tasks_but_to_stop_all_writes()
    {
        var scale = Plan("ecs.scale") with { LeastHealthy = new HealthyTasks(3, 1) };
        Refused(ActionGuard.MinimumHealthy, scale, World() with { MinimumHealthy = 2 }, Now, By(scale, "one", "two"));
        var stop = Plan("ecs.stopWrites") with { LeastHealthy = new HealthyTasks(3, 0) };
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(stop, By(stop, "one"), World() with { MinimumHealthy = 2 }, Now));
        var help = Plan("ecs.scale") with { LeastHealthy = new HealthyTasks(0, 1) };
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(help, By(help, "one"), World() with { MinimumHealthy = 2 }, Now));
    }

    [Fact]
    public void One_act_at_a_time_on_each_service_also_where_nobody_knows_whether_it_ended()
    {
        var running = new PastAction("ecs.scale", "production", "api", ["api"], Now - Duration.FromMinutes(40), null);
        Refused(ActionGuard.OneAtATime, Rollback, World() with { Past = [running] });
        Refused(ActionGuard.OneAtATime, Rollback, World() with { Past = [running with { Target = "other", BlastRadius = ["api"] }] });
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "one"), World() with { Past = [running with { Target = "other", BlastRadius = ["other"] }] }, Now));
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "one"), World() with { Past = [running with { EndedAt = Now }] }, Now));
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Plan("rds.snapshot"), By(Plan("rds.snapshot"), "one"), World() with { Past = [running] }, Now));
    }

    [Fact]
    public void It_cools_down_and_keeps_to_its_budget()
    {
        PastAction Past(int minutes, string target) => new("ecs.rollback", "production", target, [target], Now - Duration.FromMinutes(minutes), Now - Duration.FromMinutes(minutes));
        Refused(ActionGuard.CoolDown, Rollback, World() with { Past = [Past(9, "api")] });
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "one"), World() with { Past = [Past(10, "api"), Past(1, "other")] }, Now));
        Refused(ActionGuard.Budget, Rollback, World() with { Past = [Past(20, "a"), Past(30, "b"), Past(40, "c"), Past(59, "d")] });
        Assert.IsType<ActionDecision.Run>(ActionGuards.Decide(Rollback, By(Rollback, "one"), World() with { Past = [Past(20, "a"), Past(30, "b"), Past(40, "c"), Past(60, "d")] }, Now));
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("flushdb")]
    [InlineData("RestoreDBClusterInPlace")]
    public void What_is_never_done_is_not_done_by_another_name(string operation)
    {
        var plan = Rollback with { Calls = [new PlannedCall("redis", operation, Facts("a", "b"))] };
        Refused(ActionGuard.NeverDone, plan, World(), Now, By(plan, "one"));
        Assert.Null(ActionTable.Find("redis.flushAll"));
        Assert.Equal([ActionGuard.UnknownAction], Assert.IsType<ActionDecision.Refuse>(ActionGuards.Decide(Plan("redis.flushAll"), Approvals.None, World(), Now)).Because.Select(b => b.Guard));
    }

    [Fact]
    public void A_plan_without_calls_is_no_plan() => Refused(ActionGuard.NeverDone, Rollback with { Calls = [] }, World(), Now, By(Rollback with { Calls = [] }, "one"));

    [Fact]
    public void The_digest_covers_whatever_decides_what_runs()
    {
        ActionPlan[] others =
        [
            Rollback with { Action = "ecs.scale" }, Rollback with { Place = Here with { Account = "2" } }, Rollback with { Environment = "staging" }, Rollback with { Production = false }, Rollback with { Target = "x" },
            Rollback with { BlastRadius = ["api", "x"] }, Rollback with { Wanted = "x" }, Rollback with { LeastHealthy = new HealthyTasks(1, 1) }, Rollback with { Facts = Facts("revision", "arn:8") }, Rollback with { Calls = [.. Rollback.Calls, Rollback.Calls[0]] },
            Rollback with { Calls = [Rollback.Calls[0] with { Operation = "x" }] }, Rollback with { Calls = [Rollback.Calls[0] with { Arguments = Facts("service", "x") }] },
        ];
        Assert.Equal(others.Length + 1, others.Append(Rollback).Select(p => p.Digest).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Rollback.Digest, (Rollback with { Commands = ["aws"], Expires = Now + Duration.FromDays(1) }).Digest);
    }

    [Fact]
    public void All_reasons_are_told_at_once() =>
        Assert.Equal(
            [ActionGuard.Mode, ActionGuard.Place, ActionGuard.FactsUnknown, ActionGuard.Approvals, ActionGuard.Freeze, ActionGuard.OneAtATime, ActionGuard.Budget],
            Assert.IsType<ActionDecision.Refuse>(ActionGuards.Decide(Rollback, Approvals.None, new ActionWorld { Mode = null, Place = null, Facts = null, Freezes = null, Past = null, MinimumHealthy = null }, Now)).Because.Select(b => b.Guard));

    private static void Refused(ActionGuard guard, ActionPlan plan, ActionWorld world, Instant? at = null, Approvals? approvals = null)
    {
        var refused = Assert.IsType<ActionDecision.Refuse>(ActionGuards.Decide(plan, approvals ?? By(plan, "one"), world, at ?? Now));
        Assert.Contains(refused.Because, b => b.Guard == guard);
    }

    private static ApprovalDecision.Refuse Refusal(ApprovalDecision decision) => Assert.IsType<ApprovalDecision.Refuse>(decision);

    private static Actor Who(string person) => new(person, ActorRole.Responder, Verified: true);

    private static Approvals By(ActionPlan plan, params string[] people) =>
        people.Aggregate(Approvals.None, (a, p) => ActionApprovals.Approve(plan, a, Who(p), plan.Digest, Now) is ApprovalDecision.Accept accept ? accept.Now : a);

    private static ImmutableSortedDictionary<string, string> Facts(string name, string value) => ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(name, value);

    private static ActionPlan Plan(string action) => new()
    {
        Id = "plan-1",
        Action = action,
        Place = Here,
        Environment = "production",
        Production = true,
        Target = "api",
        BlastRadius = ["api"],
        Current = "arn:7",
        Wanted = "arn:6",
        Calls = [new PlannedCall("ecs", "UpdateService", Facts("service", "api"))],
        Facts = Facts("revision", "arn:7"),
        MadeAt = Now,
        Expires = Now + Duration.FromMinutes(30),
    };

    private static ActionWorld World() => new() { Mode = ActionMode.On, Place = Here, Facts = Facts("revision", "arn:7"), Freezes = [], Past = [], MinimumHealthy = 1 };
}
