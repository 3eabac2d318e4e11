using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Response.Actions;

/// <summary>What can stand between a plan and its first call.</summary>
public enum ActionGuard
{
    UnknownAction,
    Mode,
    Place,
    PlanExpired,
    Digest,
    FactsMoved,
    FactsUnknown,
    Role,
    Approvals,
    SamePerson,
    BreakGlass,
    Freeze,
    MinimumHealthy,
    OneAtATime,
    CoolDown,
    Budget,
    NeverDone,
    Value,
    State,
}

/// <summary>Whether an environment's actions are only told, only planned, or run.</summary>
public enum ActionMode
{
    Off,
    Plan,
    On,
}

/// <summary>One time that an action ran, or may have run.</summary>
/// <param name="EndedAt">Null: it runs, or its outcome is unknown.</param>
public sealed record PastAction(string Action, string Environment, string Target, ImmutableArray<string> BlastRadius, Instant StartedAt, Instant? EndedAt);

/// <summary>A time in which nothing is changed but what only makes damage smaller.</summary>
public sealed record FreezeWindow(string Id, Instant From, Instant To, ImmutableArray<string> Environments);

/// <summary>What is known right before it would run. Null means that it could not be found out, which is a refusal and never a yes.</summary>
public sealed record ActionWorld
{
    public required ActionMode? Mode { get; init; }

    /// <summary>Where the calls would really go, as the provider itself says.</summary>
    public required ActionPlace? Place { get; init; }

    /// <summary>The plan's facts, read again.</summary>
    public required ImmutableSortedDictionary<string, string>? Facts { get; init; }
    public required ImmutableArray<FreezeWindow>? Freezes { get; init; }

    /// <summary>Of the last hour at least, and whatever has not ended.</summary>
    public required ImmutableArray<PastAction>? Past { get; init; }

    /// <summary>Healthy tasks that the target keeps at least.</summary>
    public required int? MinimumHealthy { get; init; }

    /// <summary>Of the incident that it is for; null: there is none.</summary>
    public Severity? Severity { get; init; }
}

public sealed record GuardRefusal(ActionGuard Guard, string Why);

/// <summary>Whether a plan may run now.</summary>
public abstract record ActionDecision
{
    /// <param name="Token">The same for the same plan, so that a second attempt is never a second act.</param>
    /// <param name="BreakGlass">Null: enough people approved.</param>
    public sealed record Run(string Token, BreakGlass? BreakGlass) : ActionDecision;

    public sealed record Refuse(ImmutableArray<GuardRefusal> Because) : ActionDecision;
}

/// <summary>Every guard, at once: all reasons are told, and one is enough. Pure; fails closed.</summary>
public static class ActionGuards
{
    private static readonly Duration Hour = Duration.FromHours(1);

    // What no one may do through Tocsin, however it is spelled.
    private static readonly ImmutableArray<string> Never = ["FLUSHALL", "FLUSHDB", "RestoreDBClusterInPlace", "DeleteDBCluster"];

    public static ActionDecision Decide(ActionPlan plan, Approvals approvals, ActionWorld world, Instant now)
    {
        if (ActionTable.Find(plan.Action) is not { } rule) return new ActionDecision.Refuse([new GuardRefusal(ActionGuard.UnknownAction, $"there is no action {plan.Action}")]);
        ImmutableArray<GuardRefusal> refusals =
        [
            .. NeverDone(plan), .. Mode(world), .. Place(plan, world), .. Expiry(plan, now), .. Facts(plan, world), .. Approved(plan, rule, approvals, world, now),
            .. Freeze(plan, rule, world, now), .. Healthy(plan, rule, world), .. OneAtATime(plan, rule, world), .. Pace(plan, rule, world, now),
        ];
        return refusals.IsEmpty ? new ActionDecision.Run(plan.Digest[..32], Holding(plan, rule, approvals, now)) : new ActionDecision.Refuse(refusals);
    }

    private static IEnumerable<GuardRefusal> NeverDone(ActionPlan plan) =>
        plan.Calls.IsEmpty
            ? [new(ActionGuard.NeverDone, "the plan holds no call")]
            : plan.Calls.Where(c => Never.Contains(c.Operation, StringComparer.OrdinalIgnoreCase)).Select(c => new GuardRefusal(ActionGuard.NeverDone, $"{c.Operation} is never done"));

    private static IEnumerable<GuardRefusal> Mode(ActionWorld world)
    {
        if (world.Mode is null) yield return new(ActionGuard.Mode, "whether actions may run here could not be read");
        else if (world.Mode != ActionMode.On) yield return new(ActionGuard.Mode, $"actions are \"{world.Mode.ToString()!.ToLowerInvariant()}\" here: run the printed commands from your own terminal");
    }

    private static IEnumerable<GuardRefusal> Place(ActionPlan plan, ActionWorld world)
    {
        if (world.Place is not { } here) yield return new(ActionGuard.Place, "which account this is could not be read");
        else if (here != plan.Place) yield return new(ActionGuard.Place, $"the plan was made for account {plan.Place.Account} in {plan.Place.Region} at {plan.Place.Endpoint}; this is {here.Account} in {here.Region} at {here.Endpoint}");
    }

