using System.IO.Compression;
using System.Text;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>A database of each earlier form, in the middle of an incident: the program of today takes it up, and pages the same people as if nothing had been.</summary>
public sealed class UpgradeTests(PostgresServer postgres)
{
    private static readonly Duration Later = Duration.FromMinutes(45);

    public static TheoryData<string, int> Earlier
    {
        get
        {
            var all = new TheoryData<string, int>();
            for (var version = 1; version < Schema.Newest; version++) all.Add("sqlite", version);
            // The steps are the same text for both.
            all.Add("postgres", 1);
            all.Add("postgres", Schema.Newest - 1);
            return all;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Earlier))]
    public async Task A_database_of_an_earlier_form_is_taken_up_in_the_middle_of_an_incident(string database, int version)
    {
        await using var world = await TestWorld.SqliteAsync();
        var broken = await world.DeclareAsync("Checkout is broken", "P1");
        var slow = await world.DeclareAsync("The admin panel is slow", "P2");
        await world.PostAsync($"/api/v1/incidents/{slow}/acknowledge", new { text = "" });
        using var file = new MemoryStream();
        await Backup.WriteAsync(world.Host.Part<Database>(), file, Cancel);
        using var older = await OlderAsync(file, version);
        await using var later = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel), o => o, older);
        Assert.Equal(await ListAsync(world), await ListAsync(later));
        Assert.Equal("", (await later.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);

        var before = world.Sent.Count;
        foreach (var each in new[] { world, later })
        {
            await each.AdvanceAsync(Later);
            var desk = each.Host.Part<IncidentDesk>();
            await desk.DoAsync(IncidentIds.Parse(broken)!.Value, new IncidentCommand.Acknowledge("lead"), null, Cancel);
            await desk.DoAsync(IncidentIds.Parse(slow)!.Value, new IncidentCommand.Resolve("lead", "it is quick again"), null, Cancel);
            await each.SettleAsync();
        }
        Assert.True(world.Sent.Count > before, "nobody was paged meanwhile");
        Assert.Equal(world.Sent.Skip(before).Select(p => p.IdempotencyKey).Order(StringComparer.Ordinal), later.Sent.Select(p => p.IdempotencyKey).Order(StringComparer.Ordinal));
        Assert.Equal(await ListAsync(world), await ListAsync(later));
    }

    private static async Task<IReadOnlyList<IncidentSummary>> ListAsync(TestWorld world) => await world.Host.Part<IncidentList>().FindAsync(new IncidentFilter(), Cancel);

    private static async Task<(HashSet<(string Table, string Name)> Columns, List<string> Counters)> FormAsync(int version)
    {
        var folder = Directory.CreateTempSubdirectory("tocsin-form-");
        try
        {
            await using var empty = Database.Sqlite(Path.Combine(folder.FullName, "empty.db"), static _ => { });
            await Schema.BringAsync(empty, [.. Migration.All.Where(m => m.Version <= version)], 0, Cancel);
            return await empty.ReadAsync(
                async (s, c) => (
                    (await s.QueryAsync<(string, string)>("select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table'", null, c)).ToHashSet(),
                    await s.QueryAsync<string>("select name from counters", null, c)),
                Cancel);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // What the program of that form would have kept: its tables, its columns, its counters.
    private static async Task<MemoryStream> OlderAsync(MemoryStream newest, int version)
    {
        var (columns, counters) = await FormAsync(version);
        newest.Position = 0;
        using var lines = new StreamReader(new GZipStream(newest, CompressionMode.Decompress));
        var older = new MemoryStream();
        await using (var packed = new GZipStream(older, CompressionLevel.Fastest, leaveOpen: true))
        await using (var text = new StreamWriter(packed, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)))
        {
            var (table, kept, rows) = ("", Array.Empty<int>(), 0);
            while (await lines.ReadLineAsync(Cancel) is { } line)
            {
                using var json = JsonDocument.Parse(line);
                var root = json.RootElement;
                if (root.ValueKind == JsonValueKind.Array)
                {
                    if (kept.Length == 0 || (table == "counters" && !counters.Contains(root[0].GetString()!, StringComparer.Ordinal))) continue;
                    rows++;
                    await text.WriteLineAsync(JsonSerializer.Serialize(kept.Select(i => root[i])));
                }
                else if (root.TryGetProperty("format", out var format))
                {
                    await text.WriteLineAsync(JsonSerializer.Serialize(new { format = format.GetString(), version, head = root.GetProperty("head").GetString() }));
                }
                else if (root.TryGetProperty("end", out _))
                {
                    await text.WriteLineAsync(JsonSerializer.Serialize(new { end = rows }));
                }
                else
                {
                    table = root.GetProperty("table").GetString()!;
                    var names = root.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!).ToArray();
                    kept = [.. Enumerable.Range(0, names.Length).Where(i => columns.Contains((table, names[i])))];
                    if (kept.Length > 0) await text.WriteLineAsync(JsonSerializer.Serialize(new { table, columns = kept.Select(i => names[i]) }));
                }
            }
        }
        older.Position = 0;
        return older;
    }
}
