using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Tocsin.Server.Storage;

/// <summary>The one database of a server: a file of its own, or PostgreSQL that several nodes share.</summary>
public sealed class Database : IAsyncDisposable
{
    private const int MostTries = 5;
    private readonly Func<CancellationToken, Task<DbConnection>> open;
    private readonly SemaphoreSlim writer = new(1);
    private readonly Func<ValueTask> close;

    private Database(SqlDialect dialect, string about, Func<CancellationToken, Task<DbConnection>> open, Func<ValueTask> close)
    {
        (Dialect, About, this.open, this.close) = (dialect, about, open, close);
        DefaultTypeMap.MatchNamesWithUnderscores = true;
    }

    public SqlDialect Dialect { get; }

    /// <summary>Where it is, without any password.</summary>
    public string About { get; }

    /// <summary>Called at named moments of a transaction; a crash test ends the process there.</summary>
    public Action<string> Step { get; init; } = static _ => { };

    public static Database Sqlite(string file, Action<string> step)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWriteCreate, DefaultTimeout = 10, ForeignKeys = true }.ToString();
        return new Database(SqlDialect.Sqlite, file, cancel => OpenSqliteAsync(text, cancel), () =>
        {
            using var own = new SqliteConnection(text);
            SqliteConnection.ClearPool(own);
            return ValueTask.CompletedTask;
        })
        {
            Step = step,
        };
    }

    public static Database Postgres(string connection, Action<string> step)
    {
        var builder = new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "tocsin", IncludeErrorDetail = false };
        if (builder.Timeout == 15) builder.Timeout = 5;
        if (builder.CommandTimeout == 30) builder.CommandTimeout = 10;
        var source = new NpgsqlDataSourceBuilder(builder.ToString()).Build();
        return new Database(SqlDialect.Postgres, $"{builder.Host}:{builder.Port}/{builder.Database}", async cancel => await source.OpenConnectionAsync(cancel), source.DisposeAsync) { Step = step };
    }

    /// <summary>Whether two writers were in each other's way: the database itself is well.</summary>
    public static bool IsCollision(DbException error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.LockNotAvailable } => true,
        SqliteException { SqliteErrorCode: 5 or 6 } => true, // busy, locked
        _ => false,
    };

    /// <summary>Looks, and changes nothing.</summary>
    public async Task<T> ReadAsync<T>(Func<Session, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        await using var connection = await open(cancel);
        return await read(new Session(connection, null, Dialect), cancel);
    }

    /// <summary>Looks at one moment of the whole, however long it takes.</summary>
    public async Task<T> SnapshotAsync<T>(Func<Session, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        await using var connection = await open(cancel);
        await using var transaction = await Dialect.Snapshot(connection, cancel);
        return await read(new Session(connection, transaction, Dialect), cancel);
    }

    /// <summary>All of it or nothing. What two nodes collide in is tried again, so <paramref name="write"/> starts from what it reads itself.</summary>
    public async Task<T> WriteAsync<T>(Func<Session, CancellationToken, Task<T>> write, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await OnceAsync(write, cancel);
            }
            catch (PostgresException e) when (tries < MostTries && e.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation)
            {
                await Task.Delay(tries * 5, cancel);
            }
            catch (StaleException) when (tries < MostTries)
            {
                await Task.Delay(tries * 5, cancel);
            }
        }
    }

    public Task WriteAsync(Func<Session, CancellationToken, Task> write, CancellationToken cancel) =>
        WriteAsync(
            async (s, c) =>
            {
                await write(s, c);
                return true;
            },
            cancel);

    public async ValueTask DisposeAsync()
    {
        await close();
        writer.Dispose();
    }

    private async Task<T> OnceAsync<T>(Func<Session, CancellationToken, Task<T>> write, CancellationToken cancel)
    {
        if (Dialect.OneWriter) await writer.WaitAsync(cancel);
        try
        {
            await using var connection = await open(cancel);
            await using var transaction = await Dialect.Begin(connection, cancel);
            var session = new Session(connection, transaction, Dialect);
            var result = await write(session, cancel);
            Step("before-commit");
            // From here on it must not be left half asked: a commit that was begun is waited for.
            await transaction.CommitAsync(CancellationToken.None);
            Step("after-commit");
            session.Committed();
            return result;
        }
        finally
        {
            if (Dialect.OneWriter) writer.Release();
        }
    }

    private static async Task<DbConnection> OpenSqliteAsync(string text, CancellationToken cancel)
    {
        var connection = new SqliteConnection(text);
        try
        {
            await connection.OpenAsync(cancel);
            // What was answered with 2xx is on the disk, also when the power fails.
            await connection.ExecuteAsync("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 10000;");
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

/// <summary>Someone else was quicker: what was read is no longer so.</summary>
public sealed class StaleException(string message) : Exception(message);
