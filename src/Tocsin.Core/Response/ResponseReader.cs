using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Response;

/// <summary>Reads response.yaml strictly: what is unknown, impossible or would page nobody is a problem with file and line.</summary>
public static class ResponseReader
{
    public static Parsed<ResponsePlan> Parse(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, ResponseShape.Root, file);
        if (problems.Count == 0) problems = ResponseValues.Check(root, file);
        if (problems.Count > 0) return new(null, problems);
        var plan = Read(root, text);
        problems = ResponseRules.Check(plan, root, file);
        return problems.Count > 0 ? new(null, problems) : new(plan, []);
    }

    private static ResponsePlan Read(YamlMappingNode root, string text) => new(
        new ResponsePolicy
        {
            Version = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12],
            Calendar = ReadCalendar(root.Map("calendar")),
            Severities = [.. Enum.GetValues<Severity>().Select(s => ReadSeverity(s, root.Map("severities").Map(s.ToString())))],
            Policies = root.Table("policies").ToImmutableDictionary(p => p.Name, p => ReadPolicy(p.Name, p.Map), StringComparer.Ordinal),
            Channels = root.Table("channels").ToImmutableDictionary(p => p.Name, p => ReadChannel(p.Name, p.Map), StringComparer.Ordinal),
            Opening = new OpeningRule(Enum.Parse<Severity>(root.Map("paging").Text("textAtMost")), root.Map("paging").Time("allHandsAfter")),
            Correlation = ReadCorrelation(root.Map("correlation")),
            MajorUsers = root.Map("severities").Map("P1") is var p1 && p1.Has("users") ? p1.Number("users") : 100,
        },
        new Roster(
            root.Table("people").ToImmutableDictionary(p => p.Name, p => ReadPerson(p.Name, p.Map, Zone(root.Map("calendar"))), StringComparer.Ordinal),
            [.. root.Table("contacts").Select(p => new Contact(p.Name, p.Map.Text("title"), p.Map.Texts("when"), p.Map.Texts("how"), p.Map.Texts("people"), p.Map.Text("schedule"), p.Map.Text("link")))],
            root.Table("schedules").ToImmutableDictionary(p => p.Name, p => ReadSchedule(p.Name, p.Map), StringComparer.Ordinal)),
        root.Each("maintenance", ReadMaintenance));

    private static BusinessCalendar ReadCalendar(YamlMappingNode map) => new(
        Zone(map),
        Days(map),
        map.Clock("from"),
        map.Clock("to"),
        map.Scalars("holidays").ToImmutableDictionary(h => LocalDatePattern.Iso.Parse(h.Name).Value, h => h.Value));

    private static SeverityRule ReadSeverity(Severity severity, YamlMappingNode map) => new()
    {
        Severity = severity,
        Title = map.Text("title"),
        Means = map.Texts("means"),
        Examples = map.Each("examples", ReadExample),
        Acknowledge = ReadDue(map, "acknowledge"),
        Escalate = map.Texts("escalate"),
        FirstUpdate = map.MaybeTime("firstUpdate"),
        Update = map.MaybeTime("update"),
        Lease = map.MaybeTime("lease"),
        Fix = map.Text("fix"),
        FixBy = map.Text("fix") == ResponseShape.SameBusinessDay ? new Due.SameBusinessDay() : null,
        PostMortem = map.Get("postMortem") is YamlMappingNode rule ? new PostMortemRule(rule.Time("remind"), rule.Time("within"), rule.Time("breachWithin"), rule.MaybeTime("majorAfter")) : null,
        Template = map.Text("template"),
        OpensIssue = map.Text("issue") == "true",
    };

    private static SeverityExample ReadExample(YamlMappingNode map) =>
        new(map.Text("says"), ImpactFacts.Of(map.Texts("facts"), map.Has("users") ? map.Number("users") : null, map.Text("production") != "false"));

    private static Due ReadDue(YamlMappingNode map, string key) =>
        map.Text(key) == ResponseShape.NextBusinessDay ? new Due.NextBusinessDay() : new Due.Within(map.Time(key));

    private static CorrelationRule ReadCorrelation(YamlMappingNode map) => new(
        map.Time("near"),
        map.Time("reopen"),
        map.Map("flapping").Whole("times"),
        map.Map("flapping").Time("within"),
        map.Map("storm").Whole("times"),
        map.Map("storm").Time("within"));

    private static EscalationPolicy ReadPolicy(string id, YamlMappingNode map) => new(id, map.Text("about"), map.Each("steps", ReadStep), map.Text("then"));

    private static EscalationStep ReadStep(YamlMappingNode map) => new()
    {
        Id = map.Text("id"),
        After = map.Time("after"),
        Since = (StepSince)Math.Max(0, ResponseShape.Since.IndexOf(map.Text("since"))),
        Until = map.Text("until") == "resolved" ? StepUntil.Resolved : StepUntil.Acknowledged,
        Notify = map.Each("notify", ReadTarget),
        Everyone = map.Text("everyone") == "true",
        RepeatEvery = map.Get("repeat") is YamlMappingNode every ? every.Time("every") : Duration.Zero,
        RepeatTimes = map.Get("repeat") is YamlMappingNode times ? times.Whole("times") : 0,
    };

    private static Target ReadTarget(YamlMappingNode map)
    {
        var by = map.Texts("by");
        if (map.Has("person")) return new Target.Person(map.Text("person"), by);
        if (map.Has("schedule")) return new Target.Schedule(map.Text("schedule"), by);
        return map.Has("role") ? new Target.Role(map.Text("role"), by) : new Target.Channel(map.Text("channel"));
    }

    private static ChannelRule ReadChannel(string id, YamlMappingNode map) => new(
        id,
        map.Text("kind"),
        map.Text("about"),
        [.. map.Map("receipts").Table().Select(r => new ReceiptWait((Receipt)ResponseShape.Receipts.IndexOf(r.Name), [r.Map.Time("P0"), r.Map.Time("P1"), r.Map.Time("P2")]))]);

    private static Person ReadPerson(string id, YamlMappingNode map, DateTimeZone usual) =>
        new(id, map.Text("name"), map.Has("zone") ? Zone(map) : usual, [.. map.Scalars("addresses").Select(a => (a.Name, a.Value))]);

    private static OnCallSchedule ReadSchedule(string id, YamlMappingNode map)
    {
        var zone = Zone(map);
        return new OnCallSchedule(
            id,
            map.Text("about"),
            zone,
            map.Each("rotations", r => new Rotation(r.Text("id"), r.Texts("people"), Hours(r.Text("every")), r.Moment("start"), r.Each("only", ReadWindow))),
            map.Each("overrides", o => new Override(Span(o, zone), o.Text("person"), o.Text("instead"))),
            map.Each("swaps", s => new Swap(Span(s, zone), s.Text("one"), s.Text("other"))))
        {
            Ready = map.Get("ready") is YamlMappingNode ready ? new TurnCheck(ready.MaybeTime("within") ?? Duration.Zero, ready.Text("backup")) : null,
        };
    }

    private static MaintenanceWindow ReadMaintenance(YamlMappingNode map) => new(
        map.Text("id"),
        map.Text("about"),
        Zone(map),
        map.Get("once") is YamlMappingNode once ? Span(once, Zone(map)) : null,
        map.Get("weekly") is YamlMappingNode weekly ? ReadWindow(weekly) : null,
        map.Texts("environments"),
        map.Texts("services"),
        map.Texts("entries"),
        map.MaybeTime("notice") ?? Duration.Zero);

    private static WeekWindow ReadWindow(YamlMappingNode map) => new(Days(map), map.Clock("from"), map.Clock("to"));

    private static ImmutableArray<IsoDayOfWeek> Days(YamlMappingNode map) => [.. map.Texts("days").Select(d => (IsoDayOfWeek)(ResponseShape.Days.IndexOf(d) + 1))];

    private static DateTimeZone Zone(YamlMappingNode map) => DateTimeZoneProviders.Tzdb[map.Text("zone")];

    private static Interval Span(YamlMappingNode map, DateTimeZone zone) => new(WallTime.At(map.Moment("from"), zone), WallTime.At(map.Moment("to"), zone));

    private static int Hours(string every) => every switch
    {
        "day" => 24,
        "week" => 24 * 7,
        _ => int.Parse(every.AsSpan(0, every.Length - 1), CultureInfo.InvariantCulture) * (every[^1] == 'd' ? 24 : 1),
    };
}
