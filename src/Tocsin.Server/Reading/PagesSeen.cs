using NodaTime;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>A test page, and how its sending went.</summary>
/// <param name="State">waiting, sending, sent, would or failed.</param>
/// <param name="Confirmed">When whoever got it said so; null: not.</param>
public sealed record TestPage(Instant At, string Person, string Channel, string State, string Outcome, Instant? Confirmed);

/// <summary>How the pages of a channel went in the last day.</summary>
public sealed record ChannelSeen(string Channel, string State, long Count);

/// <summary>How pages went, apart from any incident.</summary>
public sealed class PagesSeen(Database database)
{
    public async Task<List<TestPage>> TestsAsync(Instant since, int most, CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<(long Decided, string Person, string Channel, string State, string Outcome, long? Confirmed)>("select decided, person, channel, state, outcome, confirmed from outbox where decided >= @since and purpose = 'test' order by decided desc, channel limit @most", new { since = Micros.Of(since), most }, c), cancel))
        .ConvertAll(r => new TestPage(Micros.At(r.Decided), r.Person, r.Channel, r.State, r.Outcome, Micros.At(r.Confirmed)));

    public async Task<List<ChannelSeen>> ByChannelAsync(Instant since, CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<(string Channel, string State, long Count)>("select channel, state, cast(count(*) as bigint) from outbox where decided >= @since group by channel, state", new { since = Micros.Of(since) }, c), cancel))
        .ConvertAll(r => new ChannelSeen(r.Channel, r.State, r.Count));
}
