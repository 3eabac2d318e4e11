using System.Text.Json;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Tests.Catalog;

public sealed class JsonSchemaTests
{
    public static TheoryData<string> Files => ["entry", "samples"];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_file_for_editors_is_the_one_drawn_from_the_shape(string file)
    {
        var path = Path.Combine(ShippedCatalog.Root, "catalog", $"{file}.schema.json");
        Assert.Equal(Schema(file), File.ReadAllText(path), ignoreLineEndingDifferences: true);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_key_of_the_shape_is_in_the_schema(string file)
    {
        using var schema = JsonDocument.Parse(Schema(file));
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema.RootElement.GetProperty("$schema").GetString());
        Compare(ShapeOf(file), schema.RootElement, file);
    }

    private static Shape.Map ShapeOf(string file) => file == "entry" ? EntryShape.Entry : EntryShape.Samples;

    private static string Schema(string file) => JsonSchema.Of(ShapeOf(file), file == "entry" ? "An entry of the error reference" : "Samples of an entry");

    private static void Compare(Shape shape, JsonElement node, string path)
    {
        Assert.Equal(shape.About, node.GetProperty("description").GetString());
        switch (shape)
        {
            case Shape.Map map:
                Assert.Equal(map.Keys.Select(k => k.Name), node.GetProperty("properties").EnumerateObject().Select(p => p.Name));
                Assert.Equal(map.Keys.Where(k => k.Required).Select(k => k.Name), node.GetProperty("required").EnumerateArray().Select(r => r.GetString()));
                Assert.False(node.GetProperty("additionalProperties").GetBoolean());
                Assert.Equal(map.ExactlyOne.IsDefault ? 0 : map.ExactlyOne.Length, node.TryGetProperty("allOf", out var groups) ? groups.GetArrayLength() : 0);
                foreach (var key in map.Keys) Compare(key.Shape, node.GetProperty("properties").GetProperty(key.Name), $"{path}.{key.Name}");
                break;
            case Shape.List list:
                Assert.Equal("array", node.GetProperty("type").GetString());
                Compare(list.Item, node.GetProperty("items"), $"{path}[]");
                break;
            case Shape.Table table:
                Compare(table.Item, node.GetProperty("additionalProperties"), $"{path}.*");
                break;
            case Shape.Text { Allowed.IsDefaultOrEmpty: false } text:
                Assert.Equal(text.Allowed, node.GetProperty("enum").EnumerateArray().Select(e => e.GetString()!));
                break;
            case Shape.Number number:
                Assert.Equal(number.Whole ? "integer" : "number", node.GetProperty("type").GetString());
                break;
            default:
                Assert.True(node.TryGetProperty("type", out _), path);
                break;
        }
    }
}

public sealed class EntryDraftTests
{
    [Fact]
    public void A_draft_parses_and_lint_names_what_is_still_to_be_said()
    {
        var draft = EntryDraft.Create("database/mysql-deadlock");
        Assert.Null(draft.Problem);
        Assert.Equal(["entry.yaml", "guide.md", "samples/first.yaml"], draft.Files.Select(f => f.Name));
        var parsed = EntryReader.Parse(draft.Files[0].Text, "entry.yaml");
        Assert.Empty(parsed.Problems);
        Assert.Equal(("mysql-deadlock", "database"), (parsed.Value!.Id, parsed.Value.Layer));
        Assert.Empty(EntryReader.ParseSamples(draft.Files[2].Text, "first.yaml").Problems);
        var folder = new EntryFolder("catalog/database/mysql-deadlock", "database", "mysql-deadlock", draft.Files[0].Text, draft.Files[1].Text, [("first.yaml", draft.Files[2].Text)], Shipped: true);
        var problems = Linter.Lint(ErrorReference.Build([folder], EntryText.Facts, "observations.yaml", []), new HashSet<string>(), Some.Time);
        Assert.Equal(["draft", "no-sample", "no-near-miss"], problems.Select(p => p.Rule).Distinct());
        Assert.Equal(13, problems.Count(p => p.Rule is "draft"));
    }

    [Theory]
    [InlineData("mysql-deadlock", "\"mysql-deadlock\" is not LAYER/ID")]
    [InlineData("a/b/c", "\"a/b/c\" is not LAYER/ID")]
    [InlineData("databse/x", "\"databse\" is no layer; did you mean \"database\"?")]
    [InlineData("database/Mysql_Deadlock", "\"Mysql_Deadlock\" is no id; lower-case words with hyphens are")]
    [InlineData("database/", "\"\" is no id")]
    public void A_draft_of_a_wrong_name_is_refused(string path, string expected)
    {
        var draft = EntryDraft.Create(path);
        Assert.Empty(draft.Files);
        Assert.StartsWith(expected, draft.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("signatuers", "signatures")]
    [InlineData("tittle", "title")]
    [InlineData("zzzzzz", null)]
    public void The_nearest_known_name_is_suggested(string name, string? expected) => Assert.Equal(expected, Nearest.To(name, ["id", "title", "layer", "signatures"]));
}
