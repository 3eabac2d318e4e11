using System.Collections.Immutable;
using System.Globalization;
using NodaTime;

namespace Tocsin.Core.PostMortems;

/// <summary>What incidents are gathered by.</summary>
public enum MetricGroup
{
    All,
    Severity,
    Service,
    Entry,

    /// <summary>Of the declaration, in UTC.</summary>
    Month,
}

/// <summary>A time over several incidents. The counts add up to all of them: what is no number is counted apart and in no mean.</summary>
public sealed record MetricTime(Duration? Mean, Duration? Median, Duration? Longest, int Took, int NotYet, int NotApplicable, int Invalid);

/// <summary>How a group of incidents was answered.</summary>
public sealed record MetricRow(string Name, int Incidents, MetricTime ToAcknowledge, MetricTime ToResolve, int Kept, int Missed, int Open);

/// <summary>MTTA and MTTR, and promises kept and missed.</summary>
public static class ResponseMetrics
{
    public static ImmutableArray<MetricRow> Of(IEnumerable<IncidentAccount> accounts, MetricGroup group) =>
        [.. accounts.GroupBy(a => Name(a, group), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Row(g.Key, [.. g]))];

    private static MetricRow Row(string name, ImmutableArray<IncidentAccount> accounts)
    {
        var promises = accounts.SelectMany(a => a.Promises).CountBy(p => p.Outcome).ToDictionary();
        return new MetricRow(
            name,
            accounts.Length,
            Time([.. accounts.Select(a => a.ToAcknowledge)]),
            Time([.. accounts.Select(a => a.ToResolve)]),
            promises.GetValueOrDefault(PromiseOutcome.Kept),
            promises.GetValueOrDefault(PromiseOutcome.Missed),
            promises.GetValueOrDefault(PromiseOutcome.Open));
    }

    private static MetricTime Time(ImmutableArray<Measure> all)
    {
        var took = all.OfType<Measure.Took>().Select(t => t.Time).Order().ToList();
        var sum = took.Aggregate(Duration.Zero, (a, b) => a + b);
        return new MetricTime(
            took.Count == 0 ? null : sum / took.Count,
            took.Count == 0 ? null : (took[(took.Count - 1) / 2] + took[took.Count / 2]) / 2,
            took.Count == 0 ? null : took[^1],
            took.Count,
            all.OfType<Measure.NotYet>().Count(),
            all.OfType<Measure.NotApplicable>().Count(),
            all.OfType<Measure.Invalid>().Count());
    }

    private static string Name(IncidentAccount account, MetricGroup group) => group switch
    {
        MetricGroup.All => "all",
        MetricGroup.Severity => account.Severity.ToString(),
        MetricGroup.Service => account.Service.Length > 0 ? account.Service : "(none named)",
        MetricGroup.Entry => account.Entry.Length > 0 ? account.Entry : "(unknown)",
        MetricGroup.Month => account.Times.Declared.ToString("uuuu-MM", CultureInfo.InvariantCulture),
        _ => throw new ArgumentOutOfRangeException(nameof(group), group, "unknown group"),
    };
}
