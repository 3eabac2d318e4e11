using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.Actions;

/// <summary>The answer to a wish: events, or a refusal by a guard with its reason.</summary>
public abstract record ActionAnswer
{
    public sealed record Accept(ImmutableArray<ActionEvent> Events) : ActionAnswer;

    /// <param name="Because">All that speaks against it.</param>
    /// <param name="Events">That it was wanted is kept where a plan stands ready; nothing ran.</param>
    public sealed record Refuse(ImmutableArray<GuardRefusal> Because, ImmutableArray<ActionEvent> Events) : ActionAnswer
    {
        public string Why => string.Join("; ", Because.Select(b => b.Why));
    }
}

/// <summary>What may happen to a plan next. Pure: approvals, guards and the order of calls are decided here and in what it asks, nowhere else.</summary>
public static class ActionDecisions
{
    public static ActionAnswer Plan(ActionPlan plan, IncidentId? incident, Actor actor, string why, Instant now) =>
        actor is { Verified: true, Role: >= ActorRole.Responder, Person.Length: > 0 }
            ? Accept(new ActionPlanned(now, actor.Person, plan, incident, why))
            : Refuse(ActionGuard.Role, "planning takes a responder whose identity is proven");

    public static ActionAnswer Approve(ActionRun run, Actor actor, string digest, Instant now)
    {
        if (NotPlanned(run) is { } late) return late;
        return ActionApprovals.Approve(run.Plan, run.Approvals, actor, digest, now) switch
        {
            ApprovalDecision.Accept accept => Accept(new ActionApproved(now, actor.Person, accept.Now.Given.Single(a => a.Person == actor.Person), accept.Now.AskedAt)),
            ApprovalDecision.Refuse refuse => Refuse(refuse.Guard, refuse.Why),
            var unknown => throw new ArgumentOutOfRangeException(nameof(run), unknown, "unknown decision"),
        };
    }

    public static ActionAnswer Break(ActionRun run, Actor actor, string why, Severity? severity, Instant now)
    {
        if (NotPlanned(run) is { } late) return late;
        return ActionApprovals.Break(run.Plan, run.Approvals, actor, why, severity, now) is ApprovalDecision.Refuse refuse ? Refuse(refuse.Guard, refuse.Why) : Accept(new GlassBroken(now, actor.Person, why));
    }

    public static ActionAnswer Withdraw(ActionRun run, Actor actor, string why, Instant now)
    {
        if (NotPlanned(run) is { } late) return late;
        if (!actor.Verified || actor.Role < ActorRole.Responder) return Refuse(ActionGuard.Role, "withdrawing takes a responder");
        return string.IsNullOrWhiteSpace(why) ? Refuse(ActionGuard.State, "it needs a reason, in words") : Accept(new ActionWithdrawn(now, actor.Person, why));
    }

    /// <param name="values">Digests of what was typed in again, by name.</param>
    public static ActionAnswer Start(ActionRun run, Actor actor, ImmutableSortedDictionary<string, string> values, ActionWorld world, Instant now)
    {
        if (NotPlanned(run) is { } late) return late;
        if (!actor.Verified || actor.Role < ActorRole.Responder || actor.Person.Length == 0) return Refuse(ActionGuard.Role, "starting it takes a responder whose identity is proven");
        var missing = run.Plan.Values.Where(v => values.GetValueOrDefault(v.Key) != v.Value).Select(v => new GuardRefusal(ActionGuard.Value, values.ContainsKey(v.Key) ? $"{v.Key} is another value than was planned and approved" : $"{v.Key} is stored nowhere: type it in again")).ToImmutableArray();
        var decided = ActionGuards.Decide(run.Plan, run.Approvals, world, now);
        var because = decided is ActionDecision.Refuse refuse ? missing.AddRange(refuse.Because) : missing;
        if (!because.IsEmpty) return new ActionAnswer.Refuse(because, [new ActionHeldBack(now, actor.Person, because)]);
        var go = (ActionDecision.Run)decided;
        return Accept(new ActionStarted(now, actor.Person, go.Token, go.BreakGlass));
    }

    /// <summary>A person says how an unknown outcome really was.</summary>
    public static ActionAnswer Settle(ActionRun run, Actor actor, bool wasDone, string why, Instant now)
    {
        if (run.State != ActionState.Unknown) return Refuse(ActionGuard.State, $"its outcome is known: {State(run)}");
        if (!actor.Verified || actor.Role < ActorRole.Responder) return Refuse(ActionGuard.Role, "settling takes a responder");
        return string.IsNullOrWhiteSpace(why) ? Refuse(ActionGuard.State, "it needs what was seen, in words") : Accept(new ActionSettled(now, actor.Person, wasDone ? ActionOutcome.Succeeded : ActionOutcome.Failed, why));
    }

    /// <summary>Before a call leaves. A call that is open is never begun again: it is read back first.</summary>
    public static ActionAnswer Begin(ActionRun run, Instant now) =>
        run.State == ActionState.Running && run.NextCall is { } next && run.Calls[next] is { IsOpen: false, Outcome: null } ? Accept(new CallBegun(now, "", next)) : Refuse(ActionGuard.State, "there is no call to begin");

    /// <summary>How a call ended, and with it the action where nothing may follow.</summary>
    public static ActionAnswer End(ActionRun run, int call, ActionOutcome outcome, string words, ImmutableSortedDictionary<string, string> gave, Instant now)
    {
        if (run.State != ActionState.Running || !run.Calls[call].IsOpen) return Refuse(ActionGuard.State, "that call is not open");
        var ended = new CallEnded(now, "", call, outcome, words, gave);
        if (outcome == ActionOutcome.Succeeded && call < run.Calls.Length - 1) return Accept(ended);
        // What failed behind calls that were done is not "nothing done": a person looks.
        var whole = outcome == ActionOutcome.Failed && call > 0 ? ActionOutcome.Unknown : outcome;
        var saying = whole == outcome ? words : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"call {call + 1} of {run.Calls.Length} failed after the ones before were done: {words}");
        return new ActionAnswer.Accept([ended, new ActionEnded(now, "", whole, saying)]);
    }

    private static ActionAnswer.Refuse? NotPlanned(ActionRun run) => run.State == ActionState.Planned ? null : Refuse(ActionGuard.State, $"it is {State(run)}");

    private static string State(ActionRun run) => run.State.ToString().ToLowerInvariant();

    private static ActionAnswer.Accept Accept(ActionEvent e) => new([e]);

    private static ActionAnswer.Refuse Refuse(ActionGuard guard, string why) => new([new GuardRefusal(guard, why)], []);
}
