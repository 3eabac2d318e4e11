using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>Something that promises to report in. It is armed from its creation: one that never beats is late too.</summary>
public sealed record Heartbeat(string KeyId, string Name, string Environment, string Service, long Severity, long Every, long Created, long? Last, long Due, string State, long Beats);

public sealed class Heartbeats(Database database, TimeProvider time)
{
    private const string Columns = "key_id, name, environment, service, severity, every, created, last, due, state, beats";

    /// <summary>Arms it, or changes its length; its next beat is due that long from now.</summary>
    public Task<Heartbeat> ArmAsync(IntakeKey key, string name, Duration every, Severity severity, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var now = Micros.Of(time.Now());
                var micros = (long)every.TotalSeconds * 1_000_000;
                await s.ExecuteAsync(
                    $"insert into heartbeats ({Columns}) values (@Id, @name, @Environment, @Service, @severity, @micros, @now, null, @due, 'armed', 0) on conflict (key_id, name) do update set every = @micros, severity = @severity, due = @due, state = 'armed'",
                    new { key.Id, name, key.Environment, key.Service, severity = (long)severity, micros, now, due = now + micros },
                    c);
                await AuditChain.AppendAsync(s, [new AuditEntry(now, by, "heartbeat armed", name, Words.Length(every), "")], c);
                return (await s.FirstAsync<Heartbeat>($"select {Columns} from heartbeats where key_id = @Id and name = @name", new { key.Id, name }, c))!;
            },
            cancel);

    /// <summary>It reported in; false where nobody armed it.</summary>
    public Task<bool> BeatAsync(IntakeKey key, string name, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) => await s.ExecuteAsync("update heartbeats set last = @now, due = @now + every, state = 'armed', beats = beats + 1 where key_id = @Id and name = @name", new { key.Id, name, now = Micros.Of(time.Now()) }, c) == 1,
            cancel);

    public Task<List<Heartbeat>> AllAsync(CancellationToken cancel) =>
        database.ReadAsync((s, c) => s.QueryAsync<Heartbeat>($"select {Columns} from heartbeats order by name", null, c), cancel);
}

/// <summary>Makes a signal of each heartbeat that is late, once.</summary>
public sealed class HeartbeatWatch(Database database, Inbox inbox, TimeProvider time)
{
    public Task<int> CheckAsync(CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var now = time.Now();
                var late = await s.QueryAsync<Heartbeat>($"select * from heartbeats where state = 'armed' and due <= @now order by due limit 100{s.Dialect.ForUpdateSkipLocked}", new { now = Micros.Of(now) }, c);
                if (late.Count == 0) return 0;
                foreach (var beat in late) await s.ExecuteAsync("update heartbeats set state = 'late' where key_id = @KeyId and name = @Name", new { beat.KeyId, beat.Name }, c);
                await s.InsertAsync("signals", SignalRow.Columns, [.. late.Select(b => SignalRow.Of(Missing(b, now), "heartbeat"))], "", c);
                s.AfterCommit(inbox.Arrived);
                return late.Count;
            },
            cancel);

    private Signal Missing(Heartbeat beat, Instant now) => new(
        Guid.CreateVersion7(time.GetUtcNow()).ToString(),
        now,
        SignalSource.Observation,
        beat.Environment,
        beat.Service.Length > 0 ? beat.Service : beat.Name,
        "",
        $"heartbeat/{beat.KeyId}/{beat.Name}",
        $"The heartbeat {beat.Name} is missing",
        beat.Last is { } last ? $"last at {Words.Time(Micros.At(last))}" : "it never came",
        (Severity)beat.Severity,
        [],
        null,
        1,
        Ends: false);
}
