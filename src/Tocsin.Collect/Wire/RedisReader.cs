using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Tocsin.Collect.Wire;

/// <summary>Who logs in at a Redis: nobody, a password alone, or a user of its access lists.</summary>
public sealed record RedisLogin(string Password = "", string User = "")
{
    /// <summary>0 to 15.</summary>
    public int Database { get; init; }
}

/// <summary>A command that may be sent. There are only these, and each reads.</summary>
public sealed class RedisQuestion
{
    private RedisQuestion(params ReadOnlySpan<string> words) => Words = [.. words];

    internal ImmutableArray<string> Words { get; }

    public static RedisQuestion Alive { get; } = new("PING");

    public static RedisQuestion Info { get; } = new("INFO");

    public static RedisQuestion Clients { get; } = new("CLIENT", "LIST");

    public static RedisQuestion Type(string key) => new("TYPE", key);

    public static RedisQuestion Exists(string key) => new("EXISTS", key);

    public static RedisQuestion Fields(string key, params ReadOnlySpan<string> fields) => new(["HMGET", key, .. fields]);

    public static RedisQuestion ListLength(string key) => new("LLEN", key);

    public static RedisQuestion SortedLength(string key) => new("ZCARD", key);

    public static RedisQuestion ListPart(string key, int from, int to) => new("LRANGE", key, Number(from), Number(to));

    public static RedisQuestion SortedPart(string key, int from, int to) => new("ZRANGE", key, Number(from), Number(to));

    public static RedisQuestion MillisecondsLeft(string key) => new("PTTL", key);

    /// <summary>One step of a walk over the keys; never KEYS, which would hold up the server.</summary>
    public static RedisQuestion Scan(string cursor, string pattern) => new("SCAN", cursor, "MATCH", pattern, "COUNT", "500");

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A login at a Redis that can only read.</summary>
public sealed class RedisReader : IAsyncDisposable
{
    private readonly RedisConnection connection;

    private RedisReader(RedisConnection connection) => this.connection = connection;

    public IPAddress? Address => connection.Address;

    /// <exception cref="WireFailure">At which stage it ended, and why.</exception>
    public static async Task<RedisReader> OpenAsync(WireTarget target, RedisLogin login, CancellationToken cancel) => new(await RedisConnection.OpenAsync(target, login, cancel));

    /// <summary>Over a connection, which is closed where the login fails.</summary>
    internal static async Task<RedisReader> OpenAsync(WireConnection wire, bool tls, RedisLogin login, CancellationToken cancel) => new(await RedisConnection.OpenAsync(wire, tls, login, cancel));

    /// <exception cref="WireFailure">The server hung up, or what it said was too long or no Redis.</exception>
    public Task<RedisValue> AskAsync(RedisQuestion question, CancellationToken cancel) => connection.SendAsync(question.Words, cancel);

    /// <summary>Several at once, answered in their order: one way there and back.</summary>
    public Task<ImmutableArray<RedisValue>> AskAllAsync(IReadOnlyList<RedisQuestion> questions, CancellationToken cancel) => connection.SendAllAsync([.. questions.Select(q => q.Words)], cancel);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
