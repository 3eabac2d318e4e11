using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// Which targets a load balancer may send to. Healthy ones; when there are none but unhealthy ones, all of those, since the load balancer then fails open
/// (user guide, target group health). Initial, draining and unused targets get nothing: with only such the answer is 503, as with an empty group.
/// </summary>
public static class TargetPick
{
    public static ImmutableArray<CheckedTarget> Eligible(IEnumerable<CheckedTarget> targets)
    {
        var all = targets.ToList();
        var healthy = all.Where(t => t.Health.State == TargetState.Healthy).ToImmutableArray();
        return healthy.Length > 0 ? healthy : [.. all.Where(t => t.Health.State == TargetState.Unhealthy)];
    }
}

/// <summary>Whose turn it is, per target group.</summary>
internal sealed class RoundRobin
{
    private readonly ConcurrentDictionary<string, int> turns = new(StringComparer.Ordinal);

    public CheckedTarget? Next(string group, IEnumerable<CheckedTarget> targets)
    {
        var eligible = TargetPick.Eligible(targets);
        if (eligible.IsEmpty) return null;
        var turn = turns.AddOrUpdate(group, 0, static (_, before) => before == int.MaxValue ? 0 : before + 1);
        return eligible[turn % eligible.Length];
    }
}
