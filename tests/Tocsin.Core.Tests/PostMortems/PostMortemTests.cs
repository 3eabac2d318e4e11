using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Actions;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Core.Tests.Response.Playbooks;
using static Tocsin.Core.Tests.Response.Shipped;

namespace Tocsin.Core.Tests.PostMortems;

public sealed class PostMortemTests
{
    private static readonly string[] Headings =
        ["Summary", "Impact", "Timeline (all times UTC)", "Root Cause", "Contributing Factors", "What Went Well", "What Went Poorly", "Action Items", "Lessons Learned"];

    [Fact]
    public void A_simulated_p0_gives_the_approved_document() => Approved("p0.md", PostMortemMarkdown.Of(new PostMortem(P0(), PostMortemText.Empty), everyEvent: false));

    [Fact]
    public void What_people_wrote_stands_in_the_approved_page() => Approved("p0-final.html", PostMortemHtml.Of(new PostMortem(P0(), Written), everyEvent: true));

    [Fact]
    public void Every_heading_of_the_template_is_there_in_its_order()
    {
        var lines = PostMortemMarkdown.Of(new PostMortem(P0(), PostMortemText.Empty), everyEvent: false).Split('\n');
        Assert.Equal("# Incident Post-Mortem: All services answer 503", lines[0]);
        Assert.Equal(Headings, lines.Where(l => l.StartsWith("## ", StringComparison.Ordinal)).Select(l => l[3..]).Take(Headings.Length));
        Assert.All(["**Date:** 2026-11-22", "**Severity:** P0", "**Duration:** 1 hour 20 minutes (03:00 UTC → 04:20 UTC)", "**Author:** [name]", "**Status:** DRAFT"], f => Assert.Contains(lines, l => l.TrimEnd() == f));
        Assert.All(["**Users affected:**", "**Revenue impact:**", "**Services affected:** api", "**Detection method:**"], f => Assert.Contains(lines, l => l.StartsWith($"- {f}", StringComparison.Ordinal)));
        Assert.All(["| Time | Event |", "| Action | Owner | Due |", "| [preventive measure] | [name] | 2026-11-29 |", "| [monitoring improvement] | [name] | 2026-11-29 |", "| [documentation update] | [name] | 2026-11-29 |"], r => Assert.Contains(r, lines));
    }

    [Fact]
    public void The_account_knows_times_pages_and_promises()
    {
        var account = P0();
        Assert.Equal(new Measure.Took(Duration.FromMinutes(2)), account.ToAcknowledge);
        Assert.Equal(new Measure.Took(Duration.FromMinutes(80)), account.ToResolve);
        Assert.Equal(At("2026-11-24T04:20:00Z"), account.DocumentDue);
        Assert.Contains(new Promise(PromiseKind.Acknowledge, At(15), PromiseOutcome.Kept), account.Promises);
        Assert.Contains(new Promise(PromiseKind.Update, At(10), PromiseOutcome.Missed), account.Promises);
        Assert.Contains(new Promise(PromiseKind.Update, At(42), PromiseOutcome.Kept), account.Promises);
        Assert.Contains(account.Pages, p => p is { Person: "engineer-1", Channel: "pagerduty", Acknowledged: not null });
        Assert.Contains(account.Timeline, l => l.Text == "engineer-1 has done \"Get the crash logs\": the pool is exhausted");
    }

    [Fact]
    public void A_breach_is_due_within_a_day_and_a_short_p1_not_at_all()
    {
        Assert.Equal(At(1470), Of(Resolved(Severity.P0, new ImpactFacts { Breach = true }, 30)).DocumentDue);
        Assert.Null(Of(Resolved(Severity.P1, new ImpactFacts(), 30)).DocumentDue);
        Assert.NotNull(Of(Resolved(Severity.P1, new ImpactFacts(), 61)).DocumentDue);
        Assert.NotNull(Of(Resolved(Severity.P1, new ImpactFacts { Revenue = true }, 30)).DocumentDue);
    }

    [Fact]
    public void What_is_no_number_is_told_apart()
    {
        var open = Of([.. IncidentDecisions.Declare(Wanted(Severity.P1), Plan.Policy, "engineer-1", Start).Events]);
        Assert.IsType<Measure.NotYet>(open.ToResolve);
        Assert.IsType<Measure.NotApplicable>(Of([.. IncidentDecisions.Declare(Wanted(Severity.P3), Plan.Policy, "engineer-1", Start).Events]).ToAcknowledge);
        Assert.IsType<Measure.Invalid>(Measure.Between(At(10), At(5), ""));
    }

