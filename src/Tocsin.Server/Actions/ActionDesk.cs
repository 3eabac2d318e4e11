using System.Collections.Immutable;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Actions;

/// <summary>What became of a wish about an action.</summary>
public abstract record ActionResult
{
    public sealed record Done(ActionRun Run) : ActionResult;

    public sealed record Refused(string Why, ImmutableArray<GuardRefusal> Because) : ActionResult;

    public sealed record Missing(string Id) : ActionResult;
}

/// <summary>Where wishes about actions come in: reads, lets Core decide, keeps what happened. It calls nobody but to read; <see cref="ActionRunner"/> acts.</summary>
public sealed class ActionDesk(Database database, ActionPlanner planner, ActionSetup setup, IncidentDesk incidents, PlanSource plan, Journal journal, TimeProvider time, string node)
{
    private static readonly Duration Hour = Duration.FromHours(1);

    public ActionSetup Setup => setup;

    public ActionPlanner Planner => planner;

    public Task<ActionRun?> ReadAsync(string id, CancellationToken cancel) => database.ReadAsync((s, c) => ActionJournal.ReadAsync(s, id, c), cancel);

    /// <param name="incident">Null: the newest of all.</param>
    public async Task<IReadOnlyList<ActionRun>> ListAsync(IncidentId? incident, int most, CancellationToken cancel) =>
        [.. (await database.ReadAsync((s, c) => ActionJournal.ListAsync(s, incident is null ? "true" : "a.incident = @number", new { number = incident?.Number ?? 0L }, most, c), cancel)).OrderByDescending(r => r.Plan.MadeAt)];

    /// <summary>At the start: where there is one process, what it had claimed before is nobody's.</summary>
    public Task ReleaseAsync(CancellationToken cancel) =>
        database.Dialect.OneWriter ? database.WriteAsync((s, c) => s.ExecuteAsync("update actions set claimed_until = 0 where verified = 0", null, c), cancel) : Task.CompletedTask;

    public async Task<ActionResult> PlanAsync(ActionOrder order, IncidentId? incident, Actor actor, string why, CancellationToken cancel)
    {
        if (setup.Mode(order.Environment) == ActionMode.Off) return Refuse(ActionGuard.Mode, $"actions are off in {order.Environment}");
        if (setup.Ground(order.Environment) is not { } ground) return Refuse(ActionGuard.Place, $"the platform has no environment {order.Environment} that can be reached");
        if (incident is { } of && await database.ReadAsync((s, c) => journal.ReadAsync(s, of, c), cancel) is null) return Refuse(ActionGuard.State, $"there is no incident {of}");
        return await KeepAsync(await planner.PlanAsync(ground, order, cancel), incident, actor, why, cancel);
    }

    public async Task<ActionResult> UndoAsync(string id, Actor actor, string why, CancellationToken cancel)
    {
        if (await ReadAsync(id, cancel) is not { } run) return new ActionResult.Missing(id);
        if (setup.Ground(run.Plan.Environment) is not { } ground) return Refuse(ActionGuard.Place, $"{run.Plan.Environment} cannot be reached");
        return await KeepAsync(await planner.UndoAsync(ground, run, cancel), run.Incident, actor, why, cancel);
    }

    public Task<ActionResult> ApproveAsync(string id, Actor actor, string digest, CancellationToken cancel) => DecideAsync(id, (run, _, now) => ActionDecisions.Approve(run, actor, digest, now), cancel);

    public Task<ActionResult> BreakAsync(string id, Actor actor, string why, CancellationToken cancel) => DecideAsync(id, (run, severity, now) => ActionDecisions.Break(run, actor, why, severity, now), cancel);

    public Task<ActionResult> WithdrawAsync(string id, Actor actor, string why, CancellationToken cancel) => DecideAsync(id, (run, _, now) => ActionDecisions.Withdraw(run, actor, why, now), cancel);

    public Task<ActionResult> SettleAsync(string id, Actor actor, bool wasDone, string why, CancellationToken cancel) => DecideAsync(id, (run, _, now) => ActionDecisions.Settle(run, actor, wasDone, why, now), cancel);

