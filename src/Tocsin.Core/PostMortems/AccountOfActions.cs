using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Core.PostMortems;

/// <summary>What was done to the platform, and what was wanted and not done, from the events of the plans alone.</summary>
public static class AccountOfActions
{
    /// <summary>In the order they were made. What takes another one back stands in that one's line and has a line of its own.</summary>
    public static ImmutableArray<AccountAction> Of(IEnumerable<ActionRun> runs)
    {
        var all = runs.OrderBy(r => r.Plan.MadeAt).ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        return [.. all.Select(r => Of(r, all))];
    }

    private static AccountAction Of(ActionRun run, IReadOnlyList<ActionRun> all) => new(
        run.Id,
        run.Plan.MadeAt,
        run.By,
        run.Plan.Undoes.Length > 0 ? $"the undo of {run.Plan.Action}" : run.Plan.Action,
        run.Plan.Target,
        $"{run.Plan.Current} → {run.Plan.Wanted}",
        string.Join(", ", run.Approvals.Given.OrderBy(a => a.At).Select(a => $"{a.Person} {Clock(a.At)}")),
        run.StartedAt,
        run.StartedBy,
        Outcome(run),
        Verified(run),
        Undo(run, all),
        run.Approvals.Broken is { } broken ? $"{broken.Person}: {broken.Why}" : "");

    private static string Outcome(ActionRun run) => run.State switch
    {
        ActionState.Planned when run.HeldBack.IsEmpty => "planned, never run",
        ActionState.Planned => $"held back: {string.Join("; ", run.HeldBack.Select(h => h.Why))}",
        ActionState.Running => "runs",
        ActionState.Withdrawn => $"withdrawn: {run.Words}",
        ActionState.Succeeded => run.Words.StartsWith("settled", StringComparison.Ordinal) ? $"succeeded, {run.Words}" : "succeeded",
        ActionState.Failed => $"failed: {run.Words}",
        ActionState.Unknown => $"unknown: {run.Words}",
        _ => throw new ArgumentOutOfRangeException(nameof(run), run.State, "unknown state"),
    };

    private static string Verified(ActionRun run)
    {
        if (run.Verified is not { } seen) return "";
        var works = seen.Works switch { true => "works", false => "does not work", null => "could not be seen to work" };
        var beside = seen.Beside.IsEmpty ? "" : $"; beside it changed {string.Join(", ", seen.Beside)}";
        var later = run.Rechecked switch { null => "", { Holds: true } r => $"; held again from {Clock(r.At)}", { } r => $"; did not hold from {Clock(r.At)}: {string.Join("; ", r.Seen)}" };
        return seen.Seen.IsEmpty ? works + beside + later : $"{works}: {string.Join("; ", seen.Seen)}{beside}{later}";
    }

    private static string Undo(ActionRun run, IReadOnlyList<ActionRun> all)
    {
        if (run.StartedAt is null) return "";
        if (all.LastOrDefault(r => r.Plan.Undoes == run.Id && r.StartedAt is not null) is { } undo) return $"taken back {Clock(undo.StartedAt!.Value)} by {undo.StartedBy}: {undo.State.ToString().ToLowerInvariant()}";
        if (run.Plan.Undoes.Length > 0) return "";
        return ActionTable.Find(run.Plan.Action) is { Reversibility: Reversibility.None } rule ? $"none: {rule.Undo}" : "not taken back";
    }

    private static string Clock(Instant at) => at.ToString("HH:mm", CultureInfo.InvariantCulture);
}
