using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Platforms;

/// <summary>A query of CloudWatch Logs Insights that is kept under a name.</summary>
/// <param name="AllGroups">Over the log groups of all services; else of one.</param>
/// <param name="RangeSeconds">How far it looks back where nothing else is said.</param>
public sealed record SavedQuery(string Id, string Title, string About, bool AllGroups, long RangeSeconds, string Text);

/// <summary>What queries.yaml holds.</summary>
public sealed record SavedQueries(ImmutableArray<SavedQuery> All);

/// <summary>Reads queries.yaml, strictly.</summary>
public static class SavedQueryReader
{
    private static readonly Shape Text = new Shape.Text("A text");

    private static readonly Shape Root = new Shape.Map(
        "Saved queries",
        [
            new Key(
                "queries",
                new Shape.List(
                    "Queries",
                    new Shape.Map(
                        "One query",
                        [
                            new Key("id", new Shape.Text("Its name", Pattern: EntryNames.IdPattern), Required: true),
                            new Key("title", Text, Required: true),
                            new Key("about", Text),
                            new Key("logGroups", new Shape.Text("Where it looks", Allowed: ["all", "one"]), Required: true),
                            new Key("range", new Shape.Text("How far back, such as 1h", Pattern: "[0-9]{1,3}[smh]"), Required: true),
                            new Key("query", Text, Required: true),
                        ])),
                Required: true),
        ]);

    public static Parsed<SavedQueries> Parse(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, Root, file);
        if (problems.Count > 0) return new(null, problems);
        return new(new SavedQueries(root.Each("queries", q => new SavedQuery(q.Text("id"), q.Text("title"), q.Text("about"), q.Text("logGroups") is "all", q.Seconds("range"), q.Text("query")))), []);
    }
}
