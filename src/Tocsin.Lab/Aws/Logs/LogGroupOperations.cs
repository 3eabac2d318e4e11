using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>Groups and their streams.</summary>
internal static class LogGroupOperations
{
    private const int MaxPage = 50;

    private static readonly int[] Days =
        [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

    public static JsonObject Create(LogStore store, AwsCall call)
    {
        store.CreateGroup(LogsScope.GroupName(call));
        return [];
    }

    public static JsonObject Delete(LogStore store, AwsCall call)
    {
        store.DeleteGroup(LogsScope.GroupName(call));
        return [];
    }

    public static JsonObject Retain(LogStore store, AwsCall call)
    {
        var name = LogsScope.GroupName(call);
        var days = call.Number("retentionInDays");
        if (days is null || !Days.Contains((int)Math.Clamp(days.Value, 0, int.MaxValue)))
            throw LogsScope.Violated("retentionInDays", days?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null", $"Member must satisfy enum value set: [{string.Join(", ", Days)}]");
        store.Retain(name, (int)days);
        return [];
    }

    public static JsonObject RetainForever(LogStore store, AwsCall call)
    {
        store.Retain(LogsScope.GroupName(call), null);
        return [];
    }

    public static JsonObject Describe(LogStore store, AwsCall call)
    {
        var (prefix, part) = (call.Text("logGroupNamePrefix"), call.Text("logGroupNamePattern"));
        if (prefix is not null && part is not null)
            throw LogErrors.Invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
        var fitting = store.Groups().Where(g => g.Name.StartsWith(prefix ?? "", StringComparison.Ordinal)
            && g.Name.Contains(part ?? "", StringComparison.OrdinalIgnoreCase));
        var (page, token) = LogsScope.Page(fitting, g => g.Name, call.Text("nextToken"), LogsScope.Bounded(call, "limit", MaxPage, MaxPage));
        var answer = new JsonObject { ["logGroups"] = new JsonArray([.. page.Select(g => Told(store, g))]) };
        answer.Tell("nextToken", token);
        return answer;
    }

    public static JsonObject CreateStream(LogStore store, AwsCall call)
    {
        store.CreateStream(LogsScope.GroupName(call), LogsScope.StreamName(call));
        return [];
    }

    public static JsonObject DeleteStream(LogStore store, AwsCall call)
    {
        store.DeleteStream(LogsScope.GroupName(call), LogsScope.StreamName(call));
        return [];
    }

    public static JsonObject DescribeStreams(LogStore store, AwsCall call)
    {
        var group = LogsScope.Group(call);
        var prefix = call.Text("logStreamNamePrefix");
        var byTime = call.Text("orderBy") switch
        {
            null or "LogStreamName" => false,
            "LastEventTime" => true,
            var other => throw LogsScope.Violated("orderBy", other, "Member must satisfy enum value set: [LogStreamName, LastEventTime]"),
        };
        if (byTime && prefix is not null) throw LogErrors.Invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
        var fitting = store.Streams(group).Where(s => s.Name.StartsWith(prefix ?? "", StringComparison.Ordinal)).OrderBy(s => s.Name, StringComparer.Ordinal);
        var ordered = byTime ? fitting.OrderBy(s => s.Last ?? 0).ThenBy(s => s.Name, StringComparer.Ordinal) : fitting;
        var (page, token) = LogsScope.Page(
            call.Flag("descending") == true ? ordered.Reverse() : ordered, s => s.Name, call.Text("nextToken"), LogsScope.Bounded(call, "limit", MaxPage, MaxPage));
        var answer = new JsonObject { ["logStreams"] = new JsonArray([.. page.Select(s => Told(store, group, s))]) };
        answer.Tell("nextToken", token);
        return answer;
    }

    private static JsonObject Told(LogStore store, LogGroupFacts group)
    {
        var told = new JsonObject
        {
            ["logGroupName"] = group.Name,
            ["creationTime"] = LogsScope.Ms(group.Created),
            ["metricFilterCount"] = 0,
            ["arn"] = $"{store.Arn(group.Name)}:*",
            ["storedBytes"] = group.StoredBytes,
            ["logGroupClass"] = "STANDARD",
            ["logGroupArn"] = store.Arn(group.Name),
        };
        told.Tell("retentionInDays", group.RetentionDays);
        return told;
    }

    // AWS gives every stream the sequence token and storedBytes 0, both without meaning since 2019 and 2023.
    private static JsonObject Told(LogStore store, string group, LogStreamFacts stream)
    {
        var told = new JsonObject { ["logStreamName"] = stream.Name, ["creationTime"] = stream.Created };
        told.Tell("firstEventTimestamp", stream.First);
        told.Tell("lastEventTimestamp", stream.Last);
        told.Tell("lastIngestionTime", stream.LastIngested);
        told["uploadSequenceToken"] = EventIds.Of(0, LogPosition.At(stream.LastIngested ?? stream.Created));
        told["arn"] = $"{store.Arn(group)}:log-stream:{stream.Name}";
        told["storedBytes"] = 0;
        return told;
    }
}