    private static IEnumerable<GuardRefusal> Expiry(ActionPlan plan, Instant now)
    {
        if (now >= plan.Expires) yield return new(ActionGuard.PlanExpired, $"the plan expired {Words.Time(plan.Expires)}");
        if (now < plan.MadeAt) yield return new(ActionGuard.PlanExpired, "the plan was made later than now: a clock is wrong");
    }

    private static IEnumerable<GuardRefusal> Facts(ActionPlan plan, ActionWorld world) =>
        world.Facts is not { } now ? [new(ActionGuard.FactsUnknown, "what the plan depends on could not be read again")] : plan.Moved(now).Select(m => new GuardRefusal(ActionGuard.FactsMoved, m));

    private static IEnumerable<GuardRefusal> Approved(ActionPlan plan, ActionRule rule, Approvals approvals, ActionWorld world, Instant now)
    {
        var (given, needed) = (ActionApprovals.Valid(plan, approvals, now).ToList(), ActionTable.ApproversOf(rule, plan));
        if (given.Count >= needed) yield break;
        if (Holding(plan, rule, approvals, now) is { } broken && given.Count > 0)
        {
            if (world.Severity is not (Severity.P0 or Severity.P1)) yield return new(ActionGuard.BreakGlass, "break-glass holds in a P0 or P1 only");
            yield break;
        }
        yield return new(ActionGuard.Approvals, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{needed} different people approve it, {given.Count} did{(given.Count > 0 ? $" ({given[0].Person})" : "")}"));
    }

    // It stands for the second approver only while the first one's approval, by the same person, holds.
    private static BreakGlass? Holding(ActionPlan plan, ActionRule rule, Approvals approvals, Instant now)
    {
        var given = ActionApprovals.Valid(plan, approvals, now).ToList();
        if (given.Count >= ActionTable.ApproversOf(rule, plan) || approvals.Broken is not { } broken) return null;
        return given.Any(a => a.Person == broken.Person) && approvals.AskedAt is { } asked && broken.At - asked >= ActionApprovals.Silence && broken.At <= now && broken.Why.Trim().Length > 0 ? broken : null;
    }

    private static IEnumerable<GuardRefusal> Freeze(ActionPlan plan, ActionRule rule, ActionWorld world, Instant now)
    {
        if (rule.IgnoresFreeze) return [];
        if (world.Freezes is not { } freezes) return [new(ActionGuard.Freeze, "whether this is a freeze window could not be read")];
        return freezes.Where(f => f.From <= now && now < f.To && (f.Environments.IsEmpty || f.Environments.Contains(plan.Environment, StringComparer.Ordinal)))
            .Select(f => new GuardRefusal(ActionGuard.Freeze, $"the freeze {f.Id} holds until {Words.Time(f.To)}"));
    }

    private static IEnumerable<GuardRefusal> Healthy(ActionPlan plan, ActionRule rule, ActionWorld world)
    {
        if (rule.MayStopAll || plan.LeastHealthy is not { } tasks) yield break;
        if (world.MinimumHealthy is not { } least) yield return new(ActionGuard.MinimumHealthy, "how many tasks must stay healthy could not be read");
        // What is below it already may be helped, never made worse.
        else if (tasks.After < least && tasks.After < tasks.Before) yield return new(ActionGuard.MinimumHealthy, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{tasks.After} healthy tasks would be left, at least {least} stay"));
    }

    private static IEnumerable<GuardRefusal> OneAtATime(ActionPlan plan, ActionRule rule, ActionWorld world)
    {
        if (rule.Effect == ActionEffect.Adds) return [];
        if (world.Past is not { } past) return [new(ActionGuard.OneAtATime, "what else runs could not be read")];
        var touched = plan.BlastRadius.Add(plan.Target);
        return past.Where(p => p.EndedAt is null && p.Environment == plan.Environment && (ActionTable.Find(p.Action)?.Effect ?? ActionEffect.Destroys) != ActionEffect.Adds && p.BlastRadius.Add(p.Target).Intersect(touched, StringComparer.Ordinal).Any())
            .Select(p => new GuardRefusal(ActionGuard.OneAtATime, $"{p.Action} on {p.Target} has not ended, or nobody knows whether it has"));
    }

    private static IEnumerable<GuardRefusal> Pace(ActionPlan plan, ActionRule rule, ActionWorld world, Instant now)
    {
        if (world.Past is not { } past)
        {
            yield return new(ActionGuard.Budget, "what ran before could not be read");
            yield break;
        }
        var same = past.Where(p => p.Action == plan.Action && p.Environment == plan.Environment).ToList();
        // What takes back does not wait for what it takes back; the budget holds for both.
        if (plan.Undoes.Length == 0 && same.Where(p => p.Target == plan.Target).Select(p => (Instant?)(p.EndedAt ?? p.StartedAt)).Max() is { } last && now - last < rule.CoolDown)
            yield return new(ActionGuard.CoolDown, $"{plan.Action} ran on {plan.Target} {Words.Time(last)}; it may again from {Words.Time(last + rule.CoolDown)} on");
        var hour = same.Count(p => p.StartedAt > now - Hour);
        if (hour >= rule.PerHour) yield return new(ActionGuard.Budget, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{plan.Action} ran {hour} times within the hour, {rule.PerHour} are allowed"));
    }
}
