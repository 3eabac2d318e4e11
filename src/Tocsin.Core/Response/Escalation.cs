using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response;

/// <summary>Someone, or a room, that a step reaches: the first channel is tried first.</summary>
public sealed record Reach(string Person, ImmutableArray<string> Channels, string Why);

/// <param name="Problems">Whom a step could not find, in words: each is an alarm.</param>
public sealed record StepReach(ImmutableArray<Reach> Reached, ImmutableArray<string> Problems);

/// <summary>From the targets of a step to people and their channels at a time.</summary>
public static class Escalation
{
    /// <summary>The same person by the same first channel is reached once.</summary>
    public static StepReach Resolve(EscalationStep step, Incident incident, Roster roster, Instant now)
    {
        var problems = new List<string>();
        var found = step.Notify.SelectMany(t => Resolve(t, incident, roster, now, problems)).DistinctBy(r => (r.Person, r.Channels[0])).ToList();
        return new StepReach([.. found], [.. problems]);
    }

    private static IEnumerable<Reach> Resolve(Target target, Incident incident, Roster roster, Instant now, List<string> problems)
    {
        if (target is Target.Channel room) return [new Reach("", [room.Id], $"for everyone in {room.Id}")];
        var (people, why) = People(target, incident, roster, now);
        if (people.IsEmpty) problems.Add(why);
        return people.Select(p => Reach(p, target, roster, why, problems)).OfType<Reach>();
    }

    private static (ImmutableArray<string> People, string Why) People(Target target, Incident incident, Roster roster, Instant now) => target switch
    {
        Target.Person person => ([person.Id], person.Id),
        Target.Schedule schedule => OnCall(schedule.Id, roster, now),
        Target.Role role => OfRole(role.Id, incident, roster, now),
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "unknown target"),
    };

    private static (ImmutableArray<string> People, string Why) OnCall(string schedule, Roster roster, Instant now)
    {
        var people = roster.Schedules.TryGetValue(schedule, out var known) ? known.At(now) : [];
        return (people, people.IsEmpty ? $"nobody is on call in {schedule} at {Words.Time(now)}" : $"on call in {schedule}");
    }

    private static (ImmutableArray<string> People, string Why) OfRole(string role, Incident incident, Roster roster, Instant now)
    {
        if (roster.Contact(role) is { } contact)
        {
            if (contact.Schedule.Length > 0) return OnCall(contact.Schedule, roster, now);
            return (contact.People, contact.People.IsEmpty ? $"{contact.Title} is nobody of this team: {contact.Link}" : contact.Title);
        }
        // Whoever leads speaks where nobody has the role; whoever acknowledged leads where nobody was named.
        var index = ResponseShape.IncidentRoles.IndexOf(role);
        var person = incident.Roles.GetValueOrDefault((IncidentRole)index)
            ?? incident.Roles.GetValueOrDefault(IncidentRole.IncidentCommander)
            ?? incident.AcknowledgedBy.OrderBy(a => a.Value).ThenBy(a => a.Key, StringComparer.Ordinal).Select(a => a.Key).FirstOrDefault();
        return person is null ? ([], $"nobody has the role {role}, and nobody leads") : ([person], $"as {role}");
    }

    private static Reach? Reach(string person, Target target, Roster roster, string why, List<string> problems)
    {
        if (!roster.People.TryGetValue(person, out var known))
        {
            problems.Add($"{person} is no longer in the list of people");
            return null;
        }
        ImmutableArray<string> own = [.. known.Addresses.Select(a => a.Channel)];
        ImmutableArray<string> wanted = target.By.IsEmpty ? own : [.. target.By.Where(known.Has)];
        if (!wanted.IsEmpty) return new Reach(person, wanted, why);
        problems.Add(own.IsEmpty ? $"{person} has no address at all" : $"{person} has no address for {Words.List(target.By)}; tried by {own[0]}");
        return own.IsEmpty ? null : new Reach(person, own, why);
    }
}
