using System.Collections.Immutable;

namespace Tocsin.Core.Catalog;

/// <summary>The shape of entry.yaml and samples/*.yaml. Every key is declared here and nowhere else.</summary>
public static class EntryShape
{
    private static readonly ImmutableArray<string> Says = ["cause", "component", "symptom", "hint"];
    private static readonly ImmutableArray<string> Weights = ["decisive", "strong", "moderate", "weak"];

    private static readonly Shape Ids = new Shape.List("Ids", new Shape.Text("An id", Pattern: EntryNames.IdPattern));
    private static readonly Shape Texts = new Shape.List("Texts", new Shape.Text("A text"));
    private static readonly Shape Number = new Shape.Number("A number");
    private static readonly Shape Duration = new Shape.Text("A time such as 90s, 5m or 2h", Pattern: EntryNames.DurationPattern);
    private static readonly Shape Scalars = new Shape.List("Values, one of which it is", new Shape.Scalar("A value"), NotEmpty: true);

    private static readonly Shape Pattern = new Shape.Map(
        "One pattern: exactly one of literal, template, regex, field",
        [
            new Key("literal", new Shape.Text("Text that occurs as it stands")),
            new Key("template", new Shape.Text("Text with typed holes such as {host} or {port}")),
            new Key("regex", new Shape.Text("A .NET regular expression without look-around and back-references")),
            new Key("field", new Shape.Text("The end of a path in a JSON event, such as containers.exitCode")),
            new Key("case", new Shape.Text("exact: upper and lower case differ", Allowed: ["exact", "ignore"])),
            new Key("equals", new Shape.Scalar("The field has this value")),
            new Key("oneOf", Scalars),
            new Key("above", Number),
            new Key("below", Number),
            new Key("contains", new Shape.Text("The field holds this text")),
            new Key("matches", new Shape.Text("The field matches this regular expression")),
            new Key("exists", new Shape.Flag("The field is there, or is not")),
        ],
        [["literal", "template", "regex", "field"]]);

    private static readonly Shape Patterns = new Shape.List("Patterns", Pattern);

    private static readonly Shape Signature = new Shape.Map(
        "One form in which the error shows itself",
        [
            new Key("id", new Shape.Text("A name, unique in the entry", Pattern: EntryNames.IdPattern), Required: true),
            new Key("says", new Shape.Text("How much the text names", Allowed: [.. Says, "part"]), Required: true),
            new Key("causes", Ids),
            new Key("each", new Shape.Text("The array in whose one element all field patterns hold")),
            new Key("all", Patterns),
            new Key("any", Patterns),
            new Key("not", Patterns),
        ]);

    private static readonly Shape Timing = new Shape.Map(
        "Time logic over named signatures",
        [
            new Key("id", new Shape.Text("A name, unique among signatures and timing rules", Pattern: EntryNames.IdPattern), Required: true),
            new Key("says", new Shape.Text("How much the rule names", Allowed: Says), Required: true),
            new Key("of", Ids),
            new Key("count", new Shape.Number("How often within the window", Least: 2, Whole: true)),
            new Key("inOrder", Ids),
            new Key("within", Duration, Required: true),
            new Key("unless", Ids),
        ],
        [["of", "inOrder"]]);

    private static readonly Shape PageWhen = new Shape.Map(
        "One reason to page: count with within, lasting, or impact",
        [
            new Key("count", new Shape.Number("How often", Least: 1, Whole: true)),
            new Key("within", Duration),
            new Key("lasting", Duration),
            new Key("impact", new Shape.Text("Observed user impact", Allowed: EntryNames.Impacts)),
            new Key("severity", new Shape.Text("The severity it opens", Allowed: EntryNames.Severities), Required: true),
        ],
        [["count", "lasting", "impact"]]);

    private static readonly Shape Page = new Shape.Map(
        "When a match opens an incident",
        [
            new Key("any", new Shape.List("Reasons, one of which is enough", PageWhen, NotEmpty: true)),
            new Key("never", new Shape.Text("Why this error pages nobody")),
        ],
        [["any", "never"]]);

    internal static readonly ImmutableArray<Key> ConditionKeys =
    [
        new Key("fact", new Shape.Text("A fact of observations.yaml, as probe.fact")),
        new Key("of", new Shape.Text("The service role whose fact it is, where it is not the one that the error shows itself at", Allowed: EntryNames.Roles)),
        new Key("saw", new Shape.Text("A signature of this entry that matched", Pattern: EntryNames.IdPattern)),
        new Key("is", new Shape.Scalar("The fact has this value")),
        new Key("isNot", new Shape.Scalar("The fact has another value")),
        new Key("oneOf", Scalars),
        new Key("above", Number),
        new Key("below", Number),
        new Key("atLeast", Number),
        new Key("atMost", Number),
        new Key("contains", new Shape.Text("The text of the fact holds this")),
    ];

    private static readonly Shape Conditions = new Shape.List("Conditions", new Shape.Map("A condition over one fact", ConditionKeys, [["fact", "saw"]]));

