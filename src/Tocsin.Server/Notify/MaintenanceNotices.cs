using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>
/// Says before a maintenance window ends that pages come again, and what it holds back: in the rooms that the policy names, or, where it names none, to those on call.
/// Once for each time it runs: the row's id says which, so neither a restart nor another node says it again.
/// </summary>
public sealed class MaintenanceNotices(Database database, PlanSource plan, TimeProvider time)
{
    private readonly HashSet<string> said = new(StringComparer.Ordinal);

    /// <summary>Gives how many windows were told of.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        var (now, told) = (time.Now(), 0);
        foreach (var (window, end) in Ending(plan.Now.Maintenance, now))
        {
            var id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"notice/{window.Id}/{end.ToUnixTimeSeconds()}");
            if (said.Contains(id)) continue;
            told += await database.WriteAsync((s, c) => SayAsync(s, window, end, id, now, c), cancel);
            said.Add(id);
        }
        return told;
    }

    /// <summary>What ends so soon that it is said.</summary>
    public static IEnumerable<(MaintenanceWindow Window, Instant End)> Ending(IEnumerable<MaintenanceWindow> windows, Instant now) =>
        from window in windows
        where window.NoticeBefore > Duration.Zero
        let running = window.At(now)
        where running is { } when && now >= when.End - window.NoticeBefore
        select (window, running.Value.End);

    private async Task<int> SayAsync(Session s, MaintenanceWindow window, Instant end, string id, Instant now, CancellationToken cancel)
    {
        var held = await s.QueryAsync<(long Number, string Environment, string Service, string Entry, long Severity)>("select number, environment, service, entry, severity from incidents where resolved is null and merged_into is null order by number", null, cancel);
        ImmutableArray<string> waiting = [.. held.Where(h => Muted.Preview(window, [new MuteSubject(h.Environment, h.Service, h.Entry, (Severity)h.Severity)]).Any()).Select(h => new IncidentId((int)h.Number).ToString())];
        var words = new PageWords(
            First(window, end),
            waiting.IsEmpty ? "It holds nothing back now." : $"Open and held back until then: {Words.List(waiting)}");
        var told = await Everyone.TellAsync(s, plan.Now, id, Severity.P3, window.Id, words, now, cancel);
        if (told == 0) return 0;
        await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(now), "", "maintenance ends soon", window.Id, words.First, "")], cancel);
        return 1;
    }

    private static string First(MaintenanceWindow window, Instant end)
    {
        var text = $"Maintenance ends at {Words.Hour(end)}, and pages of {Where(window)} come again: {PageText.Plain(window.About.Length > 0 ? window.About : window.Id)}";
        return PageText.Cut(text);
    }

    private static string Where(MaintenanceWindow window) =>
        string.Join(", ", window.Environments.Concat(window.Services).Concat(window.Entries)) is { Length: > 0 } named ? named : "everything";
}
