using Tocsin.Core.Catalog;

namespace Tocsin.Core.Tests.Catalog;

public sealed class LinterTests
{
    [Fact]
    public void A_whole_reference_has_no_problem() => Assert.Empty(Lint());

    [Theory]
    [InlineData("related: [redis-slov]", "catalog/queue/redis-slow/entry.yaml:7:1: error unknown-name: related names \"redis-slov\"; did you mean \"redis-slow\"? there is no such entry")]
    public void A_related_entry_exists(string line, string expected) => AssertFound(Lint(yaml: EntryText.With("signatures:\n", line + "\nsignatures:\n")), expected);

    [Theory]
    [InlineData("nowhere", "error unknown-name: leadsTo names \"nowhere\"; there is no such entry")]
    [InlineData("redis-slow/swop", "error unknown-name: leadsTo names \"redis-slow/swop\"; did you mean \"swap\"? redis-slow has no such cause")]
    public void What_a_cause_leads_to_exists(string target, string expected) =>
        AssertFound(Lint(yaml: EntryText.With("    title: A key is big\n", $"    title: A key is big\n    leadsTo: [{target}]\n")), expected);

    [Fact]
    public void A_fix_that_no_cause_names_is_warned_about() => AssertFound(
        Lint(yaml: EntryText.Yaml.Replace("    fixes: [split]\n", "", StringComparison.Ordinal)), "entry.yaml:37:1: warning unused-fix: no cause names the fix \"split\"");

    [Theory]
    [InlineData("redis.slow.micros, above: 10000", "redis.slow.micro, above: 10000", "error unknown-fact: the cause \"big-key\" names the fact \"redis.slow.micro\"; did you mean \"redis.slow.micros\"? observations.yaml has no such fact")]
    [InlineData("redis.slow.micros, above: 10000", "redis.info.role, above: 10000", "error wrong-fact: the cause \"big-key\": redis.info.role is one of master, replica; above, below, atLeast and atMost are for numbers")]
    [InlineData("redis.info.swapped, is: true", "redis.info.swapped, is: often", "error wrong-fact: the cause \"swap\": redis.info.swapped is true or false, not \"often\"")]
    public void Evidence_names_facts_that_exist_and_values_they_have(string part, string by, string expected) => AssertFound(Lint(yaml: EntryText.With(part, by)), expected);

    [Fact]
    public void Sibling_causes_can_be_told_apart() => AssertFound(
        Lint(yaml: EntryText.With("is: true, for: strong, group: swap", "is: true, for: weak, group: swap")),
        "entry.yaml:32:1: error inseparable: nothing favours the cause \"swap\" over \"big-key\"; a rule of moderate weight, requires or excludes would");

    [Fact]
    public void A_signature_without_a_literal_is_refused_in_the_shipped_catalog_and_warned_about_in_a_users()
    {
        var yaml = EntryText.With("literal: \"redis busy\"", "regex: \"[0-9]+ms\"");
        AssertFound(Lint(yaml: yaml), "error no-literal: the signature \"busy\" requires no text of 4 plain characters");
        AssertFound(Lint(yaml: yaml, shipped: false), "warning no-literal: the signature \"busy\"");
    }

    [Fact]
    public void A_signature_that_no_sample_shows_is_warned_about() =>
        AssertFound(Lint(yaml: EntryText.With("    says: part\n", "    says: hint\n")), "entry.yaml:12:1: warning unshown: no sample shows the signature \"busy\"");

    [Theory]
    [InlineData("", "guide.md:1:1: error no-guide: the guide is missing or empty")]
    [InlineData("## What it is\n\n## Root cause\n\n## Fix\n", "guide.md:1:1: error guide-heading: the heading \"## Diagnose\" is missing")]
    [InlineData("## What it is\n\n## Diagnose\n\n## Root cause\n\n## Fix\n", "guide.md:3:1: error guide-heading: \"## Diagnose\" stands before the heading it follows")]
    [InlineData(EntryText.Guide + "\nUse {{clutser}} here.\n", "guide.md:17:5: error unknown-placeholder: {{clutser}} is unknown; did you mean \"cluster\"?")]
    public void A_guide_has_its_headings_and_known_placeholders(string guide, string expected) => AssertFound(Lint(guide: guide), expected);

