namespace Tocsin.Lab.Aws.Logs.Insights;

/// <summary>
/// Rows as they come, brought in order and cut so that only as many are kept as can still be answered. Without <c>sort</c> the newest event is first.
/// </summary>
internal sealed class RowSet(SortStep? sort, int? most)
{
    private const int Slack = 8192;

    private readonly IComparer<Row> order = Comparer<Row>.Create((a, b) => Compare(sort, a, b));
    private List<Row> rows = [];

    public void Add(Row row)
    {
        row.Forget();
        rows.Add(row);
        if (most is { } count && rows.Count > 2 * count + Slack) rows = Ordered();
    }

    public List<Row> Ordered() => [.. rows.Order(order).Take(most ?? int.MaxValue)];

    public static IEnumerable<Row> Sort(IEnumerable<Row> rows, SortStep sort) => rows.Order(Comparer<Row>.Create((a, b) => Compare(sort, a, b)));

    private static int Compare(SortStep? sort, Row left, Row right)
    {
        foreach (var (key, descending) in sort?.Keys ?? [])
        {
            var difference = key(left).Beside(key(right));
            if (difference != 0) return descending ? -difference : difference;
        }
        return left.Source is { } a && right.Source is { } b ? b.Event.Position.CompareTo(a.Event.Position) : 0;
    }
}

/// <summary>The groups of a <c>stats</c> while rows come in.</summary>
internal sealed class StatsGroups(StatsStep step)
{
    private readonly Dictionary<string, (Row Row, Aggregate[] Aggregates)> groups = new(StringComparer.Ordinal);

    public void Add(Row row)
    {
        var by = step.By.Select(c => c.Of(row)).ToArray();
        var key = string.Join('\u001f', by.Select(d => d.Text is { } text ? $"{text.Length}:{text}" : ""));
        if (!groups.TryGetValue(key, out var group)) groups[key] = group = Begin(by);
        for (var i = 0; i < group.Aggregates.Length; i++)
        {
            var use = step.Uses[i];
            group.Aggregates[i].See(use.Of is null ? Datum.Of(1) : use.Of(row), use.When(row));
        }
    }

    public List<Row> Rows() => [.. groups.Values.Select(Answer)];

    private (Row Row, Aggregate[] Aggregates) Begin(Datum[] by)
    {
        var row = new Row(null);
        for (var i = 0; i < by.Length; i++) row.Make(step.By[i].Name, by[i]);
        return (row, [.. step.Uses.Select(u => u.Begin())]);
    }

    private Row Answer((Row Row, Aggregate[] Aggregates) group)
    {
        group.Row.Aggregates = Array.ConvertAll(group.Aggregates, a => a.Answer());
        foreach (var column in step.Columns) group.Row.Make(column.Name, column.Of(group.Row));
        return group.Row;
    }
}
