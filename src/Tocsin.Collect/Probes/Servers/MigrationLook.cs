using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>What a migration's tool printed when it failed.</summary>
/// <param name="Name">Of the migration, with its time stamp; empty where it was not printed.</param>
/// <param name="Kind">table, column, or key: what exists already.</param>
/// <param name="Table">Of a column or key, as far as the failed statement was printed.</param>
internal sealed record FailedMigration(string Name, string Kind, string Object, string Table);

/// <summary>The table of migrations against the schema, for the migration that fails: that is what tells a lost row from a lost half of the work.</summary>
internal sealed partial class MigrationLook(ServerGround ground, MySqlReader reader, Sighting sighting)
{
    private const string Component = "aurora";
    private const int MostSchemas = 5;

    // Verbs by which the same migration may be called again after it was renamed.
    private static readonly string[] Making = ["create", "make", "add", "init", "new", "build"];

    public async Task LookAsync(CancellationToken cancel)
    {
        var table = ground.Map.Component(Component, "migrationsTable") ?? "migrations";
        var failed = await FailedAsync(cancel);
        var schema = (failed is null ? null : await SchemaOfAsync(failed.Value.Service, cancel)) ?? ground.Map.Component(Component, "schema") ?? throw new CouldNotLook(ObservationStatus.NotConfigured, "platform.yaml names no schema of the database");
        var holders = (await AskAsync(MySqlQuestion.TableSchemas(table), cancel)).Rows.Select(r => r[0] ?? "").ToList();
        var exists = holders.Contains(schema, StringComparer.Ordinal);
        var names = exists ? await NamesAsync(schema, table, cancel) : [];
        sighting.Fact("tableExists", exists);
        sighting.Fact("otherSchemaHasTable", names.Count == 0 && await AnyRowsAsync(holders.Where(h => h != schema), table, cancel));
        if (!exists) sighting.Empty();
        else sighting.Fact("duplicateNames", names.Select(Bare).CountBy(n => n, StringComparer.OrdinalIgnoreCase).Any(n => n.Value > 1 && n.Key.Length > 0));
        if (failed is { } one) await AgainstAsync(one.Migration, schema, names, cancel);
    }

    private async Task AgainstAsync(FailedMigration failed, string schema, List<string> recorded, CancellationToken cancel)
    {
        var known = failed.Name.Length > 0 && recorded.Contains(failed.Name, StringComparer.Ordinal);
        if (failed.Name.Length > 0) sighting.Fact("pendingRecorded", known);
        if (failed.Name.Length > 0) sighting.Fact("recordedUnderOtherName", !known && recorded.Exists(r => IsSame(r, failed.Name)));
        // Where the log does not name it: what made the table is recorded, and the program makes it again, so it knows it by another name.
        else if (failed.Kind is "table") sighting.Fact("recordedUnderOtherName", recorded.Exists(r => Made(Bare(r)) is { } made && IsName(made, failed.Object)));
        if (await IsThereAsync(failed, schema, cancel) is not { } there) return;
        sighting.Fact("objectExists", there);
        // Each DDL statement is committed by itself. A column or key that is there without its migration's row is the first half of it, or all of it with the row lost.
        if (failed.Kind is not "table") sighting.Fact("partlyApplied", there && !known);
    }

    private async Task<bool?> IsThereAsync(FailedMigration failed, string schema, CancellationToken cancel)
    {
        if (failed.Kind is "key")
        {
            var keys = await AskAsync(MySqlQuestion.Indexes(schema), cancel);
            return keys.Rows.Any(r => IsName(keys.Value(r, "INDEX_NAME"), failed.Object) && (failed.Table.Length == 0 || IsName(keys.Value(r, "TABLE_NAME"), failed.Table)));
        }
        var objects = await AskAsync(MySqlQuestion.Objects(schema), cancel);
        return failed.Kind is "table" ? objects.Rows.Any(r => IsName(objects.Value(r, "TABLE_NAME"), failed.Object))
            : objects.Rows.Any(r => IsName(objects.Value(r, "COLUMN_NAME"), failed.Object) && (failed.Table.Length == 0 || IsName(objects.Value(r, "TABLE_NAME"), failed.Table)));
    }

    private async Task<bool> AnyRowsAsync(IEnumerable<string> schemas, string table, CancellationToken cancel)
    {
        foreach (var schema in schemas.Take(MostSchemas))
        {
            if ((await NamesAsync(schema, table, cancel)).Count > 0) return true;
        }
        return false;
    }

    // Another application's table of the same name may have other columns, or be none of ours to read.
    private async Task<List<string>> NamesAsync(string schema, string table, CancellationToken cancel)
    {
        if (MySqlQuestion.Migrations(schema, table) is not { } question) return [];
        try
        {
            return [.. (await AskAsync(question, cancel)).Rows.Select(r => r[0] ?? "")];
        }
        catch (WireFailure e) when (e.Code is "ER_1054" or "ER_1142" or "ER_1146")
        {
            sighting.Lacks($"{schema}.{table}: {e.Words}");
            return [];
        }
    }

