using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Platforms;

/// <summary>One variable of the checklist.</summary>
/// <param name="Right">What is right, in words.</param>
/// <param name="Check">The fact that proves it, or empty.</param>
public sealed record CheckedVariable(string Name, string Right, string Value, string Check);

/// <summary>The variables of one service that matter.</summary>
public sealed record ServiceChecklist(string Service, ImmutableArray<string> Critical, ImmutableArray<string> Mistakes, ImmutableArray<CheckedVariable> Variables, ImmutableArray<string> Entries);

/// <summary>The variables that matter, by service.</summary>
public sealed record Checklist(ImmutableArray<ServiceChecklist> Services);

/// <summary>Reads checklist.yaml, strictly.</summary>
public static class ChecklistReader
{
    private static readonly Shape Text = new Shape.Text("A text");

    private static readonly Shape Root = new Shape.Map(
        "The variables that matter",
        [
            new Key(
                "services",
                new Shape.Table(
                    "Services by name",
                    new Shape.Map(
                        "One service",
                        [
                            new Key("role", Text),
                            new Key("criticalEnv", new Shape.List("Variables without which it does not work", Text), Required: true),
                            new Key("commonMistakes", new Shape.List("What usually goes wrong", Text)),
                            new Key(
                                "variables",
                                new Shape.Table(
                                    "Variables by name",
                                    new Shape.Map("One variable", [new Key("right", Text, Required: true), new Key("value", Text), new Key("check", Text)]),
                                    "[A-Z][A-Z0-9_]*")),
                            new Key("entries", new Shape.List("Entries of the reference", Text)),
                        ]),
                    EntryNames.IdPattern),
                Required: true),
        ]);

    public static Parsed<Checklist> Parse(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, Root, file);
        if (problems.Count > 0) return new(null, problems);
        return new(new Checklist([.. Maps(root, "services").Select(s => Service(s.Name, s.Map))]), []);
    }

    private static ServiceChecklist Service(string name, YamlMappingNode map) => new(
        name,
        map.Texts("criticalEnv"),
        map.Texts("commonMistakes"),
        [.. Maps(map, "variables").Select(v => new CheckedVariable(v.Name, v.Map.Text("right"), v.Map.Text("value"), v.Map.Text("check")))],
        map.Texts("entries"));

    private static IEnumerable<(string Name, YamlMappingNode Map)> Maps(YamlMappingNode map, string key) =>
        map.Get(key) is YamlMappingNode table ? table.Children.Where(c => c.Value is YamlMappingNode).Select(c => (((YamlScalarNode)c.Key).Value ?? "", (YamlMappingNode)c.Value)) : [];
}
