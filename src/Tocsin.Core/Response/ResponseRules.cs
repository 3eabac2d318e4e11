using NodaTime;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Response;

/// <summary>What a response plan must hold beyond its shape: names that exist, escalations that end, pages that reach someone in time.</summary>
internal sealed class ResponseRules
{
    private readonly ResponsePlan plan;
    private readonly YamlMappingNode root;
    private readonly string file;
    private readonly List<Problem> problems = [];

    private ResponseRules(ResponsePlan plan, YamlMappingNode root, string file)
    {
        this.plan = plan;
        this.root = root;
        this.file = file;
    }

    public static IReadOnlyList<Problem> Check(ResponsePlan plan, YamlMappingNode root, string file)
    {
        var rules = new ResponseRules(plan, root, file);
        rules.Calendar();
        rules.People();
        rules.Schedules();
        foreach (var policy in plan.Policy.Policies.Values.OrderBy(p => p.Id, StringComparer.Ordinal)) rules.Policy(policy);
        if (rules.problems.Count == 0) rules.Circles();
        if (rules.problems.Count == 0) rules.Severities();
        return rules.problems;
    }

    private IEnumerable<string> PersonIds => plan.Roster.People.Keys;

    private IEnumerable<string> ChannelIds => plan.Policy.Channels.Keys;

    private void Calendar()
    {
        if (plan.Policy.Calendar.To <= plan.Policy.Calendar.From) Add(["calendar"], "ends-before-start", "calendar: the business day ends before it starts");
    }

    private void People()
    {
        foreach (var person in plan.Roster.People.Values)
        {
            foreach (var (channel, _) in person.Addresses) Known(channel, ChannelIds, "channel", ["people", person.Id, "addresses"]);
        }
        foreach (var contact in plan.Roster.Contacts)
        {
            foreach (var person in contact.People) Known(person, PersonIds, "person", ["contacts", contact.Id]);
            if (contact.Schedule.Length > 0) Known(contact.Schedule, plan.Roster.Schedules.Keys, "schedule", ["contacts", contact.Id]);
        }
    }

    private void Schedules()
    {
        foreach (var schedule in plan.Roster.Schedules.Values)
        {
            string[] at = ["schedules", schedule.Id];
            var named = schedule.Rotations.SelectMany(r => r.People).Concat(schedule.Overrides.Select(o => o.Person)).Concat(schedule.Overrides.Select(o => o.Instead).Where(i => i.Length > 0))
                .Concat(schedule.Swaps.SelectMany(s => new[] { s.One, s.Other }));
            if (schedule.Ready is { } ready) named = named.Append(ready.Backup);
            foreach (var person in named.Distinct(StringComparer.Ordinal)) Known(person, PersonIds, "person", at);
        }
    }

    private void Policy(EscalationPolicy policy)
    {
        string[] at = ["policies", policy.Id];
        foreach (var target in policy.Steps.SelectMany(s => s.Notify))
        {
            foreach (var channel in target.By) Known(channel, ChannelIds, "channel", at);
            Known(target, at);
        }
        if (policy.Then.Length > 0) Known(policy.Then, plan.Policy.Policies.Keys, "policy", at);
        foreach (var twice in policy.Steps.GroupBy(s => s.Id, StringComparer.Ordinal).Where(g => g.Count() > 1)) Add(at, "id-twice", $"policy {policy.Id}: the step {twice.Key} stands twice");
        foreach (var step in policy.Steps.Where(s => s.RepeatTimes > 0 && s.RepeatEvery <= Duration.Zero)) Add(at, "repeat", $"policy {policy.Id}: the step {step.Id} repeats without a pause");
        if (!policy.Steps.Any(PagesAPerson)) Add(at, "pages-nobody", $"policy {policy.Id} pages nobody: each of its steps writes to a room or names a supplier");
    }

    private void Known(Target target, string[] at)
    {
        switch (target)
        {
            case Target.Person person: Known(person.Id, PersonIds, "person", at); break;
            case Target.Schedule schedule: Known(schedule.Id, plan.Roster.Schedules.Keys, "schedule", at); break;
            case Target.Role role: Known(role.Id, plan.Roster.Contacts.Select(c => c.Id).Concat(ResponseShape.IncidentRoles), "role", at); break;
            case Target.Channel channel: Known(channel.Id, ChannelIds, "channel", at); break;
            default: throw new ArgumentOutOfRangeException(nameof(target), target, "unknown target");
        }
    }

    private bool PagesAPerson(EscalationStep step) => step.Notify.Any(t => t switch
    {
        Target.Person or Target.Schedule => true,
        Target.Role role => plan.Roster.Contact(role.Id) is not { Link.Length: > 0 },
        _ => false,
    });

    private void Circles()
    {
        foreach (var policy in plan.Policy.Policies.Values.OrderBy(p => p.Id, StringComparer.Ordinal))
        {
            var path = new List<string> { policy.Id };
            for (var next = policy.Then; next.Length > 0; next = plan.Policy.Policies[next].Then)
            {
                var seen = path.Contains(next, StringComparer.Ordinal);
                path.Add(next);
                if (!seen) continue;
                Add(["policies", policy.Id], "circle", $"the escalation runs in a circle: {string.Join(" → ", path)}");
                return;
            }
        }
    }

    private void Severities()
    {
        foreach (var rule in plan.Policy.Severities)
        {
            string[] at = ["severities", rule.Severity.ToString()];
            foreach (var policy in rule.Escalate) Known(policy, plan.Policy.Policies.Keys, "policy", at);
            foreach (var example in rule.Examples) Agrees(rule.Severity, example, at);
            if (rule.Acknowledge is not Due.Within within) continue;
            var first = plan.Policy.Steps(rule.Severity).Where(s => s.Step.Since == StepSince.Start && PagesAPerson(s.Step)).Select(s => (Duration?)s.After).Min();
            if (first is null) Add(at, "pages-nobody", $"{rule.Severity} is to be acknowledged within {Words.Length(within.Time)} and pages nobody");
            else if (first >= within.Time) Add(at, "pages-too-late", $"{rule.Severity} pages someone only after {Words.Length(first.Value)}; it is to be acknowledged within {Words.Length(within.Time)}");
        }
    }

    private void Agrees(Severity severity, SeverityExample example, string[] at)
    {
        var suggested = SeverityMatrix.Suggest(example.Facts, plan.Policy.MajorUsers);
        if (suggested.Severity != severity) Add(at, "example", $"\"{example.Says}\" stands under {severity}, and its facts make it {suggested.Severity}: {suggested.Why}");
    }

    private void Known(string name, IEnumerable<string> known, string kind, string[] at)
    {
        var names = known.Order(StringComparer.Ordinal).ToList();
        if (!names.Contains(name, StringComparer.Ordinal)) Add(at, $"unknown-{kind}", $"in {string.Join('.', at)}: there is no {kind} \"{name}\"; {Nearest.Suggest(name, names)}known: {string.Join(", ", names)}");
    }

    private void Add(string[] at, string rule, string message)
    {
        YamlNode node = root;
        foreach (var key in at) node = (node as YamlMappingNode)?.Get(key) ?? node;
        problems.Add(new Problem(node.At(file), rule, message));
    }
}
