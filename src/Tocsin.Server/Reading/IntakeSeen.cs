using NodaTime;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>What came in by one key last.</summary>
/// <param name="Kind">webhook or ndjson.</param>
/// <param name="Signals">How many signals that one report held.</param>
public sealed record ReportSeen(Instant At, string Kind, long Bytes, string Signals);

/// <summary>Whether senders reach this server.</summary>
public sealed class IntakeSeen(Database database)
{
    /// <summary>The last report of each key; none: it never sent anything that is still kept.</summary>
    public async Task<Dictionary<string, ReportSeen>> LastAsync(IEnumerable<string> keys, CancellationToken cancel) => await database.ReadAsync(
        async (s, c) =>
        {
            var found = new Dictionary<string, ReportSeen>(StringComparer.Ordinal);
            foreach (var key in keys)
            {
                var rows = await s.QueryAsync<(long Received, string Kind, long Bytes, string Answer)>("select received, kind, bytes, answer from intake where key_id = @key order by received desc limit 1", new { key }, c);
                if (rows is [var row]) found[key] = new ReportSeen(Micros.At(row.Received), row.Kind, row.Bytes, row.Answer);
            }
            return found;
        },
        cancel);
}
