using System.Collections.Immutable;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <param name="Id">Of the drill.</param>
/// <param name="Channels">By which it was sent.</param>
public sealed record DrillSent(string Id, string Person, ImmutableArray<string> Channels);

/// <summary>Test pages: the same way as real ones, up to the phone.</summary>
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
        var words = new PageWords($"TEST page for {known.Name}, asked for by {by}. Nothing is wrong.", "");
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
}
