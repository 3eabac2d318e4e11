using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Tocsin.Server.Storage;

/// <summary>Rows to insert; the columns with commas between.</summary>
public sealed record InsertedRows(string Table, string Columns, IReadOnlyList<object?[]> Rows, string Tail)
{
    public ImmutableArray<string> Names { get; } = [.. Columns.Split(',', StringSplitOptions.TrimEntries)];
}

/// <summary>Many rows at once. Statements with thousands of parameters are slow on both databases, each in its own way.</summary>
internal static class BulkInsert
{
    // A stream takes three ways, and so pays only for more rows than a person's change has.
    private const int WorthStream = 50;

    /// <summary>One statement, prepared once, for each row: there is no way to go.</summary>
    public static async Task<int> OneByOneAsync(Session s, InsertedRows rows, CancellationToken cancel)
    {
        await using var command = s.Connection.CreateCommand();
        command.Transaction = s.Transaction;
        command.CommandText = $"insert into {rows.Table} ({rows.Columns}) values ({string.Join(", ", rows.Names.Select((_, i) => Name(i)))}) {rows.Tail}";
        var parameters = rows.Names.Select((_, i) =>
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = Name(i);
            command.Parameters.Add(parameter);
            return parameter;
        }).ToList();
        var done = 0;
        foreach (var row in rows.Rows)
        {
            for (var i = 0; i < row.Length; i++) parameters[i].Value = row[i] ?? DBNull.Value;
            done += await command.ExecuteNonQueryAsync(cancel);
        }
        return done;
    }

    /// <summary>PostgreSQL takes many rows quickest as a stream; what may collide with rows that are there, as lists.</summary>
    public static Task<int> AtOnceAsync(Session s, InsertedRows rows, CancellationToken cancel) =>
        rows.Tail.Length == 0 && rows.Rows.Count >= WorthStream ? StreamAsync(s, rows, cancel) : ByColumnsAsync(s, rows, cancel);

    private static async Task<int> StreamAsync(Session s, InsertedRows rows, CancellationToken cancel)
    {
        await using var stream = await ((NpgsqlConnection)s.Connection).BeginBinaryImportAsync($"copy {rows.Table} ({rows.Columns}) from stdin (format binary)", cancel);
        foreach (var row in rows.Rows)
        {
            await stream.StartRowAsync(cancel);
            foreach (var value in row) await WriteAsync(stream, value, cancel);
        }
        return (int)await stream.CompleteAsync(cancel);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter stream, object? value, CancellationToken cancel) => value switch
    {
        null => stream.WriteNullAsync(cancel),
        string text => stream.WriteAsync(text, NpgsqlDbType.Text, cancel),
        _ => stream.WriteAsync((long)value, NpgsqlDbType.Bigint, cancel),
    };

    /// <summary>One statement with a list for each column: one way for all rows.</summary>
    private static async Task<int> ByColumnsAsync(Session s, InsertedRows rows, CancellationToken cancel)
    {
        await using var command = (NpgsqlCommand)s.Connection.CreateCommand();
        command.Transaction = (NpgsqlTransaction?)s.Transaction;
        var values = rows.Names.Select((_, i) => ColumnOf(rows.Rows, i)).ToList();
        // A column in which nothing stands has no type, and needs none.
        var lists = Enumerable.Range(0, values.Count).Where(i => values[i] is not null).ToList();
        foreach (var i in lists) command.Parameters.Add(values[i]!);
        command.CommandText = $"insert into {rows.Table} ({rows.Columns}) select {string.Join(", ", values.Select((v, i) => v is null ? "null" : $"c{i.ToString(CultureInfo.InvariantCulture)}"))} from unnest({string.Join(", ", lists.Select(Name))}) as u({string.Join(", ", lists.Select(i => $"c{i.ToString(CultureInfo.InvariantCulture)}"))}) {rows.Tail}";
        return await command.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlParameter? ColumnOf(IReadOnlyList<object?[]> rows, int column)
    {
        var first = rows.Select(r => r[column]).FirstOrDefault(v => v is not null);
        return first switch
        {
            null => null,
            string => new NpgsqlParameter(Name(column), NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = rows.Select(r => (string?)r[column]).ToArray() },
            _ => new NpgsqlParameter(Name(column), NpgsqlDbType.Array | NpgsqlDbType.Bigint) { Value = rows.Select(r => (long?)r[column]).ToArray() },
        };
    }

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"@p{i}");
}
