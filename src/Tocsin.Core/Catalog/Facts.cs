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

/// <summary>Every probe with its facts, from observations.yaml.</summary>
public sealed record FactTable(ImmutableSortedDictionary<string, Fact> Facts, ImmutableArray<string> Probes)
{
    public static readonly FactTable Empty = new(ImmutableSortedDictionary<string, Fact>.Empty, []);

    private static readonly ImmutableArray<string> Types = ["enum", "bool", "number", "text"];

    private static readonly Shape FactShape = new Shape.Map(
        "One fact",
        [
            new Key("type", new Shape.Text("Its type", Allowed: Types), Required: true),
            new Key("values", new Shape.List("Values of an enum", new Shape.Text("A value"), NotEmpty: true)),
            new Key("unit", new Shape.Text("Unit of a number")),
            new Key("about", new Shape.Text("What it says"), Required: true),
        ]);

    private static readonly Shape Root = new Shape.Map(
        "Every probe and its facts",
        [
            new Key(
                "probes",
                new Shape.Table(
                    "Probes by id",
                    new Shape.Map(
                        "One probe",
                        [
                            new Key("about", new Shape.Text("What it looks at"), Required: true),
                            new Key("vantage", new Shape.Text("host: holds for where Tocsin runs; api: what a server says of itself", Allowed: ["host", "api"]), Required: true),
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
        foreach (var (key, value) in ((YamlMappingNode)root.Get("probes")!).Children)
        {
            var probe = ((YamlScalarNode)key).Value ?? "";
            probes.Add(probe);
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
        return new(new FactTable(facts.ToImmutable(), probes.ToImmutable()), []);
    }
}