    [Fact]
    public void A_known_placeholder_is_fine() => Assert.Empty(Lint(guide: EntryText.Guide + "\nUse {{cluster}} here.\n"));

    [Theory]
    [InlineData("text: \"a redis command slow: 12 ms\"", "text: \"nothing of the kind\"", "samples/s.yaml:2:5: error sample-missed: the sample \"plain\" is not matched by its entry")]
    [InlineData("text: \"a redis command slow: 12 ms\"", "text: \"redis command slow\"", "samples/s.yaml:2:5: error sample-is-pattern: the sample \"plain\" is equal to a pattern")]
    [InlineData("text: \"a redis command slow: 12 ms\"", "signature: slower\n    text: \"a redis command slow: 12 ms\"", "samples/s.yaml:2:5: error sample-won: the sample \"plain\" is matched by slow, not by slower")]
    [InlineData("text: \"a redis command slow: 12 ms\"", "text: \"a redis command slow: redis://app:k3Jd82hsLw0qPz@10.0.0.1:6379\"", "samples/s.yaml:2:5: error secret: the sample \"plain\" holds what looks like a secret")]
    [InlineData("rank: first", "rank: among\n    among: [nothing-such]", "samples/s.yaml:2:5: error sample-won: the sample \"plain\" names the rivals nothing-such, which do not match it")]
    [InlineData("rank: first", "rank: among\n    among: [redis-slov]", "error unknown-name: a sample names the entry \"redis-slov\"; did you mean \"redis-slow\"? there is no such entry")]
    [InlineData("redis command quick", "a redis command slow", "samples/s.yaml:8:5: error near-miss: the near miss \"quick\" is matched: redis-slow (slow, 0.85)")]
    [InlineData("a slow statement", "a redis command slow", "samples/s.yaml:9:5: error near-miss: the near miss \"other\" is to stay silent; it is matched by redis-slow (slow, 0.85)")]
    [InlineData("goesTo: silent", "goesTo: redis-slow", "samples/s.yaml:9:5: error near-miss: the near miss \"other\" goes to redis-slow, but nothing matches")]
    [InlineData("id: quick", "id: plain", "samples/s.yaml:8:5: error id-reused: the sample id \"plain\" stands twice in this entry")]
    public void Samples_prove_their_entry(string part, string by, string expected) => AssertFound(Lint(samples: EntryText.With(EntryText.Samples, part, by)), expected);

    [Fact]
    public void An_entry_has_samples_and_near_misses()
    {
        var problems = Lint(samples: "samples: []\nnearMisses: []\n");
        AssertFound(problems, "samples:1:1: error no-sample: the entry has no positive sample");
        AssertFound(problems, "samples:1:1: error no-near-miss: the entry has 0 near misses; 2 at least show where it ends");
    }

    [Fact]
    public void A_rival_that_wins_a_sample_is_named()
    {
        var rival = new EntryFolder(
            "catalog/queue/rival", "queue", "rival", EntryText.With("id: redis-slow", "id: rival").Replace("says: component", "says: cause", StringComparison.Ordinal), EntryText.Guide,
            [("catalog/queue/rival/samples/s.yaml", EntryText.Samples)], Shipped: true);
        AssertFound(Lint(others: [rival]), "the sample \"plain\" says rank: first and is won or shared by rival (slow, 0.95); its own is redis-slow (slow, 0.85)");
    }

    [Fact]
    public void Healthy_logs_are_silent() =>
        AssertFound(Lint(quiet: "all is well\na redis command slow\n"), "catalog/quiet/web.log:2:1: error quiet-hit: redis-slow (slow) matches a healthy log: a redis command slow");

    [Fact]
    public void Folder_and_entry_have_one_name()
    {
        var folder = new EntryFolder("catalog/ecs/other", "ecs", "other", EntryText.Yaml, EntryText.Guide, [("catalog/ecs/other/samples/s.yaml", EntryText.Samples)], Shipped: true);
        var problems = ErrorReference.Build([folder], EntryText.Facts, "observations.yaml", []).Problems;
        Assert.Equal(["id-folder", "layer-folder"], problems.Select(p => p.Rule));
    }

