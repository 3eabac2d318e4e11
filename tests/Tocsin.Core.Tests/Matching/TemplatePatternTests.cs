using System.Globalization;
using System.Text;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

public sealed class TemplatePatternTests
{
    [Theory]
    [InlineData("connect ECONNREFUSED {host}:3306", "Error: connect ECONNREFUSED 10.0.12.34:3306", "host=10.0.12.34")]
    [InlineData("connect ECONNREFUSED {host}:3306", "connect ECONNREFUSED ::1:3306", "host=::1")]
    [InlineData("connect ECONNREFUSED {host}:3306", "connect ECONNREFUSED :::3306", "host=::")]
    [InlineData("connect ECONNREFUSED {host}:3306", "connect ECONNREFUSED [fe80::1%eth0]:3306\n    at x", "host=[fe80::1%eth0]")]
    [InlineData("to {host}:{port} timed out", "to db.example.com:3306 timed out", "host=db.example.com port=3306")]
    [InlineData("for user '{user}'@'{host}'", "for user 'app'@'10.0.0.1' (using", "user=app host=10.0.0.1")]
    [InlineData("for user '{user}'@'{host}'", "for user ''@'localhost'", "user= host=localhost")]
    [InlineData("code {int}", "code -5", "int=-5")]
    [InlineData("{int} items", "left -5 items", "int=-5")]
    [InlineData("{int} items", "a-5 items", "int=5")]
    [InlineData("secret {arn}: no", "secret arn:aws:secretsmanager:x:1:secret:a/b-C: no", "arn=arn:aws:secretsmanager:x:1:secret:a/b-C")]
    [InlineData("{arn} is gone", "the arn:aws:ecs:x:1:task/2 is gone", "arn=arn:aws:ecs:x:1:task/2")]
    [InlineData("open '{path}'", "ENOENT: open '/app/key.json'", "path=/app/key.json")]
    [InlineData("domain {domain}.", "domain *.shop.example.", "domain=*.shop.example")]
    [InlineData("says {any} end", "says one end two end", "any=one")]
    [InlineData("{from=host} to {to=host}!", "a.b to c.d!", "from=a.b to=c.d")]
    [InlineData("{{\"code\":{int}}}", "x {\"code\":7}", "int=7")]
    [InlineData("{host} refused", "redis.internal refused", "host=redis.internal")]
    public void Holes_become_captures(string template, string text, string expected)
    {
        var captures = new List<Capture>();
        Assert.Null(TemplatePattern.Refuse(template));
        Assert.True(TemplatePattern.Compile(template, exactCase: false).Find(Encoding.UTF8.GetBytes(text), captures) >= 0);
        Assert.Equal(expected, string.Join(' ', captures.Select(c => $"{c.Name}={c.Value}")));
    }

    [Theory]
    [InlineData("connect ECONNREFUSED {host}:3306", "connect ECONNREFUSED 10.0.0.1:33061")]
    [InlineData("connect ECONNREFUSED {host}:3306", "connect ECONNREFUSED 10.0.0.1:5432")]
    [InlineData("connect ECONNREFUSED {host}:3306", "connect ECONNREFUSED :3306")]
    [InlineData("3306 is {any}", "13306 is open")]
    [InlineData("port {port}", "port 123456")]
    [InlineData("{port} closed", "123456 closed")]
    [InlineData("code {int}", "code -")]
    [InlineData("code {int}", "code x")]
    [InlineData("{arn} is gone", "task is gone")]
    [InlineData("says {any} end", "says\none end")]
    [InlineData("user {user}@", "user 'a b'@")]
    [InlineData("at {host}:", "at : x")]
    public void A_hole_takes_its_own_kind_only(string template, string text) =>
        Assert.Equal(-1, TemplatePattern.Compile(template, exactCase: false).Find(Encoding.UTF8.GetBytes(text), null));

