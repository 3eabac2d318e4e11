using Tocsin.Core.Incidents;
using Tocsin.Core.Response;

namespace Tocsin.Server.Incidents;

/// <summary>
/// The response plan that holds now: the file's, with what people changed on a page laid over it. An incident keeps the policy it began with; who is on call, and
/// where they are reached, is always asked here.
/// </summary>
public sealed class PlanSource(ResponsePlan plan)
{
    private readonly Lock gate = new();
    private ResponsePlan file = plan;
    private IReadOnlyList<PlanChangeRow> changes = [];
    private volatile ResponsePlan now = plan;

    public ResponsePlan Now => now;

    public Duty Duty => new(now.Roster, now.Maintenance);

    public void Replace(ResponsePlan newer)
    {
        lock (gate)
        {
            file = newer;
            Join();
        }
    }

    /// <param name="rows">All of them, the newest last.</param>
    public void Lay(IReadOnlyList<PlanChangeRow> rows)
    {
        lock (gate)
        {
            if (rows.SequenceEqual(changes)) return;
            changes = rows;
            Join();
        }
    }

    private void Join() => now = changes.Select(c => c.Read()).OfType<PlanChange>().Aggregate(file, (all, change) => change.Over(all));
}
