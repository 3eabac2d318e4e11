using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Core.Tests.Catalog;

public sealed class EntryReaderTests
{
    [Fact]
    public void A_whole_entry_is_read()
    {
        var parsed = EntryReader.Parse(EntryText.Yaml, "f");
        Assert.Empty(parsed.Problems);
        Assert.Equal(("redis-slow", 2, 1, 2, 1), (parsed.Value!.Id, parsed.Value.Signatures.Length, parsed.Value.Timing.Length, parsed.Value.Causes.Length, parsed.Value.Fixes.Length));
        Assert.Equal(300, parsed.Value.Timing[0].WithinSeconds);
        Assert.Equal(new PageWhen(5, 120, 0, "", "P2"), Assert.Single(parsed.Value.Page.Any));
        Assert.Equal((Weight.Strong, true), (parsed.Value.Causes[0].Evidence[0].Weight, parsed.Value.Causes[0].Evidence[0].For));
    }

    // Shape: types, keys, forms.
    [Theory]
    [InlineData("layer: queue", "laier: queue", "f:3:1: error unknown-key: the key \"laier\" is unknown; did you mean \"layer\"?")]
    [InlineData("layer: queue", "layer: queues", "f:3:8: error not-allowed: layer is \"queues\"; did you mean \"queue\"? one of ecs, database")]
    [InlineData("summary: Commands take long.\n", "", "error missing-key: the key \"summary\" is missing: What it means and what the user feels")]
    [InlineData("summary: Commands take long.", "summary: ''", "f:6:10: error empty-text: summary is empty:")]
    [InlineData("summary: Commands take long.", "summary: [a]", "f:6:10: error wrong-type: summary is a list; a text is expected")]
    [InlineData("summary: Commands take long.", "summary: ~", "f:6:10: error wrong-type: summary is \"~\"; a text is expected")]
    [InlineData("id: redis-slow", "id: Redis_Slow", "f:1:5: error wrong-form: id is \"Redis_Slow\"; the form")]
    [InlineData("    of: [busy]", "    of: busy", "f:19:9: error wrong-type: timing[1].of is \"busy\"; a list is expected")]
    [InlineData("    count: 3", "    count: three", "f:20:12: error wrong-type: timing[1].count is \"three\"; a whole number is expected")]
    [InlineData("    count: 3", "    count: 2.5", "f:20:12: error wrong-type: timing[1].count is \"2.5\"; a whole number is expected")]
    [InlineData("    count: 3", "    count: NaN", "f:20:12: error wrong-type: timing[1].count is \"NaN\"; a whole number is expected")]
    [InlineData("    count: 3", "    count: 1", "f:20:12: error too-small: timing[1].count is 1; at least 2 is expected")]
    [InlineData("above: 10000", "above: 1e999", "error wrong-type: causes[1].evidence[1].above is \"1e999\"; a number is expected")]
    [InlineData("    within: 5m", "    within: soon", "f:21:13: error wrong-form: timing[1].within is \"soon\"")]
    [InlineData("    within: 5m", "    within: 99999999999999999999s", "f:21:13: error wrong-form: timing[1].within")]
    [InlineData("      - literal: \"redis command slow\"", "      - { literal: a, template: b }", "f:11:9: error exactly-one: in signatures[1].any[1]: exactly one of literal, template, regex, field is expected, several found")]
    [InlineData("      - literal: \"redis command slow\"", "      - case: exact", "f:11:9: error exactly-one: in signatures[1].any[1]: exactly one of literal, template, regex, field is expected, none found")]
    [InlineData("      - literal: \"redis command slow\"", "      - { field: a, exists: maybe }", "error wrong-type: signatures[1].any[1].exists is \"maybe\"; true or false is expected")]
    [InlineData("      - literal: \"redis command slow\"", "      - { field: a, oneOf: [] }", "error empty-list: signatures[1].any[1].oneOf is empty; at least one is expected")]
    [InlineData("      - literal: \"redis command slow\"", "      - { field: a, equals: [1] }", "error wrong-type: signatures[1].any[1].equals is a list; a single value is expected")]
    [InlineData("      - literal: \"redis command slow\"", "      - words", "f:11:9: error wrong-type: signatures[1].any[1] is \"words\"; a mapping of keys is expected")]
    public void A_value_of_another_shape_is_refused_with_its_place(string part, string by, string expected) => AssertRefused(EntryText.With(part, by), expected);