    [Fact]
    public void A_metric_counts_apart_what_is_no_number()
    {
        var accounts = new[] { Of(Resolved(Severity.P1, new ImpactFacts(), 30)), Of(Resolved(Severity.P1, new ImpactFacts(), 50)), Of([.. IncidentDecisions.Declare(Wanted(Severity.P1), Plan.Policy, "engineer-1", Start).Events]), Of(Resolved(Severity.P3, new ImpactFacts(), 30)) with { ToAcknowledge = new Measure.NotApplicable("") } };
        var rows = ResponseMetrics.Of(accounts, MetricGroup.Severity);
        Assert.Equal(["P1", "P3"], rows.Select(r => r.Name));
        Assert.Equal((3, 2, 1), (rows[0].Incidents, rows[0].ToResolve.Took, rows[0].ToResolve.NotYet));
        Assert.Equal((Duration.FromMinutes(40), Duration.FromMinutes(40), Duration.FromMinutes(50)), (rows[0].ToResolve.Mean, rows[0].ToResolve.Median, rows[0].ToResolve.Longest));
        Assert.Equal((null, 1), (rows[1].ToAcknowledge.Mean, rows[1].ToAcknowledge.NotApplicable));
        Assert.Equal(["2026-11"], ResponseMetrics.Of(accounts, MetricGroup.Month).Select(r => r.Name));
        Assert.Equal([("alb-503", 4)], ResponseMetrics.Of(accounts, MetricGroup.Entry).Select(r => (r.Name, r.Incidents)));
        var invalid = ResponseMetrics.Of([accounts[0] with { ToAcknowledge = new Measure.Invalid("") }], MetricGroup.All)[0].ToAcknowledge;
        Assert.Equal((null, 0, 1), (invalid.Mean, invalid.Took, invalid.Invalid));
    }

    [Fact]
    public void Final_needs_every_field_and_owners()
    {
        Assert.Empty(new PostMortem(P0(), Written).Missing());
        var without = Written with { Items = [Written.Items[0] with { Owner = "" }] };
        Assert.Equal(["the action item \"Alarm at 80 % of the connections\" has no owner, which a P0 needs"], new PostMortem(P0(), without).Missing());
        Assert.Empty(new PostMortem(P0() with { Worst = Severity.P2 }, without).Missing());
        var missing = new PostMortem(P0(), PostMortemText.Empty).Missing().ToList();
        Assert.All(["the author is open", "the summary is open", "the root cause is open", "no action item is named", "what went well: nothing is named"], m => Assert.Contains(m, missing));
    }

    [Theory]
    [InlineData("2026-11-26", ItemStanding.Waits)]
    [InlineData("2026-11-27", ItemStanding.Remind)]
    [InlineData("2026-11-29", ItemStanding.Remind)]
    [InlineData("2026-11-30", ItemStanding.Escalate)]
    public void An_item_reminds_and_then_escalates(string today, ItemStanding standing)
    {
        var item = new ActionItem("x", ItemKind.Prevention, "lead", null, Done: false);
        var date = NodaTime.Text.LocalDatePattern.Iso.Parse(today).Value;
        Assert.Equal(standing, ItemDue.Standing(item, Severity.P0, Start, date));
        Assert.Equal(ItemStanding.Done, ItemDue.Standing(item with { Done = true }, Severity.P0, Start, date));
        Assert.Equal(ItemStanding.Waits, ItemDue.Standing(item, Severity.P2, Start, date));
    }

    [Theory]
    [InlineData("The engineer should have checked it.", "should have")]
    [InlineData("A human error in the deployment.", "human error")]
    [InlineData("It was careless.", "careless")]
    [InlineData("Somebody forgot to raise the limit.", "forgot")]
    [InlineData("Engineer-1 deployed on a Friday.", "engineer-1")]
    [InlineData("The team is to blame.", "to blame")]
    [InlineData("It was obvious.", "obvious")]
    public void Words_of_blame_get_a_hint(string text, string words) =>
        Assert.Contains(BlamelessHints.Of(PostMortemText.Empty with { RootCause = text }, ["engineer-1"]), h => string.Equals(h.Words, words, StringComparison.OrdinalIgnoreCase) && h.Part == "Root Cause");

    [Fact]
    public void Plain_words_get_none_and_praise_may_name_people()
    {
        Assert.Empty(BlamelessHints.Of(Written, ["engineer-1", "lead"]));
        Assert.Empty(BlamelessHints.Of(PostMortemText.Empty with { WentWell = ["engineer-1 answered within two minutes"] }, ["engineer-1"]));
    }

