using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>What someone wants of a run.</summary>
public abstract record RunCommand(string By)
{
    /// <param name="Step">Empty: the next one that nobody is at.</param>
    /// <param name="Why">Why it is taken from whoever holds it; only that needs a reason.</param>
    public sealed record Take(string By, string Step, string Why) : RunCommand(By);

    public sealed record GiveBack(string By, string Step) : RunCommand(By);

    public sealed record Done(string By, string Step, string Result) : RunCommand(By);

    public sealed record Fail(string By, string Step, string Why) : RunCommand(By);

    public sealed record Skip(string By, string Step, string Why) : RunCommand(By);

    /// <param name="Branch">The branch by its number, from 1.</param>
    public sealed record Choose(string By, string Step, int Branch) : RunCommand(By);

    /// <summary>Tocsin itself, as whoever answers checks by its probes.</summary>
    public const string Machine = "tocsin";

    /// <summary>What the probes say to a check; it changes nothing where a person was quicker.</summary>
    public sealed record Answer(string Step, CheckFinding Finding) : RunCommand(Machine);

    /// <summary>A step that the machine ended is a person's again.</summary>
    public sealed record Overrule(string By, string Step, string Why) : RunCommand(By);

    public sealed record End(string By, string Why) : RunCommand(By);
}

/// <summary>The answer to a command: events, nothing to do, or a refusal with its reason.</summary>
public abstract record PlaybookDecision
{
    public sealed record Accept(ImmutableArray<PlaybookEvent> Happened) : PlaybookDecision
    {
        public override ImmutableArray<PlaybookEvent> Events => Happened;
    }

    public sealed record Nothing(string Why) : PlaybookDecision;

    public sealed record Refuse(string Why) : PlaybookDecision;

    public virtual ImmutableArray<PlaybookEvent> Events => [];
}

/// <summary>Whether a command holds, and what follows. Pure: order, holders and gates are decided here and nowhere else.</summary>
public static class PlaybookDecisions
{
    /// <param name="playbook">With all names filled in.</param>
    public static PlaybookDecision Start(Playbook playbook, string run, IncidentId? incident, string environment, string by, Instant now) =>
        by.Length == 0 ? new PlaybookDecision.Refuse("a person starts a playbook") : Accept(new PlaybookStarted(now, by, run, incident, environment, playbook));

