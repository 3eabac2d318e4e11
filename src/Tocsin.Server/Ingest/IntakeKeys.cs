using Tocsin.Server.Access;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>A key that a sender posts with, and what its signals are about where they do not say so.</summary>
public sealed record IntakeKey(string Id, string Name, string Environment, string Service, long Created, long? Revoked);

/// <summary>Keys of senders. Only digests are kept.</summary>
public sealed class IntakeKeys(Database database, TimeProvider time)
{
    private const string Columns = "id, name, environment, service, created, revoked";

    /// <summary>A new key; it is shown once.</summary>
    public Task<(IntakeKey Key, string Secret)> CreateAsync(string name, string environment, string service, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var secret = Secrets.Token("tck_");
                var key = new IntakeKey(Guid.CreateVersion7(time.GetUtcNow()).ToString(), name, environment, service, Micros.Of(time.Now()), null);
                await s.ExecuteAsync("insert into intake_keys (id, digest, name, environment, service, created) values (@Id, @digest, @Name, @Environment, @Service, @Created)", new { key.Id, digest = Secrets.Digest(secret), key.Name, key.Environment, key.Service, key.Created }, c);
                await AuditChain.AppendAsync(s, [new AuditEntry(key.Created, by, "intake key created", name, key.Id, "")], c);
                return (key, secret);
            },
            cancel);

    public Task<IntakeKey?> FindAsync(string secret, CancellationToken cancel) =>
        database.ReadAsync((s, c) => s.FirstAsync<IntakeKey>($"select {Columns} from intake_keys where digest = @digest and revoked is null", new { digest = Secrets.Digest(secret) }, c), cancel);

    public Task<List<IntakeKey>> AllAsync(CancellationToken cancel) =>
        database.ReadAsync((s, c) => s.QueryAsync<IntakeKey>($"select {Columns} from intake_keys order by created", null, c), cancel);

    public Task<bool> RevokeAsync(string id, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var now = Micros.Of(time.Now());
                var done = await s.ExecuteAsync("update intake_keys set revoked = @now where id = @id and revoked is null", new { id, now }, c) == 1;
                if (done) await AuditChain.AppendAsync(s, [new AuditEntry(now, by, "intake key revoked", id, "", "")], c);
                return done;
            },
            cancel);
}
