using System.Globalization;
using Tocsin.Lab.Aws.Logs;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Tests.Logs;

/// <summary>Random and mutated input: an answer or an AwsException, nothing else. A failure names the text.</summary>
public sealed class LogsFuzzTests
{
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("TOCSIN_FUZZ") ?? "20000", CultureInfo.InvariantCulture);

    private static readonly string[] Patterns =
    [
        "ERROR -\"x y\" ?%a.b% term", "{ ($.a.b = \"x*\" && $.n >= 5e2) || $.list[0] IS NULL || $.q NOT EXISTS || $.x['y'] != %^a{2,3}$% || $.l[*].b IS TRUE }",
        "[ip, user, ..., status_code=5*, size>1000 && size != 3, w=!x || w=%[ab]%]",
    ];

    private static readonly string[] Queries =
    [
        "fields @timestamp, concat(a.b, 'x') as c | filter @message like /(?i)(error|x)/ and not c in [1, 'b'] | sort c desc, @timestamp | limit 5",
        "parse @message \"duration: *ms * \" as d, e | stats count(*) as n, pct(d, 95), sum(d)/count(*) by bin(5m), d | sort n desc",
        "parse @message /(?<w>\\w+) (?<n>\\d+)/ | filter ispresent(w) and n ^ 2 % 3 >= -1 # c\n| dedup w | display w, strlen(replace(w, 'a', 'b')), datefloor(@timestamp, 1h)",
    ];

    private static readonly string[] Pieces =
        ["{", "}", "[", "]", "(", ")", "$", ".", "..", "...", "*", "%", "\"", "'", "/", "\\", "|", "||", "&&", "-", "?", "!", "=", "!=", "<", ">=", ",", "#", "`", "\n", " ", "\0",
         "\ud800", "é", "😀", "999999999999999999999", "1e400", ".5", "1.2.3", "5m", "IS", "NOT", "EXISTS", "NULL", "fields", "filter", "stats", "by", "as", "like", "in", "count(", "{1000,}", "{1,1000}", "(?<", "[^", "\\p{L}"];

    private static readonly string[] Lines =
        ["", "plain ERROR term", "{\"a\":{\"b\":\"xx\"},\"n\":500,\"list\":[null],\"l\":[{\"b\":true}]}", "1 u [a b] \"c d\" 503 2000", "duration: 12ms x ", "{\"broken\":", "\ud800", "[1,[2]]", "{\"a\":1e999}", "abc 12"];

    [Fact]
    public void A_filter_pattern_is_an_answer_or_an_error()
    {
        var random = new Random(11);
        for (var i = 0; i < Count; i++) Try(Mutated(random, Patterns), text =>
        {
            var pattern = FilterPattern.Parse(text);
            foreach (var line in Lines)
            {
                pattern.Matches(line);
                pattern.Extract(line);
            }
        });
    }

    [Fact]
    public void A_query_is_an_answer_or_an_error()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "s", Lines);
        var random = new Random(12);
        var right = 0;
        for (var i = 0; i < Count; i++) Try(Mutated(random, Queries), text =>
        {
            var run = new InsightsRun(lab.Store, InsightsQuery.Parse(text), ["/a"], 0, long.MaxValue, 100);
            while (!run.Ended) run.Advance();
            right++;
        });
        Assert.True(right > Count / 100, $"only {right} of {Count} were queries");
    }

    [Theory]
    [InlineData("(")]
    [InlineData("not ")]
    [InlineData("-")]
    [InlineData("abs(")]
    [InlineData("a + ")]
    [InlineData("a = 1 and ")]
    public void Nesting_without_end_is_an_error_or_an_answer(string piece) =>
        Try("filter " + string.Concat(Enumerable.Repeat(piece, 9000 / piece.Length)) + "a", text =>
        {
            using var lab = new LogsLab();
            lab.Lines("/a", "s", "{\"a\":1}");
            new InsightsRun(lab.Store, InsightsQuery.Parse(text), ["/a"], 0, long.MaxValue, 100).Advance();
        });

    private static string Mutated(Random random, string[] seeds)
    {
        var text = random.Next(8) == 0 ? "" : seeds[random.Next(seeds.Length)];
        for (var change = random.Next(1, 6); change > 0; change--)
        {
            var at = random.Next(text.Length + 1);
            var length = Math.Min(random.Next(6), text.Length - at);
            text = random.Next(4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, text.Substring(at, length)),
                2 => text.Remove(at, length).Insert(at, Pieces[random.Next(Pieces.Length)]),
                _ => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
            };
        }
        return text;
    }

    private static void Try(string text, Action<string> what)
    {
        try
        {
            what(text);
        }
        catch (AwsException refused)
        {
            Assert.NotEmpty(refused.Message);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"«{text}»", failure);
        }
    }
}
