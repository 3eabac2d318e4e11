using System.Globalization;
using System.Reflection;

namespace Tocsin.Server.Storage;

/// <summary>The database is of a newer Tocsin, or is none of Tocsin's.</summary>
public sealed class SchemaException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>One numbered step from an older form of the database to the next.</summary>
public sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>In order. A released one never changes.</summary>
    public static IReadOnlyList<Migration> All { get; } = Read();

    private static List<Migration> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name =>
            {
                using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return new Migration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name[5..^4], text.ReadToEnd());
            }),
        ];
    }
}

/// <summary>Brings a database to this program's form, or refuses.</summary>
public static class Schema
{
    /// <summary>The highest version this program knows.</summary>
    public static int Newest => Migration.All[^1].Version;

    /// <summary>Applies what is missing, under a lock that other nodes wait for. Gives what was applied.</summary>
    public static async Task<IReadOnlyList<Migration>> BringAsync(Database database, IReadOnlyList<Migration> migrations, long now, CancellationToken cancel) =>
        await database.WriteAsync<IReadOnlyList<Migration>>(
            async (s, c) =>
            {
                if (s.Dialect.LockSchema.Length > 0) await s.ExecuteAsync(s.Dialect.LockSchema, null, c);
                var version = Known(database, await VersionAsync(s, c), migrations[^1].Version);
                await s.ExecuteAsync("create table if not exists schema_version (version bigint primary key, name text not null, applied bigint not null)", null, c);
                var missing = migrations.Where(m => m.Version > version).ToList();
                foreach (var migration in missing)
                {
                    await s.ExecuteAsync(migration.Sql, null, c);
                    await s.ExecuteAsync("insert into schema_version (version, name, applied) values (@Version, @Name, @now)", new { migration.Version, migration.Name, now }, c);
                }
                return missing;
            },
            cancel);

    /// <summary>Refuses what is no database of Tocsin's, or one of a newer program, before anything is read from it.</summary>
    public static async Task CheckAsync(Database database, CancellationToken cancel)
    {
        if (Known(database, await database.ReadAsync(VersionAsync, cancel), Newest) == 0) throw NoneAt(database.About);
    }

    public static SchemaException NoneAt(string place) => new($"there is no database of Tocsin at {place}: say where it is by --data FOLDER or --postgres CONNECTION; tocsin serve makes one");

    private static int Known(Database database, int version, int newest) =>
        version <= newest ? version : throw new SchemaException($"the database {database.About} is of version {version}, this program knows {newest} at most: start the newer program, or restore a backup made before");

    private static async Task<int> VersionAsync(Session s, CancellationToken cancel) =>
        await s.FirstAsync<long>(s.Dialect.HasTable, new { name = "schema_version" }, cancel) == 0 ? 0 : (int)await s.FirstAsync<long>("select coalesce(max(version), 0) from schema_version", null, cancel);
}
