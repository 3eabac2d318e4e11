using NodaTime;

namespace Tocsin.Lab.Aws.Metrics;

/// <summary>A metric's name: namespace, name and dimensions, whose order does not matter.</summary>
public sealed record MetricName(string Namespace, string Name, IReadOnlyList<KeyValuePair<string, string>> Dimensions)
{
    public string Key { get; } = $"{Namespace}\n{Name}\n{string.Join('\n', Dimensions.Select(d => $"{d.Key}={d.Value}").Order(StringComparer.Ordinal))}";

    public static MetricName Of(string ns, string name, params IEnumerable<(string Name, string Value)> dimensions) =>
        new(ns, name, [.. dimensions.Select(d => KeyValuePair.Create(d.Name, d.Value))]);
}

/// <summary>One value, or what a publisher summed up of several. A percentile takes each point at its mean.</summary>
public sealed record MetricPoint(Instant At, double Count, double Sum, double Min, double Max)
{
    public static MetricPoint Of(Instant at, double value, double count = 1) => new(at, count, value * count, value, value);
}

/// <summary>The points of one period.</summary>
public sealed record MetricBucket(Instant Start, IReadOnlyList<MetricPoint> Points)
{
    /// <summary>A statistic by AWS's name, percentiles as <c>p99</c> or <c>p99.9</c>; null where there is no such statistic.</summary>
    public double? Value(string statistic) => statistic switch
    {
        "Sum" => Points.Sum(p => p.Sum),
        "SampleCount" => Points.Sum(p => p.Count),
        "Average" => Points.Sum(p => p.Sum) / Points.Sum(p => p.Count),
        "Minimum" => Points.Min(p => p.Min),
        "Maximum" => Points.Max(p => p.Max),
        _ => Rank(statistic) is { } rank ? Percentile(rank) : null,
    };

    /// <summary>The share below, of <c>p99</c>; null where it is no percentile.</summary>
    public static double? Rank(string statistic) =>
        statistic.Length is > 1 and < 8 && statistic[0] is 'p' && statistic.AsSpan(1).IndexOfAnyExcept("0123456789.") < 0
        && double.TryParse(statistic.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture, out var rank) && rank is >= 0 and <= 100 ? rank : null;

    private double Percentile(double rank)
    {
        var sorted = Points.OrderBy(p => p.Sum / p.Count).ToList();
        var left = rank / 100 * sorted.Sum(p => p.Count);
        foreach (var point in sorted)
        {
            left -= point.Count;
            if (left <= 0) return point.Sum / point.Count;
        }
        return sorted[^1].Sum / sorted[^1].Count;
    }
}

/// <summary>The metrics of one region, bounded: the newest points of a metric, and no more metrics than fit.</summary>
public sealed class MetricStore
{
    private const int MostMetrics = 2_000;
    private const int MostPoints = 3_000;
    private readonly Dictionary<string, Series> series = new(StringComparer.Ordinal);

    public IEnumerable<MetricName> Names => series.Values.Select(s => s.Name).OrderBy(n => n.Key, StringComparer.Ordinal);

    /// <summary>False where no further metric fits.</summary>
    public bool Put(MetricName name, MetricPoint point)
    {
        if (!series.TryGetValue(name.Key, out var points))
        {
            if (series.Count >= MostMetrics) return false;
            points = series[name.Key] = new Series(name);
        }
        points.Points.Enqueue(point);
        while (points.Points.Count > MostPoints) points.Points.Dequeue();
        return true;
    }

    /// <summary>Periods with points, oldest first, aligned to the period. Of the first one only what came after the start: a minute of the lab's clock is seconds, and AWS's rounding would bring minutes of it.</summary>
    public IEnumerable<MetricBucket> Read(MetricName name, Instant from, Instant to, int periodSeconds)
    {
        if (!series.TryGetValue(name.Key, out var found)) return [];
        return found.Points.Where(p => p.At >= from && p.At < to).GroupBy(p => Start(p.At, periodSeconds)).OrderBy(g => g.Key).Select(g => new MetricBucket(g.Key, [.. g]));
    }

    private static Instant Start(Instant at, int period)
    {
        var seconds = at.ToUnixTimeSeconds();
        return Instant.FromUnixTimeSeconds(seconds - seconds % period);
    }

    private sealed record Series(MetricName Name)
    {
        public Queue<MetricPoint> Points { get; } = new();
    }
}
