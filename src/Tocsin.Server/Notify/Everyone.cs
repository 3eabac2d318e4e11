using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>What all shall hear and nobody has to act by: said in the rooms that the policy names, or, where it names none, to those on call.</summary>
public static class Everyone
{
    /// <summary>In the transaction of what is told. Once for each id, whoever says it again; gives to how many.</summary>
    public static Task<int> TellAsync(Session s, ResponsePlan plan, string id, Severity severity, string subject, PageWords words, Instant now, CancellationToken cancel)
    {
        var rows = Receivers(plan, now).Select(r => OutboxRows.Row(0, 0, $"{id}/{r.Channel}/{r.Person}", $"{id}/{r.Channel}/{r.Person}", "update", r.Person, r.Channel, severity, subject, words, now)).ToList();
        return s.InsertAsync("outbox", OutboxRows.Columns, rows, "on conflict (id) do nothing", cancel);
    }

    private static List<(string Person, string Channel)> Receivers(ResponsePlan plan, Instant now)
    {
        var (policy, roster) = (plan.Policy, plan.Roster);
        var rooms = policy.Severities.SelectMany(r => policy.Steps(r.Severity)).SelectMany(p => p.Step.Notify).OfType<Target.Channel>().Select(t => ("", t.Id)).Distinct().ToList();
        if (rooms.Count > 0) return rooms;
        return [.. roster.Schedules.Values.SelectMany(x => x.At(now)).Distinct(StringComparer.Ordinal).Select(roster.People.GetValueOrDefault).OfType<Person>().Where(p => !p.Addresses.IsEmpty).Select(p => (p.Id, p.Addresses[0].Channel))];
    }
}
