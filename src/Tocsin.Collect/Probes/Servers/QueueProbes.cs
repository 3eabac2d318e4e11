using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>BullMQ's queues by its own keys, versions 4 to 6: counts, workers, the types of keys. All by one connection of its own, one queue after another.</summary>
internal static class QueueProbes
{
    private const int NewestFailed = 50;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(300);

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (!ground.Has(RedisProbes.Component)) return [];
        var queues = ground.Map.Services.SelectMany(s => s.Works.Select(q => (Service: s, Queue: q))).ToList();
        var login = new Shared<RedisReader>(c => RedisProbes.OpenAsync(ground with { Limit = Duration.FromSeconds(8) }, c));
        for (var i = 0; i < queues.Count * 3; i++) login.Join();
        var all = queues.Select(q => q.Queue).ToImmutableArray();
        return queues.SelectMany(q => Of(ground, login, q.Service, q.Queue, all));
    }

    private static Probe[] Of(ServerGround ground, Shared<RedisReader> login, Service service, string queue, ImmutableArray<string> all)
    {
        var (subject, target) = (ground.Map.Of(service, queue), $"queues {ground.Map.Environment}");
        var prefix = ground.Map.Component(RedisProbes.Component, "queuePrefix") ?? "bull";
        Probe One(string name, Func<QueueLook, CancellationToken, Task> look) => ground.Probe(name, subject, Vantage.Api, target, (s, c) => RedisProbes.UseAsync(login, r => look(new QueueLook(ground, r, s, prefix, queue), c), c)) with { Limit = Duration.FromSeconds(7) };
        return [One("bullmq.queue", (l, c) => l.CountsAsync(c)), One("bullmq.workers", (l, c) => l.WorkersAsync(service, all, c)), One("redis.key", (l, c) => l.TypesAsync(c))];
    }

    /// <summary>One look at one queue.</summary>
    private sealed class QueueLook(ServerGround ground, RedisReader reader, Sighting sighting, string prefix, string queue)
    {
        private static readonly ImmutableDictionary<string, string> Types = ImmutableDictionary.CreateRange(StringComparer.Ordinal,
        [
            new KeyValuePair<string, string>("meta", "hash"), new("id", "string"), new("wait", "list"), new("paused", "list"), new("active", "list"), new("delayed", "zset"), new("prioritized", "zset"),
            new("completed", "zset"), new("failed", "zset"), new("events", "stream"), new("marker", "zset"), new("waiting-children", "zset"), new("stalled", "set"), new("stalled-check", "string"), new("limiter", "string"),
        ]);

        public async Task CountsAsync(CancellationToken cancel)
        {
            var (first, second) = await TwiceAsync(cancel);
            var perMinute = 60_000 / BetweenLooks.TotalMilliseconds;
            sighting.Fact("exists", second.Exists);
            if (!second.Exists) sighting.Empty();
            sighting.Fact("waiting", second.Waiting);
            sighting.Fact("prioritized", second.Prioritized);
            sighting.Fact("delayed", second.Delayed);
            sighting.Fact("active", second.Active);
            sighting.Fact("failed", second.Failed);
            sighting.Fact("paused", second.Paused);
            sighting.Fact("limited", second.Limited);
            sighting.Fact("addedPerMinute", Math.Round(Math.Max(0, second.Added - first.Added) * perMinute));
            sighting.Fact("completedPerMinute", Math.Round(Math.Max(0, second.Completed - first.Completed) * perMinute));
            sighting.Fact("growing", second.Waiting > first.Waiting);
            await OldestAsync(cancel);
            var clients = await ClientsAsync(cancel);
            sighting.Fact("workers", clients.Count);
            await FailuresAsync(clients, cancel);
        }

        public async Task WorkersAsync(Service service, ImmutableArray<string> all, CancellationToken cancel)
        {
            var everyone = Clients(await Ask(RedisQuestion.Clients, cancel)).Where(c => c.Queue is not null).ToList();
            var own = everyone.FindAll(c => c.Prefix == prefix && c.Queue == queue && c.Database == 0);
            sighting.Fact("count", own.Count);
            // It is well since the newest of them got in.
            if (own.Count > 0) sighting.Since(Instant.FromUnixTimeMilliseconds((long)(Now - (own.Min(w => w.AgeSeconds) * 1000))));
            sighting.Fact("otherQueue", everyone.Exists(c => c.Queue != queue && !all.Contains(c.Queue!, StringComparer.Ordinal) && Near(c.Queue!, queue)));
            sighting.Fact("otherPrefix", everyone.Exists(c => c.Queue == queue && c.Prefix != prefix));
            sighting.Fact("otherDatabase", everyone.Exists(c => c.Queue == queue && c.Database != 0));
            var active = (await Ask(RedisQuestion.ListLength(Key("active")), cancel)).AsNumber ?? 0;
            var busy = active > 0 && own.TrueForAll(c => !c.Command.StartsWith("bz", StringComparison.OrdinalIgnoreCase) && !c.Command.StartsWith("brpop", StringComparison.OrdinalIgnoreCase));
            if (own.Count > 0) sighting.Fact("blocked", busy && !await EndsAsync(cancel));
            sighting.Fact("service", own.Count == 0 ? "NONE" : service.Role is "core-api" or "events-worker" ? service.Role : "UNKNOWN");
            if (own.Count == 0) sighting.Empty();
        }

        // Busy is not hung: whether jobs come to their end meanwhile.
        private async Task<bool> EndsAsync(CancellationToken cancel)
        {
            var (first, second) = await TwiceAsync(cancel);
            return second.Completed + second.Failed > first.Completed + first.Failed;
        }

        public async Task TypesAsync(CancellationToken cancel)
        {
            var names = Types.Keys.Order(StringComparer.Ordinal).ToList();
            sighting.Asked($"redis TYPE of {names.Count} keys");
            var answers = await reader.AskAllAsync([.. names.Select(n => RedisQuestion.Type(Key(n)))], cancel);
            var kinds = names.Zip(answers, (n, a) => (Name: n, Type: a.AsText ?? "none")).ToList();
            var wrong = kinds.Count(k => k.Type != "none" && k.Type != Types[k.Name]);
            sighting.Fact("wrongTypes", wrong);
            // What Bull left behind stays when BullMQ starts on the same name: until version 2 finished jobs were in plain sets, until 4 there was a set of priorities and a mark of the pause.
            var left = await reader.AskAllAsync([RedisQuestion.Type(Key("priority")), RedisQuestion.Type(Key("meta-paused"))], cancel);
            var old = left[0].AsText is "zset" || left[1].AsText is "string" || kinds.Exists(k => k is { Name: "completed" or "failed", Type: "set" });
            sighting.Fact("otherLibrary", old);
            sighting.Fact("foreignKey", wrong > 0 && !old);
            if (kinds.TrueForAll(k => k.Type is "none")) sighting.Empty();
        }

        // A rate needs two counts with some time between.
        private async Task<(Counts First, Counts Second)> TwiceAsync(CancellationToken cancel)
        {
            var first = await LookAsync(cancel);
            await Task.Delay(BetweenLooks, ground.Time, cancel);
            return (first, await LookAsync(cancel));
        }

        private async Task<Counts> LookAsync(CancellationToken cancel)
        {
            sighting.Asked($"redis counts of {queue}");
            var answers = await reader.AskAllAsync(
            [
                RedisQuestion.Exists(Key("meta")), RedisQuestion.Fields(Key("meta"), "paused", "version"), RedisQuestion.ListLength(Key("wait")), RedisQuestion.ListLength(Key("paused")), RedisQuestion.SortedLength(Key("prioritized")),
                RedisQuestion.SortedLength(Key("delayed")), RedisQuestion.ListLength(Key("active")), RedisQuestion.SortedLength(Key("failed")), RedisQuestion.SortedLength(Key("completed")), RedisQuestion.MillisecondsLeft(Key("limiter")),
                RedisQuestion.Type(Key("id")),
            ],
            cancel);
            foreach (var refused in answers.OfType<RedisValue.Error>().Where(e => e.Code is not "WRONGTYPE")) throw new CouldNotLook(ObservationStatus.Denied, $"Redis refuses: {refused.Words}");
            long At(int i) => answers[i].AsNumber ?? 0;
            var paused = (answers[1] as RedisValue.Many)?.Items[0].AsText is "1" || At(3) > 0;
            return new(At(0) > 0, paused, At(2) + At(3) + At(4), At(4), At(5), At(6), At(7), At(8), At(9) > 0, At(8) + At(7) + At(2) + At(3) + At(4) + At(5) + At(6));
        }

        // The oldest is at the end that workers take from.
        private async Task OldestAsync(CancellationToken cancel)
        {
            var id = (await Ask(RedisQuestion.ListPart(Key("wait"), -1, -1), cancel)).Texts.FirstOrDefault() ?? (await Ask(RedisQuestion.ListPart(Key("paused"), -1, -1), cancel)).Texts.FirstOrDefault() ?? (await Ask(RedisQuestion.SortedPart(Key("prioritized"), 0, 0), cancel)).Texts.FirstOrDefault();
            if (id is null) sighting.Fact("oldestSeconds", 0);
            else if ((await Ask(RedisQuestion.Fields(Key(id), "timestamp"), cancel)).Texts.FirstOrDefault() is { } text && Milliseconds(text) is { } at) sighting.Fact("oldestSeconds", Math.Max(0, Math.Round((Now - at) / 1000)));
        }

        private async Task FailuresAsync(List<Client> workers, CancellationToken cancel)
        {
            var ids = (await Ask(RedisQuestion.SortedPart(Key("failed"), -NewestFailed, -1), cancel)).Texts;
            var all = await reader.AskAllAsync([.. ids.Select(i => RedisQuestion.Fields(Key(i), "failedReason", "attemptsMade", "opts", "finishedOn"))], cancel);
            string? Of(RedisValue job, int field) => (job as RedisValue.Many)?.Items.ElementAtOrDefault(field)?.AsText;
            // What failed before is history, and stays in the set until somebody clears it.
            var jobs = all.Where(j => ground.Since is not { } began || Milliseconds(Of(j, 3)) is not { } at || at >= began.ToUnixTimeMilliseconds()).ToList();
            if (jobs.Count == 0)
            {
                sighting.Fact("failedReason", "NONE");
                sighting.Fact("failedReasonKinds", 0);
                sighting.Fact("failedSinceFix", 0);
                return;
            }
            var last = jobs[^1];
            sighting.Fact("failedReason", Reason(Of(last, 0) ?? ""));
            sighting.Fact("failedReasonKinds", jobs.Select(j => Core.Signals.Fingerprint.Of("", "", Of(j, 0) ?? "")).Distinct(StringComparer.Ordinal).Count());
            if (Milliseconds(Of(last, 1)) is { } made) sighting.Fact("attemptsExhausted", made >= Attempts(Of(last, 2)));
            // The workers that are there now are those of the last deployment.
            if (workers.Count == 0) return;
            var since = Now - (workers.Min(w => w.AgeSeconds) * 1000);
            sighting.Fact("failedSinceFix", jobs.Count(j => Milliseconds(Of(j, 3)) > since));
        }

        private async Task<List<Client>> ClientsAsync(CancellationToken cancel) => Clients(await Ask(RedisQuestion.Clients, cancel)).FindAll(c => c.Prefix == prefix && c.Queue == queue && c.Database == 0);

        private Task<RedisValue> Ask(RedisQuestion question, CancellationToken cancel) => RedisProbes.AskAsync(reader, question, sighting, cancel);

        private double Now => ground.Time.GetUtcNow().ToUnixTimeMilliseconds();

        private string Key(string name) => $"{prefix}:{queue}:{name}";
    }

    private readonly record struct Counts(bool Exists, bool Paused, long Waiting, long Prioritized, long Delayed, long Active, long Failed, long Completed, bool Limited, long Added);

    /// <summary>A client whose name is one that BullMQ gives its workers: prefix, queue in base64, and perhaps a name.</summary>
    internal sealed record Client(string Prefix, string? Queue, int Database, string Command, double AgeSeconds);

    internal static List<Client> Clients(RedisValue list) => [.. (list.AsText ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ClientOf)];

    private static Client ClientOf(string line)
    {
        var fields = line.Split(' ').Select(f => f.Split('=', 2)).Where(f => f.Length == 2).DistinctBy(f => f[0], StringComparer.Ordinal).ToDictionary(f => f[0], f => f[1], StringComparer.Ordinal);
        var parts = fields.GetValueOrDefault("name", "").Split(':');
        double Number(string name) => double.TryParse(fields.GetValueOrDefault(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0;
        // PREFIX:BASE64 or PREFIX:BASE64:w:NAME; with :qe it only listens.
        var queue = parts.Length == 2 || (parts.Length == 4 && parts[2] is "w") ? Decoded(parts[1]) : null;
        return new(parts[0], queue, (int)Number("db"), fields.GetValueOrDefault("cmd", ""), Number("age"));
    }

    private static string? Decoded(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) && length > 0 ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    /// <summary>The same but for case, marks between words, or a letter or two.</summary>
    internal static bool Near(string one, string other)
    {
        static string Bare(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
        var (a, b) = (Bare(one), Bare(other));
        return a == b || (Math.Min(a.Length, b.Length) > 4 && (a.StartsWith(b, StringComparison.Ordinal) || b.StartsWith(a, StringComparison.Ordinal) || Distance(a, b) <= 2));
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var before = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++) (before, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, before + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }

    internal static string Reason(string text)
    {
        bool Has(params ReadOnlySpan<string> words)
        {
            foreach (var word in words)
            {
                if (text.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
            }
            return false;
        }
        if (text.Length == 0) return "OTHER";
        if (text.Contains("UNKNOWN_TABLE", StringComparison.Ordinal) || text.Contains("UNKNOWN_DATABASE", StringComparison.Ordinal)) return "CLICKHOUSE_TABLE";
        // MySQL puts the table's name in quotes, ClickHouse does not.
        if (Has("ER_NO_SUCH_TABLE", "ER_BAD_FIELD", "Table '", "Unknown column '", "Access denied for user", "Too many connections")) return "DATABASE";
        if (Has("Table ") && Has("exist")) return "CLICKHOUSE_TABLE";
        if (Has("stalled")) return "STALLED";
        if (Has("WRONGTYPE", "NOAUTH", "READONLY You", "MaxRetriesPerRequest")) return "REDIS";
        if (Has("ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH") && Has("8123", "9000", "clickhouse")) return "CLICKHOUSE_UNREACHABLE";
        if (Has("undefined (reading", "null (reading", "Unexpected token", "Invalid time value", "is not valid JSON", "Cannot parse", "of undefined", "of null")) return "BAD_DATA";
        if (Has("is not set", "is required", "Missing env", "environment variable")) return "MISSING_ENV";
        if (Has("timeout", "timed out", "ETIMEDOUT")) return "TIMEOUT";
        return Has("status code", "API 4", "API 5", "fetch failed", "HTTP") ? "HTTP" : "OTHER";
    }

    private static double? Milliseconds(string? text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static double Attempts(string? options)
    {
        try
        {
            return (JsonNode.Parse(options ?? "{}") as JsonObject)?["attempts"]?.GetValue<double>() ?? 1;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return 1;
        }
    }
}
