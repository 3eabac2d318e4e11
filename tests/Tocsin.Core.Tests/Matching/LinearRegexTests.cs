using System.Text;
using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Capture = Tocsin.Core.Matching.Capture;

namespace Tocsin.Core.Tests.Matching;

public sealed class LinearRegexTests
{
    private const RegexOptions Trusted = RegexOptions.CultureInvariant | RegexOptions.Multiline;
    private const RegexOptions Options = Trusted | RegexOptions.NonBacktracking;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Random_expressions_match_as_those_of_the_platform_do(bool ignoreCase)
    {
        var options = Options | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None);
        var compiled = 0;
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var (pattern, sample) = RandomExpression.Draw(random);
            if (LinearRegexCompiler.Compile(pattern, ignoreCase) is not { } linear) continue;
            compiled++;
            var expected = new Regex(pattern, options);
            for (var i = 0; i < 6; i++)
            {
                var text = i % 2 == 0
                    ? RandomExpression.Text(random, random.Next(0, 40))
                    : RandomExpression.Text(random, random.Next(0, 12)) + sample() + RandomExpression.Text(random, random.Next(0, 12));
                AssertSame(expected, linear, text, $"seed {seed}");
            }
        }
        Assert.True(compiled > 1300, $"only {compiled} of 2000 expressions were read");
    }

    [Fact]
    public void Every_expression_of_the_catalog_matches_every_sample_as_on_the_platform()
    {
        var work = new LinearWork();
        var patterns = ShippedCatalog.Entries.SelectMany(e => e.Signatures).SelectMany(s => s.All.Concat(s.Any).Concat(s.Not)).OfType<Pattern.Regex>().Distinct().ToList();
        Assert.True(patterns.Count > 100, $"only {patterns.Count} expressions");
        var texts = ShippedCatalog.SampleTexts.Where(t => Ascii.IsValid(t)).Select(t => (Text: t, Bytes: Encoding.UTF8.GetBytes(t))).ToList();
        var read = 0;
        foreach (var pattern in patterns)
        {
            if (LinearRegexCompiler.Compile(pattern.Text, !pattern.ExactCase) is not { } linear) continue;
            read++;
            var expected = new Regex(pattern.Text, Trusted | (pattern.ExactCase ? RegexOptions.None : RegexOptions.IgnoreCase));
            var factors = RegexFactors.Of(pattern.Text);
            for (var i = 0; i < texts.Count; i++)
            {
                var (text, bytes) = texts[i];
                // Texts without the required literal do not match; one in sixteen of them shows it.
                if ((i + read) % 16 != 0 && !factors.Any(f => text.Contains(f, StringComparison.OrdinalIgnoreCase))) continue;
                var match = expected.Match(text);
                if (linear.Find(bytes, null, work) != (match.Success ? match.Index : -1)) AssertSame(expected, linear, text, pattern.Text);
            }
        }
        Assert.True(read > patterns.Count * 9 / 10, $"{read} of {patterns.Count} run on bytes");
    }

    [Theory]
    [InlineData("(?<code>[0-9]{3}) (?<word>[a-z]+)", "x 404 not found", "code=404 word=not")]
    [InlineData("(?:(?<last>[a-z])[0-9])+", "a1b2c3", "last=c")]
    [InlineData("(?<a>x)|(?<b>y)", "y", "b=y")]
    [InlineData("(?<lazy>a+?)a*", "aaa", "lazy=a")]
    [InlineData("(?<greedy>a{1,2})a*", "aaa", "greedy=aa")]
    [InlineData("(?<some>a{1,3}?)ab", "aaab", "some=aa")]
    [InlineData("(?:(?<n>a)|b)*c", "abc", "n=a")]
    [InlineData("(?<empty>[0-9]*)x", "x", "empty=")]
    public void Named_groups_are_captured(string pattern, string text, string expected)
    {
        var captures = new List<Capture>();
        Assert.True(LinearRegexCompiler.Compile(pattern, ignoreCase: true)!.Find(Encoding.UTF8.GetBytes(text), captures, new LinearWork()) >= 0);
        Assert.Equal(expected, string.Join(' ', captures.Select(c => $"{c.Name}={c.Value}")));
    }

    [Theory]
    [InlineData("[a-z-[aeiou]]")]
    [InlineData("[[:alpha:]]")]
    [InlineData("(?i)a")]
    [InlineData("(?<n>a)(?<n>b)")]
    [InlineData("(?<1>a)")]
    [InlineData("(a|)*")]
    [InlineData("\\p{L}")]
    [InlineData("[é]")]
    [InlineData("é+")]
    [InlineData("^*")]
    [InlineData("(?:abcd){1000}")]
    [InlineData("a\\")]
    [InlineData("[a")]
    [InlineData("(a")]
    [InlineData("a)")]
    public void What_is_beyond_the_everyday_syntax_is_left_to_the_platform(string pattern) =>
        Assert.Null(LinearRegexCompiler.Compile(pattern, ignoreCase: true));

    [Theory]
    [InlineData("(a+)+b", "a")]
    [InlineData("(a|aa)+$", "a")]
    [InlineData("(x+x+)+y", "x")]
    [InlineData(".*.*.*=.*", "a")]
    [InlineData("(a?){30}a{30}b", "a")]
    [InlineData("[a-z]{0,200}[0-9]{0,200}x", "a")]
    [InlineData("([a-z]{1,200}?)+=", "a")]
    [InlineData("[a-z0-9]{0,1000}[a-z]{0,1000}=", "a1")]
    [InlineData("(?<n>[^=]*)=", "a")]
    [InlineData("(a*)*(b*)*(c*)*d", "abc")]
    [InlineData("\\b(?:[a-z]+[0-9]*){1,50}!", "ab1")]
    public void Hostile_expressions_end_on_long_texts(string pattern, string unit)
    {
        var text = new EventText();
        text.Set(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, 200_000 / unit.Length))));
        Assert.Null(RegexPattern.Refuse(pattern));
        var regex = new RegexPattern(pattern, exactCase: false);
        if (pattern.EndsWith('$')) Assert.True(regex.IsMatch(text, []));
        else Assert.False(regex.IsMatch(text, []));
    }

    [Fact]
    public void What_was_tried_is_remembered_in_bounded_memory()
    {
        var wide = LinearRegexCompiler.Compile(string.Join('|', Enumerable.Range(0, 200).Select(i => $"a+{i}")), ignoreCase: true)!;
        var narrow = LinearRegexCompiler.Compile("(?<name>[a-z]+): [^ ]{1,40} (failed|refused)", ignoreCase: true)!;
        Assert.False(wide.Fits(EventBounds.MaxBytes));
        Assert.True(wide.Fits(8192));
        Assert.True(narrow.Fits(EventBounds.MaxBytes));
    }

    [Fact]
    public void A_large_expression_on_a_large_event_gives_the_same_on_the_other_engine()
    {
        var regex = new RegexPattern(string.Join('|', Enumerable.Range(0, 100).Select(i => $"a+x{i}y")) + "|(?<found>[0-9]{3})!", exactCase: false);
        var text = new EventText();
        var captures = new List<Capture>();
        text.Set(Encoding.UTF8.GetBytes(new string('a', EventBounds.MaxBytes * 2) + " 123!"));
        Assert.True(regex.IsMatch(text, captures));
        Assert.Equal([new Capture("found", "123")], captures);
    }

    [Fact]
    public void The_waiting_list_does_not_grow_with_the_bound_of_a_run()
    {
        var work = new LinearWork();
        var text = Encoding.UTF8.GetBytes(new string('a', 50_000));
        var linear = LinearRegexCompiler.Compile("([a-z]{1,500}?)+", ignoreCase: true)!;
        Assert.Equal(0, linear.Find(text, null, work));
        Assert.True(work.Waiting < 4 * text.Length, $"{work.Waiting} positions wait");
    }

    [Fact]
    public void One_expression_serves_several_matchers_at_once()
    {
        var regex = new RegexPattern("(?<user>[a-z]+)@(?<host>[a-z.]+) (refused|denied)", exactCase: false);
        var expected = Enumerable.Range(0, 8).Select(i => $"{new string((char)('a' + i), i + 1)}@host.{new string((char)('a' + i), 3)} denied").ToArray();
        Parallel.For(0, 400, i =>
        {
            var text = new EventText();
            text.Set(Encoding.UTF8.GetBytes($"{new string('x', i)} {expected[i % 8]}"));
            var captures = new List<Capture>();
            Assert.True(regex.IsMatch(text, captures));
            Assert.Equal($"{captures[0].Value}@{captures[1].Value} denied", expected[i % 8]);
        });
    }

    private static void AssertSame(Regex expected, LinearRegex linear, string text, string what)
    {
        var captures = new List<Capture>();
        var found = linear.Find(Encoding.UTF8.GetBytes(text), captures, new LinearWork());
        var here = $"{found} {string.Join(' ', captures.Select(c => $"{c.Name}={c.Value}"))}";
        if (string.Equals(On(expected, text), here, StringComparison.Ordinal)) return;
        // Where a line of a text starts with .* the platform's linear engine may miss it; its backtracking one decides.
        var there = On(new Regex(expected.ToString(), expected.Options & ~RegexOptions.NonBacktracking, TimeSpan.FromSeconds(20)), text);
        if (!string.Equals(there, here, StringComparison.Ordinal)) Assert.Fail($"{what}: /{expected}/ on \"{text}\" gives \"{there}\" on the platform and \"{here}\" here");
    }

    private static string On(Regex regex, string text)
    {
        var match = regex.Match(text);
        var captures = match.Success ? match.Groups.Values.Where(g => g.Success && !char.IsAsciiDigit(g.Name[0])).Select(g => $"{g.Name}={g.Value}") : [];
        return $"{(match.Success ? match.Index : -1)} {string.Join(' ', captures)}";
    }
}