    [Fact]
    public void A_users_entry_is_laid_over_the_shipped_one_and_a_broken_one_is_not()
    {
        var shipped = Folder(EntryText.Yaml, shipped: true);
        var own = Folder(EntryText.With("title: \"Redis is slow\"", "title: Mine"), shipped: false);
        var broken = Folder("id: [", shipped: false);
        Assert.Equal("Mine", Build(shipped, own).Find("redis-slow")!.Entry.Title);
        Assert.Equal("Redis is slow", Build(shipped, broken).Find("redis-slow")!.Entry.Title);
        Assert.Equal("id-reused", Assert.Single(Build(shipped, shipped).Problems).Rule);
    }

    private static ErrorReference Build(params EntryFolder[] folders) => ErrorReference.Build(folders, EntryText.Facts, "catalog/observations.yaml", []);

    private static EntryFolder Folder(string yaml, bool shipped, string? guide = EntryText.Guide, string samples = EntryText.Samples) =>
        new("catalog/queue/redis-slow", "queue", "redis-slow", yaml, guide, [("catalog/queue/redis-slow/samples/s.yaml", samples)], shipped);

    private static IReadOnlyList<Problem> Lint(
        string yaml = EntryText.Yaml, string guide = EntryText.Guide, string samples = EntryText.Samples, bool shipped = true, string? quiet = null, params EntryFolder[] others)
    {
        var reference = ErrorReference.Build(
            [Folder(yaml, shipped, guide, samples), .. others], EntryText.Facts, "catalog/observations.yaml", quiet is null ? [] : [new QuietLog("catalog/quiet/web.log", quiet)]);
        return Linter.Lint(reference, new HashSet<string>(["cluster", "region"], StringComparer.Ordinal), Some.Time);
    }

    private static void AssertFound(IReadOnlyList<Problem> problems, string expected) =>
        Assert.True(problems.Any(p => p.ToString().Contains(expected, StringComparison.Ordinal)), $"not found: {expected}\namong:\n{string.Join('\n', problems)}");
}

public sealed class SeparationTests
{
    private static readonly Condition Fact = new Condition.Fact("a.b", new Comparison.Is("x"));
    private static readonly Condition Other = new Condition.Saw("s");

    [Theory]
    [InlineData(Weight.Moderate, Weight.Moderate, true)]
    [InlineData(Weight.Moderate, Weight.Weak, false)]
    [InlineData(Weight.Weak, Weight.Weak, false)]
    [InlineData(Weight.Decisive, Weight.Strong, true)]
    public void Each_needs_a_moderate_rule(Weight forA, Weight forB, bool apart)
    {
        var missing = Separation.Missing(Cause("a", Rule(Fact, true, forA)), Cause("b", Rule(Other, true, forB)));
        Assert.Equal(apart, missing is null);
    }

    [Fact]
    public void A_rule_that_both_share_tells_nothing() =>
        Assert.StartsWith("nothing tells", Separation.Missing(Cause("a", Rule(Fact, true, Weight.Strong)), Cause("b", Rule(Fact, true, Weight.Strong))), StringComparison.Ordinal);

    [Fact]
    public void One_fact_that_speaks_for_one_and_against_the_other_helps_the_one_alone()
    {
        var missing = Separation.Missing(Cause("a", Rule(Fact, true, Weight.Strong)), Cause("b", Rule(Fact, false, Weight.Strong)));
        Assert.StartsWith("nothing favours the cause \"b\" over \"a\"", missing, StringComparison.Ordinal);
    }

    [Fact]
    public void Logic_separates()
    {
        var a = Cause("a", Rule(Fact, true, Weight.Weak)) with { Requires = [Fact], Excludes = [Other] };
        Assert.Null(Separation.Missing(a, Cause("b", Rule(Fact, true, Weight.Weak))));
    }

    [Fact]
    public void The_order_of_listed_values_does_not_matter()
    {
        var one = Rule(new Condition.Fact("a.b", new Comparison.OneOf(["x", "y"])), true, Weight.Strong);
        var two = Rule(new Condition.Fact("a.b", new Comparison.OneOf(["y", "x"])), true, Weight.Strong);
        Assert.NotNull(Separation.Missing(Cause("a", one), Cause("b", two)));
    }

    private static EvidenceRule Rule(Condition when, bool speaksFor, Weight weight) => new(when, speaksFor, weight, "g", "because");

    private static Cause Cause(string id, params EvidenceRule[] evidence) => new() { Id = id, Title = id, Prior = Prior.Common, Evidence = [.. evidence] };
}
