using System.Data.Common;
using Dapper;

namespace Tocsin.Server.Storage;

/// <summary>One transaction, or one look without any.</summary>
public sealed class Session(DbConnection connection, DbTransaction? transaction, SqlDialect dialect)
{
    private readonly List<Action> afterCommit = [];

    public SqlDialect Dialect => dialect;

    public DbConnection Connection => connection;

    public DbTransaction? Transaction => transaction;

    public async Task<List<T>> QueryAsync<T>(string sql, object? args, CancellationToken cancel) =>
        (await connection.QueryAsync<T>(new CommandDefinition(sql, args, transaction, cancellationToken: cancel))).AsList();

    public Task<T?> FirstAsync<T>(string sql, object? args, CancellationToken cancel) =>
        connection.QueryFirstOrDefaultAsync<T?>(new CommandDefinition(sql, args, transaction, cancellationToken: cancel));

    public Task<int> ExecuteAsync(string sql, object? args, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(sql, args, transaction, cancellationToken: cancel));

    /// <summary>Takes the next numbers of a counter, and with them a lock on it until the end: whoever appends to a chain or a sequence takes turns. Gives the last.</summary>
    public async Task<long> TakeAsync(string counter, long count, CancellationToken cancel) =>
        await FirstAsync<long>("update counters set value = value + @count where name = @counter returning value", new { counter, count }, cancel);

    /// <summary>Inserts rows the quickest way the database has; gives how many were inserted or, by the tail, updated.</summary>
    /// <param name="columns">With commas between.</param>
    /// <param name="rows">Texts, whole numbers and nulls, in the order of the columns.</param>
    /// <param name="tail">What follows, such as <c>on conflict do nothing</c>.</param>
    public Task<int> InsertAsync(string table, string columns, IReadOnlyList<object?[]> rows, string tail, CancellationToken cancel) =>
        rows.Count == 0 ? Task.FromResult(0) : dialect.Insert(this, new InsertedRows(table, columns, rows, tail), cancel);

    /// <summary>Done once the transaction holds; never where it does not.</summary>
    public void AfterCommit(Action act) => afterCommit.Add(act);

    internal void Committed()
    {
        foreach (var act in afterCommit) act();
    }
}
