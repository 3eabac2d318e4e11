using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using NodaTime.Text;

namespace Tocsin.Server.Storage;

/// <summary>
/// What a server knows, for other programs: one JSON object per line, its kind first, times as RFC 3339. Nothing in it opens anything: no digest of a token, no
/// password, no key. It cannot be read back; that is what a backup is for.
/// </summary>
public static class Export
{
    private static readonly (string Kind, string Sql)[] Kinds =
    [
        ("incident", "select * from incidents order by number"),
        ("event", "select incident, version, at, type, person, body from events order by position"),
        ("page", "select key, incident, page, purpose, person, channel, severity, first, more, decided, state, attempts, doubts, outcome, finished, confirmed from outbox order by decided, id"),
        ("signal", "select id, at, source, environment, service, entry, fingerprint, title, text, severity, facts, count, ends, state, incident, why from signals order by at, id"),
        ("heartbeat", "select name, environment, service, severity, every, created, last, due, state, beats from heartbeats order by name"),
        ("audit", "select seq, at, who, what, subject, detail, digest, previous, hash from audit order by seq"),
    ];

    private static readonly FrozenSet<string> Times = new[] { "at", "impact", "declared", "acknowledged", "mitigated", "resolved", "lease_until", "acknowledge_by", "update_by", "due", "last_signal", "decided", "finished", "created", "last" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>All of one moment; gives how many lines.</summary>
    public static Task<long> WriteAsync(Database database, TextWriter to, CancellationToken cancel) => database.SnapshotAsync(
        async (s, c) =>
        {
            var lines = 0L;
            foreach (var (kind, sql) in Kinds)
            {
                await using var reader = await s.Connection.ExecuteReaderAsync(new CommandDefinition(sql, transaction: s.Transaction, flags: CommandFlags.None, cancellationToken: c));
                for (; await reader.ReadAsync(c); lines++)
                {
                    var line = new JsonObject { ["kind"] = kind };
                    for (var i = 0; i < reader.FieldCount; i++)
                    {
                        if (!reader.IsDBNull(i)) line[JsonNamingPolicy.CamelCase.ConvertName(Joined(reader.GetName(i)))] = Value(reader.GetName(i), reader.GetValue(i));
                    }
                    await to.WriteLineAsync(line.ToJsonString(JsonSerializerOptions.Web).AsMemory(), c);
                }
            }
            return lines;
        },
        cancel);

    private static JsonNode? Value(string column, object value) => value switch
    {
        long number when Times.Contains(column) => InstantPattern.ExtendedIso.Format(Micros.At(number)),
        long number => number,
        string text when column is "body" or "facts" && Json(text) is { } whole => whole,
        var other => other.ToString(),
    };

    // Facts are stored as words or as JSON, by their source.
    private static JsonNode? Json(string text)
    {
        try
        {
            return text.StartsWith('{') || text.StartsWith('[') ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // lease_until is leaseUntil.
    private static string Joined(string column) => string.Concat(column.Split('_').Select((part, i) => i == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));
}
