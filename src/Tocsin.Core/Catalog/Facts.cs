using System.Collections.Immutable;
using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Catalog;

public enum FactType
{
    Enum,
    Bool,
    Number,
    Text,
}

/// <summary>One fact a probe yields. Evidence rules name facts as <c>probe.fact</c> and nothing else.</summary>
public sealed record Fact(string Name, FactType Type, ImmutableArray<string> Values, string Unit, string About)
{
    /// <summary>Why the comparison cannot be made on this fact, or null where it can.</summary>
    public string? Refuse(Comparison comparison) => comparison switch
    {
        Comparison.Is c => RefuseValue(c.Value),
        Comparison.IsNot c => RefuseValue(c.Value),
        Comparison.OneOf c => c.Values.Select(RefuseValue).FirstOrDefault(r => r is not null),
        Comparison.Contains => Type == FactType.Text ? null : $"{Name} is {Kind}; contains is for texts",
        _ when Type != FactType.Number => $"{Name} is {Kind}; above, below, atLeast and atMost are for numbers",
        _ => null,
    };

    private string Kind => Type switch
    {
        FactType.Enum => $"one of {string.Join(", ", Values)}",
        FactType.Bool => "true or false",
        FactType.Number => $"a number of {Unit}",
        _ => "a text",
    };

    private string? RefuseValue(string value) => Type switch
    {
        FactType.Enum when !Values.Contains(value, StringComparer.Ordinal) => $"{Name} is never \"{value}\"; {Nearest.Suggest(value, Values)}it is {Kind}",
        FactType.Bool when value is not ("true" or "false") => $"{Name} is {Kind}, not \"{value}\"",
        FactType.Number when !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => $"{Name} is {Kind}, not \"{value}\"",
        _ => null,
    };
}

/// <summary>What a fact means when it is wrong by itself, before any cause is weighed.</summary>
public enum WrongKind
{
    /// <summary>Something does not work; it may be the consequence of a fault elsewhere.</summary>
    Symptom,

    /// <summary>Something is set wrongly; only a cause that names it explains it.</summary>
    Fault,

    /// <summary>Something fails, for whatever reason: a consequence where a cause is found, and all that is known where none is.</summary>
    Trouble,
}

/// <summary>A condition over one fact that needs an explanation wherever it holds.</summary>
public sealed record WrongFact(Condition.Fact When, WrongKind Kind, string Because);

/// <summary>Every probe with its facts, from observations.yaml.</summary>
public sealed record FactTable(ImmutableSortedDictionary<string, Fact> Facts, ImmutableArray<string> Probes)
{
    /// <summary>What it takes to ask a probe, against the cheapest; 1 where nothing is said.</summary>
    public ImmutableSortedDictionary<string, double> Costs { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>What is wrong by itself; without any of it, and with no match, all is well.</summary>
    public ImmutableArray<WrongFact> Wrong { get; init; } = [];

    public static readonly FactTable Empty = new(ImmutableSortedDictionary<string, Fact>.Empty, []);

    private static readonly ImmutableArray<string> Types = ["enum", "bool", "number", "text"];

    private static readonly ImmutableArray<string> Kinds = ["symptom", "fault", "trouble"];

    private static readonly Shape FactShape = new Shape.Map(
        "One fact",
        [
            new Key("type", new Shape.Text("Its type", Allowed: Types), Required: true),
            new Key("values", new Shape.List("Values of an enum", new Shape.Text("A value"), NotEmpty: true)),
            new Key("unit", new Shape.Text("Unit of a number")),
            new Key("about", new Shape.Text("What it says"), Required: true),
        ]);

    private static readonly Shape WrongShape = new Shape.Map(
        "A value that is wrong by itself",
        [
            .. EntryShape.ConditionKeys.Where(k => k.Name is not ("saw" or "of")),
            new Key("kind", new Shape.Text("symptom: may be a consequence; fault: set wrongly; trouble: counts only where no cause is found", Allowed: Kinds), Required: true),
            new Key("because", new Shape.Text("What is wrong"), Required: true),
        ],
        [["fact"]]);

    private static readonly Shape Root = new Shape.Map(
        "Every probe and its facts",
        [
            new Key("wrong", new Shape.List("Values that are wrong by themselves", WrongShape)),
            new Key(
                "probes",
                new Shape.Table(
                    "Probes by id",
                    new Shape.Map(
                        "One probe",
                        [
                            new Key("about", new Shape.Text("What it looks at"), Required: true),
                            new Key("vantage", new Shape.Text("host: holds for where Tocsin runs; api: what a server says of itself", Allowed: ["host", "api"]), Required: true),
                            new Key("cost", new Shape.Number("What it takes to ask, against the cheapest", Least: 1)),
                            new Key("facts", new Shape.Table("Facts by name", FactShape, "[a-z][a-zA-Z0-9]*"), Required: true),
                        ]),
                    "[a-z][a-zA-Z0-9]*\\.[a-zA-Z0-9]+"),
                Required: true),
        ]);

    public static Parsed<FactTable> Parse(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, Root, file);
        if (problems.Count > 0) return new(null, problems);
        var facts = ImmutableSortedDictionary.CreateBuilder<string, Fact>(StringComparer.Ordinal);
        var probes = ImmutableArray.CreateBuilder<string>();
        var costs = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        foreach (var (key, value) in ((YamlMappingNode)root.Get("probes")!).Children)
        {
            var probe = ((YamlScalarNode)key).Value ?? "";
            probes.Add(probe);
            if (((YamlMappingNode)value).Has("cost")) costs[probe] = ((YamlMappingNode)value).Number("cost");
            foreach (var (name, shape) in ((YamlMappingNode)((YamlMappingNode)value).Get("facts")!).Children)
            {
                var map = (YamlMappingNode)shape;
                var full = $"{probe}.{((YamlScalarNode)name).Value}";
                var type = (FactType)Types.IndexOf(map.Text("type"));
                if (type == FactType.Enum && !map.Has("values"))
                    return new(null, [new Problem(map.At(file), "missing-key", $"{full} is an enum and lists no values")]);
                facts[full] = new Fact(full, type, map.Texts("values"), map.Text("unit"), map.Text("about"));
            }
        }
        var table = new FactTable(facts.ToImmutable(), probes.ToImmutable()) { Costs = costs.ToImmutable(), Wrong = root.Each("wrong", ReadWrong) };
        var refused = WrongProblems(table, root, file);
        return refused.Count > 0 ? new(null, refused) : new(table, []);
    }

    private static WrongFact ReadWrong(YamlMappingNode map) => new(
        (Condition.Fact)EntryReader.ReadCondition(map),
        (WrongKind)Kinds.IndexOf(map.Text("kind")),
        map.Text("because"));

    private static List<Problem> WrongProblems(FactTable table, YamlMappingNode root, string file) =>
    [
        .. from wrong in table.Wrong
           let name = wrong.When.Name
           let why = table.Facts.TryGetValue(name, out var fact) ? fact.Refuse(wrong.When.Compare) : $"no probe yields \"{name}\"; {Nearest.Suggest(name, table.Facts.Keys)}"
           where why is not null
           select new Problem(root.At(file), "wrong-fact", why),
    ];
}
