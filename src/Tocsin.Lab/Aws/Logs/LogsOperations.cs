using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>
/// CloudWatch Logs as the stand-in answers it. None of these needs the world's lock: a store has its own. Resources are those of the service authorization
/// reference: streams for what is written to or read from one stream, groups else, nothing for queries under way.
/// </summary>
public static class LogsOperations
{
    private const string Stored = "The bytes are stored, bounded in memory: over the budget the oldest lines of the region go.";

    public static IEnumerable<Operation> All(Func<string, LogStore> stores) => [.. Groups(stores), .. Events(stores), .. Queries(stores)];

    private static IEnumerable<Operation> Groups(Func<string, LogStore> stores) =>
    [
        Group("CreateLogGroup", LogGroupOperations.Create, stores, "KMS keys, tags and log classes are not kept."),
        Group("DeleteLogGroup", LogGroupOperations.Delete, stores),
        Group("DescribeLogGroups", LogGroupOperations.Describe, stores, "storedBytes is right at once, in AWS after hours."),
        Group("PutRetentionPolicy", LogGroupOperations.Retain, stores, "Kept in lab time, within an hour of it."),
        Group("DeleteRetentionPolicy", LogGroupOperations.RetainForever, stores),
        // The reference names the group, but the denial that AWS prints names the stream.
        Group("CreateLogStream", LogGroupOperations.CreateStream, stores) with { Resources = LogsScope.StreamResource },
        Group("DeleteLogStream", LogGroupOperations.DeleteStream, stores) with { Resources = LogsScope.StreamResource },
        Group("DescribeLogStreams", LogGroupOperations.DescribeStreams, stores),
    ];

    private static IEnumerable<Operation> Events(Func<string, LogStore> stores) =>
    [
        Group("PutLogEvents", PutOperation.Answer, stores, Stored) with { Resources = LogsScope.StreamResource },
        Group("GetLogEvents", ReadOperations.Get, stores, Stored) with { Resources = LogsScope.StreamResource },
        Group("FilterLogEvents", ReadOperations.Filter, stores, Stored + " Pages of one reading show what was stored when it began."),
        Group("TestMetricFilter", (_, call) => ReadOperations.TestPattern(call), stores) with { Resources = static _ => ["*"], ReadOnly = true },
    ];

    private static IEnumerable<Operation> Queries(Func<string, LogStore> stores)
    {
        ConcurrentDictionary<string, QueryBook> books = new(StringComparer.Ordinal);
        return
        [
            Query("StartQuery", static (b, c) => b.Start(c)) with { Resources = LogsScope.QueryResources },
            Query("GetQueryResults", static (b, c) => b.Results(c)),
            Query("StopQuery", static (b, c) => b.Stop(c)),
            Query("DescribeQueries", static (b, c) => b.Describe(c)) with { ReadOnly = true },
        ];

        Operation Query(string name, Func<QueryBook, AwsCall, JsonObject> answer) =>
            new("logs", name, call => answer(books.GetOrAdd(call.Region, r => new QueryBook(stores(r))), call))
            {
                Support = Support.Real,
                Note = "Logs Insights QL without pattern, anomaly, diff, unmask, join, lookup, SOURCE. A query works while its results are asked for.",
            };
    }

    private static Operation Group(string name, Func<LogStore, AwsCall, JsonObject> answer, Func<string, LogStore> stores, string note = "") =>
        new("logs", name, call => answer(stores(call.Region), call)) { Resources = LogsScope.GroupResource, Support = Support.Real, Note = note };
}
