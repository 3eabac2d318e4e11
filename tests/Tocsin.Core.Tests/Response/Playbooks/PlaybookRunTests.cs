using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Tocsin.Core.Response.Playbooks;
using static Tocsin.Core.Tests.Response.Playbooks.Books;

namespace Tocsin.Core.Tests.Response.Playbooks;

public sealed class PlaybookRunTests
{
    private static readonly Instant Start = Some.Time;
    private static readonly string[] People = ["one", "two", "three"];

    private static readonly Playbook Small = Of(
        Manual("first", "- gate: yes\n- within: 5m"),
        "- id: tell\n- kind: message\n- template: p0\n- who: communications\n- anytime: yes",
        Manual("look"),
        "- id: choose\n- kind: decision\n- who: anyone\n- if: broken -> mend\n- if: whole -> end",
        Manual("mend", "- after: look"),
        Manual("confirm"));

    [Fact]
    public void Nothing_begins_before_the_gate_is_over_but_what_may_go_at_any_time()
    {
        var run = Begin(Small);
        Assert.Contains("nothing else begins before", Refusal(run, new RunCommand.Done("one", "look", "")), StringComparison.Ordinal);
        Assert.Equal(["first", "tell"], run.Free.Select(s => s.Id));
        run = Do(run, new RunCommand.Fail("one", "first", "it did not stop"));
        Assert.Contains("nothing else begins before", Refusal(run, new RunCommand.Take("two", "look", "")), StringComparison.Ordinal);
        run = Do(run, new RunCommand.Done("one", "first", "stopped"));
        Assert.Equal(["tell", "look", "choose"], run.Free.Select(s => s.Id));
    }

