using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Core.Signals;

namespace Tocsin.Collect.Platforms;

/// <summary>What one query of Logs Insights gave. Rows are redacted.</summary>
public sealed record LogQueryAnswer(ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<string>> Rows, long BytesScanned, long RecordsScanned, long RecordsMatched, string Status);

/// <summary>Runs a query of CloudWatch Logs Insights: what it scans is paid for, so range and rows are capped, and an unfinished query is stopped.</summary>
public sealed class LogQuery(AwsCaller caller, string region, TimeProvider time)
{
    public static readonly Duration MostRange = Duration.FromHours(24);
    public const int MostRows = 1000;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    public async Task<LogQueryAnswer> RunAsync(ImmutableArray<string> groups, string query, Instant from, Instant to, int rows, CancellationToken cancel)
    {
        if (to - from > MostRange) from = to - MostRange;
        var input = new JsonObject
        {
            ["logGroupNames"] = new JsonArray([.. groups.Select(g => (JsonNode)g)]),
            ["startTime"] = from.ToUnixTimeSeconds(),
            ["endTime"] = to.ToUnixTimeSeconds(),
            ["queryString"] = query,
            ["limit"] = Math.Clamp(rows, 1, MostRows),
        };
        var id = (await caller.JsonAsync("logs", region, "StartQuery", input, cancel))["queryId"]?.ToString() ?? "";
        try
        {
            return await WaitAsync(id, cancel);
        }
        catch (OperationCanceledException)
        {
            // What nobody waits for should scan no more.
            using var last = new CancellationTokenSource(LongestPause, time);
            await caller.JsonAsync("logs", region, "StopQuery", new JsonObject { ["queryId"] = id }, last.Token);
            throw;
        }
    }

    private async Task<LogQueryAnswer> WaitAsync(string id, CancellationToken cancel)
    {
        for (var pause = FirstPause; ; pause = pause < LongestPause ? pause * 1.5 : LongestPause)
        {
            var answer = await caller.JsonAsync("logs", region, "GetQueryResults", new JsonObject { ["queryId"] = id }, cancel);
            if (answer["status"]?.ToString() is "Complete" or "Failed" or "Cancelled" or "Timeout") return Read(answer);
            await Task.Delay(pause, time, cancel);
        }
    }

    private static LogQueryAnswer Read(JsonObject answer)
    {
        var rows = ((answer["results"] as JsonArray) ?? []).OfType<JsonArray>().Select(r => r.OfType<JsonObject>().Select(f => (Name: f["field"]?.ToString() ?? "", Value: f["value"]?.ToString() ?? "")).Where(f => f.Name != "@ptr").ToList()).ToList();
        var columns = rows.SelectMany(r => r.Select(f => f.Name)).Distinct(StringComparer.Ordinal).ToImmutableArray();
        long Number(string name) => (long)(double.TryParse((answer["statistics"] as JsonObject)?[name]?.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0);
        return new(
            columns,
            [.. rows.Select(r => columns.Select(c => Redactor.Default.Redact(r.Find(f => f.Name == c).Value ?? "")).ToImmutableArray())],
            Number("bytesScanned"),
            Number("recordsScanned"),
            Number("recordsMatched"),
            answer["status"]!.ToString());
    }
}
