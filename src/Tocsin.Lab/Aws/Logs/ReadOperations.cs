using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>Reading events: one stream back and forth, or a group in order of time, through a pattern.</summary>
internal static class ReadOperations
{
    private const int MaxEvents = 10_000;
    private const int MaxBytes = 1024 * 1024;
    private const int MaxStreams = 100;
    private const int MaxTests = 50;

    public static JsonObject Get(LogStore store, AwsCall call)
    {
        var (group, stream) = (store.Group(LogsScope.Group(call)), LogsScope.StreamName(call));
        if (!store.Streams(group.Name).Any(s => string.Equals(s.Name, stream, StringComparison.Ordinal))) throw LogErrors.NoStream();
        var from = LogPosition.At(call.Number("startTime") ?? 0);
        var until = call.Number("endTime") is { } end ? LogPosition.At(end) : LogPosition.End;
        var backward = call.Flag("startFromHead") != true;
        var asked = from;
        if (call.Text("nextToken") is { } token)
        {
            var gap = asked = Gap(token, group.Number, out backward);
            (from, until) = backward ? (from, Least(until, gap)) : (Greatest(from, gap), until);
        }
        var stretch = new LogStretch(from, until) { Backward = backward, Streams = s => string.Equals(s, stream, StringComparison.Ordinal) };
        var (events, _) = Collect(store, group.Name, stretch, static _ => true, LogsScope.Bounded(call, "limit", MaxEvents, MaxEvents));
        if (backward) events.Reverse();
        // A token is the gap between two events. Where nothing was found both stay at the gap that was asked from: the caller sees its own token again.
        var (before, behind) = events.Count > 0 ? (events[0].Position, events[^1].Position.Next) : (asked, asked);
        return new JsonObject
        {
            ["events"] = new JsonArray([.. events.Select(e => Told(e))]),
            ["nextForwardToken"] = $"f/{EventIds.Of(group.Number, behind)}/s",
            ["nextBackwardToken"] = $"b/{EventIds.Of(group.Number, before)}/s",
        };
    }

    public static JsonObject Filter(LogStore store, AwsCall call)
    {
        var group = store.Group(LogsScope.Group(call));
        var pattern = FilterPattern.Parse(call.Text("filterPattern") ?? "");
        var from = LogPosition.At(call.Number("startTime") ?? 0);
        var until = call.Number("endTime") is { } end ? LogPosition.Behind(end) : LogPosition.End;
        var newest = group.Newest;
        if (call.Text("nextToken") is { } token) (from, newest) = Continue(token, group.Number);
        var stretch = new LogStretch(from, until, newest) { Streams = Streams(store, group.Name, call) };
        var (events, rest) = Collect(store, group.Name, stretch, pattern.Matches, LogsScope.Bounded(call, "limit", MaxEvents, MaxEvents));
        var answer = new JsonObject
        {
            ["events"] = new JsonArray([.. events.Select(e => Found(group.Number, e))]),
            ["searchedLogStreams"] = new JsonArray(),
        };
        answer.Tell("nextToken", rest is { } next ? Token.Write("filter", Written(group.Number), Written(next.Timestamp), Written(next.Arrival), Written(newest)) : null);
        return answer;
    }

    public static JsonObject TestPattern(AwsCall call)
    {
        var pattern = FilterPattern.Parse(call.Text("filterPattern") ?? throw LogErrors.Invalid("filterPattern must be specified"));
        var messages = call.Texts("logEventMessages").ToList();
        if (messages.Count is 0 or > MaxTests) throw LogsScope.Violated("logEventMessages", $"[{messages.Count}]", $"Member must have length between 1 and {MaxTests}");
        var matches = messages.Select((message, i) => (Message: message, Number: i + 1)).Where(m => pattern.Matches(m.Message)).Select(JsonNode (m) => new JsonObject
        {
            ["eventNumber"] = m.Number,
            ["eventMessage"] = m.Message,
            ["extractedValues"] = new JsonObject(pattern.Extract(m.Message).Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value))),
        });
        return new JsonObject { ["matches"] = new JsonArray([.. matches]) };
    }

    // A page ends at its limit or before the text passes 1 MB; one event always fits. What the rest is depends on whether anything can still follow.
    private static (List<LogEvent> Events, LogPosition? Behind) Collect(
        LogStore store, string group, LogStretch stretch, Func<ReadOnlyMemory<byte>, bool> fits, int limit)
    {
        List<LogEvent> events = [];
        var bytes = 0L;
        while (true)
        {
            var part = store.Read(group, stretch);
            foreach (var found in part.Events)
            {
                if (!fits(found.Bytes)) continue;
                bytes += found.Bytes.Length;
                if (events.Count == limit || (bytes > MaxBytes && events.Count > 0)) return (events, found.Position);
                events.Add(found);
            }
            if (part.Done) return (events, null);
            stretch = stretch.Backward ? stretch with { Until = part.Rest } : stretch with { From = part.Rest };
        }
    }

    private static Func<string, bool>? Streams(LogStore store, string group, AwsCall call)
    {
        var names = call.Texts("logStreamNames").ToHashSet(StringComparer.Ordinal);
        var prefix = call.Text("logStreamNamePrefix");
        if (names.Count > 0 && prefix is not null) throw LogErrors.Invalid("Only one of logStreamNames or logStreamNamePrefix can be specified.");
        if (names.Count > MaxStreams) throw LogsScope.Violated("logStreamNames", $"[{names.Count}]", $"Member must have length less than or equal to {MaxStreams}");
        if (names.Count == 0) return prefix is null ? null : s => s.StartsWith(prefix, StringComparison.Ordinal);
        return names.IsSubsetOf(store.Streams(group).Select(s => s.Name)) ? names.Contains : throw LogErrors.NoStream();
    }

    private static (LogPosition From, long Newest) Continue(string token, long group)
    {
        var parts = Token.Read(token, "filter", 4);
        var numbers = Array.ConvertAll(parts, p => long.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw LogErrors.BadToken());
        return numbers[0] == group ? (new LogPosition(numbers[1], numbers[2]), numbers[3]) : throw LogErrors.BadToken();
    }

    private static LogPosition Gap(string token, long group, out bool backward)
    {
        backward = token.StartsWith("b/", StringComparison.Ordinal);
        var whole = token.Length > 4 && token[1] == '/' && token[0] is 'b' or 'f' && token.EndsWith("/s", StringComparison.Ordinal);
        return whole && EventIds.TryParse(token[2..^2], out var of, out var gap) && of == group ? gap : throw LogErrors.BadToken();
    }

    private static LogPosition Least(LogPosition a, LogPosition b) => a < b ? a : b;

    private static LogPosition Greatest(LogPosition a, LogPosition b) => a > b ? a : b;

    private static JsonObject Told(LogEvent found) => new() { ["timestamp"] = found.Timestamp, ["message"] = found.Message, ["ingestionTime"] = found.Ingested };

    private static JsonObject Found(long group, LogEvent found) => new()
    {
        ["logStreamName"] = found.Stream,
        ["timestamp"] = found.Timestamp,
        ["message"] = found.Message,
        ["ingestionTime"] = found.Ingested,
        ["eventId"] = EventIds.Of(group, found.Position),
    };

    private static string Written(long number) => number.ToString(CultureInfo.InvariantCulture);
}
