using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Signals.Watching;

/// <summary>The <c>watch:</c> section of platform.yaml: its shape, and its reading. Every key is declared here and nowhere else.</summary>
public static class WatchReader
{
    private static readonly Shape Time = new Shape.Text("A time such as 15s, 5m or 1h", Pattern: "[1-9][0-9]{0,3}(s|m|h)");
    private static readonly Shape Name = new Shape.Text("A name", Pattern: EntryNames.IdPattern);
    private static readonly Shape Names = new Shape.List("Environments", Name, NotEmpty: true);
    private static readonly Shape Facts = new Shape.List("What it means to users", new Shape.Text("A fact", Allowed: ImpactFacts.Words));
    private static readonly Shape Count = new Shape.Number("How many", Least: 1, Whole: true);

    private static readonly ImmutableArray<Key> Pace =
    [
        new Key("every", Time, Required: true),
        new Key("limit", Time),
        new Key("of", Count),
        new Key("fails", Count),
        new Key("recovers", Count),
    ];

    private static readonly Shape Address = new Shape.Map(
        "One address",
        [
            new Key("id", Name, Required: true),
            new Key("environment", Name, Required: true),
            new Key("service", Name, Required: true),
            new Key("url", new Shape.Text("http or https; $NAME of a variable may stand in it", Pattern: "https?://[^ ]+"), Required: true),
            new Key("status", new Shape.Number("What it must answer", Least: 100, Whole: true)),
            new Key("impact", Facts),
        ]);

    private static readonly Shape Rule = new Shape.Map(
        "A fact that must not hold",
        [
            new Key("id", Name, Required: true),
            .. EntryShape.ConditionKeys.Where(k => k.Name is not ("saw" or "of")),
            new Key("for", Time),
            new Key("entry", Name),
            new Key("says", new Shape.Text("What a page says; {fact} stands for a fact of the same probe"), Required: true),
            new Key("impact", Facts),
            new Key("environments", Names),
        ],
        [["fact"], ["is", "isNot", "oneOf", "above", "below", "atLeast", "atMost"]]);

    public static Shape Shape { get; } = new Shape.Map(
        "What is watched without any alert source",
        [
            new Key("production", Names, Required: true),
            new Key("addresses", new Shape.Map("Addresses that visitors use", [.. Pace, new Key("look", new Shape.List("Which", Address, NotEmpty: true), Required: true), new Key("control", new Shape.List("Addresses of others", new Shape.Text("An address", Pattern: "https?://[^ ]+")))]), Required: true),
            new Key(
                "facts",
                new Shape.Map(
                    "Facts of probes",
                    [
                        .. Pace,
                        new Key("environments", Names, Required: true),
                        new Key("callsPerHour", new Shape.Number("Calls to AWS in an hour", Least: 1, Whole: true), Required: true),
                        new Key("stoppedWithin", Time),
                        new Key("rules", new Shape.List("Rules", Rule, NotEmpty: true), Required: true),
                    ]),
                Required: true),
            new Key("flapping", new Shape.Map("It flaps when it began that often", [new Key("times", new Shape.Number("How often", Least: 2, Whole: true), Required: true), new Key("within", Time, Required: true)]), Required: true),
            new Key("remind", Time, Required: true),
        ]);

