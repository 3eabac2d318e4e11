using System.Globalization;
using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Matching;

public sealed class StreamMatcherTests
{
    private static readonly MatchSet Refused = MatchSet.Build([Some.Entry("refused", Some.Literal("text", Says.Component, "ECONNREFUSED"))]);

    // Timing rules look at the time of events, which a reader of steps may know from lines that a plain split does not see.
    private static readonly MatchSet Shipped = MatchSet.Build(ShippedCatalog.Entries.Select(e => e with { Timing = [] }));

    [Theory]
    [InlineData("x\nECONNREFUSED\n", 2, 2)]
    [InlineData("x\r\n\r\nECONNREFUSED\r\n", 3, 5)]
    [InlineData("ECONNREFUSED", 1, 0)]
    [InlineData("\0\0\n\0ECONNREFUSED\0", 2, 3)]
    [InlineData("\n\n\nECONNREFUSED\n", 4, 3)]
    [InlineData("é\nECONNREFUSED", 2, 3)]
    [InlineData("x\nError: ECONNREFUSED\n    at a\n    at b\n", 2, 2)]
    [InlineData("x\nError: y\n    via ECONNREFUSED\n", 2, 2)]
    public void Line_and_offset_are_those_of_the_events_first_line(string text, long line, long offset)
    {
        var match = Assert.Single(Some.Scan(Refused, text));
        Assert.Equal((line, offset), (match.Line, match.Offset));
        var stepped = Assert.Single(Some.ScanInSteps(Refused, Encoding.UTF8.GetBytes(text), 4096, 128, () => 1));
        Assert.Equal((line, offset), (stepped.Line, stepped.Offset));
    }

    [Fact]
    public void The_line_that_holds_the_text_is_shown()
    {
        var match = Assert.Single(Some.Scan(Refused, "Error: one\n    at ECONNREFUSED two\n    at three\n"));
        Assert.Equal("    at ECONNREFUSED two", match.Text);
    }

    // A cut at every place around a secret: through its key, its start, its middle and its end.
    [Theory]
    [InlineData("password=", "Zq8vTr4wXk2mLp9s", " ")]
    [InlineData("{\"password\":\"", "Zq8vTr4wXk2mLp9s", "\"} ")]
    [InlineData("mysql://core:", "Zq8vTr4wXk2mLp9s", "@db.internal/core ")]
    [InlineData("aws_secret_access_key=", "wJalrXUtnFEMIK7MDENGbPxRfiCYzq8vTr4wXk2m", " ")]
    public void A_long_line_is_never_cut_through_a_secret(string before, string secret, string after)
    {
        var whole = before + secret + after;
        for (var distance = 950; distance < 1050; distance++)
        {
            AssertHidden(secret, "x " + new string('a', 3000) + " " + whole + new string('b', distance - whole.Length) + " ECONNREFUSED " + new string('c', 3000));
            AssertHidden(secret, new string('a', 3000) + " ECONNREFUSED " + new string('b', distance - whole.Length - 20) + " " + whole + new string('c', 3000));
        }
    }

    [Fact]
    public void A_long_line_without_secrets_is_cut_around_the_place_found()
    {
        var match = Assert.Single(Some.Scan(Refused, new string('é', 3000) + " ECONNREFUSED " + new string('c', 3000)));
        Assert.Contains("é ECONNREFUSED c", match.Text, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(match.Text), Match.MaxText - 8, Match.MaxText);
        Assert.DoesNotContain('\ufffd', match.Text);
    }

