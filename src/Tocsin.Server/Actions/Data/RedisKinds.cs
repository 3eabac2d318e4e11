using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Wire;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Data;

/// <summary>The only writing face on the cache: a login that lives for one step.</summary>
internal static class RedisDoor
{
    public const string Component = "redis";
    private const string UsualPrefix = "bull";

    public static async Task<T> AskAsync<T>(ActionGround ground, Func<RedisConnection, Task<T>> ask, CancellationToken cancel)
    {
        var (servers, place) = ground.Doors.Open(Component);
        try
        {
            await using var connection = await RedisConnection.OpenAsync(servers.Target(place) with { Limit = Duration.FromSeconds(10) }, new RedisLogin(place.Password, place.User), cancel);
            return await ask(connection);
        }
        catch (WireFailure e)
        {
            throw new ActionRefused($"{Component}: {e.Code}: {AwsCalling.Short(e.Words)}");
        }
    }

    public static string Prefix(ActionGround ground) => ground.Map.Component(Component, "queuePrefix") ?? UsualPrefix;

    /// <summary>A queue that the platform has.</summary>
    public static string Queue(ActionGround ground, string named)
    {
        var known = ground.Map.Services.SelectMany(s => s.Works.Concat(s.Produces)).Distinct(StringComparer.Ordinal).ToList();
        return known.Find(q => string.Equals(q, named, StringComparison.OrdinalIgnoreCase)) ?? throw new ActionRefused($"the platform has no queue {named}; {Core.Catalog.Nearest.Suggest(named, known)}known: {string.Join(", ", known)}");
    }

    public static async Task<string> TextAsync(this RedisConnection redis, string[] words, CancellationToken cancel) => await redis.SendAsync(words, cancel) switch
    {
        RedisValue.Error error => throw new ActionRefused($"{words[0]}: {error.Words}"),
        var value => value.AsText ?? "",
    };

    public static async Task<long> NumberAsync(this RedisConnection redis, string[] words, CancellationToken cancel) => long.TryParse(await redis.TextAsync(words, cancel), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    public static PlannedCall Call(string operation, params (string Name, string Value)[] arguments) =>
        new(Component, operation, arguments.ToImmutableSortedDictionary(a => a.Name, a => JsonValue.Create(a.Value).ToJsonString(AwsCalling.Plain), StringComparer.Ordinal));

    public static string Argument(PlannedCall call, string name) => JsonNode.Parse(call.Arguments[name])!.ToString();
}

/// <summary>bullmq.pause: workers take nothing more out of the queue; what comes in waits.</summary>
public sealed class PauseQueue : ActionKind
{
    private const string State = "queue";

    // As BullMQ does it: version 6 leaves the waiting jobs where they are, earlier ones put them aside. A marker wakes the workers.
    private const string Script = """
        local base, to, older = ARGV[1], ARGV[2], tonumber(ARGV[3])
        if to == 'paused' then
          redis.call('HSET', base .. 'meta', 'paused', 1)
          if older == 1 then
            if redis.call('EXISTS', base .. 'wait') == 1 then redis.call('RENAME', base .. 'wait', base .. 'paused') end
          else
            redis.call('DEL', base .. 'marker')
          end
        else
          redis.call('HDEL', base .. 'meta', 'paused')
          local jobs = redis.call('LRANGE', base .. 'paused', 0, 999)
          while #jobs > 0 do
            redis.call('RPUSH', base .. 'wait', unpack(jobs))
            redis.call('LTRIM', base .. 'paused', #jobs, -1)
            jobs = redis.call('LRANGE', base .. 'paused', 0, 999)
          end
          if redis.call('LLEN', base .. 'wait') + redis.call('ZCARD', base .. 'prioritized') > 0 then redis.call('ZADD', base .. 'marker', 0, '0') end
        end
        redis.call('XADD', base .. 'events', 'MAXLEN', '~', '10000', '*', 'event', to)
        return 1
        """;

    public override string Id => "bullmq.pause";

    public override string Target => "a queue's name";

    public override ImmutableArray<ActionArgument> Arguments => [new("to", "paused or resumed (default: paused)")];

    public override Duration Patience => Duration.FromSeconds(15);

