using System.Data.Common;
using System.Globalization;
using System.Text;
using Dapper;

namespace Tocsin.Server.Storage;

/// <summary>One transaction, or one look without any.</summary>
public sealed class Session(DbConnection connection, DbTransaction? transaction, SqlDialect dialect)
{
    private readonly List<Action> afterCommit = [];

    public SqlDialect Dialect => dialect;

    public DbConnection Connection => connection;

    public async Task<List<T>> QueryAsync<T>(string sql, object? args, CancellationToken cancel) =>
        (await connection.QueryAsync<T>(new CommandDefinition(sql, args, transaction, cancellationToken: cancel))).AsList();

    public Task<T?> FirstAsync<T>(string sql, object? args, CancellationToken cancel) =>
        connection.QueryFirstOrDefaultAsync<T?>(new CommandDefinition(sql, args, transaction, cancellationToken: cancel));

    public Task<int> ExecuteAsync(string sql, object? args, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(sql, args, transaction, cancellationToken: cancel));

    /// <summary>Takes the next numbers of a counter, and with them a lock on it until the end: whoever appends to a chain or a sequence takes turns. Gives the last.</summary>
    public async Task<long> TakeAsync(string counter, long count, CancellationToken cancel) =>
        await FirstAsync<long>("update counters set value = value + @count where name = @counter returning value", new { counter, count }, cancel);

    /// <summary>Inserts rows in as few statements as the database takes.</summary>
    /// <param name="head">Up to and with <c>values</c>.</param>
    /// <param name="rows">The values of each row, in the order of the head.</param>
    /// <param name="tail">What follows, such as <c>on conflict do nothing</c>.</param>
    public async Task InsertAsync(string head, IReadOnlyList<object?[]> rows, string tail, CancellationToken cancel)
    {
        if (rows.Count == 0) return;
        foreach (var chunk in rows.Chunk(Math.Max(1, dialect.MostParameters / rows[0].Length)))
        {
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            var sql = new StringBuilder(head).Append(' ');
            var number = 0;
            for (var i = 0; i < chunk.Length; i++)
            {
                sql.Append(i == 0 ? "(" : ", (");
                for (var j = 0; j < chunk[i].Length; j++)
                {
                    sql.Append(CultureInfo.InvariantCulture, $"{(j == 0 ? "" : ", ")}@p{number}");
                    var parameter = command.CreateParameter();
                    parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"p{number++}");
                    parameter.Value = chunk[i][j] ?? DBNull.Value;
                    command.Parameters.Add(parameter);
                }
                sql.Append(')');
            }
            command.CommandText = sql.Append(' ').Append(tail).ToString();
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    /// <summary>Done once the transaction holds; never where it does not.</summary>
    public void AfterCommit(Action act) => afterCommit.Add(act);

    internal void Committed()
    {
        foreach (var act in afterCommit) act();
    }
}
