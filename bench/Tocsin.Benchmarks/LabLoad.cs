using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;

namespace Tocsin.Benchmarks;

/// <summary>A running lab under load, from the variables that <c>lab env</c> exports: calls per second, and whether a written line is ever lost.</summary>
internal static class LabLoad
{
    private const string Region = "ap-south-1";
    private const int Clients = 4;
    private const int LinesPerBatch = 1_000;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(CancellationToken cancel)
    {
        var endpoint = new Uri(Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL") ?? throw new InvalidOperationException("AWS_ENDPOINT_URL is not set; use: eval \"$(./tocsin lab env)\""));
        using var aws = new AwsCaller(new AwsCallerOptions { Endpoint = endpoint });
        await RateAsync("describe-services", () => aws.JsonAsync("ecs", Region, "DescribeServices", new JsonObject { ["cluster"] = "zelly-production", ["services"] = new JsonArray("fastify-nova") }, cancel));
        await RateAsync("filter-log-events", () => aws.JsonAsync("logs", Region, "FilterLogEvents", new JsonObject { ["logGroupName"] = "/zelly/ecs/fastify-nova", ["filterPattern"] = "completed", ["limit"] = 50 }, cancel));
        await LinesAsync(aws, cancel);
    }

    private static async Task RateAsync(string name, Func<Task<JsonObject>> call)
    {
        await call();
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            var count = 0;
            for (; clock.Elapsed < Long; count++) await call();
            return count;
        }));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {counts.Sum() / clock.Elapsed.TotalSeconds:0} calls per second, {Clients} clients; one call {1000 * clock.Elapsed.TotalSeconds * Clients / counts.Sum():0.0} ms"));
    }

    // Written as fast as the writer can, read back whole: nothing lost, nothing twice.
    private static async Task LinesAsync(AwsCaller aws, CancellationToken cancel)
    {
        const string Group = "/bench/lines";
        const int Batches = 100;
        await aws.JsonAsync("logs", Region, "CreateLogGroup", new JsonObject { ["logGroupName"] = Group }, cancel);
        await aws.JsonAsync("logs", Region, "CreateLogStream", new JsonObject { ["logGroupName"] = Group, ["logStreamName"] = "one" }, cancel);
        var clock = Stopwatch.StartNew();
        for (var batch = 0; batch < Batches; batch++)
        {
            var now = SystemClock.Instance.GetCurrentInstant().ToUnixTimeMilliseconds();
            var events = new JsonArray([.. Enumerable.Range(batch * LinesPerBatch, LinesPerBatch).Select(n => (JsonNode)new JsonObject { ["timestamp"] = now, ["message"] = $"line {n}" })]);
            await aws.JsonAsync("logs", Region, "PutLogEvents", new JsonObject { ["logGroupName"] = Group, ["logStreamName"] = "one", ["logEvents"] = events }, cancel);
        }
        var written = clock.Elapsed;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var (read, token) = (0, (JsonNode?)null);
        do
        {
            var page = await aws.JsonAsync("logs", Region, "FilterLogEvents", new JsonObject { ["logGroupName"] = Group, ["nextToken"] = token?.DeepClone() }, cancel);
            foreach (var one in page["events"]!.AsArray())
            {
                read++;
                seen.Add(one!["message"]!.ToString());
            }
            token = page["nextToken"];
        }
        while (token is not null);
        await aws.JsonAsync("logs", Region, "DeleteLogGroup", new JsonObject { ["logGroupName"] = Group }, cancel);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"log lines: {Batches * LinesPerBatch / written.TotalSeconds:0} written per second, {Batches * LinesPerBatch} written, {read} read, {seen.Count} different"));
    }
}
