using System.Globalization;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>ClickHouse over HTTP. Each question is a GET, which the server itself runs read-only.</summary>
internal static class ClickHouseProbes
{
    private const string Component = "clickhouse";
    private const double SlowSeconds = 5;

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (!ground.Has(Component)) return [];
        var (subject, target) = (ground.Map.Of(Component), $"clickhouse {ground.Map.Environment}");
        return
        [
            ground.Probe("clickhouse.http", subject, Vantage.Host, target, (s, c) => HttpAsync(ground, s, c)),
            ground.Probe("clickhouse.tables", subject, Vantage.Api, target, (s, c) => TablesAsync(ground, s, c)),
        ];
    }

    private static async Task HttpAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var seen = await AskAsync(ground, "SELECT 1", sighting, cancel);
        // Whoever answers anything else to SELECT 1 is no ClickHouse.
        var code = CodeOf(seen) is "NONE" && seen.Body.Trim() is not "1" ? "OTHER" : CodeOf(seen);
        sighting.Fact("stage", !seen.IsDone ? WireFailure.Text(seen.Stage) : code switch { "NONE" => "done", "CH_AUTH" => "authenticate", _ => "ask" });
        sighting.Fact("code", code);
        sighting.Fact("seconds", WalkFacts.Seconds(seen.Took));
        if (code is not "NONE") sighting.Lacks(seen.IsDone ? Cut(seen.Body) : $"{seen.Code}: {seen.Words}");
    }

    private static async Task TablesAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var database = ground.Map.Component(Component, "database") ?? "default";
        var databases = await RowsAsync(ground, "SELECT name, uptime() FROM system.databases LIMIT 1000", sighting, cancel);
        if (!databases.Exists(r => r[0] is "system")) throw new CouldNotLook(ObservationStatus.Failed, "what answers is no ClickHouse: it names no system database");
        if (databases[0] is [_, var up] && Number(up) is { } uptime) sighting.Since(RedisProbes.Started(ground, uptime));
        sighting.Fact("databaseExists", databases.Exists(r => r[0] == database));
        var tables = await RowsAsync(ground, "SELECT database, name FROM system.tables WHERE database != 'system' LIMIT 5000", sighting, cancel);
        sighting.Fact("anyTables", tables.Exists(r => r[0] == database));
        if (ground.Map.Component(Component, "table") is { } table)
        {
            var there = tables.Exists(r => r[0] == database && r[^1] == table);
            sighting.Fact("tableExists", there);
            var elsewhere = tables.Exists(r => r[0] != database && r[^1] == table);
            sighting.Fact("inOtherDatabase", !there && elsewhere);
            if (there) sighting.Fact("copyInOther", elsewhere);
            // By parts, so that no table is read: its rows, and the age of what was written last.
            var parts = (await RowsAsync(ground, "SELECT database, table, sum(rows), toUnixTimestamp(now()) - toUnixTimestamp(max(modification_time)) FROM system.parts WHERE active GROUP BY database, table LIMIT 5000", sighting, cancel)).Find(r => r.Length > 3 && r[0] == database && r[1] == table);
            if (there) sighting.Fact("rows", parts is null ? 0 : Number(parts[2]));
            if (parts is not null) sighting.Fact("newestRowMinutes", Math.Round((Number(parts[3]) ?? 0) / 60, 1));
        }
        await PartAsync(sighting, "system.query_log", async _ => sighting.Fact("slowQueries", Number((await RowsAsync(ground, $"SELECT count() FROM system.query_log WHERE type = 2 AND query_duration_ms > {SlowSeconds * 1000} AND event_time > now() - 3600", sighting, cancel))[0][0])), cancel);
        await PartAsync(sighting, "system.disks", async _ => sighting.Fact("diskUsedShare", Number((await RowsAsync(ground, "SELECT round(100 * max(1 - free_space / total_space), 1) FROM system.disks WHERE total_space > 0", sighting, cancel))[0][0])), cancel);
    }

    private static async Task<List<string[]>> RowsAsync(ServerGround ground, string query, Sighting sighting, CancellationToken cancel)
    {
        var seen = await AskAsync(ground, query, sighting, cancel);
        if (CodeOf(seen) is not "NONE" and var code)
        {
            var status = seen.Code is "ETIMEDOUT" ? ObservationStatus.Timeout : code is "CH_AUTH" ? ObservationStatus.Denied : ObservationStatus.Failed;
            throw new CouldNotLook(status, seen.IsDone ? $"ClickHouse refuses: {Cut(seen.Body)}" : $"{seen.Code} at {WireFailure.Text(seen.Stage)}: {seen.Words}");
        }
        if (seen.Cut) throw new CouldNotLook(ObservationStatus.Truncated, "the answer is longer than is read");
        return [.. seen.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t'))];
    }

    private static Task<HttpSeen> AskAsync(ServerGround ground, string query, Sighting sighting, CancellationToken cancel)
    {
        var place = ground.Place(Component);
        sighting.Asked($"clickhouse {query}");
        var user = place.User.Length > 0 ? new[] { ("X-ClickHouse-User", place.User), ("X-ClickHouse-Key", place.Password) } : [];
        var address = new UriBuilder(place.Tls ? "https" : "http", place.Host, place.Port, "/", $"?max_execution_time=3&query={Uri.EscapeDataString(query)}").Uri;
        return HttpWalk.AskAsync(new HttpQuestion(address) { Headers = [.. user] }, ground.Target(place), cancel);
    }

    // Older servers have neither table: the rest stands.
    private static async Task PartAsync(Sighting sighting, string what, Func<CancellationToken, Task> look, CancellationToken cancel)
    {
        try
        {
            await look(cancel);
        }
        catch (Exception e) when (e is CouldNotLook { Status: ObservationStatus.Failed } or ArgumentOutOfRangeException)
        {
            sighting.Lacks($"{what} is not there");
        }
    }

    /// <summary>As the fact's values are; a server that answers something else than ClickHouse is OTHER.</summary>
    private static string CodeOf(HttpSeen seen)
    {
        if (!seen.IsDone) return seen.Code is "ENOTFOUND" or "EAI_AGAIN" or "ECONNREFUSED" or "ETIMEDOUT" or "EHOSTUNREACH" or "ECONNRESET" ? seen.Code : "OTHER";
        if (seen.Body.Contains("clickhouse-client program", StringComparison.Ordinal)) return "NATIVE_PORT";
        if (seen.Status == 200) return seen.Body.StartsWith('<') ? "OTHER" : "NONE";
        if (seen.Body.Contains("Code: 81", StringComparison.Ordinal)) return "CH_81";
        if (seen.Body.Contains("Code: 60", StringComparison.Ordinal)) return "CH_60";
        return seen.Status is 401 or 403 || Array.Exists(AuthCodes, c => seen.Body.Contains(c, StringComparison.Ordinal)) ? "CH_AUTH" : "OTHER";
    }

    // Wrong password, unknown user, password required, authentication failed, and not enough privileges.
    private static readonly string[] AuthCodes = ["Code: 192", "Code: 193", "Code: 194", "Code: 516", "Code: 497"];

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static string Cut(string text) => text.Length > 300 ? text[..300] + "…" : text.Trim();
}
