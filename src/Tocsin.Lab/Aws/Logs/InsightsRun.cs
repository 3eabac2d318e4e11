using System.Globalization;
using Tocsin.Lab.Aws.Logs.Insights;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>How far a query is, in AWS's words.</summary>
public enum InsightsStatus
{
    Scheduled,
    Running,
    Complete,
    Cancelled,
    Failed,
}

/// <summary>A field of a row of an answer.</summary>
public readonly record struct InsightsField(string Field, string Value);

/// <summary>
/// A query at work. It sees what was stored when it was asked, works in slices when it is asked for results, newest events first, and holds its rows for
/// whoever asks again. Safe for several callers.
/// </summary>
public sealed class InsightsRun
{
    // A slice is a tenth of a second or so.
    private const int PartsInSlice = 64;

    private readonly Lock gate = new();
    private readonly LogStore store;
    private readonly InsightsQuery query;
    private readonly Queue<(LogGroupFacts Group, LogStretch Stretch)> left;
    private readonly List<QueryStep> early;
    private readonly List<QueryStep> late;
    private readonly StatsGroups? stats;
    private readonly RowSet? rows;
    private readonly int limit;
    private IReadOnlyList<IReadOnlyList<InsightsField>> results = [];

    public InsightsRun(LogStore store, InsightsQuery query, IReadOnlyList<string> groups, long from, long until, int? limit)
    {
        this.store = store;
        this.query = query;
        this.limit = limit ?? InsightsQuery.DefaultLimit;
        Groups = groups;
        left = new(groups.Select(store.Group)
            .Select(g => (g, new LogStretch(LogPosition.At(from), LogPosition.Behind(until), g.Newest) { Backward = true })));
        early = [.. query.Steps.TakeWhile(s => s is FieldsStep or FilterStep or ParseStep)];
        late = [.. query.Steps.Skip(early.Count)];
        if (late is [StatsStep first, ..])
        {
            late.RemoveAt(0);
            stats = new StatsGroups(first);
            return;
        }
        var sort = late is [SortStep sorting, ..] ? sorting : null;
        if (sort is not null) late.RemoveAt(0);
        rows = new RowSet(sort, late switch { [] => this.limit, [LimitStep { Last: false } cut, ..] => cut.Count, _ => null });
    }

    public IReadOnlyList<string> Groups { get; }

    public string Text => query.Text;

    public InsightsStatus Status { get; private set; } = InsightsStatus.Scheduled;

    public bool Ended => Status is not (InsightsStatus.Scheduled or InsightsStatus.Running);

    public long Scanned { get; private set; }

    public long ScannedBytes { get; private set; }

    public long Matched { get; private set; }

    /// <summary>Does the next slice, and says the rows once all is done.</summary>
    public IReadOnlyList<IReadOnlyList<InsightsField>> Advance()
    {
        lock (gate)
        {
            if (Ended) return results;
            Status = InsightsStatus.Running;
            for (var part = 0; part < PartsInSlice && left.Count > 0 && !Ended; part++) Scan();
            if (left.Count == 0 && !Ended) Finish();
            return results;
        }
    }

    /// <summary>False when there is nothing to stop any more.</summary>
    public bool Stop()
    {
        lock (gate)
        {
            if (Ended) return false;
            Status = InsightsStatus.Cancelled;
            left.Clear();
            return true;
        }
    }

    private void Scan()
    {
        var (group, stretch) = left.Peek();
        if (!Exists(group))
        {
            Status = InsightsStatus.Failed;
            return;
        }
        var part = store.Read(group.Name, stretch);
        foreach (var found in part.Events)
        {
            Scanned++;
            ScannedBytes += found.Bytes.Length;
            See(new Row(new RowSource(group.Name, group.Number, found)));
        }
        left.Dequeue();
        // The group that was begun is read to its end: it goes back to the front.
        if (part.Done) return;
        var others = left.ToArray();
        left.Clear();
        left.Enqueue((group, stretch with { Until = part.Rest }));
        foreach (var other in others) left.Enqueue(other);
    }

    private bool Exists(LogGroupFacts group) => store.Groups().Any(g => g.Number == group.Number);

    private void See(Row row)
    {
        if (!Streamed(row, early)) return;
        Matched++;
        stats?.Add(row);
        rows?.Add(row);
    }

    private void Finish()
    {
        IEnumerable<Row> all = stats?.Rows() ?? rows!.Ordered();
        foreach (var step in late)
        {
            all = step switch
            {
                SortStep sort => RowSet.Sort(all, sort),
                LimitStep cut => cut.Last ? all.TakeLast(cut.Count) : all.Take(cut.Count),
                DedupStep dedup => Dedup(all, dedup),
                StatsStep next => Grouped(all, next),
                _ => all.Where(r => Streamed(r, [step])),
            };
            // One after another: what a step makes of a row is made once.
            all = [.. all];
        }
        results = [.. all.Take(limit).Select(Answer)];
        Status = InsightsStatus.Complete;
    }

    private static bool Streamed(Row row, List<QueryStep> steps)
    {
        foreach (var step in steps)
        {
            if (step is FilterStep filter && !filter.Condition(row).Holds) return false;
            if (step is FieldsStep fields) Make(row, fields);
            if (step is ParseStep parse) Take(row, parse);
        }
        return true;
    }

    private static void Make(Row row, FieldsStep fields)
    {
        foreach (var column in fields.Columns)
        {
            if (column.Made) row.Make(column.Name, column.Of(row));
        }
    }

    private static void Take(Row row, ParseStep parse)
    {
        var match = parse.From(row).Text is { } text ? parse.Expression.Match(text) : null;
        if (match is not { Success: true }) return;
        foreach (var (group, name) in parse.Fields)
        {
            if (match.Groups[group] is { Success: true } found) row.Make(name, Datum.Of(found.Value));
        }
    }

    private static IEnumerable<Row> Dedup(IEnumerable<Row> rows, DedupStep step)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var values = step.Keys.Select(k => k(row).Text).ToList();
            var key = string.Join('\u001f', values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v?.Length}:{v}")));
            if (values.Contains(null) || seen.Add(key)) yield return row;
        }
    }

    private static List<Row> Grouped(IEnumerable<Row> rows, StatsStep step)
    {
        var groups = new StatsGroups(step);
        foreach (var row in rows) groups.Add(row);
        return groups.Rows();
    }

    private IReadOnlyList<InsightsField> Answer(Row row)
    {
        List<InsightsField> answer = [];
        foreach (var name in query.Shown)
        {
            if (row.Field(name).Text is { } value) answer.Add(new InsightsField(name, value));
        }
        if (row.Pointer is { } pointer && !query.Shown.Contains("@ptr", StringComparer.Ordinal)) answer.Add(new InsightsField("@ptr", pointer));
        return answer;
    }
}
