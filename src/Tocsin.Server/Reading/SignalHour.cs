using NodaTime;
using Tocsin.Server.Ingest;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>One signal as people see it.</summary>
public sealed record SeenSignal(string Id, Instant At, string Source, string Environment, string Service, string Entry, string Fingerprint, string Title, string Text, long Count, string State, string? Incident, string Why);

/// <summary>How many signals a minute had.</summary>
public sealed record SignalMinute(Instant At, string Service, long Count);

/// <summary>The signals of a time: as they came, and counted by minute.</summary>
public sealed class SignalHour(Database database)
{
    private const long Minute = 60_000_000;

    public async Task<List<SeenSignal>> NewestAsync(Instant since, int most, CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<SignalRow>($"select {SignalRow.Columns} from signals where at >= @since order by at desc, id desc limit @most", new { since = Micros.Of(since), most }, c), cancel))
        .ConvertAll(r => new SeenSignal(r.Id, Micros.At(r.At), r.Source.ToLowerInvariant(), r.Environment, r.Service, r.Entry, r.Fingerprint, r.Title, r.Text, r.Count, r.State, r.Incident is { } n ? $"INC-{n}" : null, r.Why));

    public async Task<List<SignalMinute>> ByMinuteAsync(Instant since, CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<(long At, string Service, long Count)>($"select at / {Minute} as minute, service, cast(sum(count) as bigint) from signals where at >= @since group by at / {Minute}, service order by 1", new { since = Micros.Of(since) }, c), cancel))
        .ConvertAll(r => new SignalMinute(Micros.At(r.At * Minute), r.Service, r.Count));
}