    private static readonly Shape Evidence = new Shape.Map(
        "One evidence rule",
        [
            .. ConditionKeys,
            new Key("for", new Shape.Text("How much it speaks for the cause", Allowed: Weights)),
            new Key("against", new Shape.Text("How much it speaks against the cause", Allowed: Weights)),
            new Key("group", new Shape.Text("Rules of one group count once", Pattern: EntryNames.IdPattern), Required: true),
            new Key("because", new Shape.Text("Why it is evidence"), Required: true),
        ],
        [["fact", "saw"], ["for", "against"]]);

    private static readonly Shape Cause = new Shape.Map(
        "One cause",
        [
            new Key("id", new Shape.Text("A name, unique in the entry", Pattern: EntryNames.IdPattern), Required: true),
            new Key("title", new Shape.Text("The cause in a few words"), Required: true),
            new Key("prior", new Shape.Text("How often it is the one", Allowed: ["common", "uncommon", "rare"]), Required: true),
            new Key("requires", Conditions),
            new Key("excludes", Conditions),
            new Key("evidence", new Shape.List("Evidence rules", Evidence, NotEmpty: true), Required: true),
            new Key("leadsTo", new Shape.List("Entries or causes downstream", new Shape.Text("An entry id or entry/cause", Pattern: $"{EntryNames.IdPattern}(/{EntryNames.IdPattern})?"))),
            new Key("fixes", Ids),
        ]);

    private static readonly Shape Fix = new Shape.Map(
        "One fix",
        [
            new Key("id", new Shape.Text("A name, unique in the entry", Pattern: EntryNames.IdPattern), Required: true),
            new Key("title", new Shape.Text("The fix in a few words"), Required: true),
            new Key("does", new Shape.Text("What is done, in the imperative"), Required: true),
            new Key("action", new Shape.Text("A guarded action of Tocsin", Allowed: EntryNames.Actions)),
            new Key("with", new Shape.Table("What the action is given, where that is the same everywhere", new Shape.Text("A value"))),
            new Key("verify", new Shape.Text("What shows that it worked"), Required: true),
            new Key("undo", new Shape.Text("How to take it back")),
            new Key("noUndo", new Shape.Text("Why it cannot be taken back")),
            new Key("follows", new Shape.Flag("Whether it helps only once the fix before it, in the cause's list, is done")),
        ]);

    public static readonly Shape.Map Entry = new(
        "One known error",
        [
            new Key("id", new Shape.Text("Equal to the folder's name; it never changes", Pattern: EntryNames.IdPattern), Required: true),
            new Key("title", new Shape.Text("What a person would call it, with the words of the error"), Required: true),
            new Key("layer", new Shape.Text("Equal to the parent folder's name", Allowed: EntryNames.Layers), Required: true),
            new Key("component", new Shape.Text("What is broken: a component or a service role of the platform", Pattern: EntryNames.IdPattern), Required: true),
            new Key("service", new Shape.Text("The service role whose names fill the commands", Allowed: EntryNames.Roles), Required: true),
            new Key("summary", new Shape.Text("What it means and what the user feels"), Required: true),
            new Key("keywords", Texts),
            new Key("related", Ids),
            new Key("signatures", new Shape.List("Forms of the error", Signature, NotEmpty: true), Required: true),
            new Key("timing", new Shape.List("Time logic", Timing)),
            new Key("page", Page, Required: true),
            new Key("causes", new Shape.List("Causes", Cause, NotEmpty: true), Required: true),
            new Key("fixes", new Shape.List("Fixes", Fix, NotEmpty: true), Required: true),
        ]);

    private static readonly ImmutableArray<string> Sources = ["captured", "recorded", "documented", "reported"];

    private static readonly ImmutableArray<Key> SampleKeys =
    [
        new Key("id", new Shape.Text("A name, unique in the entry", Pattern: EntryNames.IdPattern), Required: true),
        new Key("from", new Shape.Text("Product, version and circumstance"), Required: true),
        new Key("source", new Shape.Text("How the text was come by", Allowed: Sources), Required: true),
    ];

    private static readonly Key TextKey = new("text", new Shape.Text("The text as it was printed"), Required: true);

    public static readonly Shape.Map Samples = new(
        "Samples of one entry",
        [
            new Key("samples", new Shape.List("Texts that must match", new Shape.Map(
                "A text that must match",
                [
                    .. SampleKeys,
                    new Key("rank", new Shape.Text("first: this entry leads; among: the text alone cannot decide", Allowed: ["first", "among"]), Required: true),
                    new Key("among", Ids),
                    new Key("signature", new Shape.Text("The signature that must match", Pattern: EntryNames.IdPattern)),
                    TextKey,
                ]))),
            new Key("nearMisses", new Shape.List("Texts that look like it and are not", new Shape.Map(
                "A text that looks like the entry",
                [
                    .. SampleKeys,
                    new Key("goesTo", new Shape.Text("none, silent, or the entry that must lead", Pattern: EntryNames.IdPattern), Required: true),
                    new Key("because", new Shape.Text("Why it is not this entry")),
                    TextKey,
                ]))),
        ]);
}
