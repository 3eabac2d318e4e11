using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Setup;

/// <summary>Whether everybody whom the plan calls can be reached from here: by the plan, and by the variables of this process.</summary>
public static class LiveReadiness
{
    private static readonly Duration Ahead = Duration.FromDays(14);

    /// <summary>Why pages must not be promised by this plan; empty: they can be.</summary>
    public static List<string> Lacks(this ServerOptions options, ResponsePlan plan) => Found(options, plan, warnings: false);

    public static List<string> Warnings(this ServerOptions options) => Found(options, options.Plan, warnings: true);

    private static List<string> Found(ServerOptions options, ResponsePlan plan, bool warnings)
    {
        var now = options.Time.Now();
        return [.. Readiness.Check(plan, new Interval(now, now + Ahead)).Concat(Readiness.Unset(plan, name => options.Variable(name) is { Length: > 0 })).Where(f => f.IsWarning == warnings).Select(f => f.What)];
    }
}
