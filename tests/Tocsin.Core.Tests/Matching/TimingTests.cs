using System.Globalization;
using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

public sealed class TimingTests
{
    private static readonly Signature[] Parts =
    [
        Some.Literal("exited", Says.Part, "task exited"), Some.Literal("started", Says.Part, "task started"), Some.Literal("healthy", Says.Part, "task healthy"), Some.Literal("loud", Says.Cause, "loud and clear"),
    ];

    [Theory]
    [InlineData("10:00:00 task exited|10:01:00 task exited|10:02:00 task exited", "10:02")]
    [InlineData("10:00:00 task exited|10:01:00 task exited|10:06:01 task exited", "")]
    [InlineData("10:00:00 task exited|10:04:00 task exited|10:05:01 task exited|10:05:02 task exited", "10:05")]
    [InlineData("10:00:00 task exited|10:00:00 task exited|10:00:00 task exited", "10:00")]
    [InlineData("10:00:00 task exited|task exited|  via task exited|task exited", "10:00")]
    [InlineData("task exited|task exited|task exited", "")]
    [InlineData("10:00:00 task exited|10:00:10 task exited|10:00:20 task exited|10:00:30 task exited|10:00:40 task exited", "10:00")]
    [InlineData("10:00:00 task exited|10:00:10 task exited|10:00:20 task exited|10:05:21 task exited|10:05:22 task exited|10:05:23 task exited", "10:00 10:05")]
    [InlineData("10:00:00 task exited|10:00:30 task healthy|10:01:00 task exited|10:02:00 task exited", "")]
    [InlineData("10:00:00 task healthy|10:05:01 task exited|10:05:02 task exited|10:05:03 task exited", "10:05")]
    public void Counts_hold_within_their_window(string log, string expected) =>
        Assert.Equal(expected, Fired(new TimingRule { Id = "rule", Says = Says.Symptom, Of = ["exited"], Count = 3, WithinSeconds = 300, Unless = ["healthy"] }, log));

    [Theory]
    [InlineData("10:00:00 task started|10:00:30 task exited", "10:00")]
    [InlineData("10:00:00 task started|10:01:01 task exited", "")]
    [InlineData("10:00:00 task exited|10:00:30 task started", "")]
    [InlineData("10:00:00 task started|10:00:01 task healthy|10:00:30 task exited", "")]
    [InlineData("10:00:00 task started task exited", "10:00")]
    [InlineData("10:00:00 task started|10:00:30 task exited|10:02:00 task started|10:02:30 task exited", "10:00 10:02")]
    public void Order_holds_within_its_window(string log, string expected) =>
        Assert.Equal(expected, Fired(new TimingRule { Id = "rule", Says = Says.Symptom, InOrder = ["started", "exited"], WithinSeconds = 60, Unless = ["healthy"] }, log));

    [Theory]
    [InlineData("10:00:00 task started|10:00:01 task healthy|10:00:02 task exited", "10:00")]
    [InlineData("10:00:00 task healthy|10:00:01 task started|10:00:02 task exited", "")]
    [InlineData("10:00:00 task started|10:00:01 task healthy|10:00:01 task started|10:00:02 task exited", "10:00")]
    public void Three_in_order_need_all_three_in_order(string log, string expected) =>
        Assert.Equal(expected, Fired(new TimingRule { Id = "rule", Says = Says.Symptom, InOrder = ["started", "healthy", "exited"], WithinSeconds = 60 }, log));

    [Fact]
    public void Several_signatures_count_together() =>
        Assert.Equal("10:00", Fired(new TimingRule { Id = "rule", Says = Says.Symptom, Of = ["exited", "started"], Count = 2, WithinSeconds = 60 }, "10:00:00 task started|10:00:10 task exited"));

    [Fact]
    public void A_rule_stands_beside_the_signature_that_completes_it()
    {
        var found = Some.Scan(Set(new TimingRule { Id = "rule", Says = Says.Symptom, Of = ["loud"], Count = 2, WithinSeconds = 60 }), Log("10:00:00 loud and clear|10:00:01 loud and clear"));
        Assert.Equal(["loud", "loud", "rule"], found.Select(m => m.Signature));
        Assert.Equal([Says.Cause, Says.Cause, Says.Symptom], found.Select(m => m.Says));
        Assert.Equal(2, found[^1].Line);
    }

    [Fact]
    public void A_rule_of_one_entry_does_not_count_for_another()
    {
        var rule = new TimingRule { Id = "rule", Says = Says.Symptom, Of = ["exited"], Count = 2, WithinSeconds = 60 };
        var set = MatchSet.Build([Some.Entry("a", Parts) with { Timing = [rule] }, Some.Entry("b", Some.Literal("exited", Says.Part, "other exited")) with { Timing = [rule] }]);
        Assert.Equal(["a"], Some.Ids(Some.Scan(set, Log("10:00:00 task exited|10:00:01 other exited|10:00:02 task exited"))));
    }

    [Fact]
    public void Windows_hold_across_buffers()
    {
        var log = string.Join('|', Enumerable.Range(0, 50).Select(i => $"10:00:{i:00} task exited {new string('x', 50)}"));
        var set = Set(new TimingRule { Id = "rule", Says = Says.Symptom, Of = ["exited"], Count = 40, WithinSeconds = 60 });
        Assert.Equal(40, Assert.Single(Some.ScanInSteps(set, Encoding.UTF8.GetBytes(Log(log)), 512, 64, () => 100)).Line);
    }

    private static MatchSet Set(TimingRule rule) => MatchSet.Build([Some.Entry("e", Parts) with { Timing = [rule] }]);

    private static string Log(string lines) =>
        string.Concat(lines.Split('|').Select(l => char.IsAsciiDigit(l[0]) ? $"2026-11-21T{l[..8]}Z{l[8..]}\n" : $"{l}\n"));

    private static string Fired(TimingRule rule, string lines) =>
        string.Join(' ', Some.Scan(Set(rule), Log(lines)).Where(m => m.Signature == "rule").Select(m => m.Time!.Value.Utc.ToString("HH:mm", CultureInfo.InvariantCulture)));
}