    private static void AssertHidden(string secret, string line)
    {
        var shown = Redactor.Default.Redact(Assert.Single(Some.Scan(Refused, line)).Text);
        for (var at = 0; at + 6 <= secret.Length; at++) Assert.DoesNotContain(secret.Substring(at, 6), shown, StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_counts_once_however_often_it_says_so() => Assert.Single(Some.Scan(Refused, "Error: ECONNREFUSED ECONNREFUSED\n    at ECONNREFUSED\n"));

    [Fact]
    public void Lines_are_counted_whether_something_was_found_or_not()
    {
        var matcher = new StreamMatcher(Refused, new StreamOptions(Some.Time));
        matcher.Feed("a\nECONNREFUSED\nb\nc"u8, 0, final: true, full: true, _ => { });
        Assert.Equal(3, matcher.Lines);
    }

    [Fact]
    public void Any_cut_of_the_stream_gives_the_same_matches()
    {
        for (var seed = 0; seed < 24; seed++)
        {
            var random = new Random(seed);
            var text = RandomLog.Draw(random, 40);
            var expected = PlainMatcher.Scan(Shipped, text);
            Compare(expected, Some.Scan(Shipped, text), $"seed {seed}, at once");
            Compare(expected, Some.ScanInSteps(Shipped, text, 1 << 17, 4096, () => random.Next(1, 4000)), $"seed {seed}, steps up to 4000");
            Compare(expected, Some.ScanInSteps(Shipped, text, 1 << 17, 0, () => random.Next(1, 300)), $"seed {seed}, steps up to 300, nothing kept");
        }
    }

    [Fact]
    public void Steps_of_one_byte_give_the_same_matches()
    {
        for (var seed = 1000; seed < 1008; seed++)
        {
            var text = RandomLog.Draw(new Random(seed), 5);
            Compare(PlainMatcher.Scan(Shipped, text), Some.ScanInSteps(Shipped, text, 1 << 16, 512, () => 1), $"seed {seed}");
        }
    }

    [Fact]
    public void A_buffer_that_is_full_gives_the_same_matches_where_every_event_fits()
    {
        for (var seed = 2000; seed < 2006; seed++)
        {
            var random = new Random(seed);
            var text = RandomLog.Draw(random, 400);
            Compare(PlainMatcher.Scan(Shipped, text), Some.ScanInSteps(Shipped, text, 48 * 1024, 1024, () => random.Next(1, 8192)), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void A_line_longer_than_the_buffer_is_matched_in_pieces_and_reported_once(int length)
    {
        const int capacity = 20_000;
        for (var at = 0; at + 12 <= length; at += Math.Max(1, length / 60))
        {
            var line = new byte[length];
            Array.Fill(line, (byte)'x');
            "ECONNREFUSED"u8.CopyTo(line.AsSpan(at));
            "ECONNREFUSED"u8.CopyTo(line.AsSpan(length - 12));
            byte[] text = [.. "first\n"u8, .. line, .. "\nthen ECONNREFUSED\n"u8];
            var found = Some.ScanInSteps(Refused, text, capacity, 1024, () => 5000);
            Assert.Equal([(2L, 6L), (3L, 6L + length + 1)], found.Select(m => (m.Line, m.Offset)));
        }
    }

    [Fact]
    public void No_piece_border_hides_a_text()
    {
        const int capacity = 20_000;
        for (var at = capacity - StreamMatcher.Overlap - 20; at < capacity + 20; at += 7)
        {
            var line = new byte[3 * capacity];
            Array.Fill(line, (byte)'x');
            "ECONNREFUSED"u8.CopyTo(line.AsSpan(at));
            Assert.Single(Some.ScanInSteps(Refused, line, capacity, 512, () => 4096));
        }
    }

    [Fact]
    public void Hints_give_way_to_anything_stronger_in_the_same_event()
    {
        var set = MatchSet.Build([Some.Entry("vague", Some.Literal("a", Says.Hint, "refused")), Some.Entry("clear", Some.Literal("a", Says.Cause, "ECONNREFUSED"))]);
        Assert.Equal(["clear", "vague"], Some.Ids(Some.Scan(set, "ECONNREFUSED refused\nonly refused\n")));
    }

    [Fact]
    public void The_signature_that_says_most_leads_and_the_others_are_named()
    {
        var set = MatchSet.Build([Some.Entry("e", Some.Literal("symptom", Says.Symptom, "failed"), Some.Literal("cause", Says.Cause, "ECONNREFUSED"), Some.Literal("part", Says.Part, "connect"))]);
        var match = Assert.Single(Some.Scan(set, "connect ECONNREFUSED failed"));
        Assert.Equal("cause", match.Signature);
        Assert.Equal(["cause", "symptom"], match.Signatures);
    }

    [Fact]
    public void Of_equal_signatures_the_one_that_stands_first_in_the_entry_leads()
    {
        var set = MatchSet.Build([Some.Entry("e", Some.Literal("one", Says.Cause, "zzzz last"), Some.Literal("two", Says.Cause, "first aaaa"))]);
        Assert.Equal("one", Assert.Single(Some.Scan(set, "first aaaa, zzzz last")).Signature);
        Assert.Equal("one", Assert.Single(Some.Scan(set, "zzzz last, first aaaa")).Signature);
    }

    [Fact]
    public void A_part_alone_is_no_match() =>
        Assert.Empty(Some.Scan(MatchSet.Build([Some.Entry("e", Some.Literal("part", Says.Part, "connect"))]), "connect"));

    [Fact]
    public void A_not_pattern_keeps_a_signature_from_holding_and_is_told()
    {
        var signature = Some.Literal("s", Says.Cause, "Access Denied") with { Not = [new Pattern.Literal("AmazonS3")] };
        var set = MatchSet.Build([Some.Entry("e", signature)]);
        var told = new List<string>();
        var found = new List<Match>();
        new StreamMatcher(set, new StreamOptions(Some.Time), (entry, id, because) => told.Add($"{entry.Id}/{id}: {because}"))
            .Feed("access denied by AmazonS3\naccess denied\n"u8, 0, final: true, full: true, found.Add);
        Assert.Equal(2, Assert.Single(found).Line);
        Assert.Equal(["e/s: AmazonS3"], told);
    }

    [Fact]
    public void A_not_field_vetoes_on_structured_events()
    {
        var signature = Some.Literal("s", Says.Cause, "Access Denied") with { Not = [new Pattern.Field("service", new Comparison.Is("s3"))] };
        var set = MatchSet.Build([Some.Entry("e", signature)]);
        Assert.Equal([2L], Some.Scan(set, "{\"msg\":\"access denied\",\"service\":\"S3\"}\n{\"msg\":\"access denied\",\"service\":\"ec2\"}\n").Select(m => m.Line));
    }

    [Fact]
    public void All_patterns_hold_on_the_same_event()
    {
        var signature = new Signature { Id = "s", Says = Says.Cause, All = [new Pattern.Literal("alpha"), new Pattern.Template("port {port}")], Any = [new Pattern.Literal("red"), new Pattern.Regex("bl[ue]{2}")] };
        var set = MatchSet.Build([Some.Entry("e", signature)]);
        var found = Some.Scan(set, "alpha port 5 blue\nalpha\nport 5 red\nalpha port 6 green\nALPHA RED Port 7\n");
        Assert.Equal([1L, 5L], found.Select(m => m.Line));
        Assert.Equal(["port=5", "port=7"], found.Select(m => string.Join(' ', m.Captures.Select(c => $"{c.Name}={c.Value}"))));
    }

    [Fact]
    public void A_signature_without_a_literal_is_tried_on_every_event()
    {
        var set = MatchSet.Build([Some.Entry("digits", Some.Signature("s", Says.Cause, new Pattern.Regex("^[0-9]{3}$"))), Some.Entry("word", Some.Literal("s", Says.Cause, "refused"))]);
        Assert.Single(set.Unfiltered);
        const string text = "404\n\nrefused\n12\n500\n";
        Assert.Equal(["digits", "word", "digits"], Some.Ids(Some.Scan(set, text)));
        Assert.Equal([1L, 3L, 5L], Some.ScanInSteps(set, Encoding.UTF8.GetBytes(text), 4096, 16, () => 1).Select(m => m.Line));
    }

    [Fact]
    public void Lines_around_an_event_are_given_where_asked_for()
    {
        var found = new List<Match>();
        new StreamMatcher(Refused, new StreamOptions(Some.Time, ContextLines: 2)).Feed("a\nb\nc\nECONNREFUSED\nd\ne\nf\n"u8, 0, final: true, full: true, found.Add);
        Assert.Equal(["b", "c"], Assert.Single(found).Before);
        Assert.Equal(["d", "e"], found[0].After);
    }

    [Fact]
    public void Rivals_on_the_same_event_are_named()
    {
        var set = MatchSet.Build([Some.Entry("a", Some.Literal("s", Says.Cause, "refused")), Some.Entry("b", Some.Literal("s", Says.Cause, "connect"))]);
        var found = Some.Scan(set, "connect refused");
        Assert.Equal(["b"], found.Single(m => m.Entry.Id == "a").Rivals);
        Assert.Equal(["a"], found.Single(m => m.Entry.Id == "b").Rivals);
    }

    [Fact]
    public void The_empty_stream_has_no_match()
    {
        Assert.Empty(Some.Scan(Shipped, ""));
        Assert.Equal(0, new StreamMatcher(Shipped, new StreamOptions(Some.Time)).Feed([], 0, final: true, full: false, _ => Assert.Fail("nothing is there")));
    }

    private static void Compare(IReadOnlyList<string> expected, List<Match> found, string what)
    {
        var shown = found.ConvertAll(m => PlainMatcher.Show(m.Entry, m.Says, m.Signature, m.Signatures, m.Line, m.Offset));
        shown.Sort(StringComparer.Ordinal);
        var missing = expected.Except(shown, StringComparer.Ordinal).Select(m => $"- {m}");
        var more = shown.Except(expected, StringComparer.Ordinal).Select(m => $"+ {m}");
        var differences = missing.Concat(more).ToList();
        if (differences.Count > 0 || shown.Count != expected.Count)
            Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}: {shown.Count} of {expected.Count}\n{string.Join('\n', differences.Take(10))}"));
    }
}
