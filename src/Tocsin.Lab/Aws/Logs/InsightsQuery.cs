using Tocsin.Lab.Aws.Logs.Insights;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>
/// A query of CloudWatch Logs Insights. Text that is none is a MalformedQueryException with the place of the mistake. Source: "CloudWatch Logs Insights
/// language query syntax"; without the commands that AWS answers by machine learning or from other places (pattern, anomaly, diff, unmask, join, lookup,
/// SOURCE).
/// </summary>
public sealed class InsightsQuery
{
    /// <summary>What a query without <c>limit</c> answers at most.</summary>
    public const int DefaultLimit = QueryParser.MaxRows;

    private const int MaxLength = 10_000;

    private InsightsQuery(string text, List<QueryStep> steps)
    {
        Text = text;
        Steps = steps;
        Shown = ShownBy(steps);
    }

    public string Text { get; }

    internal IReadOnlyList<QueryStep> Steps { get; }

    /// <summary>The fields that the rows are answered with, in their order.</summary>
    internal IReadOnlyList<string> Shown { get; }

    public static InsightsQuery Parse(string text) => text.Length <= MaxLength ? new(text, QueryParser.Parse(text))
        : throw LogErrors.Invalid(
            "1 validation error detected: Value at 'queryString' failed to satisfy constraint: Member must have length less than or equal to 10000");

    // fields and parse add to what is shown, display and stats begin anew; a query that says nothing of it shows time and message.
    private static List<string> ShownBy(List<QueryStep> steps)
    {
        List<string> shown = [];
        var said = false;
        foreach (var step in steps)
        {
            if (step is StatsStep or FieldsStep { Only: true }) shown.Clear();
            said |= step is StatsStep or FieldsStep;
            shown.AddRange(step switch
            {
                StatsStep stats => stats.By.Concat(stats.Columns).Select(c => c.Name),
                FieldsStep fields => fields.Columns.Select(c => c.Name),
                ParseStep parse => parse.Fields.Select(f => f.Name),
                _ => [],
            });
        }
        return [.. (said ? shown : ["@timestamp", "@message", .. shown]).Distinct(StringComparer.Ordinal)];
    }
}
