using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Actions;

/// <summary>
/// Looks again and again at what must hold until its incident ends, such as stopped writes. Only a change is an event; the first that it does not hold any more goes to
/// whoever leads the incident and to the room, by the outbox.
/// </summary>
public sealed class ActionRechecks(Database database, ActionDesk desk, Journal journal, Reminders reminders, TimeProvider time)
{
    private const int Most = 50;
    private static readonly Duration Oldest = Duration.FromDays(30);

    /// <summary>One look at each; gives how many changed.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        var changed = 0;
        foreach (var run in await OpenAsync(cancel))
        {
            if (await LookAsync(run, cancel) is not { Works: { } holds } seen || holds == (run.Rechecked?.Holds ?? true)) continue;
            await KeepAsync(run.Id, holds, seen, cancel);
            changed++;
        }
        return changed;
    }

    // Those that worked, whose incident is open, and that nobody began to take back.
    private Task<List<ActionRun>> OpenAsync(CancellationToken cancel) => database.ReadAsync(
        async (s, c) =>
        {
            var kinds = string.Join(',', desk.Planner.Kinds.Where(k => k.MustHold).Select(k => $"'{k.Id}'"));
            var done = await ActionJournal.ListAsync(s, $"a.action in ({kinds}) and a.incident is not null and a.started > @since", new { since = Micros.Of(time.Now() - Oldest) }, Most, c);
            var open = new List<ActionRun>();
            foreach (var run in done.Where(r => r is { State: ActionState.Succeeded, Verified: not null } && r.Plan.Undoes.Length == 0 && !done.Any(u => u.Plan.Undoes == r.Id && u.StartedAt is not null)))
            {
                if (await journal.ReadAsync(s, run.Incident!.Value, c) is { IsOpen: true }) open.Add(run);
            }
            return open;
        },
        cancel);

    private async Task<Verification?> LookAsync(ActionRun run, CancellationToken cancel)
    {
        if (desk.Setup.Ground(run.Plan.Environment) is not { } ground || desk.Planner.Find(run.Plan.Action) is not { } kind) return null;
        try
        {
            return await kind.StillHoldsAsync(ground, run, cancel);
        }
        catch (Exception e) when (e is AwsFailure or ActionRefused)
        {
            // Not seen is not a change; the next look asks again.
            return null;
        }
    }

    private Task<bool> KeepAsync(string id, bool holds, Verification seen, CancellationToken cancel) => database.WriteAsync(
        async (s, c) =>
        {
            // Another node may have seen it first.
            if (await ActionJournal.HoldAsync(s, id, c) is not { } run || holds == (run.Rechecked?.Holds ?? true)) return false;
            var e = new ActionRechecked(time.Now(), "", holds, seen.Seen);
            await desk.AppendAsync(s, run, new ActionAnswer.Accept([e]), c);
            if (await journal.ReadAsync(s, run.Incident!.Value, c) is { } incident) await s.InsertAsync("outbox", OutboxRows.Columns, [.. reminders.Alert(incident, $"{run.Id}.{run.Version}", ActionWords.Of(run, e), e.At)], "on conflict (id) do nothing", c);
            return true;
        },
        cancel);
}
