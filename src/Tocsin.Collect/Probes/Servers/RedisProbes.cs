using System.Globalization;
using NodaTime;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>Redis, walked to and asked by one login.</summary>
internal static class RedisProbes
{
    public const string Component = "redis";
    private const int MostScans = 20;

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (!ground.Has(Component)) return [];
        var login = new Shared<RedisReader>(c => OpenAsync(ground, c));
        for (var i = 0; i < 2; i++) login.Join();
        var target = $"redis {ground.Map.Environment}";
        return
        [
            ground.Probe("redis.connect", ground.Map.Of(Component), Vantage.Host, target, (s, c) => ConnectAsync(ground, login, s, c)) with { Limit = ground.Limit * 2 + NodaTime.Duration.FromSeconds(1) },
            ground.Probe("redis.server", ground.Map.Of(Component), Vantage.Api, target, (s, c) => UseAsync(login, r => ServerAsync(ground, r, s, c), c)),
        ];
    }

    public static Task<RedisReader> OpenAsync(ServerGround ground, CancellationToken cancel)
    {
        var place = ground.Place(Component);
        return RedisReader.OpenAsync(ground.Target(place), new RedisLogin(place.Password, place.User), cancel);
    }

    public static async Task UseAsync(Shared<RedisReader> login, Func<RedisReader, Task> work, CancellationToken cancel)
    {
        try
        {
            await login.UseAsync(work, cancel);
        }
        catch (WireFailure e)
        {
            throw e.AsLook();
        }
    }

    private static async Task ConnectAsync(ServerGround ground, Shared<RedisReader> login, Sighting sighting, CancellationToken cancel)
    {
        var place = ground.Place(Component);
        sighting.Asked($"redis {place.Host}:{place.Port}");
        try
        {
            await login.UseAsync(
                async reader =>
                {
                    if (await reader.AskAsync(RedisQuestion.Alive, cancel) is RedisValue.Error e) throw new WireFailure(WireStage.Ask, RedisConnection.CodeOf(e.Words), e.Words);
                    sighting.Done(login.Took);
                    sighting.Fact("resolvesInside", ground.IsInside(reader.Address));
                },
                cancel);
        }
        catch (WireFailure e) when (e.Code is "NOAUTH" && place.Password.Length == 0)
        {
            throw new CouldNotLook(ObservationStatus.NotConfigured, $"Redis answers and wants a login, and there is none that reads: {ground.Name(Component, "password")}", e);
        }
        catch (WireFailure e)
        {
            sighting.Ended("redis.connect", e, login.Took);
        }
    }

    private static async Task ServerAsync(ServerGround ground, RedisReader reader, Sighting sighting, CancellationToken cancel)
    {
        var info = Info(await AskAsync(reader, RedisQuestion.Info, sighting, cancel));
        double? Number(string name) => double.TryParse(info.GetValueOrDefault(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
        if (Number("used_memory") is { } used && Number("maxmemory") is > 0 and { } most) sighting.Fact("usedMemoryShare", Math.Round(100 * used / most, 1));
        if (info.GetValueOrDefault("role") is { } role) sighting.Fact("role", role is "master" ? "master" : "replica");
        sighting.Fact("connectedClients", Number("connected_clients"));
        if (Number("uptime_in_seconds") is { } uptime)
        {
            sighting.Fact("uptimeMinutes", Math.Round(uptime / 60, 1));
            sighting.Since(Started(ground, uptime));
            // The counter runs since the start: it is the last hour's only where nothing was evicted at all, or the start is as young.
            if (Number("evicted_keys") is { } evicted && (evicted == 0 || uptime <= 3600)) sighting.Fact("evictedKeys", evicted);
        }
        await SessionsAsync(ground, reader, sighting, cancel);
    }

    /// <summary>When a server that has been up for so many seconds was there.</summary>
    internal static Instant Started(ServerGround ground, double uptime) => Instant.FromDateTimeOffset(ground.Time.GetUtcNow()) - Duration.FromSeconds(uptime);

    private static async Task SessionsAsync(ServerGround ground, RedisReader reader, Sighting sighting, CancellationToken cancel)
    {
        var (cursor, count) = ("0", 0L);
        for (var step = 0; step < MostScans; step++)
        {
            var answer = await AskAsync(reader, RedisQuestion.Scan(cursor, $"{ground.Map.Component(Component, "sessionPrefix") ?? "sess:"}*"), sighting, cancel);
            if (answer is not RedisValue.Many { Items: [var next, RedisValue.Many keys] } || next.AsText is null) return;
            (cursor, count) = (next.AsText, count + keys.Items.Length);
            if (cursor != "0") continue;
            sighting.Fact("sessionKeys", count);
            return;
        }
        // More than is walked over: at least as many as were seen.
        if (count > 0) sighting.Fact("sessionKeys", count);
        else sighting.Lacks("the keys are too many to be walked over for sessions");
    }

    public static async Task<RedisValue> AskAsync(RedisReader reader, RedisQuestion question, Sighting sighting, CancellationToken cancel)
    {
        sighting.Asked($"redis {string.Join(' ', question.Words)}");
        var answer = await reader.AskAsync(question, cancel);
        if (answer is RedisValue.Error { Code: "NOPERM" } refused) throw new CouldNotLook(ObservationStatus.Denied, $"Redis refuses {question.Words[0]}: {refused.Words}");
        return answer;
    }

    private static Dictionary<string, string> Info(RedisValue answer) => (answer.AsText ?? "").Split('\n').Select(l => l.Trim().Split(':', 2)).Where(p => p.Length == 2).DistinctBy(p => p[0], StringComparer.Ordinal).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
}
