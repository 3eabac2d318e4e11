using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Clock;

/// <summary>An address outside that expects a sign of life, and calls somebody when none comes.</summary>
/// <param name="Url">Asked by GET; $NAME stands for a variable. It may be a secret.</param>
public sealed record OutsideHeartbeat(string Url, Duration Every);

/// <param name="Incidents">Whose next deadline was looked at.</param>
/// <param name="Dead">What should have come and did not, in words; none: all is alive.</param>
public sealed record WatchdogLook(Instant At, int Incidents, ImmutableArray<string> Dead);

/// <summary>
/// Recomputes from the events whether the next deadline of every open incident is the one that the clock waits for, and whether anything is overdue: deadlines,
/// pages, signals, heartbeats, the loops of this process. Only when all of that is alive does it ping an address outside, so a clock that stands still is noticed
/// by somebody who does not stand on it.
/// </summary>
public sealed class Watchdog(Database database, Journal journal, ServerOptions options, ServerState state, TimeProvider time, ILogger<Watchdog> log) : IDisposable
{
    // Twice what a node that dies may cost, and a channel its attempt.
    private static readonly Duration Late = Duration.FromSeconds(20);
    private static readonly Duration LateSending = Duration.FromSeconds(60);
    private const int Batch = 500;
    private const int MostNamed = 5;
    private readonly HttpClient http = new OutgoingGuard(options.AllowNetworks).CreateClient();
    private readonly Dictionary<long, (long Version, long? Due)> known = [];
    private volatile WatchdogLook? last;

    /// <summary>The newest look; null: none yet.</summary>
    public WatchdogLook? Last => last;

    /// <summary>When the address outside was last reached; null: never.</summary>
    public Instant? Pinged { get; private set; }

    /// <summary>Looks, and pings where everything is alive. A database that does not answer throws, and nothing is pinged.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        var now = time.Now();
        var (incidents, dead) = await database.SnapshotAsync((s, c) => LookAsync(s, now, c), cancel);
        dead.AddRange(state.LateTurns(LateSending).Select(t => $"the loop {t.Loop} has not come round since {Words.Time(t.At)}"));
        if (state.DatabaseDownSince is { } since) dead.Add($"the database takes nothing since {Words.Time(since)}");
        last = new WatchdogLook(now, incidents, [.. dead]);
        if (dead.Count > 0) ServerMessages.Dead(log, string.Join("; ", dead.Take(MostNamed)));
        else if (options.Heartbeat is { } heartbeat && (Pinged is not { } before || now - before >= heartbeat.Every)) await PingAsync(heartbeat, now, cancel);
        return 0;
    }

    public void Dispose() => http.Dispose();

    private async Task PingAsync(OutsideHeartbeat heartbeat, Instant now, CancellationToken cancel)
    {
        var address = heartbeat.Url.StartsWith('$') ? options.Variable(heartbeat.Url[1..]) : heartbeat.Url;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url))
        {
            ServerMessages.PingFailed(log, "its address is no address, or its variable is not set");
            return;
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Sending.Limit.ToTimeSpan());
        try
        {
            using var answer = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (answer.IsSuccessStatusCode) Pinged = now;
            else ServerMessages.PingFailed(log, string.Create(CultureInfo.InvariantCulture, $"it answered {(int)answer.StatusCode}"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // The words of the library may name the address.
            ServerMessages.PingFailed(log, e.GetType().Name);
        }
    }

    private async Task<(int Incidents, List<string> Dead)> LookAsync(Session s, Instant now, CancellationToken cancel)
    {
        var rows = await s.QueryAsync<(long Number, long Version, long? Due, string DueWhy)>("select number, version, due, due_why from incidents where merged_into is null and (resolved is null or due is not null)", null, cancel);
        var dead = new List<string>();
        foreach (var changed in rows.Where(r => !known.TryGetValue(r.Number, out var seen) || seen.Version != r.Version).Select(r => r.Number).Chunk(Batch))
        {
            foreach (var incident in await journal.ReadAllAsync(s, changed, cancel)) known[incident.Id.Number] = (incident.Version, Micros.Of(Deadlines.Next(incident)?.At));
        }
        foreach (var gone in known.Keys.Except(rows.Select(r => r.Number)).ToList()) known.Remove(gone);
        foreach (var row in rows)
        {
            var id = new IncidentId((int)row.Number);
            if (!known.TryGetValue(row.Number, out var right) || right != (row.Version, row.Due)) dead.Add($"{id}: the clock waits for {Text(row.Due)}, its events say {Text(right.Due)}");
            else if (row.Due < Micros.Of(now - Late)) dead.Add($"{id}: {row.DueWhy} was due at {Text(row.Due)}");
        }
        await OverdueAsync(s, now, dead, cancel);
        return (rows.Count, dead);
    }

    private static async Task OverdueAsync(Session s, Instant now, List<string> dead, CancellationToken cancel)
    {
        foreach (var (what, sql, late) in new[]
        {
            ("pages wait to be sent", "select count(*) from outbox where state = 'waiting' and due < @before", LateSending),
            ("signals wait to be placed", "select count(*) from signals where state = 'new' and at < @before", LateSending),
            ("heartbeats are late and nobody said so", "select count(*) from heartbeats where state = 'armed' and due < @before", Late),
        })
        {
            if (await s.FirstAsync<long>(sql, new { before = Micros.Of(now - late) }, cancel) is > 0 and var count) dead.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {what}"));
        }
    }

    private static string Text(long? micros) => Micros.At(micros) is { } at ? Words.Time(at) : "nothing";
}
