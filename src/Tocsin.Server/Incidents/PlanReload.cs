using Tocsin.Core.Response;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Incidents;

/// <summary>Takes a newer response plan while the server runs. Incidents keep the policy they began with; people, schedules and maintenance are new at once.</summary>
public sealed class PlanReload(PlanSource plan, ServerOptions options, Database database, TimeProvider time)
{
    /// <summary>Why it is not taken, or empty: then it holds.</summary>
    public async Task<string> TakeAsync(ResponsePlan newer, CancellationToken cancel)
    {
        var now = time.Now();
        var before = plan.Now;
        var other = newer.Policy.Channels.Values.Where(c => before.Policy.Channels.GetValueOrDefault(c.Id)?.Kind != c.Kind).Select(c => c.Id).Order(StringComparer.Ordinal).ToList();
        if (other.Count > 0) return $"channels are set up at the start: restart for {Words.List(other)}";
        if (options.Live && options.Lacks(newer) is { Count: > 0 } found)
            return $"somebody could not be paged by it: {string.Join("; ", found)}";
        await database.WriteAsync((s, c) => AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(now), "", "response plan reloaded", newer.Policy.Version, $"before it {before.Policy.Version}", "")], c), cancel);
        plan.Replace(newer);
        return "";
    }
}
