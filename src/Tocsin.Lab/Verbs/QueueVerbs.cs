using System.Globalization;
using Tocsin.Lab.Components;

namespace Tocsin.Lab.Verbs;

/// <summary>
/// BullMQ's queues in the real Redis, by its own keys (<c>bull:QUEUE:…</c>, versions 5 and 6 alike): a job is a hash, its id waits in a list, and a marker
/// wakes workers. Each verb is one script, so that no worker sees half of it.
/// </summary>
internal static class QueueVerbs
{
    // Keys in the order in which BullMQ's own addStandardJob writes them; version 5 keeps the jobs of a paused queue in a list of their own.
    private const string PushScript = """
        local p = 'bull:' .. ARGV[1] .. ':'
        local paused = redis.call('HEXISTS', p .. 'meta', 'paused') == 1
        local list = p .. 'wait'
        if paused and string.sub(redis.call('HGET', p .. 'meta', 'version') or '', 1, 9) ~= 'bullmq:6.' then list = p .. 'paused' end
        local id
        for i = 1, tonumber(ARGV[5]) do
          id = redis.call('INCR', p .. 'id')
          redis.call('HSET', p .. id, 'name', ARGV[2], 'data', ARGV[3], 'opts', '{"attempts":1}', 'timestamp', ARGV[4], 'delay', 0, 'priority', 0)
          redis.call('XADD', p .. 'events', '*', 'event', 'added', 'jobId', id, 'name', ARGV[2])
          redis.call('LPUSH', list, id)
          redis.call('XADD', p .. 'events', '*', 'event', 'waiting', 'jobId', id)
        end
        if not paused then redis.call('ZADD', p .. 'marker', 0, '0') end
        return id
        """;

    private const string PauseScript = """
        local p = 'bull:' .. ARGV[1] .. ':'
        redis.call('HSET', p .. 'meta', 'paused', 1)
        if string.sub(redis.call('HGET', p .. 'meta', 'version') or '', 1, 9) ~= 'bullmq:6.' and redis.call('EXISTS', p .. 'wait') == 1 then redis.call('RENAME', p .. 'wait', p .. 'paused') end
        redis.call('DEL', p .. 'marker')
        redis.call('XADD', p .. 'events', '*', 'event', 'paused')
        """;

    private const string ResumeScript = """
        local p = 'bull:' .. ARGV[1] .. ':'
        redis.call('HDEL', p .. 'meta', 'paused')
        while redis.call('RPOPLPUSH', p .. 'paused', p .. 'wait') do end
        if redis.call('LLEN', p .. 'wait') > 0 then redis.call('ZADD', p .. 'marker', 0, '0') end
        redis.call('XADD', p .. 'events', '*', 'event', 'resumed')
        """;

    // A job that a processor gave up on has used up its attempts; as in BullMQ's own reprocessJob they count on, and it fails for good when it fails once more.
    private const string RetryScript = """
        local p = 'bull:' .. ARGV[1] .. ':'
        local paused = redis.call('HEXISTS', p .. 'meta', 'paused') == 1
        local ids = redis.call('ZRANGE', p .. 'failed', 0, -1)
        for _, id in ipairs(ids) do
          redis.call('ZREM', p .. 'failed', id)
          redis.call('HDEL', p .. id, 'finishedOn', 'processedOn', 'failedReason')
          redis.call('LPUSH', p .. (paused and redis.call('EXISTS', p .. 'paused') == 1 and 'paused' or 'wait'), id)
          redis.call('XADD', p .. 'events', '*', 'event', 'waiting', 'jobId', id, 'prev', 'failed')
        end
        if #ids > 0 and not paused then redis.call('ZADD', p .. 'marker', 0, '0') end
        return #ids
        """;

    private const string CollideScript = "redis.call('DEL', ARGV[1]) redis.call('SET', ARGV[1], 'not what it was')";

    private static readonly VerbArgument Queue = new("QUEUE", "The queue's name, as workers and producers spell it");
    private static readonly VerbOption Count = new("--count", "How many (default: 1)");
    private static readonly VerbOption JobName = new("--name", "The job's name (default: the queue's)");

    public static IEnumerable<Verb> All =>
    [
        new("queue push", "Put jobs into a queue.", [Queue, new("DATA", "The job's data, JSON")], None) { Options = [Count, JobName], Beyond = c => Push(c, c[1]), Breaks = static _ => true, Example = "queue push store-events '{\"type\":\"view\"}'" },
        new("queue poison", "Put jobs into a queue that no worker can use.", [Queue], None) { Options = [Count, JobName, new("--data", "Their data (default: null)")], Beyond = c => Push(c, c.Option("--data") ?? "null"), Example = "queue poison store-events" },
        new("queue collide", "Put a plain string in a key's place, so that commands on it are answered by WRONGTYPE.", [new("KEY", "A key, such as bull:store-events:wait")], None)
        {
            Beyond = c => Script(c, CollideScript, $"{c[0]} is a string now", c[0]),
            Example = "queue collide bull:store-events:delayed",
        },
        new("queue pause", "Pause a queue for all its workers.", [Queue], None) { Beyond = c => Script(c, PauseScript, $"{c[0]} is paused", c[0]), Example = "queue pause store-events" },
        new("queue resume", "Let its workers go on.", [Queue], None) { Beyond = c => Script(c, ResumeScript, $"{c[0]} goes on", c[0]), Breaks = static _ => false, Example = "queue resume store-events" },
        new("queue retry", "Put the failed jobs of a queue back to the waiting ones.", [Queue], None) { Beyond = c => Script(c, RetryScript, $"the failed jobs of {c[0]} wait again", c[0]), Breaks = static _ => false, Example = "queue retry store-events" },
    ];

    private static Func<CancellationToken, Task<string>> Push(VerbCall call, string data)
    {
        var count = call.Option("--count") is { } text ? call.Whole(text, "--count") : 1;
        var at = call.Host.World.Clock.Now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        return Script(call, PushScript, $"{count} job{(count == 1 ? "" : "s")} in {call[0]}", call[0], call.Option("--name") ?? call[0], data, at, count.ToString(CultureInfo.InvariantCulture));
    }

    private static Func<CancellationToken, Task<string>> Script(VerbCall call, string script, string said, params IEnumerable<string> arguments)
    {
        var redis = Redis(call);
        return async cancel =>
        {
            await redis.ExecAsync(["EVAL", script, "0", .. arguments], cancel);
            return said;
        };
    }

    private static Component Redis(VerbCall call) => call.Component("redis") ?? throw ServerVerbs.NoServer(call, "redis");

    // Every verb here has its work beyond the lock.
    private static string None(VerbCall call) => throw ServerVerbs.NoServer(call, "redis");
}
