using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>What came in at once.</summary>
/// <param name="SenderKey">The sender's own name for it, so that it can be sent again without counting twice; null: none.</param>
/// <param name="Body">Redacted.</param>
public sealed record Delivery(string KeyId, string Kind, string? SenderKey, long Bytes, string Body);

/// <param name="Again">It was known already, and nothing was counted.</param>
public sealed record Receipted(string Intake, int Signals, bool Again);

/// <summary>Keeps what came in before the sender hears that it was taken.</summary>
public sealed class Inbox(Database database, TimeProvider time)
{
    /// <summary>Called after a commit that holds new signals.</summary>
    public Action Arrived { get; set; } = static () => { };

    public Task<Receipted> KeepAsync(Delivery delivery, IReadOnlyList<Signal> signals, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var id = Guid.CreateVersion7(time.GetUtcNow()).ToString();
                var answer = signals.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
                var row = new { id, delivery.KeyId, delivery.Kind, delivery.SenderKey, now = Micros.Of(time.Now()), delivery.Bytes, delivery.Body, answer };
                var added = await s.ExecuteAsync("insert into intake (id, key_id, kind, sender_key, received, bytes, body, answer) values (@id, @KeyId, @Kind, @SenderKey, @now, @Bytes, @Body, @answer) on conflict do nothing", row, c);
                if (added == 0) return await AgainAsync(s, delivery, c);
                await s.InsertAsync("signals", SignalRow.Columns, [.. signals.Select(x => SignalRow.Of(x, id))], "", c);
                if (signals.Count > 0) s.AfterCommit(Arrived);
                return new Receipted(id, signals.Count, Again: false);
            },
            cancel);

    private static async Task<Receipted> AgainAsync(Session s, Delivery delivery, CancellationToken cancel)
    {
        var known = await s.QueryAsync<(string Id, string Answer)>("select id, answer from intake where key_id = @KeyId and sender_key = @SenderKey", delivery, cancel);
        return new Receipted(known[0].Id, int.Parse(known[0].Answer, System.Globalization.CultureInfo.InvariantCulture), Again: true);
    }
}
