using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Metrics;

/// <summary>CloudWatch metrics: put, list, read by period and statistic.</summary>
public static class MetricOperations
{
    private const int MostDatapoints = 1_440;
    private static readonly string[] Statistics = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, Func<MetricStore, AwsCall, JsonObject> answer, string note = "") =>
            new("monitoring", name, call => answer(world.Regions[call.Region].Metrics, call)) { Support = Support.Real, Note = note };
        yield return Op("PutMetricData", Put, "2,000 metrics of 3,000 points; Unit is not kept") with { ReadOnly = false };
        yield return Op("ListMetrics", List);
        yield return Op("GetMetricStatistics", Read);
        yield return Op("GetMetricData", Query, "no metric math");
        yield return Op("DescribeAlarms", (_, _) => new JsonObject { ["MetricAlarms"] = new JsonArray(), ["CompositeAlarms"] = new JsonArray() }, "there are no alarms") with { Support = Support.Emulated };
    }

    private static MetricName Name(string? ns, JsonObject? from) => new(
        ns is { Length: > 0 and <= 255 } ? ns : throw new AwsException("MissingParameter", "The parameter Namespace is required."),
        from.Leaf("MetricName") is { Length: > 0 and <= 255 } name ? name : throw new AwsException("MissingParameter", "The parameter MetricName is required."),
        [.. Dimensions(from)]);

    private static IEnumerable<KeyValuePair<string, string>> Dimensions(JsonObject? from) => from.List("Dimensions").OfType<JsonObject>().Take(30).Select(d => KeyValuePair.Create(d.Leaf("Name") ?? "", d.Leaf("Value") ?? ""));

    private static JsonObject Put(MetricStore store, AwsCall call)
    {
        if (call.Text("Namespace") is { } ns && ns.StartsWith("AWS/", StringComparison.Ordinal)) throw new AwsException("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.");
        var data = call.Objects("MetricData");
        if (data.Count is 0 or > 1000) throw new AwsException("InvalidParameterValue", "The collection MetricData must have between 1 and 1000 members.");
        var points = data.SelectMany(d => Points(d, call.Now).Select(p => (Name: Name(call.Text("Namespace"), d), Point: p))).ToList();
        // AWS's own bound of a value.
        if (points.Exists(p => new[] { p.Point.Count, p.Point.Sum, p.Point.Min, p.Point.Max }.Any(v => Math.Abs(v) > Math.Pow(2, 720)))) throw new AwsException("InvalidParameterValue", "The value for parameter MetricData.member.1.Value is out of range.");
        if (points.Exists(p => !store.Put(p.Name, p.Point))) throw new AwsException("LimitExceeded", "LAB: there is no room for another metric.");
        return [];
    }

    private static IEnumerable<MetricPoint> Points(JsonObject datum, Instant now)
    {
        var at = datum.Leaf("Timestamp") is not { } text ? now : Inputs.AsTime(text) ?? throw new AwsException("InvalidParameterValue", "The value of the parameter Timestamp is not a time.");
        if (datum["StatisticValues"] is JsonObject set)
        {
            double Need(string name) => set.Real(name) ?? throw new AwsException("MissingParameter", $"The parameter MetricData.member.1.StatisticValues.{name} is required.");
            var count = Need("SampleCount");
            if (count <= 0) throw new AwsException("InvalidParameterValue", "The parameter SampleCount must be greater than 0.");
            return [new MetricPoint(at, count, Need("Sum"), Need("Minimum"), Need("Maximum"))];
        }
        var values = datum.List("Values").Select(Number).ToList();
        var counts = datum.List("Counts").Select(Number).ToList();
        if (values.Count == 0) return [MetricPoint.Of(at, datum.Real("Value") ?? throw new AwsException("MissingParameter", "The parameter MetricData.member.1.Value is required."))];
        if (values.Count > 150 || (counts.Count > 0 && counts.Count != values.Count) || counts.Exists(c => c <= 0)) throw new AwsException("InvalidParameterValue", "The parameters Values and Counts must be of the same size.");
        return values.Select((v, i) => MetricPoint.Of(at, v, counts.Count > 0 ? counts[i] : 1));
    }

    private static double Number(JsonNode? node) => new JsonObject { ["Value"] = node?.DeepClone() }.Real("Value") ?? throw new AwsException("InvalidParameterValue", "A value is not a number.");

    private static JsonObject List(MetricStore store, AwsCall call)
    {
        var (ns, name) = (call.Text("Namespace"), call.Text("MetricName"));
        var asked = call.Objects("Dimensions").ConvertAll(d => (Name: d.Leaf("Name"), Value: d.Leaf("Value")));
        var found = store.Names.Where(n => (ns is null || n.Namespace == ns) && (name is null || n.Name == name) && asked.TrueForAll(a => n.Dimensions.Any(d => d.Key == a.Name && (a.Value is null || d.Value == a.Value))));
        var (page, next) = Pages.Of(found, n => n.Key, call.Text("NextToken"), 500, () => new AwsException("InvalidParameterValue", "The token is not valid."));
        return new JsonObject { ["Metrics"] = page.Array(n => new JsonObject { ["Namespace"] = n.Namespace, ["MetricName"] = n.Name, ["Dimensions"] = n.Dimensions.Array(d => new JsonObject { ["Name"] = d.Key, ["Value"] = d.Value }) }) }.With("NextToken", next);
    }

    private static (Instant From, Instant To) Span(AwsCall call)
    {
        var from = call.Time("StartTime") ?? throw new AwsException("MissingParameter", "The parameter StartTime is required.");
        var to = call.Time("EndTime") ?? throw new AwsException("MissingParameter", "The parameter EndTime is required.");
        return from < to ? (from, to) : throw new AwsException("InvalidParameterCombination", "The parameter StartTime must be less than the parameter EndTime.");
    }

    private static int Period(long? seconds) => seconds is (1 or 5 or 10 or 30 or (> 0 and <= 86_400)) && (seconds < 60 ? seconds is 1 or 5 or 10 or 30 : seconds % 60 == 0) ? (int)seconds
        : throw new AwsException("InvalidParameterValue", "The parameter Period must be 1, 5, 10, 30 or a multiple of 60.");

    private static JsonObject Read(MetricStore store, AwsCall call)
    {
        var (name, (from, to), period) = (Name(call.Text("Namespace"), call.Input), Span(call), Period(call.Number("Period")));
        var (plain, extended) = (call.Texts("Statistics").ToList(), call.Texts("ExtendedStatistics").ToList());
        if (plain.Count + extended.Count == 0) throw new AwsException("InvalidParameterCombination", "At least one of the parameters Statistics and ExtendedStatistics must be specified.");
        if (plain.Find(s => !Statistics.Contains(s, StringComparer.Ordinal)) is { } bad) throw new AwsException("InvalidParameterValue", $"The parameter Statistics.member.1 is not valid: {Inputs.Short(bad)}");
        if (extended.Find(s => MetricBucket.Rank(s) is null) is { } odd) throw new AwsException("InvalidParameterValue", $"The parameter ExtendedStatistics.member.1 is not valid: {Inputs.Short(odd)}");
        var asked = Math.Ceiling((to - from).TotalSeconds / period);
        if (asked > MostDatapoints) throw new AwsException("InvalidParameterCombination", $"You have requested up to {asked:N0} datapoints, which exceeds the limit of {MostDatapoints:N0}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.");
        return new JsonObject
        {
            ["Label"] = name.Name,
            ["Datapoints"] = store.Read(name, from, to, period).Array(b =>
            {
                var point = new JsonObject { ["Timestamp"] = AwsTime.Iso(b.Start), ["Unit"] = "None" };
                foreach (var s in plain) point[s] = b.Value(s);
                return extended.Count == 0 ? point : point.With("ExtendedStatistics>entry", extended.Array(s => new JsonObject { ["key"] = s, ["value"] = b.Value(s) }));
            }),
        };
    }

    private static JsonObject Query(MetricStore store, AwsCall call)
    {
        var (from, to) = Span(call);
        var queries = call.Objects("MetricDataQueries");
        if (queries.Count is 0 or > 500) throw new AwsException("ValidationError", "The collection MetricDataQueries must have between 1 and 500 members.");
        var newestFirst = (call.Text("ScanBy") ?? "TimestampDescending") is "TimestampDescending";
        return new JsonObject { ["MetricDataResults"] = queries.Select(q => Result(store, q, from, to, newestFirst)).OfType<JsonObject>().Array(r => r), ["Messages"] = new JsonArray() };
    }

    private static JsonObject? Result(MetricStore store, JsonObject query, Instant from, Instant to, bool newestFirst)
    {
        var id = query.Leaf("Id") is { Length: > 0 } given && char.IsAsciiLetterLower(given[0]) ? given : throw new AwsException("ValidationError", $"The value {Inputs.Short(query.Leaf("Id") ?? "")} for parameter MetricDataQueries.member.1.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.");
        if (query.Leaf("Expression") is not null) throw new AwsException("ValidationError", "LAB: metric math is not part of this lab; ask for the metrics themselves.");
        var stat = query["MetricStat"] as JsonObject ?? throw new AwsException("ValidationError", "One of the parameters MetricStat and Expression must be specified.");
        var name = Name((stat["Metric"] as JsonObject).Leaf("Namespace"), stat["Metric"] as JsonObject);
        var statistic = stat.Leaf("Stat") ?? "";
        if (!Statistics.Contains(statistic, StringComparer.Ordinal) && MetricBucket.Rank(statistic) is null) throw new AwsException("ValidationError", $"The value {Inputs.Short(statistic)} for parameter MetricDataQueries.member.1.MetricStat.Stat is not supported.");
        var buckets = store.Read(name, from, to, Period((long?)stat.Real("Period"))).ToList();
        if (newestFirst) buckets.Reverse();
        return query.Leaf("ReturnData") is "false" ? null : new JsonObject
        {
            ["Id"] = id,
            ["Label"] = query.Leaf("Label") ?? name.Name,
            ["Timestamps"] = buckets.Array(b => AwsTime.Iso(b.Start)),
            ["Values"] = buckets.Array(b => b.Value(statistic)),
            ["StatusCode"] = "Complete",
        };
    }
}
