using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions;

/// <summary>Something that is asked for beside the target.</summary>
/// <param name="Secret">It is typed in, and typed in again when it runs; stored nowhere.</param>
public sealed record ActionArgument(string Name, string About, bool Required = false, bool Secret = false);

/// <summary>What someone wants done.</summary>
/// <param name="Target">A service, a secret, a key, a queue: whatever the action is about.</param>
/// <param name="Values">By name; those of secrets are only held in memory.</param>
public sealed record ActionOrder(string Action, string Environment, string Target, ImmutableSortedDictionary<string, string> Values)
{
    public static readonly ImmutableSortedDictionary<string, string> None = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The plan that it takes back; empty: none.</summary>
    public string Undoes { get; init; } = "";

    public string? Value(string name) => Values.GetValueOrDefault(name);

    /// <summary>What a fix of a cause that was found comes to.</summary>
    public static ActionOrder For(Fix fix, RankedCause cause, string environment) =>
        new(fix.Action, environment, Whom(fix.Action, cause.At with { Item = cause.At.Item.Length > 0 ? cause.At.Item : cause.Items.FirstOrDefault("") }), fix.With);

    /// <summary>Whom an action is about where something is wrong at a place; empty where the place does not say.</summary>
    public static string Whom(string action, Subject at) => action.Split('.')[0] switch
    {
        "ecs" => at.Service,
        "rds" or "aurora" => at.Component,
        "bullmq" or "redis" or "secret" or "migration" => at.Item,
        _ => "",
    };
}

/// <summary>What a plan is made of, as far as its kind knows it.</summary>
public sealed record ActionDraft(string Target, string Current, string Wanted, ImmutableArray<PlannedCall> Calls, ImmutableSortedDictionary<string, string> Facts)
{
    public ImmutableArray<string> BlastRadius { get; init; } = [];
    public ImmutableSortedDictionary<string, string> Remembered { get; init; } = ActionOrder.None;
    public HealthyTasks? LeastHealthy { get; init; }
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Names of what is typed in again.</summary>
    public ImmutableArray<string> Typed { get; init; } = [];
}

/// <summary>How a call ended.</summary>
/// <param name="Gave">Of the answer what later calls need.</param>
public sealed record CallResult(ActionOutcome Outcome, string Words, ImmutableSortedDictionary<string, string> Gave)
{
    public static CallResult Done(string words) => new(ActionOutcome.Succeeded, words, ActionOrder.None);

    public static CallResult Done(string words, string name, string value) => new(ActionOutcome.Succeeded, words, ActionOrder.None.Add(name, value));

    public static CallResult Failed(string words) => new(ActionOutcome.Failed, words, ActionOrder.None);

    public static CallResult Unknown(string words) => new(ActionOutcome.Unknown, words, ActionOrder.None);
}

/// <param name="Works">Null: not yet, or it cannot be looked at.</param>
public sealed record Verification(bool? Works, ImmutableArray<string> Seen)
{
    public static Verification Yes(params string[] seen) => new(true, [.. seen]);

    public static Verification NotYet(params string[] seen) => new(null, [.. seen]);

    public static Verification No(params string[] seen) => new(false, [.. seen]);
}

/// <summary>
/// One kind of action: how it is planned, what it depends on, how it is called, read back, looked at and taken back. All but <see cref="CallAsync"/> only read.
/// Whatever speaks against a plan is an <see cref="ActionRefused"/>.
/// </summary>
public abstract class ActionKind
{
    public abstract string Id { get; }

    /// <summary>What the target is, for whoever asks.</summary>
    public abstract string Target { get; }

    /// <summary>Whether it has to be told; else there is only one.</summary>
    public virtual bool NeedsTarget => true;

    public virtual ImmutableArray<ActionArgument> Arguments => [];

    /// <summary>So long after its calls it is looked at whether it works.</summary>
    public virtual Duration Patience => Duration.FromMinutes(5);

    public abstract Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel);

    /// <summary>The plan's facts, read again.</summary>
    public abstract Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel);

    /// <summary>Healthy tasks that the target keeps at least; null: it could not be found out.</summary>
    public virtual Task<int?> LeastAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Task.FromResult<int?>(0);

    /// <summary>The same by hand.</summary>
    public virtual string CommandOf(PlannedCall call, ActionPlace place) => AwsCommands.Of(call, place);

    /// <summary>Sends one call, once.</summary>
    public virtual Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) => AwsCalling.SendAsync(ground, run, call, values, cancel);

    /// <summary>Whether a call that left was done after all: succeeded, surely not (failed), or unknown.</summary>
    public abstract Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel);

    /// <summary>Whether it must hold until its incident ends: then it is looked at again and again, by <see cref="StillHoldsAsync"/>.</summary>
    public virtual bool MustHold => false;

    /// <summary>Whether what it did still holds; works is null where it could not be seen.</summary>
    public virtual Task<Verification> StillHoldsAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => VerifyAsync(ground, run, cancel);

    public abstract Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel);

    /// <summary>What takes it back; by default it cannot be, and the table of actions says why.</summary>
    public virtual Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => throw new ActionRefused($"{Id} has no undo: {ActionTable.Find(Id)!.Undo}");
}
