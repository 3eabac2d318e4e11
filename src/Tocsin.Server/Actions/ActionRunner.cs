using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Collect.Aws;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Actions;

/// <summary>
/// Does what was started: each call is stored as begun before it leaves and as ended after it came back, so that whoever takes over after a crash reads back
/// instead of calling again. Then it looks whether it works, and whether anything else changed.
/// </summary>
public sealed class ActionRunner(Database database, ActionDesk desk, ActionRechecks rechecks, TimeProvider time, Action<string> step, string node, ILogger<ActionRunner> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(15);
    private readonly Channel<(string Id, ImmutableSortedDictionary<string, string> Values)> started = Channel.CreateUnbounded<(string, ImmutableSortedDictionary<string, string>)>();

    private readonly List<Task> running = [];

    /// <summary>Begins at once; what was typed in goes no further than this process.</summary>
    public void Begin(string id, ImmutableSortedDictionary<string, string> values) => started.Writer.TryWrite((id, values));

    /// <summary>To its end, with the look whether it works. Its claim is renewed all the while: nobody takes up what is still being done.</summary>
    public async Task<ActionRun> DoAsync(string id, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var renewing = RenewAsync(id, over.Token);
        try
        {
            return await WholeAsync(id, values, cancel);
        }
        finally
        {
            await over.CancelAsync();
            await renewing;
        }
    }

    private async Task RenewAsync(string id, CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(Renewal, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancel.IsCancellationRequested) return;
            try
            {
                await database.WriteAsync((s, c) => ActionJournal.RenewAsync(s, id, node, Micros.Of(time.Now()), c), CancellationToken.None);
            }
            catch (System.Data.Common.DbException e)
            {
                // Its events cannot be kept either now; the next turn tries again.
                ServerMessages.LoopFailed(log, $"the claim of {id}", e);
            }
        }
    }

    private async Task<ActionRun> WholeAsync(string id, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        var run = await desk.ReadAsync(id, cancel) ?? throw new ArgumentException($"there is no action {id}", nameof(id));
        var (ground, kind) = (desk.Setup.Ground(run.Plan.Environment)!, desk.Planner.Find(run.Plan.Action)!);
        var around = run.State == ActionState.Running ? await AroundAsync(ground, cancel) : null;
        while (run.State == ActionState.Running && run.NextCall is { } call)
        {
            var result = run.Calls[call].IsOpen ? await TriedAsync(c => kind.ReadBackAsync(ground, run, call, c), cancel) : await CallAsync(ground, kind, run, call, values, cancel);
            if (result is null) return run;
            run = await AppendAsync(id, r => ActionDecisions.End(r, call, result.Outcome, result.Words, result.Gave, time.Now()), cancel);
            step("after-outcome");
        }
        if (run is { State: ActionState.Succeeded, Verified: null }) run = await VerifyAsync(ground, kind, run, around, cancel);
        return run;
    }

    /// <summary>Takes up what another node, or this one before it died, left open. Gives how many.</summary>
    public async Task<int> TakeUpAsync(CancellationToken cancel)
    {
        if (await database.WriteAsync((s, c) => ActionJournal.ClaimAsync(s, node, Micros.Of(time.Now()), c), cancel) is not { } id) return 0;
        await DoAsync(id, ActionOrder.None, cancel);
        return 1;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(LoopAsync("actions", async c =>
    {
        var (id, values) = await started.Reader.ReadAsync(c);
        // Beside each other: whether one works may take minutes to see.
        running.RemoveAll(static r => r.IsCompleted);
        running.Add(AloneAsync(id, values, c));
    }, stoppingToken), LoopAsync("actions left open", async c =>
    {
        if (await TakeUpAsync(c) == 0) await Task.Delay(Look, c);
    }, stoppingToken), LoopAsync("actions that must hold", async c =>
    {
        await rechecks.CheckAsync(c);
        await Task.Delay(desk.Setup.Recheck, c);
    }, stoppingToken));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(running);
    }

    private async Task AloneAsync(string id, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        try
        {
            await DoAsync(id, values, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException || cancel.IsCancellationRequested)
        {
            // Its claim lapses, and it is taken up again.
            ServerMessages.LoopFailed(log, $"the action {id}", e);
        }
    }

    private async Task LoopAsync(string name, Func<CancellationToken, Task> act, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await act(cancel);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                ServerMessages.LoopFailed(log, name, e);
                await Task.Delay(Look, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<CallResult?> CallAsync(ActionGround ground, ActionKind kind, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        var begun = await AppendAsync(run.Id, r => ActionDecisions.Begin(r, time.Now()), cancel);
        if (!begun.Calls[call].IsOpen) return null;
        step("before-call");
        // From here on it is waited for, also while the server stops: an answer that nobody took is an unknown outcome.
        var result = await TriedAsync(c => kind.CallAsync(ground, begun, call, values, c), CancellationToken.None);
        step("after-call");
        // What may have been done is read back at once, once; what AWS has not taken in yet is a person's to settle.
        return result!.Outcome == ActionOutcome.Unknown && await TriedAsync(c => kind.ReadBackAsync(ground, begun, call, c), CancellationToken.None) is { Outcome: not ActionOutcome.Unknown } read ? Told(read, result) : result;
    }

    // Read back as not done right after a lost answer may still become done: only seeing it done is sure.
    private static CallResult Told(CallResult read, CallResult lost) =>
        read.Outcome == ActionOutcome.Succeeded ? read with { Words = $"{lost.Words}; {read.Words}" } : lost with { Words = $"{lost.Words}; {read.Words}, and may still change" };

    private static async Task<CallResult?> TriedAsync(Func<CancellationToken, Task<CallResult>> act, CancellationToken cancel)
    {
        try
        {
            return await act(cancel);
        }
        catch (Exception e) when (e is AwsFailure or ActionRefused or HttpRequestException or IOException or Collect.Wire.WireFailure)
        {
            return CallResult.Unknown(AwsCalling.Short(e.Message));
        }
    }

    private async Task<ActionRun> VerifyAsync(ActionGround ground, ActionKind kind, ActionRun run, ImmutableSortedDictionary<string, string>? around, CancellationToken cancel)
    {
        var until = time.Now() + kind.Patience;
        var seen = new Verification(null, ["it was not looked at"]);
        while (true)
        {
            try
            {
                seen = await kind.VerifyAsync(ground, run, cancel);
            }
            catch (Exception e) when (e is AwsFailure or ActionRefused)
            {
                seen = Verification.NotYet($"it could not be looked at: {AwsCalling.Short(e.Message)}");
            }
            if (seen.Works is not null || time.Now() >= until) break;
            await Task.Delay(desk.Setup.Pause, cancel);
        }
        var beside = Beside(run.Plan, around, await AroundAsync(ground, cancel));
        return await AppendAsync(run.Id, r => new ActionAnswer.Accept([new ActionVerified(time.Now(), "", seen.Works, seen.Seen, beside)]), cancel);
    }

    private static async Task<ImmutableSortedDictionary<string, string>?> AroundAsync(ActionGround ground, CancellationToken cancel)
    {
        try
        {
            return await ground.AroundAsync(cancel);
        }
        catch (AwsFailure)
        {
            return null;
        }
    }

    // After a crash nobody knows how it was before, and nothing is said of it.
    private static ImmutableArray<string> Beside(ActionPlan plan, ImmutableSortedDictionary<string, string>? before, ImmutableSortedDictionary<string, string>? after) =>
        before is null || after is null ? [] : [.. before.Where(b => b.Key != plan.Target && !plan.BlastRadius.Contains(b.Key, StringComparer.Ordinal) && after.GetValueOrDefault(b.Key) != b.Value).Select(b => $"{b.Key} ({b.Value} → {after.GetValueOrDefault(b.Key, "gone")})")];

    private Task<ActionRun> AppendAsync(string id, Func<ActionRun, ActionAnswer> decide, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var run = (await ActionJournal.HoldAsync(s, id, c))!;
                return await desk.AppendAsync(s, run, decide(run), c) is ActionResult.Done done ? done.Run : run;
            },
            cancel);
}
