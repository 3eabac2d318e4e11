using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <param name="Id">Of the drill.</param>
/// <param name="Channels">By which it was sent.</param>
public sealed record DrillSent(string Id, string Person, ImmutableArray<string> Channels);

/// <summary>One test page by one channel, as whoever got it sees it.</summary>
/// <param name="Confirmed">When they said that it reached them; null: not yet.</param>
public sealed record ArrivedTest(string Person, string Channel, Instant At, Instant? Confirmed);

/// <summary>Test pages: the same way as real ones, up to the phone, and back: whoever gets one says so, by each channel.</summary>
public sealed class Drills(Database database, PlanSource plan, TimeProvider time, Clock.Wakeup pages)
{
    /// <param name="channel">Empty: all of the person's.</param>
    public async Task<(DrillSent? Sent, string Problem)> SendAsync(string person, string channel, string by, CancellationToken cancel)
    {
        if (!plan.Now.Roster.People.TryGetValue(person, out var known)) return (null, $"there is no person {person}; known: {string.Join(", ", plan.Now.Roster.People.Keys.Order(StringComparer.Ordinal))}");
        ImmutableArray<string> channels = [.. known.Addresses.Select(a => a.Channel).Where(c => channel.Length == 0 || c == channel)];
        if (channels.IsEmpty) return (null, channel.Length == 0 ? $"{person} has no address" : $"{person} has no address for {channel}");
        var now = time.Now();
        var id = $"test-{Guid.CreateVersion7(time.GetUtcNow()):N}"[..24];
        var words = new PageWords($"TEST page for {known.Name}, asked for by {by}. Nothing is wrong.", "Press the button to say that it reached you.");
        await database.WriteAsync(
            async (s, c) =>
            {
                await s.InsertAsync("outbox", OutboxRows.Columns, [.. channels.Select(x => OutboxRows.Row(0, 0, $"{id}/{x}", $"{id}/{x}", "test", person, x, Severity.P2, id, words, now))], "", c);
                await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(now), by, "test page", person, string.Join(' ', channels), "")], c);
                s.AfterCommit(pages.Set);
            },
            cancel);
        return (new DrillSent(id, person, channels), "");
    }

    /// <param name="id">Of one page: the drill's, and the channel.</param>
    public async Task<ArrivedTest?> OneAsync(string id, CancellationToken cancel) => await database.ReadAsync((s, c) => OneAsync(s, id, c), cancel);

    /// <summary>It reached them. A second time changes nothing.</summary>
    public Task<ArrivedTest?> ConfirmAsync(string id, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                var at = Micros.Of(time.Now());
                var first = await s.ExecuteAsync("update outbox set confirmed = @at where id = @id and purpose = 'test' and confirmed is null", new { id, at }, c) > 0;
                var page = await OneAsync(s, id, c);
                if (first && page is not null) await AuditChain.AppendAsync(s, [new AuditEntry(at, page.Person, "test page confirmed", page.Person, page.Channel, "")], c);
                return page;
            },
            cancel);

    private static async Task<ArrivedTest?> OneAsync(Session s, string id, CancellationToken cancel) =>
        await s.FirstAsync<Row>("select person, channel, decided, confirmed from outbox where id = @id and purpose = 'test'", new { id }, cancel) is { } row ? new ArrivedTest(row.Person, row.Channel, Micros.At(row.Decided), Micros.At(row.Confirmed)) : null;

    private sealed record Row(string Person, string Channel, long Decided, long? Confirmed);
}