    // Rules: names, patterns, timing, paging.
    [Theory]
    [InlineData("- id: busy", "- id: slow", "f:12:5: error id-reused: in signatures: the id \"slow\" stands twice; the first is in line 8")]
    [InlineData("- id: often", "- id: slow", "f:17:5: error id-reused: the timing rule \"slow\" has the name of a signature")]
    [InlineData("- id: swap", "- id: big-key", "error id-reused: in causes: the id \"big-key\" stands twice")]
    [InlineData("    says: component\n", "    says: component\n    causes: [big-kay]\n", "f:8:5: error unknown-name: causes names the cause \"big-kay\", which this entry has not; did you mean \"big-key\"?")]
    [InlineData("    any:\n      - literal: \"redis command slow\"", "    not:\n      - literal: \"redis command slow\"", "f:8:5: error no-pattern: the signature \"slow\" has neither all nor any")]
    [InlineData("literal: \"redis command slow\"", "template: \"redis {hots} slow\"", "f:11:9: error bad-pattern: the hole {hots} is unknown; known: {host}")]
    [InlineData("literal: \"redis command slow\"", "regex: \"redis (slow\"", "f:11:9: error bad-pattern: the expression does not compile:")]
    [InlineData("literal: \"redis command slow\"", "regex: \"redis (?=slow)\"", "f:11:9: error bad-pattern: the expression uses look-around, back-references or atomic groups")]
    [InlineData("literal: \"redis command slow\"", "regex: \"redis a{2000}\"", "f:11:9: error bad-pattern: a repetition counts beyond 1000")]
    [InlineData("- literal: \"redis command slow\"", "- { field: reason, matches: \"(a\" }", "f:11:9: error bad-pattern: the expression does not compile:")]
    [InlineData("- literal: \"redis command slow\"", "- { field: reason }", "f:11:9: error exactly-one: a field pattern has exactly one of equals, oneOf, above, below, contains, matches, exists; 0 found")]
    [InlineData("- literal: \"redis command slow\"", "- { field: reason, above: 1, below: 3 }", "f:11:9: error exactly-one: a field pattern has exactly one of equals, oneOf, above, below, contains, matches, exists; 2 found")]
    [InlineData("- literal: \"redis command slow\"", "- { literal: reason, above: 1 }", "f:11:9: error exactly-one: above goes with field only")]
    [InlineData("of: [busy]", "of: [bussy]", "f:17:5: error unknown-name: of names the signature \"bussy\", which this entry has not; did you mean \"busy\"?")]
    [InlineData("    of: [busy]\n    count: 3", "    of: [busy]", "f:17:5: error missing-key: of needs count")]
    [InlineData("    of: [busy]\n    count: 3", "    of: []\n    count: 3", "f:17:5: error empty-list: of needs one signature at least")]
    [InlineData("    of: [busy]\n    count: 3", "    inOrder: [slow, busy]\n    count: 3", "f:17:5: error exactly-one: count goes with of, not with inOrder")]
    [InlineData("    of: [busy]\n    count: 3", "    inOrder: [busy]", "f:17:5: error empty-list: inOrder needs two signatures at least")]
    [InlineData("severity: P2", "severity: P0", "f:24:7: error page-p0: a match never opens a P0")]
    [InlineData("severity: P2", "severity: P1", "f:24:7: error page-text: text alone opens a P2 at most")]
    [InlineData("within: 2m, ", "", "f:24:7: error missing-key: count and within go together")]
    [InlineData("above: 10000, ", "", "error exactly-one: a fact is compared by exactly one of is, isNot, oneOf, above, below, atLeast, atMost, contains; 0 found")]
    [InlineData("fact: redis.slow.micros, ", "saw: slow, ", "error exactly-one: saw takes no comparison; above found")]
    [InlineData("fact: redis.slow.micros, above: 10000", "saw: slov", "error unknown-name: there is no signature \"slov\"; did you mean \"slow\"? known: slow, busy")]
    [InlineData("    does: Split it.", "    does: Split it.\n    action: ecs.scale", "error no-undo: the fix \"split\" runs ecs.scale and says neither how to undo it (undo) nor why it cannot be (noUndo)")]
    [InlineData("    does: Split it.", "    does: Split it.\n    undo: a\n    noUndo: b", "error exactly-one: a fix has undo or noUndo, not both")]
    public void What_makes_no_sense_is_refused_with_its_place(string part, string by, string expected) => AssertRefused(EntryText.With(part, by), expected);

