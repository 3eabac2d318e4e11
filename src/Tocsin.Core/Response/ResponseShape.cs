using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Response;

/// <summary>The shape of response.yaml. Every key is declared here and nowhere else.</summary>
public static class ResponseShape
{
    public const string NextBusinessDay = "next-business-day";
    public const string SameBusinessDay = "same-business-day";
    public static readonly ImmutableArray<string> Days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    public static readonly ImmutableArray<string> Receipts = ["accepted", "delivered", "seen", "acknowledged"];
    public static readonly ImmutableArray<string> Kinds = ["pagerduty", "ntfy", "slack", "mail", "webhook"];
    public static readonly ImmutableArray<string> Since = ["start", "revenue", "breach", "missed-update"];

    /// <summary>Roles that people take in an incident.</summary>
    public static readonly ImmutableArray<string> IncidentRoles = ["incident-commander", "communications", "scribe", "responder"];

    private const string DurationPattern = "[0-9]{1,4}(s|m|h|d)";
    private static readonly Shape Duration = new Shape.Text("A time such as 0m, 90s, 5m, 2h or 3d", Pattern: DurationPattern);
    private static readonly Shape Text = new Shape.Text("A text");
    private static readonly Shape Id = new Shape.Text("An id", Pattern: EntryNames.IdPattern);
    private static readonly Shape Ids = new Shape.List("Ids", Id);
    private static readonly Shape Texts = new Shape.List("Texts", Text);
    private static readonly Shape Zone = new Shape.Text("An IANA time zone such as Asia/Kolkata");
    private static readonly Shape Clock = new Shape.Text("A time of day in quotes, such as \"09:00\"", Pattern: "[0-9]{2}:[0-9]{2}");
    private static readonly Shape Moment = new Shape.Text("A wall-clock time such as 2026-01-05T09:00", Pattern: "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}");
    private static readonly Shape DayList = new Shape.List("Days of the week", new Shape.Text("A day", Allowed: Days), NotEmpty: true);

    private static readonly Shape Calendar = new Shape.Map(
        "Business days",
        [
            new Key("zone", Zone, Required: true),
            new Key("days", DayList, Required: true),
            new Key("from", Clock, Required: true),
            new Key("to", Clock, Required: true),
            new Key("holidays", new Shape.Table("Names by date", Text, "[0-9]{4}-[0-9]{2}-[0-9]{2}")),
        ]);

    private static readonly Shape Example = new Shape.Map(
        "An example and the facts that make it one",
        [
            new Key("says", Text, Required: true),
            new Key("facts", new Shape.List("Facts", new Shape.Text("A fact", Allowed: ImpactFacts.Words)), Required: true),
            new Key("users", new Shape.Number("Percent of users", Least: 0)),
            new Key("production", new Shape.Flag("false: another environment")),
        ]);

    private static readonly Shape PostMortem = new Shape.Map(
        "When a post-mortem is due, from the resolution",
        [
            new Key("remind", Duration, Required: true),
            new Key("within", Duration, Required: true),
            new Key("breachWithin", Duration, Required: true),
            new Key("majorAfter", Duration),
        ]);

    private static readonly Shape SeverityShape = new Shape.Map(
        "One severity",
        [
            new Key("title", Text, Required: true),
            new Key("means", Texts, Required: true),
            new Key("examples", new Shape.List("Examples", Example)),
            new Key("users", new Shape.Number("Percent of users from which on it is this", Least: 0)),
            new Key("acknowledge", new Shape.Text($"A time, or {NextBusinessDay}", Pattern: $"{DurationPattern}|{NextBusinessDay}"), Required: true),
            new Key("escalate", Ids, Required: true),
            new Key("firstUpdate", Duration),
            new Key("update", Duration),
            new Key("lease", Duration),
            new Key("fix", new Shape.Text("When it is fixed", Allowed: ["before-all-else", SameBusinessDay, "next-sprint"])),
            new Key("postMortem", PostMortem),
            new Key("template", Text),
            new Key("issue", new Shape.Flag("It becomes an issue in the tracker")),
        ]);

    private static readonly Shape TargetShape = new Shape.Map(
        "Whom to notify",
        [
            new Key("person", Id),
            new Key("schedule", Id),
            new Key("role", Id),
            new Key("channel", Id),
            new Key("by", Ids),
        ],
        [["person", "schedule", "role", "channel"]]);

    private static readonly Shape Step = new Shape.Map(
        "One step of an escalation policy",
        [
            new Key("id", Id, Required: true),
            new Key("after", Duration, Required: true),
            new Key("since", new Shape.Text("What the time counts from", Allowed: Since)),
            new Key("until", new Shape.Text("What ends it", Allowed: ["acknowledged", "resolved"])),
            new Key("notify", new Shape.List("Whom to notify", TargetShape, NotEmpty: true), Required: true),
            new Key("everyone", new Shape.Flag("Each one must acknowledge")),
            new Key("repeat", new Shape.Map("Asking again", [new Key("every", Duration, Required: true), new Key("times", new Shape.Number("How often", Least: 1, Whole: true), Required: true)])),
        ]);

    private static readonly Shape Policy = new Shape.Map(
        "One escalation policy",
        [
            new Key("about", Text, Required: true),
            new Key("steps", new Shape.List("Its steps; a policy without any pages nobody", Step, NotEmpty: true), Required: true),
            new Key("then", Id),
        ]);

