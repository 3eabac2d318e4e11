using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Tocsin.Architecture.Tests;

/// <summary>What the documents say about the repository is so.</summary>
public sealed partial class DocumentTests
{
    private const string Flow = "signals -> match -> diagnose -> incident -> respond -> post-mortem";

    [Fact]
    public void Every_place_named_in_the_documents_exists()
    {
        var missing = Document.All.SelectMany(d => d.Links.Concat(d.Inline.Where(IsPath)).Distinct(StringComparer.Ordinal)
            .Where(p => !Repository.Has(p)).Select(p => $"{d.Path}: {p}"));
        Breaches.None(missing);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    public void The_six_words_stand_in_their_order(string document) => Assert.Contains(Flow, Document.Of(document).BlockLines);

    [Fact]
    public void Every_invariant_names_a_test_that_exists()
    {
        var tests = Code.All<MethodDeclarationSyntax>(Code.Files.Where(f => f.IsTest)).Select(m => m.Node.Identifier.Text).ToHashSet(StringComparer.Ordinal);
        var named = Document.Of("ARCHITECTURE.md").Inline.Where(c => Sentence().IsMatch(c)).ToList();
        Assert.NotEmpty(named);
        Breaches.None(named.Except(tests, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_type_named_in_the_architecture_exists()
    {
        var types = Code.All<BaseTypeDeclarationSyntax>(Code.Product).Select(t => t.Node.Identifier.Text).ToHashSet(StringComparer.Ordinal);
        var named = Document.Of("ARCHITECTURE.md").Inline.Where(c => TypeName().IsMatch(c)).ToList();
        Assert.NotEmpty(named);
        Breaches.None(named.Except(types, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_decision_has_context_decision_and_consequence()
    {
        string[] parts = ["**Context.**", "**Decision.**", "**Consequence.**"];
        var records = Repository.Files("docs/decisions", "*.md").ToList();
        for (var i = 0; i < records.Count; i++)
        {
            var text = Repository.Read(records[i]);
            Assert.StartsWith($"docs/decisions/{i + 1:0000}-", records[i], StringComparison.Ordinal);
            Assert.StartsWith($"# {i + 1}. ", text, StringComparison.Ordinal);
            Assert.All(parts, p => Assert.Contains(p, text, StringComparison.Ordinal));
        }
        Assert.NotEmpty(records);
    }

    // Places of the machine that built or captured something say nothing to a reader. A guide may tell its reader to write to /tmp, a test may speak of it.
    [Fact]
    public void No_file_names_a_place_of_one_machine()
    {
        var named = Repository.Files("").SelectMany(f => PlacesIn(Repository.Read(f), MayNameTemp(f)).Select(p => $"{f}: {p}"));
        Breaches.None(named);
    }

    private static IEnumerable<string> PlacesIn(string text, bool mayNameTemp) =>
        OnePlace().Matches(text).Concat(mayNameTemp ? [] : Temp().Matches(text)).Select(m => m.Value).Distinct(StringComparer.Ordinal);

    private static bool MayNameTemp(string file) => file.StartsWith("catalog/", StringComparison.Ordinal) || file.StartsWith("tests/", StringComparison.Ordinal);

    // A path from the root, such as src/Tocsin.Core/ or docs/scan.svg; what a build makes is not there before it.
    private static bool IsPath(string code) => PathName().IsMatch(code) && !code.StartsWith("artifacts/", StringComparison.Ordinal) && Repository.Has(code.Split('/')[0]);

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?$", RegexOptions.CultureInvariant)]
    private static partial Regex PathName();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+$", RegexOptions.CultureInvariant)]
    private static partial Regex Sentence();

    [GeneratedRegex("^[A-Z][a-z]+(?:[A-Z][a-z]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex TypeName();

    [GeneratedRegex("(?<![A-Za-z0-9_.-])/(?:[w]ork|[r]oot)/", RegexOptions.CultureInvariant)]
    private static partial Regex OnePlace();

    [GeneratedRegex("(?<![A-Za-z0-9_.-])/[t]mp/", RegexOptions.CultureInvariant)]
    private static partial Regex Temp();
}
