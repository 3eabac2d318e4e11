using System.IO.Compression;
using System.Text.Json;
using Dapper;

namespace Tocsin.Server.Storage;

/// <param name="Rows">Of all tables.</param>
/// <param name="AuditHead">The hash at the end of the audit log.</param>
public sealed record BackupSummary(int Version, long Rows, string AuditHead);

/// <summary>
/// All of a database as one compressed file of JSON lines, the same from both databases: made from one and restored into the other it has the same
/// incidents and the same audit head. It holds digests of tokens and passwords, and the key that signs links: it is kept like the database itself.
/// </summary>
public static class Backup
{
    private const string Format = "tocsin-backup-1";
    private const int Batch = 500;

    private static readonly string[] Tables = ["counters", "policies", "events", "incidents", "fingerprints", "outbox", "audit", "intake", "signals", "heartbeats", "intake_keys", "accounts", "tokens", "identities", "turns", "secrets", "plan_changes", "actions", "action_events", "streams", "stream_events", "subscribers", "kept_drills"];

    public static async Task<BackupSummary> WriteAsync(Database database, Stream to, CancellationToken cancel)
    {
        await using var packed = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true);
        await using var lines = new StreamWriter(packed);
        // A transaction that sees one moment of the whole.
        return await database.SnapshotAsync(
            async (s, c) =>
            {
                var version = (int)await s.FirstAsync<long>("select max(version) from schema_version", null, c);
                var (rows, head) = (0L, await AuditChain.HeadAsync(s, c));
                await lines.WriteLineAsync(JsonSerializer.Serialize(new { format = Format, version, head }).AsMemory(), c);
                foreach (var table in Tables) rows += await WriteTableAsync(s, table, lines, c);
                await lines.WriteLineAsync(JsonSerializer.Serialize(new { end = rows }).AsMemory(), c);
                return new BackupSummary(version, rows, head);
            },
            cancel);
    }

    /// <summary>Into a database without any table of Tocsin's. All of it, or nothing.</summary>
    public static async Task<BackupSummary> RestoreAsync(Database database, Stream from, long now, CancellationToken cancel)
    {
        await using var packed = new GZipStream(from, CompressionMode.Decompress, leaveOpen: true);
        using var lines = new StreamReader(packed);
        var head = await HeadAsync(lines, cancel);
        await Schema.BringAsync(database, [.. Migration.All.Where(m => m.Version <= head.Version)], now, cancel);
        var rows = await database.WriteAsync(
            async (s, c) =>
            {
                if (await s.FirstAsync<long>("select count(*) from audit", null, c) > 0) throw new SchemaException($"{database.About} is in use already; a backup is restored into an empty database");
                await s.ExecuteAsync("delete from counters", null, c);
                return await ReadTablesAsync(s, lines, c);
            },
            cancel);
        await Schema.BringAsync(database, Migration.All, now, cancel);
        return head with { Rows = rows };
    }

    private static async Task<long> WriteTableAsync(Session s, string table, StreamWriter lines, CancellationToken cancel)
    {
        await using var reader = await s.Connection.ExecuteReaderAsync(new CommandDefinition($"select * from {table}", transaction: s.Transaction, flags: CommandFlags.None, cancellationToken: cancel));
        var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
        await lines.WriteLineAsync(JsonSerializer.Serialize(new { table, columns }).AsMemory(), cancel);
        var rows = 0L;
        while (await reader.ReadAsync(cancel))
        {
            var values = new object?[columns.Length];
            for (var i = 0; i < values.Length; i++) values[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            await lines.WriteLineAsync(JsonSerializer.Serialize(values).AsMemory(), cancel);
            rows++;
        }
        return rows;
    }

    private static async Task<BackupSummary> HeadAsync(StreamReader lines, CancellationToken cancel)
    {
        try
        {
            using var first = JsonDocument.Parse(await lines.ReadLineAsync(cancel) ?? "");
            if (first.RootElement.GetProperty("format").GetString() != Format) throw new SchemaException("this is no backup of Tocsin");
            var version = first.RootElement.GetProperty("version").GetInt32();
            if (version > Schema.Newest) throw new SchemaException($"the backup is of version {version}, this program knows {Schema.Newest} at most: restore it with the newer program");
            return new BackupSummary(version, 0, first.RootElement.GetProperty("head").GetString()!);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or KeyNotFoundException)
        {
            throw new SchemaException("this is no backup of Tocsin", e);
        }
    }

    private static async Task<long> ReadTablesAsync(Session s, StreamReader lines, CancellationToken cancel)
    {
        var (head, rows, total) = ((Table: "", Columns: ""), new List<object?[]>(), 0L);
        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind == JsonValueKind.Array) rows.Add([.. json.RootElement.EnumerateArray().Select(Value)]);
            if (rows.Count < Batch && json.RootElement.ValueKind == JsonValueKind.Array) continue;
            await s.InsertAsync(head.Table, head.Columns, rows, "", cancel);
            total += rows.Count;
            rows.Clear();
            if (json.RootElement.ValueKind == JsonValueKind.Array) continue;
            if (json.RootElement.TryGetProperty("end", out var end)) return end.GetInt64() == total ? total : throw new SchemaException($"the backup promises {end.GetInt64()} rows and holds {total}");
            head = TableOf(json.RootElement);
        }
        throw new SchemaException("the backup breaks off before its end");
    }

    // The names come from a file: only those of tables that exist are taken into a statement.
    private static (string Table, string Columns) TableOf(JsonElement head)
    {
        var table = head.GetProperty("table").GetString()!;
        var columns = head.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!).ToList();
        if (!Tables.Contains(table, StringComparer.Ordinal) || columns.Exists(c => !c.All(x => char.IsAsciiLetterLower(x) || x == '_'))) throw new SchemaException($"the backup names a table '{table}' that there is not");
        return (table, string.Join(", ", columns));
    }

    private static object? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => value.GetInt64(),
        _ => value.GetString(),
    };
}