    /// <summary>All guards, with the world read right before; accepted, it counts as running from here on.</summary>
    public async Task<ActionResult> StartAsync(string id, Actor actor, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        if (await ReadAsync(id, cancel) is not { } planned) return new ActionResult.Missing(id);
        var world = await WorldAsync(planned, cancel);
        var digests = values.ToImmutableSortedDictionary(v => v.Key, v => ActionPlanner.DigestOf(id, v.Key, v.Value), StringComparer.Ordinal);
        return await database.WriteAsync(
            async (s, c) =>
            {
                if (await ActionJournal.HoldAsync(s, id, c) is not { } run) return new ActionResult.Missing(id);
                // Starts take turns: two that destroy the same thing can not both see that nothing runs.
                await s.TakeAsync("action", 1, c);
                var past = await ActionJournal.PastAsync(s, Micros.Of(time.Now() - Hour), c);
                var severity = run.Incident is { } incident ? (await journal.ReadAsync(s, incident, c))?.Severity : null;
                return await AppendAsync(s, run, ActionDecisions.Start(run, actor, digests, world with { Past = past, Severity = severity }, time.Now()), c);
            },
            cancel);
    }

    /// <summary>What the guards ask, but for what only the database knows. What cannot be read is null, and so a refusal.</summary>
    private async Task<ActionWorld> WorldAsync(ActionRun run, CancellationToken cancel)
    {
        var (ground, kind) = (setup.Ground(run.Plan.Environment), planner.Find(run.Plan.Action));
        return new ActionWorld
        {
            Mode = setup.Mode(run.Plan.Environment),
            Place = ground is null ? null : await ReadAsync<ActionPlace>(async c => await ground.PlaceAsync(c), cancel),
            Facts = ground is null || kind is null ? null : await ReadAsync<ImmutableSortedDictionary<string, string>>(async c => await kind.FactsAsync(ground, run.Plan, c), cancel),
            Freezes = setup.Freezes,
            Past = null,
            MinimumHealthy = ground is null || kind is null ? null : (await ReadAsync<object>(async c => await kind.LeastAsync(ground, run.Plan, c), cancel)) as int?,
        };
    }

    private static async Task<T?> ReadAsync<T>(Func<CancellationToken, Task<T?>> read, CancellationToken cancel)
        where T : class
    {
        try
        {
            return await read(cancel);
        }
        catch (Exception e) when (e is AwsFailure or ActionRefused)
        {
            return null;
        }
    }

    private async Task<ActionResult> KeepAsync(Planning planning, IncidentId? incident, Actor actor, string why, CancellationToken cancel)
    {
        if (planning is not Planning.Planned planned) return Refuse(ActionGuard.State, planning is Planning.Refused refused ? refused.Why : "there is no plan");
        return await database.WriteAsync((s, c) => AppendAsync(s, null, ActionDecisions.Plan(planned.Plan, incident, actor, why, time.Now()), c), cancel);
    }

    private Task<ActionResult> DecideAsync(string id, Func<ActionRun, Severity?, Instant, ActionAnswer> decide, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                if (await ActionJournal.HoldAsync(s, id, c) is not { } run) return new ActionResult.Missing(id);
                var severity = run.Incident is { } incident ? (await journal.ReadAsync(s, incident, c))?.Severity : null;
                return await AppendAsync(s, run, decide(run, severity, time.Now()), c);
            },
            cancel);

    /// <summary>Keeps what was decided; in the timeline of the incident stands what a person must know.</summary>
    internal async Task<ActionResult> AppendAsync(Session s, ActionRun? before, ActionAnswer answer, CancellationToken cancel)
    {
        var events = answer is ActionAnswer.Refuse refuse ? refuse.Events : ((ActionAnswer.Accept)answer).Events;
        var after = events.IsEmpty ? before : await ActionJournal.AppendAsync(s, before, events, node, cancel);
        if (after?.Incident is { } incident)
        {
            foreach (var told in events.Select(e => (e.By, Text: ActionWords.Of(after, e))).Where(t => t.Text.Length > 0))
                await incidents.DecideAsync(s, incident, null, (i, now) => IncidentDecisions.Decide(i, new IncidentCommand.Note(told.By.Length > 0 ? told.By : "tocsin", told.Text), now), cancel);
        }
        foreach (var alone in events.OfType<GlassBroken>())
        {
            var (said, now) = ($"{alone.By} {ActionWords.Of(after!, alone)}", time.Now());
            var words = new PageWords(PageText.Cut(PageText.Plain(said)), "Nobody else approved it. Whoever knows better stops it now.");
            await Everyone.TellAsync(s, plan.Now, $"glass/{after!.Id[^12..]}", Severity.P0, after.Incident.ToString()!, words, now, cancel);
        }
        return answer is ActionAnswer.Refuse refused ? new ActionResult.Refused(refused.Why, refused.Because) : new ActionResult.Done(after!);
    }

    private static ActionResult.Refused Refuse(ActionGuard guard, string why) => new(why, [new GuardRefusal(guard, why)]);
}
