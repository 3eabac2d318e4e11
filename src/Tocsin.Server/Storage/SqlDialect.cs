using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Tocsin.Server.Storage;

/// <summary>Where the two databases differ. All other SQL is the same for both.</summary>
/// <param name="Name">As people call it.</param>
/// <param name="ForUpdate">Ends a select whose rows are held until the end of the transaction; where one writer has the whole database, nothing.</param>
/// <param name="ForUpdateSkipLocked">As above, and rows that another node holds are left to it.</param>
/// <param name="Begin">Starts a transaction that may write.</param>
/// <param name="Snapshot">Starts a transaction that sees one moment throughout, and writes nothing.</param>
/// <param name="LockSchema">Keeps other nodes from migrating until the transaction ends.</param>
/// <param name="ServerMicroseconds">The database's own clock, by which nodes agree how long a claim lasts; empty: this process is the only node.</param>
/// <param name="HasTable">Counts tables of the name @name.</param>
/// <param name="OneOf">Compares with the members of the list @many.</param>
/// <param name="Insert">Many rows at once.</param>
/// <param name="OneWriter">Whether writes of this process must wait for each other.</param>
public sealed record SqlDialect(
    string Name,
    string ForUpdate,
    string ForUpdateSkipLocked,
    Func<DbConnection, CancellationToken, ValueTask<DbTransaction>> Begin,
    Func<DbConnection, CancellationToken, ValueTask<DbTransaction>> Snapshot,
    string LockSchema,
    string ServerMicroseconds,
    string HasTable,
    string OneOf,
    Func<Session, InsertedRows, CancellationToken, Task<int>> Insert,
    bool OneWriter)
{
    public static SqlDialect Sqlite { get; } = new(
        "SQLite",
        "",
        "",
        // Begins immediate: a transaction that reads first and writes later would fail where another one wrote between.
        static (c, cancel) => c.BeginTransactionAsync(cancel),
        static (c, _) => ValueTask.FromResult<DbTransaction>(((SqliteConnection)c).BeginTransaction(deferred: true)),
        "",
        "",
        "select count(*) from sqlite_master where type = 'table' and name = @name",
        "in @many",
        BulkInsert.OneByOneAsync,
        OneWriter: true);

    public static SqlDialect Postgres { get; } = new(
        "PostgreSQL",
        " for update",
        " for update skip locked",
        static (c, cancel) => c.BeginTransactionAsync(cancel),
        static (c, cancel) => c.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel),
        "select pg_advisory_xact_lock(706431)",
        "(extract(epoch from clock_timestamp()) * 1000000)::bigint",
        "select count(*) from information_schema.tables where table_schema = current_schema() and table_name = @name",
        "= any(@many)",
        BulkInsert.AtOnceAsync,
        OneWriter: false);
}