    [Fact]
    public void A_second_person_gets_the_next_step_and_a_third_nothing()
    {
        var run = Begin(Small);
        run = Do(run, new RunCommand.Take("one", "", ""));
        run = Do(run, new RunCommand.Take("two", "", ""));
        Assert.Equal(("one", "two"), (run.Of("first").Holder, run.Of("tell").Holder));
        Assert.IsType<PlaybookDecision.Nothing>(PlaybookDecisions.Decide(run, new RunCommand.Take("three", "", ""), Start));
        Assert.IsType<PlaybookDecision.Nothing>(PlaybookDecisions.Decide(run, new RunCommand.Take("one", "", ""), Start));
        Assert.Contains("one is at it", Refusal(run, new RunCommand.Done("three", "first", "")), StringComparison.Ordinal);
        Assert.Contains("one is at it", Refusal(run, new RunCommand.Take("three", "first", "")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_is_taken_over_with_a_reason_and_given_back_by_its_holder()
    {
        var run = Do(Begin(Small), new RunCommand.Take("one", "first", ""));
        run = Do(run, new RunCommand.Take("two", "first", "one lost the connection"));
        Assert.Equal("two", run.Of("first").Holder);
        Assert.IsType<PlaybookDecision.Nothing>(PlaybookDecisions.Decide(run, new RunCommand.GiveBack("one", "first"), Start));
        Assert.Equal(StepStatus.Open, Do(run, new RunCommand.GiveBack("two", "first")).Of("first").Status);
    }

    [Fact]
    public void Two_at_once_do_a_step_once()
    {
        var run = Do(Begin(Small), new RunCommand.Done("one", "first", "stopped"));
        Assert.IsType<PlaybookDecision.Nothing>(PlaybookDecisions.Decide(run, new RunCommand.Done("two", "first", "stopped too"), Start));
    }

    [Fact]
    public void A_decision_opens_its_way_and_closes_the_other()
    {
        var run = Do(Begin(Small), new RunCommand.Skip("one", "first", "a test"), new RunCommand.Done("one", "look", ""), new RunCommand.Done("one", "tell", ""));
        Assert.Contains("a decision before it", Refusal(run, new RunCommand.Done("one", "mend", "")), StringComparison.Ordinal);
        Assert.Contains("choosing a way", Refusal(run, new RunCommand.Done("one", "choose", "")), StringComparison.Ordinal);
        Assert.Contains("the ways 1 to 2", Refusal(run, new RunCommand.Choose("one", "choose", 3)), StringComparison.Ordinal);
        Assert.Equal(["mend", "confirm"], Do(run, new RunCommand.Choose("one", "choose", 1)).Free.Select(s => s.Id));
        var ended = Do(run, new RunCommand.Choose("one", "choose", 2));
        Assert.Equal("every step is over", ended.Ended);
        Assert.Contains("has ended", Refusal(ended, new RunCommand.Done("one", "mend", "")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_waits_for_those_it_names()
    {
        var run = Do(Begin(Small), new RunCommand.Done("one", "first", ""), new RunCommand.Choose("one", "choose", 1));
        Assert.Contains("it waits for \"Step 3\"", Refusal(run, new RunCommand.Take("one", "mend", "")), StringComparison.Ordinal);
        Assert.Null(Do(run, new RunCommand.Skip("one", "look", "known")).Hindrance(Small.Step("mend")!));
    }

    [Theory]
    [InlineData("skip")]
    [InlineData("fail")]
    [InlineData("end")]
    public void What_needs_a_reason_is_refused_without(string command)
    {
        RunCommand wanted = command switch { "skip" => new RunCommand.Skip("one", "first", " "), "fail" => new RunCommand.Fail("one", "first", ""), _ => new RunCommand.End("one", "") };
        Assert.StartsWith("it needs", Refusal(Begin(Small), wanted), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_step_is_told_with_the_nearest() => Assert.Contains("did you mean \"first\"?", Refusal(Begin(Small), new RunCommand.Done("one", "frist", "")), StringComparison.Ordinal);

    [Fact]
    public void A_time_box_that_is_over_is_named_until_the_step_is()
    {
        var run = Begin(Small);
        Assert.Empty(run.Overdue(Start + Duration.FromMinutes(5)));
        Assert.Equal(["first"], run.Overdue(Start + Duration.FromMinutes(6)).Select(s => s.Id));
        Assert.Empty(Do(run, new RunCommand.Done("one", "first", "")).Overdue(Start + Duration.FromMinutes(6)));
    }

    [Fact]
    public void A_run_keeps_the_text_it_started_with()
    {
        var started = (PlaybookStarted)PlaybookDecisions.Start(Small, "r1", null, "production", "one", Start).Events[0];
        var edited = Of(Manual("other"));
        Assert.NotEqual(edited.Digest, PlaybookRun.Start(started).Playbook.Digest);
        Assert.Equal("Words.", PlaybookRun.Of([started, new StepTaken(Start, "one", "first", "", "")])!.Playbook.Steps[0].Text);
    }

    [Fact]
    public void Single_steps_go_in_any_order()
    {
        var run = Begin(Filled("ecs-runbook"));
        Assert.Equal(run.Playbook.Steps.Length, run.Free.Count());
        Assert.Equal(StepStatus.Done, Do(run, new RunCommand.Done("one", "rollback", "")).Of("rollback").Status);
    }

    // People at random over every shipped playbook: whatever they try, these hold.
    [Fact]
    public void Whatever_people_try_no_step_is_done_twice_and_no_gate_is_passed() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int[]>().Filter(s => s.Length > 0), seeds =>
        {
            var book = Filled(Books.All[(int)((uint)seeds[0] % Books.All.Count)].Read.Value!.Id);
            var run = Begin(book);
            var events = new List<PlaybookEvent>();
            foreach (var (seed, i) in seeds.Select((s, i) => ((uint)s, i)))
            {
                var before = run;
                var decided = PlaybookDecisions.Decide(run, Random(book, seed), Start + Duration.FromSeconds(i));
                foreach (var e in decided.Events)
                {
                    if (Step(e) is { } id) Assert.True(before.Of(id).Status is not (StepStatus.Done or StepStatus.Skipped), $"{id} again");
                    if (e is StepDone or BranchChosen && book.Ordered && !book.Step(Step(e)!)!.Anytime)
                        Assert.All(before.Way.Where(s => s.Gate && s.Number < book.Step(Step(e)!)!.Number), g => Assert.True(before.Of(g.Id).IsOver));
                    events.Add(e);
                    run = run.With(e);
                }
            }
            Assert.Equal(run.Version, events.Count + 1);
            Assert.True(run.States.Values.Count(s => s.Status == StepStatus.Held) <= run.Way.Length);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_way_through_every_playbook_ends() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            foreach (var book in Books.All.Select(b => b.Read.Value!))
            {
                var run = Begin(book);
                for (var i = 0; run.Ended is null; i++)
                {
                    Assert.True(i <= book.Steps.Length, $"{book.Id} does not end");
                    var next = run.Free.First();
                    run = Do(run, next.Kind == StepKind.Decision ? new RunCommand.Choose("one", next.Id, 1 + (int)((uint)(seed + i) % next.Branches.Length)) : new RunCommand.Done("one", next.Id, ""));
                }
            }
        }).QuickCheckThrowOnFailure();

    private static string? Step(PlaybookEvent e) => e switch { StepTaken t => t.Step, StepDone d => d.Step, BranchChosen b => b.Step, StepSkipped s => s.Step, StepFailed f => f.Step, _ => null };

    private static RunCommand Random(Playbook book, uint seed)
    {
        var (who, step) = (People[seed % 3], book.Steps[(int)(seed / 3 % book.Steps.Length)].Id);
        return (seed / 97 % 7) switch
        {
            0 => new RunCommand.Take(who, "", ""),
            1 => new RunCommand.Take(who, step, seed % 2 == 0 ? "taken over" : ""),
            2 => new RunCommand.Done(who, step, ""),
            3 => new RunCommand.Fail(who, step, "a reason"),
            4 => new RunCommand.Skip(who, step, "a reason"),
            5 => new RunCommand.Choose(who, step, (int)(seed % 4)),
            _ => new RunCommand.GiveBack(who, step),
        };
    }

    private static PlaybookRun Begin(Playbook book) => PlaybookRun.Of(PlaybookDecisions.Start(book, "r1", null, "production", "one", Start).Events)!;

    private static PlaybookRun Do(PlaybookRun run, params RunCommand[] commands)
    {
        foreach (var command in commands)
        {
            var decided = PlaybookDecisions.Decide(run, command, Start + Duration.FromMinutes(1));
            Assert.True(decided is PlaybookDecision.Accept, decided.ToString());
            run = decided.Events.Aggregate(run, (r, e) => r.With(e));
        }
        return run;
    }

    private static string Refusal(PlaybookRun run, RunCommand command) => Assert.IsType<PlaybookDecision.Refuse>(PlaybookDecisions.Decide(run, command, Start)).Why;
}
