using System.Net;
using System.Text;

namespace Tocsin.Collect.Wire;

/// <summary>
/// A statement that may be asked. There are only these: each reads, and whatever comes from outside stands in it as a hexadecimal text or as a name of plain
/// letters, so that no text can become SQL.
/// </summary>
public sealed class MySqlQuestion
{
    private const string Brief = "/*+ MAX_EXECUTION_TIME(3000) */";

    private MySqlQuestion(string sql) => Sql = sql;

    internal string Sql { get; }

    public static MySqlQuestion Alive { get; } = new("SELECT 1");

    public static MySqlQuestion Status { get; } = new("SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected','Threads_running','Uptime','Slow_queries','Max_used_connections','Aborted_connects')");

    public static MySqlQuestion Variables { get; } = new("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('max_connections','require_secure_transport','max_user_connections','read_only','long_query_time','version')");

    /// <summary>Without the statements' texts, which may hold anything.</summary>
    public static MySqlQuestion Connections { get; } = new($"SELECT {Brief} ID, USER, HOST, DB, COMMAND, TIME, STATE FROM information_schema.PROCESSLIST LIMIT 4000");

    public static MySqlQuestion Schemas { get; } = new($"SELECT {Brief} SCHEMA_NAME FROM information_schema.SCHEMATA LIMIT 1000");

    /// <summary>The accounts of one user name; needs the right to read mysql.user.</summary>
    public static MySqlQuestion Accounts(string user) => new($"SELECT {Brief} * FROM mysql.user WHERE User = {Text(user)} LIMIT 50");

    public static MySqlQuestion SchemaGrants(string user) => new($"SELECT {Brief} GRANTEE, TABLE_SCHEMA, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE LIKE {Text($"'{user}'@%")} LIMIT 1000");

    public static MySqlQuestion UserGrants(string user) => new($"SELECT {Brief} GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE LIKE {Text($"'{user}'@%")} LIMIT 1000");

    /// <summary>Which schemas hold a table of this name.</summary>
    public static MySqlQuestion TableSchemas(string table) => new($"SELECT {Brief} TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = {Text(table)} LIMIT 100");

    /// <summary>The newest rows of a migrations table; null where a name is none that is asked for.</summary>
    public static MySqlQuestion? Migrations(string schema, string table) =>
        Name(schema) is { } s && Name(table) is { } t ? new($"SELECT {Brief} name FROM {s}.{t} ORDER BY id DESC LIMIT 500") : null;

    /// <summary>Tables and columns of one schema with this name.</summary>
    public static MySqlQuestion Objects(string schema) => new($"SELECT {Brief} TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {Text(schema)} LIMIT 4900");

    public static MySqlQuestion Indexes(string schema) => new($"SELECT {Brief} DISTINCT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {Text(schema)} LIMIT 4900");

    /// <summary>Whether a row of the tenants' table bears this domain, in any case, with or without www.</summary>
    public static MySqlQuestion? Tenant(string schema, string table, string column, string domain)
    {
        var bare = domain.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? domain[4..] : domain;
        return Name(schema) is { } s && Name(table) is { } t && Name(column) is { } c
            ? new($"SELECT {Brief} * FROM {s}.{t} WHERE LOWER({c}) IN ({Text(bare.ToLowerInvariant())}, {Text("www." + bare.ToLowerInvariant())}) LIMIT 10")
            : null;
    }

    /// <summary>Domains of the tenants' table that share their first or their second half with this one: a slip of the pen spoils only one of them.</summary>
    public static MySqlQuestion? TenantsNear(string schema, string table, string column, string domain)
    {
        var (first, second) = (domain[..(domain.Length / 2)].ToLowerInvariant(), domain[(domain.Length / 2)..].ToLowerInvariant());
        return Name(schema) is { } s && Name(table) is { } t && Name(column) is { } c
            ? new($"SELECT {Brief} {c} FROM {s}.{t} WHERE LOWER(LEFT({c}, {first.Length})) = {Text(first)} OR LOWER(RIGHT({c}, {second.Length})) = {Text(second)} LIMIT 4000")
            : null;
    }

    private static string Text(string text) => text.Length == 0 ? "''" : $"CONVERT(0x{Convert.ToHexString(Encoding.UTF8.GetBytes(text))} USING utf8mb4)";

    private static string? Name(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' or '-') ? $"`{name}`" : null;
}

/// <summary>A login at a MySQL server that can only read.</summary>
public sealed class MySqlReader : IAsyncDisposable
{
    private readonly MySqlConnection connection;

    private MySqlReader(MySqlConnection connection) => this.connection = connection;

    public string Version => connection.Version;

    public bool Encrypted => connection.Encrypted;

    public IPAddress? Address => connection.Address;

    /// <exception cref="WireFailure">At which stage it ended, and why.</exception>
    public static async Task<MySqlReader> OpenAsync(WireTarget target, MySqlLogin login, CancellationToken cancel) =>
        new(await MySqlConnection.OpenAsync(target, login, cancel));

    /// <exception cref="WireFailure">The server refused, or the answer was too long or none.</exception>
    public Task<MySqlRows> AskAsync(MySqlQuestion question, CancellationToken cancel) => connection.QueryAsync(question.Sql, cancel);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
