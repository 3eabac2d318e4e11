using System.Globalization;
using NodaTime;

namespace Tocsin.Core.Response;

/// <summary>Something that would keep a page from someone, or only might.</summary>
public sealed record ReadinessFinding(string What, bool IsWarning);

/// <summary>Whether everyone who must be reached can be, over a time to come.</summary>
public static class Readiness
{
    private const int MostNamed = 3;

    public static IEnumerable<ReadinessFinding> Check(ResponsePlan plan, Interval range) =>
        Schedules(plan, range).Concat(Reachable(plan)).Concat(Maintenance(plan, range)).OrderBy(f => f.IsWarning);

    /// <summary>Addresses that stand in variables which are not set, where pages are sent from: nobody else can know.</summary>
    public static IEnumerable<ReadinessFinding> Unset(ResponsePlan plan, Func<string, bool> isSet)
    {
        foreach (var person in plan.Roster.People.Values.OrderBy(p => p.Id, StringComparer.Ordinal))
        {
            var unset = person.Addresses.Where(a => a.Address.StartsWith('$') && !isSet(a.Address[1..])).ToList();
            if (unset.Count == 0) continue;
            var names = Words.List(unset.Select(a => a.Address));
            var are = unset.Count == 1 ? "is" : "are";
            yield return unset.Count == person.Addresses.Length
                ? new($"{person.Id} can be reached by nothing: {names} {are} not set", IsWarning: false)
                : new($"{person.Id} cannot be reached by {Words.List(unset.Select(a => a.Channel))}: {names} {are} not set", IsWarning: true);
        }
    }

    private static IEnumerable<ReadinessFinding> Schedules(ResponsePlan plan, Interval range)
    {
        var paging = Paging(plan);
        foreach (var schedule in plan.Roster.Schedules.Values.OrderBy(s => s.Id, StringComparer.Ordinal))
        {
            var needed = paging.Contains(schedule.Id);
            foreach (var found in Named(OnCallReport.Gaps(schedule, range), schedule, "nobody is on call")) yield return new(found, !needed);
            foreach (var found in Named(OnCallReport.Overlaps(schedule, range), schedule, "several are on call")) yield return new(found, IsWarning: true);
            if (!needed) yield return new($"schedule {schedule.Id} is in no escalation", IsWarning: true);
        }
    }

    private static IEnumerable<string> Named(IEnumerable<Coverage> found, OnCallSchedule schedule, string what)
    {
        var all = found.ToList();
        foreach (var one in all.Take(MostNamed)) yield return $"{schedule.Id}: {what} from {Words.Local(one.When.Start, schedule.Zone)} to {Words.Local(one.When.End, schedule.Zone)}{(one.People.IsEmpty ? "" : $" ({Words.List(one.People)})")}";
        if (all.Count > MostNamed) yield return string.Create(CultureInfo.InvariantCulture, $"{schedule.Id}: {what} {all.Count - MostNamed} times more");
    }

    private static HashSet<string> Paging(ResponsePlan plan)
    {
        var targets = plan.Policy.Severities.SelectMany(s => plan.Policy.Steps(s.Severity)).SelectMany(s => s.Step.Notify);
        var ids = targets.Select(t => t switch
        {
            Target.Schedule schedule => schedule.Id,
            Target.Role role => plan.Roster.Contact(role.Id)?.Schedule ?? "",
            _ => "",
        });
        return [.. ids.Where(i => i.Length > 0)];
    }

    private static IEnumerable<ReadinessFinding> Reachable(ResponsePlan plan)
    {
        foreach (var person in plan.Roster.People.Values.OrderBy(p => p.Id, StringComparer.Ordinal))
        {
            if (person.Addresses.IsEmpty) yield return new($"{person.Id} has no address", IsWarning: false);
            else if (person.Addresses.Length == 1) yield return new($"{person.Id} can be reached by {person.Addresses[0].Channel} only", IsWarning: true);
        }
        foreach (var severity in plan.Policy.Severities)
        {
            foreach (var found in plan.Policy.Steps(severity.Severity).SelectMany(s => Lacking(s, plan.Roster)).Distinct(StringComparer.Ordinal)) yield return new($"{severity.Severity}: {found}", IsWarning: false);
        }
    }

    private static IEnumerable<string> Lacking(PlannedStep planned, Roster roster) =>
        from target in planned.Step.Notify
        where !target.By.IsEmpty
        from id in target switch
        {
            Target.Person person => [person.Id],
            Target.Schedule schedule => roster.Schedules[schedule.Id].Rotations.SelectMany(r => r.People),
            Target.Role role when roster.Contact(role.Id) is { } contact => contact.Schedule.Length > 0 ? roster.Schedules[contact.Schedule].Rotations.SelectMany(r => r.People) : contact.People,
            _ => [],
        }
        where !target.By.Any(roster.People[id].Has)
        select $"step {planned.Key} calls {id} by {Words.List(target.By)}, for which there is no address";

    private static IEnumerable<ReadinessFinding> Maintenance(ResponsePlan plan, Interval range)
    {
        foreach (var window in plan.Maintenance)
        {
            if (!window.Occurrences(range).Any()) yield return new($"maintenance {window.Id} is over and can go", IsWarning: true);
        }
    }
}
