using System.Globalization;
using System.Text;

namespace Tocsin.Catalog.Tests;

/// <summary>One fact of a source document and where Tocsin carries it: a file with the text that holds it, or the issue that will.</summary>
internal sealed record SourceFact(int Row, string Source, string Kind, string Fact, string Place, string Holds)
{
    public bool IsOpen => Place.StartsWith("issue ", StringComparison.Ordinal);

    public static IReadOnlyList<SourceFact> All { get; } =
    [
        .. File.ReadLines(Repository.Path("tests", "Tocsin.Catalog.Tests", "source-facts.tsv")).Select((line, i) => (Cells: line.Split('\t'), Row: i + 1)).Skip(1)
            .Select(l => new SourceFact(l.Row, l.Cells[0], l.Cells[1], l.Cells[2], l.Cells[3], l.Cells.ElementAtOrDefault(4) ?? "")),
    ];
}

/// <summary>Nothing of the two source documents is forgotten: every fact has a place, and the place holds it.</summary>
public sealed class CoverageTests
{
    private static readonly string[] Kinds = ["heading", "table-row", "cause", "command", "number", "warning", "step", "template-field", "contact", "link", "query", "tip"];

    [Fact]
    public void Every_place_holds_its_fact()
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var fact in SourceFact.All.Where(f => !f.IsOpen))
        {
            var file = Repository.Path(fact.Place);
            if (!texts.TryGetValue(fact.Place, out var text)) texts[fact.Place] = text = File.Exists(file) ? File.ReadAllText(file) : "";
            if (fact.Holds.Length == 0 || !text.Contains(fact.Holds, StringComparison.Ordinal)) missing.Add($"row {fact.Row}: {fact.Place} does not hold \"{fact.Holds}\" ({fact.Fact})");
        }
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_row_is_well_formed() =>
        Assert.Empty(SourceFact.All.Where(f => f.Source is not ("debugging" or "incident") || !Kinds.Contains(f.Kind) || f.Fact.Length == 0 || f.Place.Length == 0).Select(f => f.Row));

    [Fact]
    public void No_row_of_the_debugging_reference_is_open() => Assert.Empty(SourceFact.All.Where(f => f.IsOpen && f.Source is "debugging").Select(f => f.Fact));

    // Both documents are long; a table that lost half of its rows would still pass the tests above.
    [Fact]
    public void Both_documents_are_covered_in_breadth()
    {
        Assert.True(SourceFact.All.Count(f => f.Source is "debugging") >= 400);
        Assert.True(SourceFact.All.Count(f => f.Source is "incident") >= 200);
    }

    [Fact]
    public void The_coverage_page_is_up_to_date()
    {
        var page = Page();
        var file = Repository.Path("docs", "coverage.md");
        if (Environment.GetEnvironmentVariable("TOCSIN_WRITE") is "1") File.WriteAllText(file, page);
        Assert.Equal(page, File.ReadAllText(file));
    }

    private static string Page()
    {
        var page = new StringBuilder();
        var open = SourceFact.All.Count(f => f.IsOpen);
        page.Append("# Coverage of the source documents\n\n");
        page.Append("Every heading, table row, cause, command, number, warning, step, template field, contact, link, query and tip of the two source documents, and where it is carried. ");
        page.Append("Generated from `tests/Tocsin.Catalog.Tests/source-facts.tsv` by `./dev docs`; a test fails where a place does not hold its fact.\n\n");
        page.Append(CultureInfo.InvariantCulture, $"{SourceFact.All.Count - open} of {SourceFact.All.Count} facts are carried, {open} are open.\n");
        foreach (var source in SourceFact.All.GroupBy(f => f.Source, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {(source.Key is "debugging" ? "Debugging and error reference" : "Incident response")}\n\n| kind | fact | where |\n|---|---|---|\n");
            foreach (var fact in source) page.Append(CultureInfo.InvariantCulture, $"| {fact.Kind} | {Cell(fact.Fact)} | {(fact.IsOpen ? $"open: {fact.Place}" : $"[{fact.Place}](../{fact.Place})")} |\n");
        }
        return page.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
