using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Response.Actions;

/// <summary>What an account may do, the lowest first.</summary>
public enum ActorRole
{
    Viewer,
    Responder,
    Commander,
    Admin,
}

/// <param name="Verified">Whether the person's identity was proven for this request; a name in a text is nobody.</param>
public sealed record Actor(string Person, ActorRole Role, bool Verified);

/// <summary>One person's consent to exactly one plan.</summary>
/// <param name="Plan">The plan's digest as the approver saw it.</param>
/// <param name="Facts">The digest of the facts it depended on.</param>
public sealed record Approval(string Person, string Plan, string Facts, Instant At, Instant Expires);

/// <summary>One alone, because the second approver was silent.</summary>
/// <param name="Why">Typed by that person; announced to all and listed in the post-mortem.</param>
public sealed record BreakGlass(string Person, string Why, Instant At);

/// <summary>What was consented to so far.</summary>
/// <param name="AskedAt">When the second approver was asked; null: nobody was.</param>
public sealed record Approvals(ImmutableArray<Approval> Given, Instant? AskedAt, BreakGlass? Broken)
{
    public static readonly Approvals None = new([], null, null);
}

/// <summary>The answer to a wish to approve.</summary>
public abstract record ApprovalDecision
{
    public sealed record Accept(Approvals Now) : ApprovalDecision;

    public sealed record Refuse(ActionGuard Guard, string Why) : ApprovalDecision;
}

/// <summary>Who may consent to what. Pure; whatever is not proven is refused.</summary>
public static class ActionApprovals
{
    /// <summary>An approval holds so long, and never longer than its plan.</summary>
    public static readonly Duration Holds = Duration.FromMinutes(15);

    /// <summary>So long the second approver may be silent in a P0 or P1.</summary>
    public static readonly Duration Silence = Duration.FromMinutes(5);

    /// <param name="digest">What the approver saw: the digest that stood beside the button.</param>
    public static ApprovalDecision Approve(ActionPlan plan, Approvals before, Actor actor, string digest, Instant now)
    {
        if (ActionTable.Find(plan.Action) is not { } rule) return Refuse(ActionGuard.UnknownAction, $"there is no action {plan.Action}");
        if (!actor.Verified || actor.Person.Length == 0) return Refuse(ActionGuard.Role, "nobody is proven to be asking");
        if (actor.Role < ActorRole.Responder) return Refuse(ActionGuard.Role, $"{actor.Person} is a {actor.Role.ToString().ToLowerInvariant()}; approving takes a responder");
        if (now >= plan.Expires) return Refuse(ActionGuard.PlanExpired, $"the plan expired {Words.Time(plan.Expires)}; make it anew");
        if (digest != plan.Digest) return Refuse(ActionGuard.Digest, "the plan is another one than was looked at");
        if (Valid(plan, before, now).Any(a => a.Person == actor.Person)) return Refuse(ActionGuard.SamePerson, $"{actor.Person} has approved already; another person is needed");
        var given = before.Given.RemoveAll(a => a.Person == actor.Person).Add(new Approval(actor.Person, plan.Digest, plan.FactsDigest, now, Instant.Min(plan.Expires, now + Holds)));
        var next = before with { Given = given };
        // From the first approval on a second one is waited for.
        return new ApprovalDecision.Accept(next with { AskedAt = Valid(plan, next, now).Count() < ActionTable.ApproversOf(rule, plan) ? before.AskedAt ?? now : before.AskedAt });
    }

    /// <param name="severity">Of the incident that it is for; null: there is none.</param>
    public static ApprovalDecision Break(ActionPlan plan, Approvals before, Actor actor, string why, Severity? severity, Instant now)
    {
        if (!actor.Verified || actor.Role < ActorRole.Responder) return Refuse(ActionGuard.Role, "break-glass takes a responder whose identity is proven");
        if (severity is not (Severity.P0 or Severity.P1)) return Refuse(ActionGuard.BreakGlass, "break-glass exists in a P0 or P1 only");
        if (string.IsNullOrWhiteSpace(why)) return Refuse(ActionGuard.BreakGlass, "break-glass needs a reason, in words");
        if (!Valid(plan, before, now).Any(a => a.Person == actor.Person)) return Refuse(ActionGuard.BreakGlass, $"{actor.Person} approves first, and then waits for the second");
        if (before.AskedAt is not { } asked || now - asked < Silence) return Refuse(ActionGuard.BreakGlass, $"the second approver has {Words.Length(Silence)} to answer{(before.AskedAt is { } since ? $", until {Words.Time(since + Silence)}" : "")}");
        return new ApprovalDecision.Accept(before with { Broken = new BreakGlass(actor.Person, why, now) });
    }

    /// <summary>Approvals of exactly this plan that hold now.</summary>
    public static IEnumerable<Approval> Valid(ActionPlan plan, Approvals approvals, Instant now) =>
        approvals.Given.Where(a => a.Plan == plan.Digest && a.Facts == plan.FactsDigest && a.At <= now && now < a.Expires).DistinctBy(a => a.Person, StringComparer.Ordinal);

    private static ApprovalDecision.Refuse Refuse(ActionGuard guard, string why) => new(guard, why);
}