    [Fact]
    public void A_cause_that_names_no_fix_of_the_entry_is_refused() =>
        AssertRefused(EntryText.Yaml.Replace("fixes: [split]", "fixes: [spilt]", StringComparison.Ordinal), "fixes names the fix \"spilt\", which this entry has not; did you mean \"split\"?");

    [Theory]
    [InlineData("rank: first", "rank: second", "f:5:11: error not-allowed: samples[1].rank is \"second\"")]
    [InlineData("rank: first", "rank: among", "f:2:5: error missing-key: the sample \"plain\" says rank: among and names no rival in among")]
    [InlineData("rank: first", "rank: first\n    among: [x]", "f:2:5: error exactly-one: the sample \"plain\" says rank: first and names rivals in among")]
    [InlineData("goesTo: silent, ", "", "error missing-key: in nearMisses[2]: the key \"goesTo\" is missing")]
    public void Samples_are_held_against_their_shape(string part, string by, string expected)
    {
        var parsed = EntryReader.ParseSamples(EntryText.With(EntryText.Samples, part, by), "f");
        Assert.Null(parsed.Value);
        Assert.Contains(parsed.Problems, p => p.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("type: number, unit", "type: numbre, unit", "error not-allowed: probes.redis.slow.facts.micros.type is \"numbre\"; did you mean \"number\"?")]
    [InlineData("values: [master, replica], ", "", "error missing-key: redis.info.role is an enum and lists no values")]
    [InlineData("redis.slow:", "RedisSlow:", "f:2:3: error wrong-form: in probes: the key \"RedisSlow\" has not the form")]
    [InlineData("redis.slow:", "? [a, b]\n  :", "error wrong-type: in probes: a key is a list; a single word is expected")]
    public void Facts_are_held_against_their_shape(string part, string by, string expected)
    {
        var parsed = FactTable.Parse(EntryText.With(EntryText.Facts, part, by), "f");
        Assert.Null(parsed.Value);
        Assert.Contains(parsed.Problems, p => p.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_of_a_platform_is_a_word()
    {
        const string platform = "id: a\nname: A\naccount: '000000000000'\nbaseDomain: a.example\nenvironments: {}\nservices: {}\ncomponents: { redis: { ? [x] : y } }\n";
        Assert.Contains("a key is a list", Assert.Single(PlatformReader.Parse(platform, "f").Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis.info.role", "main", "redis.info.role is never \"main\"; ")]
    [InlineData("redis.info.swapped", "yes", "redis.info.swapped is true or false, not \"yes\"")]
    [InlineData("redis.slow.micros", "many", "redis.slow.micros is a number of microseconds, not \"many\"")]
    public void A_fact_is_compared_with_values_it_can_have(string fact, string value, string expected)
    {
        var found = FactTable.Parse(EntryText.Facts, "f").Value!.Facts[fact];
        Assert.StartsWith(expected, found.Refuse(new Comparison.Is(value)), StringComparison.Ordinal);
        Assert.StartsWith(expected, found.Refuse(new Comparison.IsNot(value)), StringComparison.Ordinal);
        Assert.StartsWith(expected, found.Refuse(new Comparison.OneOf([value])), StringComparison.Ordinal);
    }

    [Fact]
    public void Bounds_are_for_number_facts()
    {
        var facts = FactTable.Parse(EntryText.Facts, "f").Value!.Facts;
        Assert.Null(facts["redis.slow.micros"].Refuse(new Comparison.Above(5)));
        Assert.NotNull(facts["redis.info.role"].Refuse(new Comparison.AtMost(5)));
    }

    private static void AssertRefused(string yaml, string expected)
    {
        var parsed = EntryReader.Parse(yaml, "f");
        Assert.Null(parsed.Value);
        Assert.True(parsed.Problems.Any(p => p.ToString().Contains(expected, StringComparison.Ordinal)), string.Join('\n', parsed.Problems));
    }
}