    [Fact]
    public void Text_of_a_log_is_never_markup()
    {
        var account = P0() with { Title = "<img src=x onerror=alert(1)> | ![x](http://evil) \n# no" };
        var (md, html) = (PostMortemMarkdown.Of(new PostMortem(account, PostMortemText.Empty), true), PostMortemHtml.Of(new PostMortem(account, PostMortemText.Empty), true));
        Assert.DoesNotContain("<img", md, StringComparison.Ordinal);
        Assert.DoesNotContain("](http", md, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.StartsWith("# Incident Post-Mortem: &lt;img src=x onerror=alert(1)> \\| ![x]\\(http://evil) # no\n", md, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_done_stands_there_with_who_approved_when_it_ran_how_it_ended_and_how_it_was_taken_back()
    {
        var plan = Acted("a1", "ecs.rollback", "");
        ActionRun Run(params ActionEvent[] events) => ActionRun.Of(events)!;
        var gave = ImmutableSortedDictionary<string, string>.Empty;
        var done = Run(
            new ActionPlanned(At(5), "engineer-1", plan, new IncidentId(1), ""),
            new ActionApproved(At(6), "lead", new Approval("lead", plan.Digest, plan.FactsDigest, At(6), At(20)), null),
            new ActionStarted(At(7), "engineer-1", "token", null),
            new CallBegun(At(7), "", 0),
            new CallEnded(At(7), "", 0, ActionOutcome.Succeeded, "taken", gave),
            new ActionEnded(At(8), "", ActionOutcome.Succeeded, "all calls were taken"),
            new ActionVerified(At(9), "", Works: true, ["2 of 2 tasks run"], ["worker (1 → 2)"]));
        var back = Acted("a2", "ecs.rollback", "a1");
        var undone = Run(new ActionPlanned(At(10), "engineer-2", back, new IncidentId(1), ""), new GlassBroken(At(11), "engineer-2", "nobody answers"), new ActionStarted(At(12), "engineer-2", "t2", new BreakGlass("engineer-2", "nobody answers", At(11))), new ActionEnded(At(12), "", ActionOutcome.Failed, "no such | revision"));
        var held = Run(new ActionPlanned(At(20), "engineer-2", Acted("a3", "secret.put", ""), new IncidentId(1), ""), new ActionHeldBack(At(21), "engineer-2", [new GuardRefusal(ActionGuard.Role, "two people approve it")]));
        var account = P0() with { Actions = AccountOfActions.Of([held, undone, done]) };
        var md = PostMortemMarkdown.Of(new PostMortem(account, PostMortemText.Empty), everyEvent: false);
        Assert.Contains("## Actions", md, StringComparison.Ordinal);
        Assert.Contains("| ecs.rollback | core-api | revision 2 → revision 1 | 2026-11-22 03:05 by engineer-1 | lead 03:06 | 2026-11-22 03:07 by engineer-1 | succeeded | works: 2 of 2 tasks run; beside it changed worker (1 → 2) | taken back 03:12 by engineer-2: failed |", md, StringComparison.Ordinal);
        Assert.Contains("| the undo of ecs.rollback | core-api | revision 2 → revision 1 | 2026-11-22 03:10 by engineer-2 | alone, the glass was broken by engineer-2: nobody answers | 2026-11-22 03:12 by engineer-2 | failed: no such \\| revision |", md, StringComparison.Ordinal);
        Assert.Contains("| nobody | not | held back: two people approve it |", md, StringComparison.Ordinal);
        var html = PostMortemHtml.Of(new PostMortem(account, PostMortemText.Empty), everyEvent: false);
        Assert.Contains("<td>taken back 03:12 by engineer-2: failed</td>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("## Actions", PostMortemMarkdown.Of(new PostMortem(P0(), PostMortemText.Empty), everyEvent: false), StringComparison.Ordinal);
    }

    private static ActionPlan Acted(string id, string action, string undoes) => new()
    {
        Id = id, Action = action, Place = new ActionPlace("000000000000", "region-1", "http://here"), Environment = "production", Production = true, Target = "core-api", BlastRadius = ["core-api"], Current = "revision 2", Wanted = "revision 1",
        Calls = [new PlannedCall("ecs", "UpdateService", ImmutableSortedDictionary<string, string>.Empty)], Facts = ImmutableSortedDictionary<string, string>.Empty, MadeAt = At(id is "a1" ? 5 : id is "a2" ? 10 : 20), Expires = At(60), Undoes = undoes,
    };

    private static PostMortemText Written => new()
    {
        Status = DocumentStatus.Final,
        Author = "First engineer",
        Summary = "Every service answered 503 for 80 minutes. The database had no connection left after a deployment doubled the pools.",
        Users = "100 %",
        Revenue = "no orders for 80 minutes",
        Detection = "monitoring alert",
        RootCause = "Two pools of 50 per task, four tasks and five services are more than the 90 connections at 0.5 ACU.",
        Factors = ["Nothing compares pools and max_connections before a deployment"],
        WentWell = ["Everyone was paged within a minute"],
        WentPoorly = ["The first update came two minutes late"],
        Lessons = "A limit that is shared needs one place where it is added up.\n\nIt has none today.",
        Items = [new ActionItem("Alarm at 80 % of the connections", ItemKind.Monitoring, "lead", new LocalDate(2026, 12, 1), Done: false), new ActionItem("Add the pools up in CI", ItemKind.Prevention, "engineer-2", null, Done: true)],
    };

    private static IncidentAccount P0()
    {
        SimulatedAct Act(int minutes, IncidentCommand command) => new(Duration.FromMinutes(minutes), _ => command);
        var input = new SimulationInput(Wanted(Severity.P0, facts: new ImpactFacts { AllDown = true }), "engineer-1", Start, Duration.FromHours(3),
        [
            Act(2, new IncidentCommand.Acknowledge("engineer-1")), Act(2, new IncidentCommand.Acknowledge("engineer-2")), Act(3, new IncidentCommand.Acknowledge("engineer-3")),
            Act(2, new IncidentCommand.Acknowledge("lead")), Act(2, new IncidentCommand.Acknowledge("founder-1")), Act(2, new IncidentCommand.Acknowledge("founder-2")),
            Act(4, new IncidentCommand.Assign("engineer-1", IncidentRole.IncidentCommander, "engineer-1")),
            Act(5, new IncidentCommand.AttachMatch("", new AttachedMatch("mysql-too-many-connections", "f2", "api", 412))),
            Act(9, new IncidentCommand.AttachDiagnosis("", new AttachedDiagnosis("Likely", "mysql-too-many-connections/pools-too-large", "Roll back the deployment", "b1f0"))),
            Act(12, new IncidentCommand.PostUpdate("engineer-1", "We roll back.", null)), Act(30, new IncidentCommand.PostUpdate("engineer-1", "Half of the services answer.", null)),
            Act(50, new IncidentCommand.Mitigate("engineer-1", "rolled back")), Act(55, new IncidentCommand.PostUpdate("engineer-1", "All services answer.", null)), Act(80, new IncidentCommand.Resolve("engineer-1", "the pools are back to 10")),
        ]);
        var events = Simulation.Run(input, Plan).Events.Select(e => e.Event).ToImmutableArray();
        return AccountOfEvents.Of(events, [.. Playbook()], []) ?? throw new InvalidDataException("no account");
    }

    private static IEnumerable<PlaybookEvent> Playbook()
    {
        var run = PlaybookRun.Of(PlaybookDecisions.Start(Books.Filled("p0-a-all-down"), "r1", new IncidentId(1), "production", "engineer-1", At(3)).Events)!;
        yield return new PlaybookStarted(At(3), "engineer-1", "r1", new IncidentId(1), "production", run.Playbook);
        yield return new StepDone(At(4), "engineer-1", "scope", "all of them");
        yield return new BranchChosen(At(5), "engineer-1", "running", "the running count is 0", "crash-logs");
        yield return new StepDone(At(7), "engineer-1", "crash-logs", "the pool is exhausted");
        yield return new StepSkipped(At(60), "engineer-2", "confirm", "seen on the dashboard");
    }

    private static IncidentAccount Of(ImmutableArray<IncidentEvent> events) => AccountOfEvents.Of(events, [], [])!;

    private static ImmutableArray<IncidentEvent> Resolved(Severity severity, ImpactFacts facts, int minutes)
    {
        var declared = IncidentDecisions.Declare(Wanted(severity, facts: facts), Plan.Policy, "engineer-1", Start).Events;
        return [.. declared, .. IncidentDecisions.Decide(IncidentFold.Of(declared)!, new IncidentCommand.Resolve("engineer-1", "repaired"), At(minutes)).Events];
    }

    /// <summary>Where the document differs from the approved one, the new one is left beside it, to be looked at and renamed.</summary>
    private static void Approved(string name, string text, [CallerFilePath] string file = "")
    {
        var folder = Path.Combine(Path.GetDirectoryName(file)!, "Expectations");
        Directory.CreateDirectory(folder);
        var (approved, received) = (Path.Combine(folder, name), Path.Combine(folder, $"received.{name}"));
        // The policy's digest changes with every word of its file.
        text = text.Replace(Plan.Policy.Version, "POLICY", StringComparison.Ordinal).Replace(Books.Named("p0-a-all-down").Digest, "PLAYBOOK", StringComparison.Ordinal);
        if (File.Exists(approved) && File.ReadAllText(approved) == text)
        {
            File.Delete(received);
            return;
        }
        File.WriteAllText(received, text);
        Assert.Equal(File.Exists(approved) ? File.ReadAllText(approved) : "", text);
    }
}
