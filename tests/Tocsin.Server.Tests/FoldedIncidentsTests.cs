using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Clock;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>States that a server keeps in memory save reading events; they never stand for anything but what those events say.</summary>
public sealed class FoldedIncidentsTests(PostgresServer postgres)
{
    private static readonly IncidentId One = new(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_is_held_is_what_the_events_say_whatever_two_nodes_did(string database)
    {
        await using var world = await WorldAsync(database);
        var (desk, clock, store) = (world.Host.Part<IncidentDesk>(), world.Host.Part<DueIncidents>(), world.Host.Part<Database>());
        // Another node has a memory of its own, and the same database.
        var otherNode = new Journal(new EventJson(), static _ => false, tracked: false);
        var otherDesk = new IncidentDesk(store, otherNode, world.Host.Part<PlanSource>(), world.Time);
        for (var i = 0; i < 3; i++) await world.DeclareAsync($"Something {i} fails", "P1");
        var chance = new Random(11);
        for (var round = 0; round < 40; round++)
        {
            var id = new IncidentId(1 + chance.Next(3));
            await (chance.Next(2) == 0 ? desk : otherDesk).DoAsync(id, Command(chance.Next(7)), null, Cancel);
            if (round % 4 == 0)
            {
                world.Time.Advance(TimeSpan.FromMinutes(chance.Next(1, 40)));
                await clock.TickAsync(Cancel);
            }
            foreach (var journal in new[] { world.Host.Part<Journal>(), otherNode })
            {
                var (held, read) = await store.WriteAsync(async (s, c) => (await journal.HoldAllAsync(s, [1, 2, 3], c), await journal.ReadAllAsync(s, [1, 2, 3], c)), Cancel);
                Assert.Equal(read.Select(Told), held.Select(Told));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_is_taken_back_is_not_remembered(string database)
    {
        await using var world = await WorldAsync(database);
        var (journal, store) = (world.Host.Part<Journal>(), world.Host.Part<Database>());
        await world.DeclareAsync("Something fails", "P1");
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync(
            async (s, c) =>
            {
                await journal.AppendAsync(s, [Append.Of((await journal.HoldAsync(s, One, c))!, [new Acknowledged(world.Now, "lead")])], c);
                // Within the transaction it holds.
                Assert.True((await journal.HoldAsync(s, One, c))!.IsAcknowledged);
                throw new InvalidOperationException("taken back");
            },
            Cancel));
        // An event of the same number, and another one.
        await world.Host.Part<IncidentDesk>().DoAsync(One, new IncidentCommand.Note("lead", "no, not yet"), null, Cancel);
        Assert.False((await store.WriteAsync((s, c) => journal.HoldAsync(s, One, c), Cancel))!.IsAcknowledged);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Another_history_of_the_same_length_is_not_taken_for_the_known_one(string database)
    {
        await using var world = await WorldAsync(database);
        var (journal, store) = (world.Host.Part<Journal>(), world.Host.Part<Database>());
        await world.DeclareAsync("Something fails", "P1");
        await world.Host.Part<IncidentDesk>().DoAsync(One, new IncidentCommand.Acknowledge("lead"), null, Cancel);
        var known = (await store.WriteAsync((s, c) => journal.HoldAsync(s, One, c), Cancel))!;
        // As after a failover that lost the newest commit, and another node that went on from the one before.
        await store.WriteAsync(
            async (s, c) =>
            {
                await s.ExecuteAsync("update events set type = 'noted', body = @body where incident = 1 and version = @Version", new { known.Version, body = new EventJson().Write(new Noted(known.LastAt, "lead", "as it went")) }, c);
                await s.ExecuteAsync("update incidents set mark = mark + 1 where number = 1", null, c);
            },
            Cancel);
        var held = (await store.WriteAsync((s, c) => journal.HoldAsync(s, One, c), Cancel))!;
        Assert.Equal((known.Version, false), (held.Version, held.IsAcknowledged));
    }

    [Fact]
    public async Task What_nobody_asked_for_while_many_others_were_goes()
    {
        await using var world = await WorldAsync("sqlite");
        await world.DeclareAsync("Something fails", "P1");
        var state = (await world.Host.Part<Database>().WriteAsync((s, c) => world.Host.Part<Journal>().HoldAsync(s, One, c), Cancel))!;
        var folded = new FoldedIncidents();
        for (var i = 1; i <= 100_000; i++) folded.Keep(state with { Id = new IncidentId(i) }, i);
        Assert.Null(folded.Find(new IncidentVersion(1, state.Version, 1)));
        Assert.Equal(state.Version, folded.Find(new IncidentVersion(100_000, state.Version, 100_000))?.Version);
        Assert.Null(folded.Find(new IncidentVersion(100_000, state.Version + 1, 100_000)));
        Assert.Null(folded.Find(new IncidentVersion(100_000, state.Version, 7)));
    }

    private async Task<TestWorld> WorldAsync(string database) => await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));

    private static IncidentCommand Command(int which) => which switch
    {
        0 => new IncidentCommand.Acknowledge("lead"),
        1 => new IncidentCommand.ChangeSeverity("lead", Severity.P0, "worse"),
        2 => new IncidentCommand.ChangeSeverity("lead", Severity.P1, "better"),
        3 => new IncidentCommand.Resolve("lead", "done"),
        4 => new IncidentCommand.Reopen("lead", "it is back"),
        5 => new IncidentCommand.ReportImpact("lead", new ImpactFacts { Revenue = true }),
        _ => new IncidentCommand.Note("lead", "looked"),
    };

    // All that a state says, as words: lists in records are equal only to themselves.
    private static string Told(Incident i) => string.Join('\n', (string[])
    [
        IncidentRow.Of(new Append(i, i, []), 0).ToString(),
        (i with { Fingerprints = [], SeverityHistory = [], Matches = [], Alarms = [], Pages = [], Roles = i.Roles.Clear(), AcknowledgedBy = i.AcknowledgedBy.Clear(), Fired = i.Fired.Clear(), MutedUntil = i.MutedUntil.Clear(), Missed = i.Missed.Clear() }).ToString(),
        .. i.Fingerprints, .. i.Alarms, .. i.SeverityHistory.Select(s => s.ToString()), .. i.Matches.Select(m => m.ToString()), .. i.Roles.Select(r => r.ToString()).Order(StringComparer.Ordinal),
        .. i.AcknowledgedBy.Select(a => a.ToString()).Order(StringComparer.Ordinal), .. i.Fired.Select(f => f.ToString()).Order(StringComparer.Ordinal), .. i.MutedUntil.Select(m => m.ToString()).Order(StringComparer.Ordinal), .. i.Missed.Select(m => m.ToString()).Order(StringComparer.Ordinal),
        .. i.Pages.Select(p => $"{p.Sent with { Rest = [] }} {string.Join(' ', p.Sent.Rest)} {p.SentAt} {p.FailedAt} {p.GivenUp} {string.Join(' ', p.Receipts)}"),
        .. Deadlines.Of(i).Select(d => d.ToString()), i.Policy.Version,
    ]);
}
