using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

public sealed class BackupTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task A_backup_restored_into_the_other_kind_of_database_has_the_same_incidents_and_the_same_audit_head(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        await world.DeclareAsync("Checkout is broken", "P1");
        await world.DeclareAsync("The admin panel is slow", "P2");
        using var file = new MemoryStream();
        var made = await Backup.WriteAsync(world.Host.Part<Database>(), file, Cancel);
        file.Position = 0;
        var other = await Databases.ConnectionAsync(database == "sqlite" ? "postgres" : "sqlite", postgres, Cancel);
        await using var second = await TestWorld.StartAsync(other, o => o, file);
        Assert.Null(second.Host.Invitation);
        var verdict = await second.Host.Part<AuditTrail>().VerifyAsync(Cancel);
        Assert.Equal(("", made.AuditHead), (verdict.Problem, verdict.Head));
        Assert.Equal(await world.Host.Part<IncidentList>().FindAsync(new IncidentFilter(), Cancel), await second.Host.Part<IncidentList>().FindAsync(new IncidentFilter(), Cancel));
    }

    [Fact]
    public async Task A_backup_that_breaks_off_or_is_none_is_refused_and_leaves_nothing()
    {
        await using var world = await TestWorld.SqliteAsync();
        await world.DeclareAsync("Checkout is broken", "P1");
        using var file = new MemoryStream();
        await Backup.WriteAsync(world.Host.Part<Database>(), file, Cancel);
        using var text = new MemoryStream("hello"u8.ToArray());
        file.Position = 0;
        await Assert.ThrowsAsync<SchemaException>(() => Backup.RestoreAsync(world.Host.Part<Database>(), file, 0, Cancel));
        await Assert.ThrowsAsync<SchemaException>(() => Backup.RestoreAsync(world.Host.Part<Database>(), text, 0, Cancel));
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused()
    {
        await using var world = await TestWorld.SqliteAsync();
        var database = world.Host.Part<Database>();
        await database.WriteAsync((s, c) => s.ExecuteAsync("insert into schema_version (version, name, applied) values (9999, 'future', 0)", null, c), Cancel);
        var refused = await Assert.ThrowsAsync<SchemaException>(() => Schema.BringAsync(database, Migration.All, 0, Cancel));
        Assert.Contains("start the newer program", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_changes_an_event_or_a_row_of_the_audit_log_is_found_out()
    {
        await using var world = await TestWorld.SqliteAsync();
        await world.DeclareAsync("Checkout is broken", "P1");
        var (database, trail) = (world.Host.Part<Database>(), world.Host.Part<AuditTrail>());
        foreach (var (change, undo) in new[]
        {
            ("update events set body = replace(body, 'Checkout', 'Checkin') where type = 'declared'", "update events set body = replace(body, 'Checkin', 'Checkout') where type = 'declared'"),
            ("update audit set who = 'nobody' where seq = 1", "update audit set who = '' where seq = 1"),
        })
        {
            Assert.Equal("", (await trail.VerifyAsync(Cancel)).Problem);
            await database.WriteAsync((s, c) => s.ExecuteAsync(change, null, c), Cancel);
            Assert.NotEqual("", (await trail.VerifyAsync(Cancel)).Problem);
            await database.WriteAsync((s, c) => s.ExecuteAsync(undo, null, c), Cancel);
        }
        await database.WriteAsync((s, c) => s.ExecuteAsync("delete from audit where seq = (select max(seq) from audit)", null, c), Cancel);
        Assert.Contains("missing at the end", (await trail.VerifyAsync(Cancel)).Problem, StringComparison.Ordinal);
    }
}