    [Theory]
    [InlineData("a {host")]
    [InlineData("a } b")]
    [InlineData("a {nothing} b")]
    [InlineData("a {=host} b")]
    [InlineData("{host}")]
    [InlineData("{host}{port} a")]
    [InlineData("")]
    public void A_template_that_cannot_be_meant_is_refused(string template) => Assert.NotNull(TemplatePattern.Refuse(template));

    [Fact]
    public void A_template_is_bounded_in_length_and_holes()
    {
        Assert.NotNull(TemplatePattern.Refuse(new string('a', 1001)));
        Assert.NotNull(TemplatePattern.Refuse(string.Concat(Enumerable.Repeat("a{int}", 33))));
        Assert.Null(TemplatePattern.Refuse(string.Concat(Enumerable.Repeat("a{int}", 32))));
    }

    [Fact]
    public void Case_counts_where_the_pattern_says_so()
    {
        var text = "Code 5"u8;
        Assert.Equal(0, TemplatePattern.Compile("code {int}", exactCase: false).Find(text, null));
        Assert.Equal(-1, TemplatePattern.Compile("code {int}", exactCase: true).Find(text, null));
    }

    [Fact]
    public void Failures_on_a_long_hostile_text_end()
    {
        var template = TemplatePattern.Compile("a{any}a{any}a{any}a{any}a{host}:{host}:{host}!", exactCase: false);
        Assert.Equal(-1, template.Find(Encoding.UTF8.GetBytes(new string('a', 4_000) + new string(':', 2000)), null));
    }

    [Fact]
    public void A_filled_template_is_found_and_gives_the_values_back()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var (template, text, values) = Fill(random);
            var captures = new List<Capture>();
            var before = RandomExpression.Text(random, random.Next(0, 30)) + "~ ";
            var found = TemplatePattern.Compile(template, exactCase: random.Next(2) == 0).Find(Encoding.UTF8.GetBytes($"{before}{text} ~{RandomExpression.Text(random, 10)}"), captures);
            if (found != before.Length || !captures.Select(c => c.Value).SequenceEqual(values, StringComparer.Ordinal))
                Assert.Fail($"seed {seed}: \"{template}\" on \"{before}{text}\" is found at {found} with {string.Join(" | ", captures.Select(c => c.Value))}");
        }
    }

    // A blank or a quote ends each kind of hole, so what a hole stands for is certain.
    private static (string Template, string Text, List<string> Values) Fill(Random random)
    {
        string[] kinds = ["host", "port", "user", "int", "arn", "path", "domain", "any"];
        var template = new StringBuilder();
        var text = new StringBuilder();
        var values = new List<string>();
        var holes = random.Next(1, 5);
        for (var i = 0; i < holes; i++)
        {
            var word = string.Create(CultureInfo.InvariantCulture, $"Wort{i}# '");
            var kind = kinds[random.Next(kinds.Length)];
            var value = Value(random, kind);
            template.Append(CultureInfo.InvariantCulture, $"{word}{{n{i}={kind}}}' ");
            text.Append(CultureInfo.InvariantCulture, $"{word}{value}' ");
            values.Add(value);
        }
        return (template.Append("end").ToString(), text.Append("end").ToString(), values);
    }

    private static string Value(Random random, string kind) => kind switch
    {
        "host" => random.Next(5) switch { 0 => "10.1.2.3", 1 => "[::1]", 2 => "fe80::1%eth0", 3 => "db-1.internal", _ => "::" },
        "port" => random.Next(65536).ToString(CultureInfo.InvariantCulture),
        "user" => random.Next(3) switch { 0 => "", 1 => "app_rw", _ => "svc-1" },
        "int" => random.Next(-1000, 100000).ToString(CultureInfo.InvariantCulture),
        "arn" => $"arn:aws:ecs:ap-south-1:{random.Next(100000)}:task/x-{random.Next(100)}",
        "path" => $"/app/{random.Next(100)}/key.json",
        "domain" => random.Next(2) == 0 ? "*.shop.example" : "täst.example",
        _ => $"some words, {random.Next(1000)} (of) them",
    };
}