    public static PlaybookDecision Decide(PlaybookRun run, RunCommand command, Instant now)
    {
        if (command.By.Length == 0) return new PlaybookDecision.Refuse("a person works on a playbook");
        if (run.Ended is { } why) return new PlaybookDecision.Refuse($"the playbook has ended: {why}");
        var decided = command switch
        {
            RunCommand.Take take => Take(run, take, now),
            RunCommand.GiveBack back => OfAStep(run, back.Step, s => run.Of(s.Id) is { Status: StepStatus.Held } held && held.Holder == back.By ? Accept(new StepGivenBack(now, back.By, s.Id)) : new PlaybookDecision.Nothing($"{back.By} does not hold it")),
            RunCommand.Done done => OfAStep(run, done.Step, s => Done(run, s, done, now)),
            RunCommand.Fail fail => OfAStep(run, fail.Step, s => Reason(fail.Why, "what went wrong") ?? Working(run, s, fail.By, now, new StepFailed(now, fail.By, s.Id, fail.Why))),
            RunCommand.Skip skip => OfAStep(run, skip.Step, s => Reason(skip.Why, "why it is skipped") ?? Skip(run, s, skip, now)),
            RunCommand.Choose choose => OfAStep(run, choose.Step, s => Choose(run, s, choose, now)),
            RunCommand.Answer answer => OfAStep(run, answer.Step, s => Answer(run, s, answer.Finding, now)),
            RunCommand.Overrule overrule => OfAStep(run, overrule.Step, s => Reason(overrule.Why, "why the answer of the probes does not count") ?? Overrule(run, s, overrule, now)),
            RunCommand.End end => Reason(end.Why, "why it ends here") ?? Accept(new PlaybookEnded(now, end.By, end.Why)),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "unknown command"),
        };
        return decided is PlaybookDecision.Accept accept && accept.Events[^1] is not PlaybookEnded ? Closed(run, accept, now) : decided;
    }

    // With its last step a run ends by itself.
    private static PlaybookDecision.Accept Closed(PlaybookRun run, PlaybookDecision.Accept accept, Instant now)
    {
        var after = accept.Events.Aggregate(run, (r, e) => r.With(e));
        return !after.Way.All(s => after.Of(s.Id).IsOver) ? accept : new PlaybookDecision.Accept([.. accept.Events, new PlaybookEnded(now, accept.Events[^1].By, "every step is over")]);
    }

    private static PlaybookDecision Take(PlaybookRun run, RunCommand.Take take, Instant now)
    {
        if (take.Step.Length > 0) return OfAStep(run, take.Step, s => Take(run, s, take, now));
        if (run.Way.FirstOrDefault(s => run.Of(s.Id) is { Status: StepStatus.Held } held && held.Holder == take.By) is { } own) return new PlaybookDecision.Nothing($"{take.By} is at \"{own.Title}\"");
        return run.Free.FirstOrDefault() is { } next ? Accept(new StepTaken(now, take.By, next.Id, "", "")) : new PlaybookDecision.Nothing("there is nothing to take: others are at what is left");
    }

    private static PlaybookDecision Take(PlaybookRun run, PlaybookStep step, RunCommand.Take take, Instant now)
    {
        var state = run.Of(step.Id);
        if (state.IsOver) return new PlaybookDecision.Nothing($"\"{step.Title}\" is over: {state.Holder}, {Words.Time(state.At)}");
        if (run.Hindrance(step) is { } why) return new PlaybookDecision.Refuse(why);
        if (state.Status != StepStatus.Held) return Accept(new StepTaken(now, take.By, step.Id, "", ""));
        if (state.Holder == take.By) return new PlaybookDecision.Nothing($"{take.By} is at it");
        return take.Why.Length > 0 ? Accept(new StepTaken(now, take.By, step.Id, state.Holder, take.Why)) : new PlaybookDecision.Refuse($"{state.Holder} is at it since {Words.Hour(state.At)}; to take it over say why");
    }

    private static PlaybookDecision Done(PlaybookRun run, PlaybookStep step, RunCommand.Done done, Instant now) =>
        step.Kind == StepKind.Decision ? new PlaybookDecision.Refuse("a decision is made by choosing a way on, or skipped with a reason") : Working(run, step, done.By, now, new StepDone(now, done.By, step.Id, done.Result));

    private static PlaybookDecision Answer(PlaybookRun run, PlaybookStep step, CheckFinding finding, Instant now)
    {
        if (!run.ToLook.Any(s => s.Id == step.Id)) return new PlaybookDecision.Nothing("somebody is at it, or it was looked for already");
        return finding.IsAnswered ? Accept(new StepDone(now, RunCommand.Machine, step.Id, finding.Said)) : Accept(new StepLooked(now, RunCommand.Machine, step.Id, finding.Said));
    }

    private static PlaybookDecision Overrule(PlaybookRun run, PlaybookStep step, RunCommand.Overrule overrule, Instant now) =>
        run.Of(step.Id) is { IsOver: true, Holder: RunCommand.Machine } ? Accept(new StepOverruled(now, overrule.By, step.Id, overrule.Why)) : new PlaybookDecision.Refuse($"\"{step.Title}\" was not answered by the probes");

    private static PlaybookDecision Choose(PlaybookRun run, PlaybookStep step, RunCommand.Choose choose, Instant now)
    {
        if (step.Kind != StepKind.Decision) return new PlaybookDecision.Refuse($"\"{step.Title}\" is no decision");
        if (choose.Branch < 1 || choose.Branch > step.Branches.Length) return new PlaybookDecision.Refuse(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"it has the ways 1 to {step.Branches.Length}"));
        var branch = step.Branches[choose.Branch - 1];
        return Working(run, step, choose.By, now, new BranchChosen(now, choose.By, step.Id, branch.When, branch.To));
    }

    private static PlaybookDecision Skip(PlaybookRun run, PlaybookStep step, RunCommand.Skip skip, Instant now) => Working(run, step, skip.By, now, new StepSkipped(now, skip.By, step.Id, skip.Why));

    // Whoever ends a step holds it, or nobody does and it is free.
    private static PlaybookDecision Working(PlaybookRun run, PlaybookStep step, string by, Instant now, PlaybookEvent ending)
    {
        var state = run.Of(step.Id);
        if (state.IsOver) return new PlaybookDecision.Nothing($"\"{step.Title}\" is over: {state.Holder}, {Words.Time(state.At)}");
        if (run.Hindrance(step) is { } why) return new PlaybookDecision.Refuse(why);
        if (state.Status != StepStatus.Held) return new PlaybookDecision.Accept([new StepTaken(now, by, step.Id, "", ""), ending]);
        return state.Holder == by ? Accept(ending) : new PlaybookDecision.Refuse($"{state.Holder} is at it since {Words.Hour(state.At)}");
    }

    private static PlaybookDecision OfAStep(PlaybookRun run, string id, Func<PlaybookStep, PlaybookDecision> decide) =>
        run.Playbook.Step(id) is { } step ? decide(step) : new PlaybookDecision.Refuse($"there is no step \"{id}\"; {Nearest.Suggest(id, run.Playbook.Steps.Select(s => s.Id))}known: {string.Join(", ", run.Playbook.Steps.Select(s => s.Id))}");

    private static PlaybookDecision? Reason(string text, string what) => string.IsNullOrWhiteSpace(text) ? new PlaybookDecision.Refuse($"it needs {what}") : null;

    private static PlaybookDecision Accept(PlaybookEvent e) => new PlaybookDecision.Accept([e]);
}
