using Tocsin.Core.Catalog;

namespace Tocsin.Core.Tests.Catalog;

public sealed class YamlTreeTests
{
    [Theory]
    [InlineData("", "f:1:1: error empty: the file is empty")]
    [InlineData("# only a comment\n", "f:1:1: error empty: the file is empty")]
    [InlineData("- a\n- b\n", "f:1:1: error not-a-mapping: a mapping of keys is expected at the top")]
    [InlineData("word", "f:1:1: error not-a-mapping:")]
    [InlineData("a: 1\n---\nb: 2\n", "f:1:1: error several-documents:")]
    [InlineData("a: 1\n\tb: 2\n", "f:2:1: error tab: the line is indented with a tab")]
    [InlineData("a: &x 1\nb: *x\n", "f:2:4: error alias: aliases (*name) are not read")]
    [InlineData("a: !!python/object x\n", "f:1:4: error tag:")]
    [InlineData("a: 1\nb: 2\na: 3\n", "f:3:1: error yaml: Duplicate key")]
    [InlineData("a: [1, 2\n", "error yaml:")]
    [InlineData("a: \"open\n", "f:1:4: error yaml:")]
    [InlineData("a: { b: c, on\n  d: e\n  f: g }\n", "error yaml:")]
    [InlineData("a:\n  : x\n  b: 1", "error yaml:")]
    public void What_a_catalog_never_needs_is_refused_with_its_place(string text, string expected)
    {
        var parsed = YamlTree.Read(text, "f");
        Assert.Null(parsed.Value);
        Assert.Contains(expected, Assert.Single(parsed.Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        Assert.Equal("too-deep", YamlTree.Read("a: " + new string('[', 100_000), "f").Problems[0].Rule);
        Assert.Equal("too-large", YamlTree.Read(new string(' ', YamlTree.MaxCharacters + 1), "f").Problems[0].Rule);
    }

    [Fact]
    public void A_bomb_of_aliases_is_refused_while_it_is_small()
    {
        var bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(0, 9).Select(i => $"{(char)('b' + i)}: &{(char)('b' + i)} [*{(char)('a' + i)}, *{(char)('a' + i)}]\n"));
        Assert.Equal("alias", YamlTree.Read(bomb, "f").Problems[0].Rule);
    }

    [Fact]
    public void A_mapping_is_read() => Assert.Empty(YamlTree.Read("a: 1\nb: [x, 'y']\n", "f").Problems);
}
