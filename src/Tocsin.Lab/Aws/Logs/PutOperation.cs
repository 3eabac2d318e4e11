using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>PutLogEvents with AWS's limits: 10,000 events, 1 MiB with 26 bytes for each of them, in order, within 24 hours, not too old and not too new.</summary>
internal static class PutOperation
{
    private const int MaxEvents = 10_000;
    private const int MaxBytes = 1_048_576;
    private static readonly Duration MaxSpan = Duration.FromHours(24);
    private static readonly Duration TooOld = Duration.FromDays(14);
    private static readonly Duration TooNew = Duration.FromHours(2);

    public static JsonObject Answer(LogStore store, AwsCall call)
    {
        var (group, stream) = (LogsScope.GroupName(call), LogsScope.StreamName(call));
        var events = call.Items("logEvents").Select(Event).ToList();
        Check(events);
        var retention = store.Group(group).RetentionDays;
        var now = LogsScope.Ms(call.Now);
        var old = now - (long)TooOld.TotalMilliseconds;
        var expired = retention is { } days ? Math.Max(long.MinValue, now - (long)Duration.FromDays(days).TotalMilliseconds) : long.MinValue;
        var fresh = now + (long)TooNew.TotalMilliseconds;
        store.Put(group, stream, events.Where(e => e.Timestamp >= old && e.Timestamp >= expired && e.Timestamp <= fresh), call.Now);
        var answer = new JsonObject { ["nextSequenceToken"] = EventIds.Of(0, LogPosition.At(now)) };
        answer.Tell("rejectedLogEventsInfo", Rejected(events, old, expired, fresh));
        return answer;
    }

    private static (long Timestamp, byte[] Text) Event(JsonNode? node, int index)
    {
        if (node is not JsonObject given || given["message"] is not JsonValue message || given["timestamp"] is not JsonValue time)
            throw LogErrors.Invalid("1 validation error detected: Value null at 'logEvents' failed to satisfy constraint: Member must not be null");
        if (!long.TryParse(time.ToString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var timestamp))
            throw new AwsException("SerializationException", "timestamp is not a number");
        if (timestamp < 0) throw LogsScope.Violated($"logEvents.{index + 1}.member.timestamp", time.ToString(), "Member must have value greater than or equal to 0");
        var text = Encoding.UTF8.GetBytes(message.ToString());
        return text.Length > 0 ? (timestamp, text)
            : throw LogsScope.Violated($"logEvents.{index + 1}.member.message", "", "Member must have length greater than or equal to 1");
    }

    private static void Check(List<(long Timestamp, byte[] Text)> events)
    {
        if (events.Count is 0 or > MaxEvents)
        {
            var bound = events.Count == 0 ? "greater than or equal to 1" : $"less than or equal to {MaxEvents}";
            throw LogsScope.Violated("logEvents", $"[{events.Count} events]", $"Member must have length {bound}");
        }
        var total = 0L;
        foreach (var (_, text) in events)
        {
            var size = text.Length + LogGroup.AwsOverhead;
            if (size > LogStore.MaxEventBytes) throw LogErrors.Invalid($"Log event too large: {size} bytes exceeds limit of {LogStore.MaxEventBytes}");
            total += size;
        }
        if (total > MaxBytes) throw LogErrors.Invalid($"Upload too large: {total} bytes exceeds limit of {MaxBytes}");
        for (var i = 1; i < events.Count; i++)
        {
            if (events[i].Timestamp < events[i - 1].Timestamp)
                throw LogErrors.Invalid("Log events in a single PutLogEvents request must be in chronological order.");
        }
        if (events[^1].Timestamp - events[0].Timestamp > MaxSpan.TotalMilliseconds)
            throw LogErrors.Invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
    }

    // Ends are exclusive and starts inclusive, as the SDKs read them.
    private static JsonObject? Rejected(List<(long Timestamp, byte[] Text)> events, long old, long expired, long fresh)
    {
        var rejected = new JsonObject();
        var oldEnd = events.FindLastIndex(e => e.Timestamp < old) + 1;
        var expiredEnd = events.FindLastIndex(e => e.Timestamp < expired) + 1;
        var newStart = events.FindIndex(e => e.Timestamp > fresh);
        if (newStart >= 0) rejected["tooNewLogEventStartIndex"] = newStart;
        if (oldEnd > 0) rejected["tooOldLogEventEndIndex"] = oldEnd;
        if (expiredEnd > 0) rejected["expiredLogEventEndIndex"] = expiredEnd;
        return rejected.Count > 0 ? rejected : null;
    }
}
