using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions;

/// <summary>What came of planning.</summary>
public abstract record Planning
{
    public sealed record Planned(ActionPlan Plan) : Planning;

    public sealed record Refused(string Why) : Planning;
}

/// <summary>Makes plans by only reading: the exact calls, current and wanted, the facts it depends on, and the commands for doing it by hand.</summary>
public sealed class ActionPlanner(ImmutableArray<ActionKind> kinds)
{
    /// <summary>As plans name an endpoint that is AWS's own.</summary>
    public const string AwsItself = "aws";

    // A plan is about a world that moves.
    private static readonly Duration Holds = Duration.FromMinutes(30);

    public IEnumerable<ActionKind> Kinds => kinds;

    public ActionKind? Find(string action) => kinds.FirstOrDefault(k => k.Id == action);

    public Task<Planning> PlanAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        if (Find(order.Action) is not { } kind) return Task.FromResult<Planning>(new Planning.Refused($"there is no action {order.Action}; {Nearest.Suggest(order.Action, kinds.Select(k => k.Id))}known: {string.Join(", ", kinds.Select(k => k.Id))}"));
        if (order.Values.Keys.FirstOrDefault(v => !kind.Arguments.Any(a => a.Name == v)) is { } unknown) return Task.FromResult<Planning>(new Planning.Refused($"{kind.Id} takes no {unknown}; {Known(kind)}"));
        if (kind.Arguments.FirstOrDefault(a => a.Required && !order.Values.ContainsKey(a.Name)) is { } missing) return Task.FromResult<Planning>(new Planning.Refused($"{kind.Id} needs {missing.Name}: {missing.About}"));
        return WholeAsync(ground, order, kind, c => kind.DraftAsync(ground, order, c), cancel);
    }

    public Task<Planning> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var kind = Find(run.Plan.Action)!;
        if (run.State != ActionState.Succeeded) return Task.FromResult<Planning>(new Planning.Refused($"only what succeeded is taken back; this is {run.State.ToString().ToLowerInvariant()}"));
        if (run.Plan.Undoes.Length > 0) return Task.FromResult<Planning>(new Planning.Refused("it takes something back itself: plan the action anew"));
        var order = new ActionOrder(kind.Id, run.Plan.Environment, run.Plan.Target, ActionOrder.None) { Undoes = run.Id };
        return WholeAsync(ground, order, kind, c => kind.UndoAsync(ground, run, c), cancel);
    }

    /// <summary>What a value that is typed in again is known by: a digest that differs from plan to plan, so that it tells nobody anything elsewhere.</summary>
    public static string DigestOf(string planId, string name, string value) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes($"{planId} {name}"), Encoding.UTF8.GetBytes(value)));

    private static async Task<Planning> WholeAsync(ActionGround ground, ActionOrder order, ActionKind kind, Func<CancellationToken, Task<ActionDraft>> make, CancellationToken cancel)
    {
        try
        {
            var place = await ground.PlaceAsync(cancel);
            if (place.Account != ground.Map.Account && !place.Account.All(c => c == '0')) return new Planning.Refused($"this is account {place.Account}; platform.yaml names {ground.Map.Account}");
            var draft = await make(cancel);
            var (id, now) = (Guid.CreateVersion7(ground.Time.GetUtcNow()).ToString(), ground.Now);
            return new Planning.Planned(new ActionPlan
            {
                Id = id,
                Action = kind.Id,
                Place = place,
                Environment = order.Environment,
                Production = ground.Map.IsProduction,
                Target = draft.Target,
                BlastRadius = draft.BlastRadius,
                Current = draft.Current,
                Wanted = draft.Wanted,
                Calls = draft.Calls,
                Facts = draft.Facts,
                Remembered = draft.Remembered,
                LeastHealthy = draft.LeastHealthy,
                Notes = draft.Notes,
                Undoes = order.Undoes,
                Values = draft.Typed.ToImmutableSortedDictionary(n => n, n => DigestOf(id, n, order.Values[n]), StringComparer.Ordinal),
                Commands = ByHand.Of([.. draft.Calls.Select(c => kind.CommandOf(c, place))]),
                MadeAt = now,
                Expires = now + Holds,
            });
        }
        catch (ActionRefused e)
        {
            return new Planning.Refused(e.Message);
        }
        catch (AwsFailure e)
        {
            return new Planning.Refused($"it could not be looked at: {e.Permission}: {e.Code}: {AwsCalling.Short(e.Words)}");
        }
    }

    private static string Known(ActionKind kind) => kind.Arguments.IsEmpty ? "it takes nothing" : $"it takes {string.Join(", ", kind.Arguments.Select(a => a.Name))}";
}
