using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Core.Tests.Diagnosis;

public sealed class EveryCauseTests
{
    public static TheoryData<string> Causes => [.. All.Select(p => $"{p.Entry.Id}/{p.Cause.Id}")];

    private static IEnumerable<(Entry Entry, Cause Cause)> All => ShippedCatalog.Entries.SelectMany(e => e.Causes.Select(c => (e, c)));

    /// <summary>Causes that are another's consequence by their own evidence: what they rest on is what the other one names, and the fix lies there.</summary>
    private static readonly Dictionary<string, string> Upstream = new()
    {
        ["alb-503/target-not-usable"] = "alb-unhealthy-targets/zone-not-enabled",
        ["alb-unhealthy-targets/dependency-failing"] = "mysql-unreachable/cluster-down",
        ["mysql-access-denied/tls-missing"] = "mysql-ssl-required/flag-off",
        ["caddy-ask-denied/core-api-url-wrong"] = "storefront-fetch-failed/url-wrong",
    };

    [Theory]
    [MemberData(nameof(Causes))]
    public void The_evidence_a_cause_describes_puts_it_first_and_no_sibling_beside_it(string id)
    {
        var (entry, cause) = All.Single(p => $"{p.Entry.Id}/{p.Cause.Id}" == id);
        var found = Given.Diagnose(CauseEvidence.For(entry, cause));
        Assert.True(found.Causes is [{ } first, ..] && first.Id == Upstream.GetValueOrDefault(id, id) && first.Standing is Verdict.Confirmed or Verdict.Likely, Words(found));
        Assert.DoesNotContain(found.Causes.Skip(1), c => c.Id.StartsWith($"{entry.Id}/", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_its_entry_a_fault_is_seldom_given_another_name_for_sure()
    {
        var without = ShippedCatalog.Entries.ToDictionary(e => e.Id, e => DiagnosisCatalog.Build(ShippedCatalog.Entries.Where(o => o.Id != e.Id), Given.Facts));
        var wrong = All.Select(p => (p.Entry, p.Cause, Found: Diagnoser.Diagnose(CauseEvidence.For(p.Entry, p.Cause, printed: false), without[p.Entry.Id])))
            .Where(p => p.Found.Verdict == Verdict.Confirmed).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"{wrong.Count} of {All.Count()} surely wrong");
        foreach (var w in wrong) TestContext.Current.TestOutputHelper?.WriteLine($"  {w.Entry.Id}/{w.Cause.Id} -> {w.Found.Causes[0].Id}");
        Assert.True(wrong.Count <= All.Count() * 0.05, string.Join('\n', wrong.Select(w => $"{wrong.Count}: {w.Entry.Id}/{w.Cause.Id} -> {w.Found.Causes[0].Id}")));
    }

    private static string Words(DiagnosisReport found) =>
        $"{found.Verdict}\n{string.Join('\n', found.Causes.Select(c => $"  {c.Id} {c.Standing} {c.Score} lead {c.Lead}"))}\n"
        + string.Join('\n', found.Rivals.Take(4).Select(c => $"  rival {c.Id} {c.Score}")) + "\n"
        + string.Join('\n', found.Consequences.Take(4).Select(c => $"  consequence {c.Id} {c.Score}")) + "\n"
        + string.Join('\n', found.RuledOut.Take(6).Select(c => $"  ruled out {c.Id} {c.Why}")) + "\n"
        + string.Join('\n', found.Findings.Select(f => $"  finding {f}"));
}
