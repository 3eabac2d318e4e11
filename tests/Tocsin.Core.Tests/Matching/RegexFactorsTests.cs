using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

public sealed class RegexFactorsTests
{
    [Fact]
    public void Whatever_an_expression_matches_holds_one_of_its_required_literals()
    {
        var required = 0;
        for (var seed = 0; seed < 4000; seed++)
        {
            var random = new Random(seed);
            var (pattern, sample) = RandomExpression.Draw(random);
            var factors = RegexFactors.Of(pattern);
            if (factors.Count == 0) continue;
            required++;
            var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline);
            for (var i = 0; i < 4; i++)
            {
                var match = regex.Match(sample());
                if (match.Success && !factors.Any(f => match.Value.Contains(f, StringComparison.OrdinalIgnoreCase)))
                    Assert.Fail($"seed {seed}: /{pattern}/ matches \"{match.Value}\" and requires one of {string.Join(" | ", factors)}");
            }
        }
        Assert.True(required > 500, $"only {required} expressions require a text");
    }

    [Theory]
    [InlineData("connect ECONNREFUSED", "connect ECONNREFUSED")]
    [InlineData("(?:alpha|omega) x", "alpha x|omega x")]
    [InlineData("colou?r blind", "colour blind|color blind")]
    [InlineData("(abcd)+", "abcd")]
    [InlineData("(abcd)?efgh", "abcdefgh|efgh")]
    [InlineData("a(?<n>bcd)e", "abcde")]
    [InlineData("\\[abc\\] Build", "Build")]
    [InlineData("ab[c]d", "abcd")]
    [InlineData("name\\x41bcde", "bcde")]
    [InlineData("\\cABCDE", "BCDE")]
    [InlineData("\\012wxyz", "wxyz")]
    [InlineData("[a-z-[aeiou]]wxyz", "wxyz")]
    [InlineData("abcd{2}efgh", "efgh")]
    [InlineData("abcd{x}", "abcd{x}")]
    public void The_rarest_text_is_drawn(string pattern, string expected) => Assert.Equal(expected, string.Join('|', RegexFactors.Of(pattern)));

    [Theory]
    [InlineData("abcd|x")]
    [InlineData("abcd|")]
    [InlineData("(abcd)*")]
    [InlineData("(?:abcd){0,2}")]
    [InlineData("[a-z]+")]
    [InlineData("abcd(?i)efgh|x")]
    [InlineData("abcd(?#note)|x")]
    [InlineData("w(?:abcd(?-i)efgh|x)y")]
    [InlineData("(?<!abcd)")]
    [InlineData("a.b.c.d.")]
    [InlineData("")]
    public void Nothing_is_required_where_nothing_must_occur(string pattern) => Assert.Empty(RegexFactors.Of(pattern));

    [Theory]
    [InlineData("a{1001}")]
    [InlineData("a{2,1001}")]
    [InlineData("(?i)a{5000}")]
    [InlineData("a{99999999999}")]
    [InlineData("(?=a)")]
    [InlineData("(a)\\1")]
    [InlineData("(?>a)")]
    [InlineData("(a")]
    [InlineData("((((a{200}){200}){200}){200})")]
    public void An_expression_whose_cost_could_explode_is_refused(string pattern) => Assert.NotNull(RegexPattern.Refuse(pattern));

    [Fact]
    public void A_very_long_expression_is_refused() => Assert.Contains("at most 1000", RegexPattern.Refuse(new string('a', 1001)), StringComparison.Ordinal);

    [Fact]
    public void Every_sample_a_signature_holds_on_holds_one_of_its_required_literals()
    {
        var text = new EventText();
        foreach (var signature in ShippedCatalog.Set.Signatures)
        {
            var factors = Factors.Of(signature.Signature);
            Assert.NotEmpty(factors);
            Assert.All(factors, f => Assert.InRange(f.Length, Factors.MinLength, 24));
            foreach (var sample in ShippedCatalog.SampleTexts)
            {
                text.Set(System.Text.Encoding.UTF8.GetBytes(sample));
                if (!signature.Holds(text, () => StructuredEvent.Read(text.Raw), [], out _)) continue;
                Assert.True(factors.Any(f => sample.Contains(f, StringComparison.OrdinalIgnoreCase)), $"{signature.Key} holds on \"{sample}\" without {string.Join(" | ", factors)}");
            }
        }
    }

    [Fact]
    public void Of_several_patterns_all_of_which_must_hold_the_rarest_text_is_looked_for() =>
        Assert.Equal(["WRONGTYPE"], Factors.Of(new Signature { Id = "x", Says = Says.Cause, All = [new Pattern.Literal("error"), new Pattern.Literal("WRONGTYPE")] }));

    [Fact]
    public void One_alternative_without_a_text_leaves_the_signature_without_any() =>
        Assert.Empty(Factors.Of(new Signature { Id = "x", Says = Says.Cause, Any = [new Pattern.Literal("WRONGTYPE"), new Pattern.Regex("[0-9]+")] }));

    [Theory]
    [InlineData("a \"quoted words\" b", "quoted words")]
    [InlineData("an\\escaped\\path-name", "path-name")]
    [InlineData("  blank ends  ", "blank ends")]
    public void A_run_stops_where_a_log_may_escape(string literal, string expected) => Assert.Equal([expected], Factors.Of(new Pattern.Literal(literal)));
}
