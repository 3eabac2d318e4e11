using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>
/// The queries of one region. A query does its work while it is asked for results; one that nobody asks for any more is worked to its end before it can stand
/// in the way of others. The results of the last hundred are kept.
/// </summary>
internal sealed class QueryBook(LogStore store)
{
    private const int MaxGroups = 50;
    private const int MaxAtOnce = 30;
    private const int MaxKept = 100;
    private const int MaxRows = 10_000;
    private const int MaxPage = 1000;

    private readonly Lock gate = new();
    private readonly List<(string Id, long Created, InsightsRun Run)> queries = [];

    public JsonObject Start(AwsCall call)
    {
        var groups = LogsScope.QueryGroups(call);
        if (groups.Count is 0 or > MaxGroups) throw LogErrors.Invalid(groups.Count == 0
            ? "Either logGroupName, logGroupNames or logGroupIdentifiers must be specified." : $"At most {MaxGroups} log groups can be queried at once.");
        var query = InsightsQuery.Parse(call.Text("queryString") ?? throw LogErrors.Invalid("queryString must be specified"));
        var (from, until) = (Second(call, "startTime"), Second(call, "endTime"));
        if (from > until) throw LogErrors.Invalid("The start time of the query has to be before its end time.");
        int? limit = call.Number("limit") is null ? null : LogsScope.Bounded(call, "limit", MaxRows, MaxRows);
        var run = new InsightsRun(store, query, groups, from * 1000, (until * 1000) + 999, limit);
        lock (gate)
        {
            if (Waiting() >= MaxAtOnce) throw new AwsException("LimitExceededException", $"Account maximum query concurrency limit of [{MaxAtOnce}] reached.");
            var id = Guid.CreateVersion7(call.Now.ToDateTimeOffset()).ToString();
            queries.Add((id, LogsScope.Ms(call.Now), run));
            if (queries.Count > MaxKept) queries.RemoveAt(Math.Max(0, queries.FindIndex(q => q.Run.Ended)));
            return new JsonObject { ["queryId"] = id };
        }
    }

    public JsonObject Results(AwsCall call)
    {
        var run = Find(call);
        var rows = run.Advance();
        return new JsonObject
        {
            ["queryLanguage"] = "CWLI",
            ["results"] = new JsonArray([.. rows.Select(Row)]),
            ["statistics"] = new JsonObject
            {
                ["recordsMatched"] = (double)run.Matched,
                ["recordsScanned"] = (double)run.Scanned,
                ["estimatedRecordsSkipped"] = 0.0,
                ["bytesScanned"] = (double)run.ScannedBytes,
                ["estimatedBytesSkipped"] = 0.0,
                ["logGroupsScanned"] = (double)run.Groups.Count,
            },
            ["status"] = run.Status.ToString(),
        };
    }

    public JsonObject Stop(AwsCall call) => Find(call).Stop() ? new JsonObject { ["success"] = true }
        : throw LogErrors.Invalid("The query has ended already.");

    public JsonObject Describe(AwsCall call)
    {
        var (group, status) = (call.Text("logGroupName"), call.Text("status"));
        List<(string Id, long Created, InsightsRun Run)> all;
        lock (gate) all = [.. queries];
        all.Reverse();
        var fitting = all.Where(q => (group is null || q.Run.Groups.Contains(group, StringComparer.Ordinal))
            && (status is null || string.Equals(q.Run.Status.ToString(), status, StringComparison.Ordinal)));
        var (page, token) = LogsScope.Page(fitting, q => q.Id, call.Text("nextToken"), LogsScope.Bounded(call, "maxResults", MaxPage, MaxPage));
        var answer = new JsonObject
        {
            ["queries"] = new JsonArray([.. page.Select(JsonNode (q) => new JsonObject
            {
                ["queryLanguage"] = "CWLI",
                ["queryId"] = q.Id,
                ["queryString"] = q.Run.Text,
                ["status"] = q.Run.Status.ToString(),
                ["createTime"] = q.Created,
                ["logGroupName"] = q.Run.Groups[0],
            })]),
        };
        answer.Tell("nextToken", token);
        return answer;
    }

    private static JsonArray Row(IReadOnlyList<InsightsField> row) =>
        new([.. row.Select(JsonNode (f) => new JsonObject { ["field"] = f.Field, ["value"] = f.Value })]);

    private static long Second(AwsCall call, string name) => call.Number(name) switch
    {
        null => throw LogErrors.Invalid($"{name} must be specified"),
        < 0 or > long.MaxValue / 2000 => throw LogsScope.Violated(name, call.Text(name) ?? "", "Member must be a time in seconds"),
        var second => second.Value,
    };

    // Whoever started a query and went away must not keep others from theirs: the oldest such is worked to its end.
    private int Waiting()
    {
        var open = queries.Where(q => !q.Run.Ended).ToList();
        if (open.Count >= MaxAtOnce && open.Find(q => q.Run.Status == InsightsStatus.Scheduled).Run is { } forgotten)
        {
            while (!forgotten.Ended) forgotten.Advance();
        }
        return open.Count(q => !q.Run.Ended);
    }

    private InsightsRun Find(AwsCall call)
    {
        var id = call.Text("queryId") ?? throw LogErrors.Invalid("queryId must be specified");
        lock (gate)
        {
            return queries.Find(q => string.Equals(q.Id, id, StringComparison.Ordinal)).Run
                ?? throw new AwsException("ResourceNotFoundException", "The specified query does not exist.");
        }
    }
}