    /// <summary>Reads a section that fits <see cref="Shape"/>; problems where its values cannot be meant.</summary>
    public static (WatchPlan Plan, ImmutableArray<Problem> Problems) Read(YamlMappingNode map, IReadOnlyCollection<string> environments, IReadOnlyCollection<string> services, string file)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var (addresses, facts) = (map.Map("addresses"), map.Map("facts"));
        foreach (var part in new[] { addresses, facts })
        {
            var voting = ReadPace(part).Voting;
            if (voting.Fails > voting.Of) problems.Add(new Problem(part.At(file), "never-fails", $"{voting.Fails} bad looks of {voting.Of} are never seen"));
        }
        Known(map, "production", environments, file, problems);
        Known(facts, "environments", environments, file, problems);
        Each(addresses, "look", a => { OneOf(a, "environment", environments, file, problems); OneOf(a, "service", services, file, problems); });
        Each(facts, "rules", r => Known(r, "environments", environments, file, problems));
        Twice(addresses, "look", file, problems);
        Twice(facts, "rules", file, problems);
        return (Read(map, addresses, facts), problems.ToImmutable());
    }

    private static WatchPlan Read(YamlMappingNode map, YamlMappingNode addresses, YamlMappingNode facts) => new()
    {
        Production = map.Texts("production"),
        AddressPace = ReadPace(addresses),
        Addresses = addresses.Each("look", a => new WatchedAddress(a.Text("id"), a.Text("environment"), a.Text("service"), a.Text("url"), a.Whole("status"), Impact(a, map.Texts("production").Contains(a.Text("environment"), StringComparer.Ordinal), "major-feature"))),
        Control = addresses.Texts("control"),
        Environments = facts.Texts("environments"),
        RulePace = ReadPace(facts),
        Rules = facts.Each("rules", r => new WatchRule(r.Text("id"), (Condition.Fact)EntryReader.ReadCondition(r), Duration.FromSeconds(r.Seconds("for")), r.Text("entry"), r.Text("says"), Impact(r, production: true, "degraded")) { Environments = r.Texts("environments") }),
        CallsPerHour = facts.Whole("callsPerHour"),
        StoppedWithin = facts.Has("stoppedWithin") ? Duration.FromSeconds(facts.Seconds("stoppedWithin")) : Duration.FromMinutes(5),
        FlapTimes = map.Map("flapping").Whole("times"),
        FlapWithin = Duration.FromSeconds(map.Map("flapping").Seconds("within")),
        Remind = Duration.FromSeconds(map.Seconds("remind")),
    };

    private static ImpactFacts Impact(YamlMappingNode map, bool production, string usual) => ImpactFacts.Of(map.Has("impact") ? map.Texts("impact") : [usual], users: null, production);

    private static WatchPace ReadPace(YamlMappingNode map)
    {
        var every = Duration.FromSeconds(map.Seconds("every"));
        var limit = map.Has("limit") ? Duration.FromSeconds(map.Seconds("limit")) : Duration.Min(every, Duration.FromSeconds(5));
        return new WatchPace(every, limit, new Voting(Of("of"), Of("fails"), Of("recovers")));

        int Of(string key) => map.Has(key) ? map.Whole(key) : 1;
    }

    private static void Each(YamlMappingNode map, string key, Action<YamlMappingNode> check)
    {
        foreach (var item in ((YamlSequenceNode)map.Get(key)!).Children.OfType<YamlMappingNode>()) check(item);
    }

    private static void Known(YamlMappingNode map, string key, IReadOnlyCollection<string> known, string file, ImmutableArray<Problem>.Builder problems)
    {
        foreach (var name in map.Texts(key).Where(n => !known.Contains(n, StringComparer.Ordinal))) problems.Add(new Problem(map.Get(key)!.At(file), "unknown-name", $"{key}: {name} is not of this platform; {Nearest.Suggest(name, known)}known: {string.Join(", ", known)}"));
    }

    private static void OneOf(YamlMappingNode map, string key, IReadOnlyCollection<string> known, string file, ImmutableArray<Problem>.Builder problems)
    {
        var name = map.Text(key);
        if (!known.Contains(name, StringComparer.Ordinal)) problems.Add(new Problem(map.Get(key)!.At(file), "unknown-name", $"{key}: {name} is not of this platform; {Nearest.Suggest(name, known)}known: {string.Join(", ", known)}"));
    }

    private static void Twice(YamlMappingNode map, string key, string file, ImmutableArray<Problem>.Builder problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Each(map, key, item =>
        {
            if (!seen.Add(item.Text("id"))) problems.Add(new Problem(item.At(file), "id-twice", $"the id {item.Text("id")} stands twice"));
        });
    }
}
