using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>What CloudWatch measured: processor and memory of the tasks, requests of the target group.</summary>
internal static class MetricsProbe
{
    private const int Minute = 60;
    // What was counted before these minutes is over, or shows itself otherwise. A count of nothing is not reported at all, so the minutes are those that reported anything.
    private const int Newest = 2;
    private const double Steady = 1.15;
    // Of very few requests a share says nothing.
    private const double Few = 3;
    private static readonly string[] Own = ["502", "503", "504"];
    private static readonly Duration Span = Duration.FromMinutes(15);
    private static readonly Duration Week = Duration.FromDays(7);

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view) =>
        [ground.Probe("app.metrics", view.Subject, "monitoring", (s, c) => LookAsync(ground, view, s, c), "cloudwatch:GetMetricData")];

    private static async Task LookAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var from = Instant.Max(ground.Since, ground.Now - Span);
        (string, string)[] service = [("ClusterName", ground.Map.Cluster), ("ServiceName", view.Service.Name)];
        var queries = new List<JsonObject> { Query("cpu", "AWS/ECS", "CPUUtilization", service, "Maximum"), Query("memory", "AWS/ECS", "MemoryUtilization", service, "Maximum") };
        var group = await GroupAsync(view, sighting, cancel);
        if (group is not null) queries.AddRange([Query("requests", "AWS/ApplicationELB", "RequestCount", group, "Sum"), .. Own.Select(c => Query($"elb{c}", "AWS/ApplicationELB", $"HTTPCode_ELB_{c}_Count", group, "Sum")), Query("failed", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", group, "Sum")]);
        var now = await SeriesAsync(ground, queries, from, ground.Now, sighting, cancel);
        if (now.Values.All(v => v.Values.Count == 0))
        {
            sighting.Empty();
            return;
        }
        if (now["cpu"].Values.Count > 0) sighting.Fact("cpuPercent", Math.Round(now["cpu"].Values.Max(), 1));
        if (now["memory"].Values.Count > 0) sighting.Fact("memoryPercent", Math.Round(now["memory"].Values.Max(), 1));
        sighting.Fact("memoryRising", Rises(now["memory"].Values));
        if (group is null) return;
        var counted = Own.Select(c => now[$"elb{c}"]).Append(now["requests"]).ToList();
        var minutes = counted.SelectMany(s => s.Times).Distinct(StringComparer.Ordinal).OrderDescending(StringComparer.Ordinal).Take(Newest).ToHashSet(StringComparer.Ordinal);
        if (minutes.Count == 0) return;
        foreach (var code in Own) sighting.Fact($"elb{code}", now[$"elb{code}"].Of(minutes));
        if (Own.All(c => now[$"elb{c}"].Of(minutes) == 0)) sighting.Since(CleanSince(Own.Select(c => now[$"elb{c}"]), from));
        if (now["requests"].Values.Count == 0) return;
        if (now["failed"].Of(minutes) is >= Few and var failed && now["requests"].Of(minutes) is > 0 and var asked) sighting.Fact("failedShare", Math.Round(100 * failed / asked, 1));
        var perMinute = now["requests"].Values.Average();
        sighting.Fact("requestsPerTarget", Math.Round(perMinute, 1));
        var before = await SeriesAsync(ground, queries[2..3], from - Week, ground.Now - Week, sighting, cancel);
        if (before["requests"].Values is { Count: > 0 } then && then.Average() > 0) sighting.Fact("requestsTimesUsual", Math.Round(perMinute / then.Average(), 2));
    }

    // Since the end of the last minute in which the load balancer answered with an error of its own.
    private static Instant? CleanSince(IEnumerable<Series> errors, Instant from)
    {
        var last = errors.SelectMany(s => s.Times.Zip(s.Values).Where(p => p.Second > 0).Select(p => Tree.At(p.First))).Max();
        return last is { } minute ? minute + Duration.FromSeconds(Minute) : from;
    }

    /// <summary>What one query gave, oldest first.</summary>
    private sealed class Series
    {
        public List<double> Values { get; } = [];

        public List<string> Times { get; } = [];

        public double Of(HashSet<string> minutes) => Times.Zip(Values).Where(p => minutes.Contains(p.First)).Sum(p => p.Second);
    }

    // The dimensions of an application load balancer's target group; a network one counts no requests.
    private static async Task<(string, string)[]?> GroupAsync(ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        if (!(await view.GetAsync(sighting, cancel)).Items("loadBalancers").Any()) return null;
        var group = (await view.GroupsAsync(sighting, cancel))[0];
        var balancer = group.Texts("LoadBalancerArns").FirstOrDefault();
        return balancer?.Contains("loadbalancer/app/", StringComparison.Ordinal) != true ? null
            : [("TargetGroup", group.Text("TargetGroupArn")!.Split(':')[^1]), ("LoadBalancer", balancer[(balancer.IndexOf("loadbalancer/", StringComparison.Ordinal) + "loadbalancer/".Length)..])];
    }

    // Third by third: a climb goes on, the noise of a steady state does not.
    private static bool? Rises(List<double> values)
    {
        if (values.Count < 6) return null;
        var third = values.Count / 3;
        var (first, middle, last) = (values.Take(third).Average(), values.Skip(third).Take(third).Average(), values.TakeLast(third).Average());
        return middle > first && last > middle && last > first * Steady;
    }

    private static async Task<Dictionary<string, Series>> SeriesAsync(AwsGround ground, List<JsonObject> queries, Instant from, Instant to, Sighting sighting, CancellationToken cancel)
    {
        var input = new JsonObject
        {
            ["StartTime"] = InstantPattern.General.Format(from),
            ["EndTime"] = InstantPattern.General.Format(to + Duration.FromSeconds(1)),
            ["ScanBy"] = "TimestampAscending",
            ["MetricDataQueries"] = new JsonArray([.. queries.Select(q => q.DeepClone())]),
        };
        var answer = await ground.AskAsync(sighting, "monitoring", "GetMetricData", input, cancel);
        var found = queries.ToDictionary(q => q.Text("Id")!, _ => new Series(), StringComparer.Ordinal);
        foreach (var result in answer.Items("MetricDataResults").Where(r => found.ContainsKey(r.Text("Id") ?? "")))
        {
            found[result.Text("Id")!].Values.AddRange(result.Texts("Values").Select(v => double.TryParse(v, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : 0));
            found[result.Text("Id")!].Times.AddRange(result.Texts("Timestamps"));
        }
        return found;
    }

    private static JsonObject Query(string id, string ns, string metric, (string Name, string Value)[] dimensions, string statistic) => new()
    {
        ["Id"] = id,
        ["MetricStat"] = new JsonObject
        {
            ["Metric"] = new JsonObject { ["Namespace"] = ns, ["MetricName"] = metric, ["Dimensions"] = new JsonArray([.. dimensions.Select(d => (JsonNode)new JsonObject { ["Name"] = d.Name, ["Value"] = d.Value })]) },
            ["Period"] = Minute,
            ["Stat"] = statistic,
        },
    };
}