    public override Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel) => ToAsync(ground, RedisDoor.Queue(ground, order.Target), order.Value("to") ?? "paused", cancel);

    public override Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => ToAsync(ground, run.Plan.Target, run.Plan.Facts[State] is "paused" ? "paused" : "resumed", cancel);

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => ActionOrder.None.Add(State, await StateAsync(ground, plan.Target, cancel));

    public override Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) =>
        RedisDoor.AskAsync(
            ground,
            async redis =>
            {
                var to = RedisDoor.Argument(run.Plan.Calls[call], "to");
                var prefix = $"{RedisDoor.Prefix(ground)}:{run.Plan.Target}:";
                var version = await redis.TextAsync(["HGET", $"{prefix}meta", "version"], cancel);
                var older = int.TryParse(version.Split(':')[^1].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major < 6;
                await redis.TextAsync(["EVAL", Script, "0", prefix, to, older ? "1" : "0"], cancel);
                return CallResult.Done($"the queue is {to}");
            },
            cancel);

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var state = await StateAsync(ground, run.Plan.Target, cancel);
        return state == Becomes(RedisDoor.Argument(run.Plan.Calls[call], "to")) ? CallResult.Done($"read back: it is {state}") : CallResult.Failed($"read back: it is {state}");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var state = await StateAsync(ground, run.Plan.Target, cancel);
        return state == Becomes(RedisDoor.Argument(run.Plan.Calls[0], "to")) ? Verification.Yes($"{run.Plan.Target} is {state}") : Verification.No($"{run.Plan.Target} is {state}");
    }

    private static string Becomes(string to) => to is "paused" ? "paused" : "running";

    private static async Task<ActionDraft> ToAsync(ActionGround ground, string queue, string to, CancellationToken cancel)
    {
        if (to is not ("paused" or "resumed")) throw new ActionRefused("to is paused or resumed");
        var state = await StateAsync(ground, queue, cancel);
        if (state is "missing") throw new ActionRefused($"{queue} does not exist in the cache yet");
        if (state == Becomes(to)) throw new ActionRefused($"{queue} is {state} already");
        return new ActionDraft(queue, state, Becomes(to), [RedisDoor.Call("pause", ("queue", queue), ("to", to))], ActionOrder.None.Add(State, state)) { BlastRadius = [.. ground.Map.Services.Where(s => s.Works.Contains(queue, StringComparer.Ordinal)).Select(s => s.Name)], Notes = to is "paused" ? ["jobs that come in wait; nothing is lost while there is memory"] : [] };
    }

    private static Task<string> StateAsync(ActionGround ground, string queue, CancellationToken cancel) => RedisDoor.AskAsync(
        ground,
        async redis =>
        {
            var meta = $"{RedisDoor.Prefix(ground)}:{queue}:meta";
            return await redis.NumberAsync(["EXISTS", meta], cancel) == 0 ? "missing" : await redis.NumberAsync(["HEXISTS", meta, "paused"], cancel) == 1 ? "paused" : "running";
        },
        cancel);

    public override string CommandOf(PlannedCall call, ActionPlace place) => $"node -e \"const {{Queue}} = require('bullmq'); const q = new Queue('{RedisDoor.Argument(call, "queue")}', {{connection: {{url: process.env.REDIS_URL}}}}); q.{(RedisDoor.Argument(call, "to") is "paused" ? "pause" : "resume")}().then(() => q.close())\"";
}

/// <summary>bullmq.retryFailed: failed jobs go back in batches, the oldest first; where some of a batch fail again, the rest stays.</summary>
public sealed class RetryFailed : ActionKind
{
    private const string Failed = "failed jobs at most";
    private const int Usual = 50;
    private const int MostBatches = 200;
    private static readonly Duration BatchLimit = Duration.FromSeconds(20);

