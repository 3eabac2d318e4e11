using NodaTime;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Catalog.Tests;

/// <summary>
/// Lines captured one by one from real servers and libraries: the failure that printed them, the product, what must match (- for a line that names nothing by itself,
/// such as a lone stack frame or another proxy's row), the line.
/// </summary>
public sealed class CapturedTextTests
{
    private const double Sure = 0.5;
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 21, 12, 0);

    private static readonly MatchSet Set =
        MatchSet.Build(CatalogFiles.Read([new CatalogRoot(Repository.Path("catalog"), Shipped: true)]).Entries.Select(e => e.Entry));

    private static readonly IReadOnlyList<(string Failure, string Expected, string Text)> Lines =
    [
        .. File.ReadLines(Repository.Path("tests", "Tocsin.Catalog.Tests", "captured.tsv")).Select(l => l.Split('\t')).Select(c => (c[0], c[2], c[3])),
    ];

    [Fact]
    public void Healthy_lines_match_nothing() =>
        Assert.Empty(Lines.Where(l => l.Failure is "none" && Explainer.Explain(Set, l.Text, Now).IsKnown).Select(l => l.Text));

    [Fact]
    public void Every_line_that_names_its_failure_matches_it() =>
        Assert.Empty(Lines.Where(l => string.Equals(l.Failure, l.Expected, StringComparison.Ordinal) && !Explainer.Explain(Set, l.Text, Now).Candidates.Any(c => Is(c, l.Expected))).Select(l => $"{l.Failure}: {l.Text}"));

    [Fact]
    public void A_neighbouring_failure_is_taken_for_no_other_entry_than_the_one_that_covers_it() =>
        Assert.Empty(
            from line in Lines
            where line.Failure.StartsWith("neighbour:", StringComparison.Ordinal)
            from candidate in Explainer.Explain(Set, line.Text, Now).Candidates
            where candidate.Score >= Sure && !line.Expected.Split(' ').Any(e => Is(candidate, e))
            select $"{line.Failure} as {candidate.Entry.Id}: {line.Text}");

    [Theory]
    [InlineData("\u001b[31m{0}\u001b[39m")]
    [InlineData("2026-11-21T20:00:00.123Z ERROR [api-3] {0}")]
    [InlineData("fastify-nova-1  | {0}")]
    public void A_prefix_or_a_colour_changes_nothing(string wrapping) => AssertSame(text => wrapping.Replace("{0}", text, StringComparison.Ordinal));

    [Fact]
    public void Upper_case_changes_nothing_for_plain_texts() => AssertSame(text => text.StartsWith('{') ? text : text.ToUpperInvariant());

    [Fact]
    public void A_line_inside_a_JSON_log_record_still_matches() =>
        AssertSame(text => $$"""{"level":50,"time":1795297414503,"name":"api","err":{"type":"Error","message":{{System.Text.Json.JsonSerializer.Serialize(text)}}},"msg":"failed"}""");

    [Fact]
    public void A_line_inside_JSON_inside_JSON_still_matches() =>
        AssertSame(text => System.Text.Json.JsonSerializer.Serialize(new { timestamp = 1795297414503, message = System.Text.Json.JsonSerializer.Serialize(new { level = "error", msg = text }) }));

    private static void AssertSame(Func<string, string> wrap)
    {
        var lost = Lines.Where(l => string.Equals(l.Failure, l.Expected, StringComparison.Ordinal))
            .Where(l => !Explainer.Explain(Set, wrap(l.Text), Now).Candidates.Any(c => Is(c, l.Expected)))
            .Select(l => $"{l.Failure}: {wrap(l.Text)}");
        Assert.Empty(lost);
    }

    private static bool Is(Candidate candidate, string entry) => string.Equals(candidate.Entry.Id, entry, StringComparison.Ordinal);
}
