using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>One metric of one thing, oldest value first, a value each minute.</summary>
internal static class MetricSeries
{
    public static async Task<List<double>> ReadAsync(AwsGround ground, string ns, string metric, (string Name, string Value) dimension, Instant from, Sighting sighting, CancellationToken cancel)
    {
        var input = new JsonObject
        {
            ["StartTime"] = InstantPattern.General.Format(from),
            ["EndTime"] = InstantPattern.General.Format(ground.Now + Duration.FromSeconds(1)),
            ["ScanBy"] = "TimestampAscending",
            ["MetricDataQueries"] = new JsonArray(new JsonObject
            {
                ["Id"] = "value",
                ["MetricStat"] = new JsonObject
                {
                    ["Metric"] = new JsonObject { ["Namespace"] = ns, ["MetricName"] = metric, ["Dimensions"] = new JsonArray(new JsonObject { ["Name"] = dimension.Name, ["Value"] = dimension.Value }) },
                    ["Period"] = 60,
                    ["Stat"] = "Average",
                },
            }),
        };
        var answer = await ground.AskAsync(sighting, "monitoring", "GetMetricData", input, cancel);
        return [.. answer.Items("MetricDataResults").SelectMany(r => r.Texts("Values")).Select(v => double.TryParse(v, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : 0)];
    }
}
