using Tocsin.Core.Incidents;
using Tocsin.Core.Response;

namespace Tocsin.Server.Incidents;

/// <summary>The response plan that holds now. An incident keeps the policy it began with; who is on call, and where they are reached, is always asked here.</summary>
public sealed class PlanSource(ResponsePlan plan)
{
    private volatile ResponsePlan now = plan;

    public ResponsePlan Now => now;

    public Duty Duty => new(now.Roster, now.Maintenance);

    public void Replace(ResponsePlan newer) => now = newer;
}
