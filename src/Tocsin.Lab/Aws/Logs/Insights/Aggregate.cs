namespace Tocsin.Lab.Aws.Logs.Insights;

/// <summary>An aggregate of <c>stats</c> as written: what it is over, and how to begin one for a group.</summary>
internal sealed record AggregateUse(Func<Row, Datum>? Of, Func<Row, Datum> When, Func<Aggregate> Begin);

/// <summary>What one aggregate has seen of one group.</summary>
internal sealed class Aggregate(Action<Datum, Datum> see, Func<Datum> answer)
{
    public static readonly IReadOnlyDictionary<string, Func<double, Aggregate>> All =
        new Dictionary<string, Func<double, Aggregate>>(StringComparer.OrdinalIgnoreCase)
        {
            ["count"] = static _ => Count(),
            ["count_distinct"] = static _ => Distinct(),
            ["sum"] = static _ => Sum(),
            ["avg"] = static _ => Moments((n, mean, _) => n == 0 ? Datum.Missing : Datum.Of(mean)),
            ["stddev"] = static _ => Moments((n, _, squares) => n == 0 ? Datum.Missing : Datum.Of(n == 1 ? 0 : Math.Sqrt(squares / (n - 1)))),
            ["min"] = static _ => Extreme(-1),
            ["max"] = static _ => Extreme(1),
            ["pct"] = Percentile,
            ["median"] = static _ => Percentile(50),
            ["earliest"] = static _ => ByTime(-1),
            ["latest"] = static _ => ByTime(1),
            ["sortsfirst"] = static _ => Extreme(-1),
            ["sortslast"] = static _ => Extreme(1),
        };

    public void See(Datum value, Datum when) => see(value, when);

    public Datum Answer() => answer();

    private static Aggregate Count()
    {
        var count = 0L;
        return new Aggregate((value, _) => count += value.IsMissing ? 0 : 1, () => Datum.Of(count));
    }

    private static Aggregate Distinct()
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        return new Aggregate(See, () => Datum.Of(seen.Count));

        void See(Datum value, Datum when)
        {
            if (value.Text is { } text) seen.Add(text);
        }
    }

    private static Aggregate Sum()
    {
        var (sum, any) = (0.0, false);
        return new Aggregate(See, () => any ? Datum.Of(sum) : Datum.Missing);

        void See(Datum value, Datum when)
        {
            if (value.Number is not { } number) return;
            sum += number;
            any = true;
        }
    }

    // Welford's way: exact for what is far from zero and close together.
    private static Aggregate Moments(Func<long, double, double, Datum> answer)
    {
        var (count, mean, squares) = (0L, 0.0, 0.0);
        return new Aggregate(See, () => answer(count, mean, squares));

        void See(Datum value, Datum when)
        {
            if (value.Number is not { } number) return;
            count++;
            var step = number - mean;
            mean += step / count;
            squares += step * (number - mean);
        }
    }

    private static Aggregate Extreme(int side)
    {
        var best = Datum.Missing;
        return new Aggregate(See, () => best);

        void See(Datum value, Datum when)
        {
            if (!value.IsMissing && (best.IsMissing || value.Beside(best) * side > 0)) best = value;
        }
    }

    private static Aggregate ByTime(int side)
    {
        var (best, at) = (Datum.Missing, Datum.Missing);
        return new Aggregate(See, () => best);

        void See(Datum value, Datum when)
        {
            if (!value.IsMissing && (best.IsMissing || when.Beside(at) * side > 0)) (best, at) = (value, when);
        }
    }

    // Nearest rank over all values; AWS's is an estimate beyond some thousand of them.
    private static Aggregate Percentile(double percent)
    {
        List<double> seen = [];
        return new Aggregate(
            (value, _) =>
            {
                if (value.Number is { } number) seen.Add(number);
            },
            () =>
            {
                if (seen.Count == 0) return Datum.Missing;
                seen.Sort();
                return Datum.Of(seen[Math.Clamp((int)Math.Ceiling(percent / 100 * seen.Count) - 1, 0, seen.Count - 1)]);
            });
    }
}
