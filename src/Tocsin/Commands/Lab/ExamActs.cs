using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Response.Actions;
using Tocsin.Server;
using Tocsin.Server.Actions;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>A fix that was tried.</summary>
/// <param name="Run">What succeeded; null: nothing ran, or it failed.</param>
internal sealed record ActedFix(string Words, ActionRun? Run, ImmutableArray<string> Beside)
{
    /// <summary>Done, and not seen to change nothing.</summary>
    public bool Helped => Run is { Verified: null or { Works: not false } };
}

/// <summary>Carries out and takes back, as two people with a server would.</summary>
internal sealed class ExamActs(ServerHost server)
{
    private static readonly Actor[] Approvers = [new("exam-one", ActorRole.Responder, Verified: true), new("exam-two", ActorRole.Responder, Verified: true)];

    // What an undo goes back to is broken: nobody waits until it works.
    private static readonly TimeSpan Undoing = TimeSpan.FromSeconds(15);

    // Many minutes of lab time: what does not work by then does not work.
    private static readonly TimeSpan Doing = TimeSpan.FromSeconds(60);
    private readonly ActionDesk desk = server.Part<ActionDesk>();
    private readonly ActionRunner runner = server.Part<ActionRunner>();

    public async Task<ActedFix> DoAsync(string environment, Fix fix, RankedCause cause, CancellationToken cancel)
    {
        var planned = await desk.PlanAsync(ActionOrder.For(fix, cause, environment), null, Approvers[0], fix.Title, cancel);
        if (planned is not ActionResult.Done { Run: var plan }) return new ActedFix($"{fix.Action}: {Refusal(planned)}", null, []);
        if (await StartAsync(plan, cancel) is { } held) return new ActedFix($"{fix.Action}: {held}", null, []);
        var done = await RunAsync(plan.Id, Doing, cancel);
        var works = done.Verified?.Works switch { true => "works", false => "does not work", null => "not seen to work" };
        return new ActedFix($"{fix.Action}: {done.State.ToString().ToLowerInvariant()}, {works}", done.State is ActionState.Succeeded ? done : null, done.Verified?.Beside ?? []);
    }

    /// <summary>Taken back, and read back from the platform that it is as it was before.</summary>
    public async Task<UndoResult> UndoAsync(ActionRun done, CancellationToken cancel)
    {
        var (action, ground) = (done.Plan.Action, desk.Setup.Ground(done.Plan.Environment)!);
        var planned = await desk.UndoAsync(done.Id, Approvers[0], "the exam takes it back", cancel);
        if (planned is not ActionResult.Done { Run: var plan }) return new UndoResult(action, Done: null, Refusal(planned));
        if (await StartAsync(plan, cancel) is { } held) return new UndoResult(action, Done: false, held);
        var run = await RunAsync(plan.Id, Undoing, cancel);
        if (run.State != ActionState.Succeeded) return new UndoResult(action, Done: false, run.State.ToString().ToLowerInvariant());
        var kind = desk.Planner.Find(action)!;
        for (var call = 0; call < run.Calls.Length; call++)
        {
            if (await kind.ReadBackAsync(ground, run, call, cancel) is { Outcome: not ActionOutcome.Succeeded } read) return new UndoResult(action, Done: false, read.Words);
        }
        return new UndoResult(action, Done: true, $"{run.Plan.Target}: {run.Plan.Wanted}");
    }

    private static string Refusal(ActionResult result) => result is ActionResult.Refused refused ? refused.Why : "could not be planned";

    /// <returns>What held it back; null: it runs.</returns>
    private async Task<string?> StartAsync(ActionRun plan, CancellationToken cancel)
    {
        foreach (var person in Approvers) await desk.ApproveAsync(plan.Id, person, plan.Plan.Digest, cancel);
        return await desk.StartAsync(plan.Id, Approvers[1], ActionOrder.None, cancel) is ActionResult.Done ? null : $"was held back: {string.Join("; ", (await desk.ReadAsync(plan.Id, cancel))!.HeldBack.Select(h => h.Why))}";
    }

    private async Task<ActionRun> RunAsync(string id, TimeSpan most, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(most);
        try
        {
            return await runner.DoAsync(id, ActionOrder.None, limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (await desk.ReadAsync(id, cancel))!;
        }
    }
}