    private static readonly Shape Waits = new Shape.Map("How long to wait, by severity", [new Key("P0", Duration, Required: true), new Key("P1", Duration, Required: true), new Key("P2", Duration, Required: true)]);

    private static readonly Shape Channel = new Shape.Map(
        "One channel",
        [
            new Key("kind", new Shape.Text("How it is sent", Allowed: Kinds), Required: true),
            new Key("about", Text, Required: true),
            new Key("receipts", new Shape.Map("Which receipts it gives", [.. Receipts.Select(r => new Key(r, Waits, Required: r is "acknowledged"))]), Required: true),
        ]);

    private static readonly Shape PersonShape = new Shape.Map(
        "One person",
        [
            new Key("name", Text, Required: true),
            new Key("zone", Zone),
            new Key("addresses", new Shape.Table("Addresses by channel, in the order in which to try them", Text, EntryNames.IdPattern), Required: true),
        ]);

    private static readonly Shape ContactShape = new Shape.Map(
        "One contact to escalate to",
        [
            new Key("title", Text, Required: true),
            new Key("when", Texts, Required: true),
            new Key("how", Texts, Required: true),
            new Key("people", new Shape.List("People", Id, NotEmpty: true)),
            new Key("schedule", Id),
            new Key("link", Text),
        ],
        [["people", "schedule", "link"]]);

    private static readonly Shape Window = new Shape.Map("A part of the week", [new Key("days", DayList, Required: true), new Key("from", Clock, Required: true), new Key("to", Clock, Required: true)]);

    private static readonly Shape RotationShape = new Shape.Map(
        "People who take turns",
        [
            new Key("id", Id, Required: true),
            new Key("people", new Shape.List("The people, in their order; a rotation without people puts nobody on call", Id, NotEmpty: true), Required: true),
            new Key("every", new Shape.Text("day, week, or a time in whole hours or days", Pattern: "day|week|[1-9][0-9]{0,3}(h|d)"), Required: true),
            new Key("start", Moment, Required: true),
            new Key("only", new Shape.List("When it holds at all", Window, NotEmpty: true)),
        ]);

    private static readonly Shape Schedule = new Shape.Map(
        "One on-call schedule",
        [
            new Key("about", Text),
            new Key("zone", Zone, Required: true),
            new Key("rotations", new Shape.List("Rotations", RotationShape, NotEmpty: true), Required: true),
            new Key("ready", new Shape.Map("Who comes on call confirms a page within a time; else the backup is told", [new Key("within", Duration, Required: true), new Key("backup", Id, Required: true)])),
            new Key("overrides", new Shape.List("Overrides", new Shape.Map("One override", [new Key("from", Moment, Required: true), new Key("to", Moment, Required: true), new Key("person", Id, Required: true), new Key("instead", Id)]))),
            new Key("swaps", new Shape.List("Swaps", new Shape.Map("One swap", [new Key("from", Moment, Required: true), new Key("to", Moment, Required: true), new Key("one", Id, Required: true), new Key("other", Id, Required: true)]))),
        ]);

    private static readonly Shape Maintenance = new Shape.Map(
        "Pages that are held back; a P0 breaks through",
        [
            new Key("id", Id, Required: true),
            new Key("about", Text, Required: true),
            new Key("zone", Zone, Required: true),
            new Key("once", new Shape.Map("One time", [new Key("from", Moment, Required: true), new Key("to", Moment, Required: true)])),
            new Key("weekly", Window),
            new Key("environments", Ids),
            new Key("services", Ids),
            new Key("entries", Ids),
            new Key("notice", Duration),
        ],
        [["once", "weekly"]]);

    public static readonly Shape.Map Root = new(
        "How incidents are answered",
        [
            new Key("calendar", Calendar, Required: true),
            new Key("severities", new Shape.Map("The severities", [.. EntryNames.Severities.Select(s => new Key(s, SeverityShape, Required: true))]), Required: true),
            new Key("paging", new Shape.Map("What opens an incident by itself", [new Key("textAtMost", new Shape.Text("What log text alone can open", Allowed: ["P2", "P3"]), Required: true), new Key("allHandsAfter", Duration, Required: true)]), Required: true),
            new Key(
                "correlation",
                new Shape.Map(
                    "Whether a signal joins, reopens or opens",
                    [
                        new Key("near", Duration, Required: true),
                        new Key("reopen", Duration, Required: true),
                        new Key("flapping", Often("It flaps when it opened that often"), Required: true),
                        new Key("storm", Often("A storm: that many opened"), Required: true),
                    ]),
                Required: true),
            new Key("channels", new Shape.Table("Channels by id", Channel, EntryNames.IdPattern), Required: true),
            new Key("people", new Shape.Table("People by id", PersonShape, EntryNames.IdPattern), Required: true),
            new Key("contacts", new Shape.Table("Contacts by id", ContactShape, EntryNames.IdPattern), Required: true),
            new Key("schedules", new Shape.Table("On-call schedules by id", Schedule, EntryNames.IdPattern), Required: true),
            new Key("policies", new Shape.Table("Escalation policies by id", Policy, EntryNames.IdPattern), Required: true),
            new Key("maintenance", new Shape.List("Maintenance windows and silences", Maintenance)),
        ]);

    private static Shape.Map Often(string about) =>
        new(about, [new Key("times", new Shape.Number("How often", Least: 2, Whole: true), Required: true), new Key("within", Duration, Required: true)]);
}
