using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;
using Tocsin.Server.Storage;

namespace Tocsin.Server.PostMortems;

/// <summary>
/// Whom the clock tells of post-mortems and action items, as rows of the outbox. Nobody is woken by it: each person is told by the channel whose answer the policy
/// waits for longest, and where a person is not known the room is.
/// </summary>
public sealed class Reminders(ChannelSet channels, PlanSource plan)
{
    public const string Purpose = "reminder";
    private const string TechLead = "tech-lead";
    private const string Commander = "incident-commander";

    /// <summary>Documents that are to be begun, or are overdue, by the deadlines of their incidents that just passed.</summary>
    public IEnumerable<object?[]> Rows(Append append)
    {
        foreach (var missed in append.Events.OfType<DeadlineMissed>().Where(m => m.Kind is DeadlineKind.PostMortemReminder or DeadlineKind.PostMortem))
        {
            var incident = append.After;
            var isDue = missed.Kind is DeadlineKind.PostMortem;
            var first = isDue ? $"The post-mortem of {incident.Id} was due {Words.Time(missed.DueAt)}: {PageText.Plain(incident.Title)}" : $"The post-mortem of {incident.Id} is to be begun: {PageText.Plain(incident.Title)}";
            foreach (var reach in Reached(incident, isDue ? [Commander, TechLead] : [Commander], missed.At)) yield return Row(incident, reach, $"pm{(int)missed.Kind}.{missed.Epoch}", first, missed.At);
        }
    }

    /// <summary>One action item; with whom it names.</summary>
    public (ImmutableArray<object?[]> Rows, ImmutableArray<string> People) Rows(Incident incident, ItemCall call, Instant now)
    {
        var known = plan.Now.Roster.People.ContainsKey(call.What.Owner);
        var owner = known ? Reached(incident, new Target.Person(call.What.Owner, []), now) : [];
        var others = call.Stage is ItemStage.Overdue || !known ? Reached(incident, [TechLead], now) : [];
        var reached = owner.Concat(others).DistinctBy(r => (r.Person, r.Channel)).ToImmutableArray();
        if (reached.IsEmpty) reached = Room();
        var text = PageText.Plain(call.What.Text);
        var whose = call.What.Owner.Length > 0 ? $", owner {call.What.Owner}" : ", nobody owns it";
        var due = call.Due.ToString("uuuu-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var first = call.Stage switch { ItemStage.Soon => $"{incident.Id}: an action item is due {due}{whose}: {text}", ItemStage.Due => $"{incident.Id}: an action item is due today{whose}: {text}", _ => $"{incident.Id}: an action item is overdue since {due}{whose}: {text}" };
        var name = $"i{AuditChain.Digest([call.What.Text, call.What.Owner, due])[..12]}.{call.Step}";
        return ([.. reached.Select(r => Row(incident, r, name, first, now))], [.. reached.Select(r => r.Person.Length > 0 ? r.Person : r.Channel)]);
    }

    /// <summary>Something that whoever leads must know now: by the first of their own channels, which may wake them, and in the room.</summary>
    public IEnumerable<object?[]> Alert(Incident incident, string name, string text, Instant at)
    {
        var found = Escalation.Resolve(new EscalationStep { Id = Purpose, Notify = [new Target.Role(Commander, [])] }, incident, plan.Now.Roster, at).Reached.Select(r => (r.Person, r.Channels[0]));
        return found.Concat(Room()).Select(to => Row(incident, to, $"a{AuditChain.Digest([name])[..16]}", $"{incident.Id}: {text}", at));
    }

    private ImmutableArray<(string Person, string Channel)> Reached(Incident incident, ImmutableArray<string> roles, Instant now)
    {
        var policy = plan.Now.Roster;
        var found = roles.Where(r => r != TechLead || policy.Contact(r) is not null).SelectMany(r => Reached(incident, new Target.Role(r, []), now)).Distinct().ToImmutableArray();
        return found.IsEmpty ? Room() : found;
    }

    private ImmutableArray<(string Person, string Channel)> Reached(Incident incident, Target target, Instant now) =>
        [.. Escalation.Resolve(new EscalationStep { Id = Purpose, Notify = [target] }, incident, plan.Now.Roster, now).Reached.Select(r => (r.Person, Quietest(r.Channels)))];

    private ImmutableArray<(string Person, string Channel)> Room() => channels.Rooms(plan.Now.Policy) is { IsEmpty: false } rooms ? [("", Quietest([.. rooms.Select(r => r.Id)]))] : [];

    private string Quietest(ImmutableArray<string> ids) => ids.MaxBy(id => plan.Now.Policy.Channels.TryGetValue(id, out var rule) && !rule.Waits.IsEmpty ? rule.Waits.Max(w => w.For(Severity.P2)) : Duration.Zero)!;

    private static object?[] Row(Incident incident, (string Person, string Channel) to, string name, string first, Instant at)
    {
        var key = $"{incident.Id}/{name}/{AuditChain.Digest([to.Person, to.Channel])[..8]}";
        var cut = first.Length > PageText.Most ? $"{first[..(PageText.Most - 1)]}…" : first;
        return OutboxRows.Row(incident.Id.Number, 0, key, key, Purpose, to.Person, to.Channel, incident.Severity, incident.Id.ToString(), new PageWords(cut, first.Length > PageText.Most ? first : ""), at);
    }
}
