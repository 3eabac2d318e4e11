using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Reading;

/// <summary>Who is on call in a schedule, until when, and who follows.</summary>
/// <param name="Until">Null where nothing changes within the next weeks.</param>
public sealed record OnCallNow(string Schedule, string About, IReadOnlyList<string> People, Instant? Until, IReadOnlyList<string> Next);

public sealed class OnCallBoard(PlanSource plan, TimeProvider time)
{
    private static readonly Duration Ahead = Duration.FromDays(28);

    public IReadOnlyList<OnCallNow> Now() => At(time.Now());

    public IReadOnlyList<OnCallNow> At(Instant at) =>
    [
        .. plan.Now.Roster.Schedules.Values.OrderBy(s => s.Id, StringComparer.Ordinal).Select(schedule =>
        {
            var people = schedule.At(at);
            var change = OnCallReport.Coverage(schedule, new Interval(at, at + Ahead)).FirstOrDefault(c => !c.People.SequenceEqual(people, StringComparer.Ordinal));
            return new OnCallNow(schedule.Id, schedule.About, people, change?.When.Start, change is null ? [] : [.. change.People]);
        }),
    ];

    /// <summary>Everyone whom somebody is on call for now.</summary>
    public IReadOnlyList<string> People() => [.. Now().SelectMany(n => n.People).Distinct(StringComparer.Ordinal)];
}
