using Tocsin.Core.Response;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions;

/// <summary>Events of actions as the timeline of an incident tells them; empty where nobody needs to read it there.</summary>
public static class ActionWords
{
    public static string Of(ActionRun run, ActionEvent e) => e switch
    {
        ActionPlanned p => $"planned {Name(run)}: {run.Plan.Current} → {run.Plan.Wanted}{(p.Why.Length > 0 ? $" ({p.Why})" : "")}",
        ActionApproved a => $"approved {Name(run)}{(a.AskedAt is not null ? "; a second person is asked" : "")}",
        GlassBroken b => $"BROKE THE GLASS for {Name(run)}, alone: {b.Why}",
        ActionWithdrawn w => $"withdrew {Name(run)}: {w.Why}",
        ActionHeldBack h => $"{Name(run)} did not run: {string.Join("; ", h.Because.Select(b => b.Why))}",
        ActionStarted => $"started {Name(run)}",
        ActionEnded n => $"{Name(run)} {(n.Outcome == ActionOutcome.Unknown ? "has an unknown outcome" : n.Outcome.ToString().ToLowerInvariant())}: {n.Words}",
        ActionVerified v => $"{Name(run)} {(v.Works switch { true => "works", false => "does not work", null => "could not be seen to work in time" })}: {string.Join("; ", v.Seen)}{(v.Beside.IsEmpty ? "" : $"; beside it changed {string.Join(", ", v.Beside)}")}",
        ActionSettled s => $"settled {Name(run)} as {s.Outcome.ToString().ToLowerInvariant()}: {s.Why}",
        ActionRechecked { Holds: true } r => $"{Name(run)} holds again: {string.Join("; ", r.Seen)}",
        ActionRechecked r => $"⚠ {Name(run)} does NOT hold any more: {string.Join("; ", r.Seen)}",
        _ => "",
    };

    public static string Name(ActionRun run) => $"{(run.Plan.Undoes.Length > 0 ? "the undo of " : "")}{run.Plan.Action} on {run.Plan.Target}";

    /// <summary>Who is still needed, in words; empty: nobody.</summary>
    public static string Waiting(ActionRun run, NodaTime.Instant now)
    {
        if (run.State != ActionState.Planned || ActionTable.Find(run.Plan.Action) is not { } rule) return "";
        var (needed, given) = (ActionTable.ApproversOf(rule, run.Plan), ActionApprovals.Valid(run.Plan, run.Approvals, now).Count());
        if (now >= run.Plan.Expires) return $"the plan expired {Words.Time(run.Plan.Expires)}";
        return given >= needed ? "" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{given} of {needed} approvals");
    }
}
