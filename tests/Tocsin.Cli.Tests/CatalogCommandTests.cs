using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

public sealed class CatalogCommandTests : IDisposable
{
    private const string Draft = "own/service/vault-sealed";
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Fact]
    public void Lint_leads_a_draft_to_completion()
    {
        var made = at.Run("catalog", "new", "service/vault-sealed", "--into", "own");
        Assert.Equal((0, $"a draft is in {Draft}; tocsin catalog lint --catalog own says what it still needs\n"), (made.Code, made.Out));

        var told = OwnProblems();
        Assert.Contains($"{Draft}/entry.yaml:2:9: error draft: still to be said: what a person would call it, with the words of the error", told);
        Assert.Contains($"{Draft}/guide.md:3:1: error draft: still to be said: what it means and what the user feels.", told);
        foreach (var file in (string[])["entry.yaml", "guide.md"]) at.Write($"{Draft}/{file}", File.ReadAllText(at[$"{Draft}/{file}"]).Replace("TODO: words that never change", "is wrong", StringComparison.Ordinal).Replace("TODO: ", "", StringComparison.Ordinal));

        told = OwnProblems();
        Assert.Equal(2, told.Count);
        Assert.StartsWith($"{Draft}/samples:1:1: error no-sample: the entry has no positive sample", told[0], StringComparison.Ordinal);
        Assert.StartsWith($"{Draft}/samples:1:1: error no-near-miss: the entry has 0 near misses", told[1], StringComparison.Ordinal);
        at.Write(
            $"{Draft}/samples/first.yaml",
            """
            samples:
              - { id: sealed, from: vault 1.15, source: captured, rank: first, text: "x Error: Vault is sealed (503)" }
            nearMisses:
              - { id: unsealed, from: vault 1.15, source: captured, goesTo: none, because: It is open, text: "Vault is unsealed" }
              - { id: wax, from: a letter, source: documented, goesTo: silent, because: It is wax, text: "the letter is sealed" }

            """);

        told = OwnProblems();
        Assert.Contains(told, p => p.StartsWith($"{Draft}/samples/first.yaml:2:5: error sample-missed: the sample \"sealed\" is not matched by its entry", StringComparison.Ordinal));
        at.Write($"{Draft}/entry.yaml", File.ReadAllText(at[$"{Draft}/entry.yaml"]).Replace("is wrong", "vault is sealed", StringComparison.Ordinal));

        Assert.Empty(OwnProblems());
        var tested = at.Run("catalog", "test", "--catalog", "own", "--only", "vault-sealed");
        Assert.Equal(0, tested.Code);
        Assert.Contains("3 of 3 samples as expected", tested.Out, StringComparison.Ordinal);
        Assert.Contains("vault-sealed  ×1", at.RunWith("Vault is sealed\n", "scan", "--catalog", "own").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vault-sealed", "\"vault-sealed\" is not LAYER/ID, such as database/mysql-deadlock")]
    [InlineData("servce/vault-sealed", "\"servce\" is no layer; did you mean \"service\"?")]
    [InlineData("service/Vault_Sealed", "\"Vault_Sealed\" is no id; lower-case words with hyphens are, such as mysql-deadlock")]
    [InlineData("service/../../etc", "\"service/../../etc\" is not LAYER/ID")]
    public void A_wrong_name_makes_no_draft(string name, string message)
    {
        var ended = at.Run("catalog", "new", name, "--into", "own");
        Assert.Equal(2, ended.Code);
        Assert.StartsWith($"tocsin: {message}", ended.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(at["own"]));
    }

    [Fact]
    public void A_draft_never_overwrites()
    {
        at.Write($"{Draft}/notes.txt", "mine");
        var ended = at.Run("catalog", "new", "service/vault-sealed", "--into", "own");
        Assert.Equal((2, $"tocsin: {Draft} is there already; nothing was written\n"), (ended.Code, ended.Error));
    }

    [Fact]
    public void An_entry_of_ones_own_is_laid_over_the_shipped_one_and_beside_the_others()
    {
        Own.Entry(at, "own/database/mysql-unreachable", "literal: \"database has gone fishing\"");
        var ended = at.RunWith("the database has gone fishing\nconnect ECONNREFUSED 10.0.12.34:3306\nconnect ECONNREFUSED 10.0.12.34:6379\n", "scan", "--catalog", "own", "--format", "ndjson");
        Assert.Equal(["-:1:0 mysql-unreachable", "-:3:67 redis-unreachable"], ended.Finds);
        Assert.Contains("The words of mysql-unreachable", at.Run("explain", "mysql-unreachable", "--catalog", "own").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_entry_is_told_and_disables_no_other()
    {
        Own.Entry(at, "own/service/vault-sealed", "literal: \"vault is sealed\"");
        at.Write("own/database/mysql-unreachable/entry.yaml", "id: mysql-unreachable\ntitel: x\n");
        var ended = at.RunWith("vault is sealed\nconnect ECONNREFUSED 10.0.12.34:3306\n", "scan", "--catalog", "own", "--format", "ndjson");
        Assert.Equal(["-:1:0 vault-sealed", "-:2:16 mysql-unreachable"], ended.Finds);
        Assert.Contains("own/database/mysql-unreachable/entry.yaml:2:1: error unknown-key: the key \"titel\" is unknown; did you mean \"title\"?", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tab", "id: vault-sealed\n\ttitle: x\n", "entry.yaml:2:1: error tab: the line is indented with a tab; YAML indents with blanks")]
    [InlineData("duplicate", "id: vault-sealed\nid: vault-sealed\n", "entry.yaml:2:1: error ")]
    [InlineData("unknown", "id: vault-sealed\nlayr: x\n", "entry.yaml:2:1: error unknown-key: the key \"layr\" is unknown; did you mean \"layer\"?")]
    [InlineData("type", "id: [vault-sealed]\n", "entry.yaml:1:5: error wrong-type: id is a list; a text is expected")]
    [InlineData("empty", "", "entry.yaml:1:1: error empty: the file is empty; a mapping of keys is expected")]
    [InlineData("list", "- a\n", "entry.yaml:1:1: error not-a-mapping: a mapping of keys is expected at the top")]
    [InlineData("alias", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "entry.yaml:2:8: error alias: ")]
    [InlineData("syntax", "id: \"vault\n", "entry.yaml:")]
    public void A_broken_file_is_named_with_line_and_reason(string kind, string yaml, string message)
    {
        Assert.NotEmpty(kind);
        at.Write($"{Draft}/entry.yaml", yaml);
        Own.Entry(at, "own/service/other", "literal: \"other words here\"");
        var ended = at.RunWith("other words here\n", "scan", "--catalog", "own", "--format", "ndjson");
        Assert.Contains($"{Draft}/{message}", ended.Error, StringComparison.Ordinal);
        Assert.Equal(["-:1:0 other"], ended.Finds);
    }

    [Fact]
    public void A_bomb_of_depth_or_size_is_refused()
    {
        at.Write($"{Draft}/entry.yaml", "a: " + new string('[', 100_000));
        at.Write("own/service/huge/entry.yaml", $"id: huge\ntitle: {new string('x', 2_000_000)}\n");
        using (var huge = File.Create(at.Write("own/service/vast/entry.yaml", "id: x"))) huge.SetLength(3L * 1024 * 1024 * 1024);
        var ended = at.RunWith("connect ECONNREFUSED 10.0.12.34:3306\n", "scan", "--catalog", "own", "--format", "ndjson");
        Assert.Equal(["-:1:0 mysql-unreachable"], ended.Finds);
        Assert.Equal(3, ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("own/service/huge/entry.yaml: error too-large: the file has ", ended.Error, StringComparison.Ordinal);
        Assert.Contains("own/service/vast/entry.yaml: error too-large: the file has 3221225472 bytes, at most 4194304 are read", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("regex: \"(unclosed\"", "error bad-pattern: the expression does not compile: ")]
    [InlineData("regex: \"(?=look)ahead\"", "error bad-pattern: the expression uses look-around, back-references or atomic groups")]
    [InlineData("template: \"{hots} is down\"", "error bad-pattern: ")]
    public void A_pattern_that_cannot_be_used_is_an_error(string pattern, string message)
    {
        Own.Entry(at, Draft, pattern);
        var ended = at.RunWith("x\n", "scan", "--catalog", "own");
        Assert.Contains($"{Draft}/entry.yaml:11:9: {message}", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_regex_without_a_literal_is_warned_about_in_ones_own_catalog_and_still_works()
    {
        Own.Entry(at, Draft, "regex: \"[0-9]{3}-[0-9]{3}\"");
        Assert.Contains(OwnProblems(), p => p.Contains("warning no-literal: the signature \"message\" requires no text of ", StringComparison.Ordinal));
        Assert.Equal(["-:2:2 vault-sealed"], at.RunWith("x\ncode 123-456\n", "scan", "--catalog", "own", "--format", "ndjson").Finds);
    }

    [Fact]
    public void Lint_as_json_has_place_severity_rule_and_message()
    {
        at.Write($"{Draft}/entry.yaml", "id: vault-sealed\nlevel: x\n");
        var ended = at.Run("catalog", "lint", "--catalog", "own", "--format", "json");
        Assert.Equal(1, ended.Code);
        var problem = ended.Json.EnumerateArray().First(p => p.GetProperty("rule").GetString() is "unknown-key");
        Assert.Equal(($"{Draft}/entry.yaml", 2, 1, "error"), (problem.GetProperty("file").GetString(), problem.GetProperty("line").GetInt32(), problem.GetProperty("column").GetInt32(), problem.GetProperty("severity").GetString()));
    }

    [Fact]
    public void Test_names_the_sample_that_fails()
    {
        Own.Entry(at, Draft, "literal: \"vault is sealed\"");
        at.Write($"{Draft}/samples/first.yaml", "samples:\n  - { id: wrong, from: a run, source: captured, rank: first, text: \"something else\" }\n");
        var ended = at.Run("catalog", "test", "--catalog", "own", "--only", "vault-sealed");
        Assert.Equal(1, ended.Code);
        Assert.Contains($"{Draft}/samples/first.yaml:2:5: the sample \"wrong\" is not matched by its entry", ended.Out, StringComparison.Ordinal);
        Assert.Equal(2, at.Run("catalog", "test", "--only", "vault-saeled").Code);
        var json = at.Run("catalog", "test", "--catalog", "own", "--only", "vault-sealed", "--format", "json").Json;
        Assert.False(json[0].GetProperty("passed").GetBoolean());
    }

    [Fact]
    public void Docs_writes_pages_and_says_where_to_start()
    {
        var ended = at.Run("catalog", "docs", "--format", "markdown", "--out", "pages");
        Assert.EndsWith("start with pages/README.md\n", ended.Out, StringComparison.Ordinal);
        Assert.True(File.Exists(at["pages/README.md"]));
        at.Write("taken", "a file");
        var refused = at.Run("catalog", "docs", "--out", "taken");
        Assert.Equal(3, refused.Code);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_and_patterns_are_for_other_programs()
    {
        Assert.Equal("object", at.Run("catalog", "schema", "entry").Json.GetProperty("type").GetString());
        Assert.Equal("object", at.Run("catalog", "schema", "samples").Json.GetProperty("type").GetString());
        Assert.Contains(at.Run("catalog", "patterns").Lines, l => l.Contains("WRONGTYPE", StringComparison.OrdinalIgnoreCase));
    }

    private List<string> OwnProblems() =>
        [.. at.Run("catalog", "lint", "--catalog", "own").Lines.Where(l => l.StartsWith("own/", StringComparison.Ordinal))];
}