    private async Task<(Service Service, FailedMigration Migration)?> FailedAsync(CancellationToken cancel)
    {
        if (ground.Aws is null) return null;
        foreach (var service in ground.Map.Users(Component).Where(s => s.Fields.ContainsKey("logGroup")))
        {
            try
            {
                var lines = await new AwsSide(ground, sighting).LinesAsync(service.Fields["logGroup"], "?\"already exists\" ?\"Duplicate column\" ?\"Duplicate key name\" ?Migration ?\"query failed\"", cancel);
                if (In(lines) is { } failed)
                {
                    sighting.Fact("concurrentRunners", failed.Name.Length > 0 && lines.Exists(l => l.Contains(failed.Name, StringComparison.Ordinal) && l.Contains("executed successfully", StringComparison.Ordinal)) ? 2 : 1);
                    return (service, failed);
                }
            }
            catch (Collect.Aws.AwsFailure e)
            {
                sighting.Lacks($"{service.Name}'s log: {e.Words}");
            }
        }
        return null;
    }

    /// <summary>The newest failure in these lines, or null.</summary>
    internal static FailedMigration? In(IReadOnlyList<string> lines)
    {
        for (var i = lines.Count - 1; i >= 0; i--)
        {
            if (Exists(lines[i]) is not var (kind, name)) continue;
            var around = lines.Skip(Math.Max(0, i - 3)).Take(8).ToList();
            // The program goes on to print what it died of, many lines after the one that names the migration.
            var migration = (around.FindLast(l => Name().IsMatch(l)) ?? lines.Take(i).LastOrDefault(l => Name().IsMatch(l) && Exists(l) == (kind, name))) is { } naming ? Name().Match(naming).Groups[1].Value : "";
            var table = around.Select(l => Statement().Match(l)).LastOrDefault(m => m.Success)?.Groups[1].Value ?? "";
            return new FailedMigration(migration, kind, name.Split('.')[^1], table);
        }
        return null;
    }

    private static (string Kind, string Object)? Exists(string line) =>
        Object().Match(line) is not { Success: true } found ? null
        : found.Groups["table"].Success ? ("table", found.Groups["table"].Value) : found.Groups["column"].Success ? ("column", found.Groups["column"].Value) : ("key", found.Groups["key"].Value);

    /// <summary>Whether two names, with their stamps, are one migration under two names.</summary>
    internal static bool IsSame(string one, string other)
    {
        var (a, b) = (Bare(one), Bare(other));
        return a.Length > 0 && (string.Equals(a, b, StringComparison.OrdinalIgnoreCase) || (Made(a) is { } x && Made(b) is { } y && string.Equals(x, y, StringComparison.OrdinalIgnoreCase)));
    }

    private static string? Made(string name) => Array.Find(Making, v => name.StartsWith(v, StringComparison.OrdinalIgnoreCase) && name.Length > v.Length) is { } verb ? name[verb.Length..] : null;

    private static string Bare(string name) => Stamp().Replace(name, "");

    private static bool IsName(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private async Task<string?> SchemaOfAsync(Service service, CancellationToken cancel)
    {
        try
        {
            return await new AwsSide(ground, sighting).VariableAsync(service, "DB_NAME", cancel) is { Length: > 0 } name ? name : null;
        }
        catch (Exception e) when (e is CouldNotLook or Collect.Aws.AwsFailure)
        {
            // The platform's own schema is looked at instead.
            _ = e;
            return null;
        }
    }

    private async Task<MySqlRows> AskAsync(MySqlQuestion question, CancellationToken cancel)
    {
        var rows = await reader.AskAsync(question, cancel);
        sighting.Asked($"mysql {question.Sql.Split(" WHERE ")[0]}", rows.Rows.Sum(r => r.Sum(v => (long)(v?.Length ?? 0))));
        return rows;
    }

    [GeneratedRegex("Table '(?<table>[^'\\n]{1,130})' already exists|Duplicate column name '(?<column>[^'\\n]{1,70})'|Duplicate key name '(?<key>[^'\\n]{1,70})'", RegexOptions.CultureInvariant)]
    private static partial Regex Object();

    [GeneratedRegex("""Migration \\?"([^"\\\n]{1,120})\\?" failed""", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex("(?:ALTER TABLE|CREATE (?:UNIQUE )?INDEX [^ ]{1,70} ON) `?([A-Za-z0-9_$]{1,64})", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Statement();

    [GeneratedRegex("[0-9]{10,16}$", RegexOptions.CultureInvariant)]
    private static partial Regex Stamp();
}