    // As BullMQ moves them: out of failed, without their old failure, to the end that workers take from, and a marker that wakes them.
    private const string Script = """
        local base, count = ARGV[1], tonumber(ARGV[2])
        local jobs = redis.call('ZRANGE', base .. 'failed', 0, count - 1)
        local list = 'wait'
        local paused = redis.call('HEXISTS', base .. 'meta', 'paused')
        if paused == 1 and redis.call('EXISTS', base .. 'paused') == 1 then list = 'paused' end
        for _, id in ipairs(jobs) do
          redis.call('HDEL', base .. id, 'finishedOn', 'processedOn', 'failedReason')
          redis.call('ZREM', base .. 'failed', id)
          redis.call('LPUSH', base .. list, id)
          redis.call('XADD', base .. 'events', 'MAXLEN', '~', '10000', '*', 'event', 'waiting', 'jobId', id, 'prev', 'failed')
        end
        if #jobs > 0 and paused == 0 then redis.call('ZADD', base .. 'marker', 0, '0') end
        return #jobs
        """;

    public override string Id => "bullmq.retryFailed";

    public override string Target => "a queue's name";

    public override ImmutableArray<ActionArgument> Arguments => [new("batch", "how many jobs at a time (default: 50)")];

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var queue = RedisDoor.Queue(ground, order.Target);
        var batch = order.Value("batch") is not { } given ? Usual : int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 1000 ? number : throw new ActionRefused("batch is a number from 1 to 1000");
        var now = await CountsAsync(ground, queue, cancel);
        if (now.Failed == 0) throw new ActionRefused($"{queue} has no failed job");
        if (now.Paused) throw new ActionRefused($"{queue} is paused: nobody would work on what goes back");
        return new ActionDraft(queue, string.Create(CultureInfo.InvariantCulture, $"{now.Failed} failed jobs"), string.Create(CultureInfo.InvariantCulture, $"back in batches of {batch}, until one fails again"), [RedisDoor.Call("retryFailed", ("queue", queue), ("batch", batch.ToString(CultureInfo.InvariantCulture)))], Facts(now.Failed))
        {
            BlastRadius = [.. ground.Map.Services.Where(s => s.Works.Contains(queue, StringComparer.Ordinal)).Select(s => s.Name)],
            Notes = ["a job that had done a part of its work does that part again"],
        };
    }

    // More failures come and go in an outage; the plan depends only on what kind of number it is.
    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts((await CountsAsync(ground, plan.Target, cancel)).Failed);

    public override Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) =>
        BatchesAsync(ground, run.Plan.Target, RedisDoor.Argument(run.Plan.Calls[call], "batch"), cancel);

    // How many went back before the connection was lost nobody can tell from the queue alone.
    public override Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel) => Task.FromResult(CallResult.Unknown("some jobs may have gone back; none is lost: each is failed, waiting, or was worked on"));

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var now = await CountsAsync(ground, run.Plan.Target, cancel);
        var seen = string.Create(CultureInfo.InvariantCulture, $"{run.Plan.Target}: {now.Failed} failed, {now.Waiting} waiting");
        return now.Failed == 0 ? Verification.Yes(seen) : Verification.No(seen, run.Calls[0].Words);
    }

    public override string CommandOf(PlannedCall call, ActionPlace place) => $"node -e \"const {{Queue}} = require('bullmq'); const q = new Queue('{RedisDoor.Argument(call, "queue")}', {{connection: {{url: process.env.REDIS_URL}}}}); q.retryJobs({{count: {RedisDoor.Argument(call, "batch")}, state: 'failed'}}).then(() => q.close())\"";

    private static async Task<CallResult> BatchesAsync(ActionGround ground, string queue, string batch, CancellationToken cancel)
    {
        var (prefix, back) = ($"{RedisDoor.Prefix(ground)}:{queue}:", 0L);
        for (var i = 0; i < MostBatches; i++)
        {
            // A login for each step: a whole queue takes longer than any connection is held.
            var (before, moved) = await RedisDoor.AskAsync(ground, async redis => (await redis.NumberAsync(["ZCARD", $"{prefix}failed"], cancel), await redis.NumberAsync(["EVAL", Script, "0", prefix, batch], cancel)), cancel);
            back += moved;
            if (moved == 0) return CallResult.Done(string.Create(CultureInfo.InvariantCulture, $"{back} jobs went back, none failed again"));
            var again = await AgainAsync(ground, prefix, before - moved, cancel);
            if (again > 0) return CallResult.Done(string.Create(CultureInfo.InvariantCulture, $"{back} jobs went back; {again} failed again, so the rest stays"));
        }
        return CallResult.Done(string.Create(CultureInfo.InvariantCulture, $"{back} jobs went back; there are more"));
    }

    // Waits until the batch was worked on; more failed than were left is a failure of one that went back.
    private static async Task<long> AgainAsync(ActionGround ground, string prefix, long left, CancellationToken cancel)
    {
        var until = ground.Now + BatchLimit;
        while (true)
        {
            var (again, open) = await RedisDoor.AskAsync(ground, async redis => (await redis.NumberAsync(["ZCARD", $"{prefix}failed"], cancel) - left, await redis.NumberAsync(["LLEN", $"{prefix}wait"], cancel) + await redis.NumberAsync(["LLEN", $"{prefix}active"], cancel)), cancel);
            if (again > 0 || open == 0 || ground.Now >= until) return again;
            await Task.Delay(TimeSpan.FromMilliseconds(200), ground.Time, cancel);
        }
    }

    private static ImmutableSortedDictionary<string, string> Facts(long failed) => ActionOrder.None.Add(Failed, failed switch { 0 => "none", <= 1_000 => "1,000", <= 100_000 => "100,000", _ => "more" });

    private static Task<(long Failed, long Waiting, bool Paused)> CountsAsync(ActionGround ground, string queue, CancellationToken cancel) => RedisDoor.AskAsync(
        ground,
        async redis =>
        {
            var prefix = $"{RedisDoor.Prefix(ground)}:{queue}:";
            return (await redis.NumberAsync(["ZCARD", $"{prefix}failed"], cancel), await redis.NumberAsync(["LLEN", $"{prefix}wait"], cancel), await redis.NumberAsync(["HEXISTS", $"{prefix}meta", "paused"], cancel) == 1);
        },
        cancel);
}

/// <summary>redis.deleteKey: one key, named whole, is put aside for a week under another name; what a queue needs is refused.</summary>
public sealed class DeleteKey : ActionKind
{
    private const string Type = "type";
    private const string Size = "length";
    private const int Kept = 7 * 24 * 3600;

    // A queue's own keys and their types; a key of another type stands in the queue's way and may go.
    private static readonly ImmutableDictionary<string, string> Own = ImmutableDictionary.CreateRange(StringComparer.Ordinal,
    [
        new KeyValuePair<string, string>("meta", "hash"), new("wait", "list"), new("paused", "list"), new("active", "list"), new("delayed", "zset"), new("prioritized", "zset"), new("completed", "zset"), new("failed", "zset"), new("events", "stream"),
        new("marker", "zset"), new("waiting-children", "zset"), new("stalled", "set"), new("id", "string"), new("stalled-check", "string"), new("limiter", "string"), new("pc", "string"),
    ]);

    public override string Id => "redis.deleteKey";

    public override string Target => "a key, whole; no pattern";

    public override Duration Patience => Duration.FromSeconds(10);

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var key = order.Target;
        if (key.Length == 0 || key.IndexOfAny(['*', '?', '[', ']']) >= 0) throw new ActionRefused("name one key, whole: patterns are never deleted");
        var (type, length, left, memory) = await LookAsync(ground, key, cancel);
        if (type is "none") throw new ActionRefused($"there is no key {key}");
        var (queue, part) = Owner(ground, key);
        if (queue is not null && Own.GetValueOrDefault(part) == type) throw new ActionRefused($"{key} is {queue}'s own {part}, a {type} as it must be: deleting it loses jobs");
        if (queue is not null && type is "hash" && !Own.ContainsKey(part)) throw new ActionRefused($"{key} is a job of {queue}: remove it through the queue");
        return new ActionDraft(key, string.Create(CultureInfo.InvariantCulture, $"{type} of {length}, {memory} bytes, {(left < 0 ? "without an end" : $"ends in {left / 1000} s")}"), "gone; put aside for 7 days", [RedisDoor.Call("putAside", ("key", key))], Facts(type, length))
        {
            Notes = [queue is null ? "it belongs to no queue of the platform" : $"it stands where {queue} wants a {Own.GetValueOrDefault(part, "key of its own")}"],
        };
    }

    public override async Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        if ((await LookAsync(ground, run.Plan.Target, cancel)).Type is var there and not "none") throw new ActionRefused($"{run.Plan.Target} is there again, a {there}: nothing is written over it");
        return new ActionDraft(run.Plan.Target, "gone", "there again", [RedisDoor.Call("giveBack", ("key", run.Plan.Target), ("from", Aside(run.Token, run.Plan.Target)))], ActionOrder.None.Add(Type, "none"));
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel)
    {
        var now = await LookAsync(ground, plan.Target, cancel);
        return plan.Undoes.Length > 0 ? ActionOrder.None.Add(Type, now.Type) : Facts(now.Type, now.Length);
    }

    public override Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) =>
        RedisDoor.AskAsync(
            ground,
            async redis =>
            {
                var (from, to) = run.Plan.Calls[call].Operation is "giveBack" ? (RedisDoor.Argument(run.Plan.Calls[call], "from"), run.Plan.Target) : (run.Plan.Target, Aside(run.Token, run.Plan.Target));
                if (await redis.NumberAsync(["RENAMENX", from, to], cancel) == 0) return CallResult.Failed($"{to} is there already");
                if (from == run.Plan.Target) await redis.NumberAsync(["EXPIRE", to, Kept.ToString(CultureInfo.InvariantCulture)], cancel);
                else await redis.NumberAsync(["PERSIST", to], cancel);
                return CallResult.Done(from == run.Plan.Target ? $"put aside as {to}" : "given back");
            },
            cancel);

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        var gone = (await LookAsync(ground, run.Plan.Target, cancel)).Type is "none";
        return gone == (run.Plan.Undoes.Length == 0) ? CallResult.Done($"read back: it is {(gone ? "gone" : "there")}") : CallResult.Failed($"read back: it is {(gone ? "gone" : "still there")}");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var gone = (await LookAsync(ground, run.Plan.Target, cancel)).Type is "none";
        return gone == (run.Plan.Undoes.Length == 0) ? Verification.Yes($"{run.Plan.Target} is {(gone ? "gone" : "there")}") : Verification.No($"{run.Plan.Target} is {(gone ? "gone" : "there again")}");
    }

    public override string CommandOf(PlannedCall call, ActionPlace place) => call.Operation is "giveBack" ? $"redis-cli --tls RENAMENX {RedisDoor.Argument(call, "from")} {RedisDoor.Argument(call, "key")}" : $"redis-cli --tls DUMP {RedisDoor.Argument(call, "key")} > key.dump && redis-cli --tls DEL {RedisDoor.Argument(call, "key")}";

    private static string Aside(string token, string key) => $"tocsin:aside:{token}:{key}";

    private static (string? Queue, string Part) Owner(ActionGround ground, string key)
    {
        foreach (var queue in ground.Map.Services.SelectMany(s => s.Works.Concat(s.Produces)).Distinct(StringComparer.Ordinal))
        {
            var prefix = $"{RedisDoor.Prefix(ground)}:{queue}:";
            if (key.StartsWith(prefix, StringComparison.Ordinal)) return (queue, key[prefix.Length..]);
        }
        return (null, "");
    }

    private static ImmutableSortedDictionary<string, string> Facts(string type, long length) => ActionOrder.None.Add(Type, type).Add(Size, length.ToString(CultureInfo.InvariantCulture));

    private static Task<(string Type, long Length, long Left, long Memory)> LookAsync(ActionGround ground, string key, CancellationToken cancel) => RedisDoor.AskAsync(
        ground,
        async redis =>
        {
            var type = await redis.TextAsync(["TYPE", key], cancel);
            var count = type switch { "string" => "STRLEN", "list" => "LLEN", "hash" => "HLEN", "set" => "SCARD", "zset" => "ZCARD", "stream" => "XLEN", _ => null };
            return (type, count is null ? 0 : await redis.NumberAsync([count, key], cancel), await redis.NumberAsync(["PTTL", key], cancel), type is "none" ? 0 : await redis.NumberAsync(["MEMORY", "USAGE", key], cancel));
        },
        cancel);
}
