using System.Globalization;
using System.Text.Json;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

public sealed class ExplainTests : IDisposable
{
    private const string Error = "connect ECONNREFUSED 10.0.12.34:3306";
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Fact]
    public void A_text_is_told_with_what_it_means_why_and_what_to_do()
    {
        var ended = at.Run("explain", Error);
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.StartsWith("mysql-unreachable  score 0.85\n  MySQL cannot be reached", ended.Out, StringComparison.Ordinal);
        foreach (var part in (string[])["\n  what    ", $"\n  seen    line 1  {Error}\n          as refused-port", "\n  causes  · ", "\n  do      ", "\n  next    tocsin explain mysql-unreachable\n"])
            Assert.Contains(part, ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_speaks_against_a_rival_is_shown_in_the_texts_own_words()
    {
        var ended = at.Run("explain", Error);
        Assert.Contains($"not redis-unreachable: \"{Error}\" in the text speaks against it\n", ended.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\\b", ended.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\\S", ended.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-")]
    [InlineData("")]
    public void A_text_may_come_on_standard_input(string dash)
    {
        var ended = at.RunWith("2026-11-21 ERROR\n" + Error + "\n", ["explain", .. dash.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Contains("mysql-unreachable  score", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_need_no_quotes_and_may_begin_with_anything()
    {
        Assert.Contains("mysql-unreachable", at.Run("explain", "connect", "ECONNREFUSED", "10.0.12.34:3306").Out, StringComparison.Ordinal);
        Assert.Equal(0, at.Run("explain", "@nestjs/core failed").Code);
        Assert.Equal(0, at.Run("explain", "--", "--ssl-mode is unknown").Code);
        Assert.Contains("mysql-unreachable", at.Run("explain", $"- {Error}").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_text_says_so_and_how_to_teach_it()
    {
        var ended = at.Run("explain", "all is well", "--exit-code");
        Assert.Equal((0, "unknown  nothing in the error reference matches this text\n  once you know what it is: tocsin catalog new LAYER/ID\n"), (ended.Code, ended.Out));
        Assert.Equal(1, at.Run("explain", Error, "--exit-code").Code);
    }

    [Fact]
    public void A_mistyped_entry_is_told_the_nearest() =>
        Assert.Contains("did you mean tocsin explain mysql-unreachable?", at.Run("explain", "mysql-unreachble").Out, StringComparison.Ordinal);

    [Fact]
    public void An_entry_is_shown_with_its_guide_in_the_names_of_an_environment()
    {
        var all = at.Run("explain", "MySQL-unreachable");
        var production = at.Run("explain", "mysql-unreachable", "--env", "production");
        Assert.Equal((0, 0), (all.Code, production.Code));
        foreach (var heading in (string[])["What it is", "Root cause", "Diagnose", "Fix", "When it pages"]) Assert.Contains($"\n{heading}\n", production.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", all.Out, StringComparison.Ordinal);
        Assert.Contains("staging", all.Out, StringComparison.Ordinal);
        Assert.True(all.Out.Length > production.Out.Length);
    }

    [Theory]
    [InlineData("--env prodction", "--env prodction: did you mean \"production\"? the platform has ")]
    [InlineData("--service events-consmer", "--service events-consmer: did you mean \"events-consumer\"? the platform has ")]
    public void A_mistyped_name_is_told_the_nearest(string option, string message)
    {
        var ended = at.Run(["explain", "mysql-unreachable", .. option.Split(' ')]);
        Assert.Equal(2, ended.Code);
        Assert.StartsWith($"tocsin: {message}", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_services_names_fill_the_guide() =>
        Assert.NotEqual(at.Run("explain", "ecs-exit-137", "--env", "production", "--service", "storefront").Out, at.Run("explain", "ecs-exit-137", "--env", "production", "--service", "customer-panel").Out);

    [Fact]
    public void Json_of_a_text_has_verdict_candidates_and_what_speaks_against()
    {
        var json = at.Run("explain", Error, "--format", "json").Json;
        Assert.Equal("known", json.GetProperty("verdict").GetString());
        var first = json.GetProperty("candidates")[0];
        Assert.Equal(("mysql-unreachable", 0.85), (first.GetProperty("error").GetString(), first.GetProperty("score").GetDouble()));
        Assert.Equal("refused-port", first.GetProperty("matches")[0].GetProperty("signature").GetString());
        Assert.NotEqual(0, json.GetProperty("against").GetArrayLength());
        Assert.Equal("unknown", at.Run("explain", "all is well", "--format", "json").Json.GetProperty("verdict").GetString());
    }

    [Fact]
    public void Json_of_an_entry_has_causes_fixes_and_the_guide_by_environment()
    {
        var json = at.Run("explain", "mysql-unreachable", "--format", "json", "--env", "staging").Json;
        Assert.Equal("mysql-unreachable", json.GetProperty("error").GetString());
        Assert.Equal("staging", Assert.Single(json.GetProperty("guide").EnumerateObject()).Name);
        Assert.NotEqual(0, json.GetProperty("causes").GetArrayLength());
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public void No_secret_of_a_text_is_shown(string format)
    {
        var ended = at.Run("explain", "redis://default:hunter2-secret@10.0.1.2:6379 connect ETIMEDOUT 10.0.1.2:6379", "--format", format);
        Assert.Contains("redis-unreachable", ended.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void In_bulk_ids_of_every_kind_come_back_as_they_were_in_order()
    {
        string[] ids = ["1", "\"a\"", "null", "true", "1e400", "12345678901234567890", "{\"x\":[1]}", "[]", "\"\\ud800\"", "\"\\u00e9\""];
        var ended = at.RunWith(string.Concat(ids.Select(id => $"{{\"id\":{id},\"text\":\"{Error}\"}}\n")), "explain", "--ndjson");
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal(ids.Select(id => $"{{\"id\":{id},\"verdict\":\"known\",\"candidates\":[{{\"error\":\"mysql-unreachable\",\"score\":0.85}}]}}"), ended.Lines);
    }

    [Fact]
    public void In_bulk_a_bad_line_is_named_and_the_rest_is_done()
    {
        var ended = at.RunWith($"{{\"id\":1,\"text\":\"{Error}\"}}\nnope\n\n[1]\n{{\"id\":2}}\n{{\"text\":\"x\"}}\n{{\"id\":3,\"text\":4}}\n{{\"id\":4,\"text\":\"\"}}\n{{\"id\":5,\"text\":\"a\\ud800b\"}}", "explain", "--ndjson");
        Assert.Equal(3, ended.Code);
        Assert.Equal(["1", "4", "5"], ended.Objects.Select(o => o.GetProperty("id").ToString()));
        Assert.Equal(
            [
                "tocsin: standard input, line 2: not JSON ('nope' is an invalid JSON literal. Expected the literal 'null')",
                .. new[] { 4, 5, 6, 7 }.Select(n => $"tocsin: standard input, line {n}: an object {{\"id\": …, \"text\": \"…\"}} is expected"),
            ],
            ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void In_bulk_each_answer_comes_before_the_next_question()
    {
        using var running = at.Start("explain", "--ndjson");
        for (var i = 0; i < 3; i++)
        {
            running.Send($"{{\"id\":{i},\"text\":\"{Error}\"}}\n");
            running.Await($"{{\"id\":{i},\"verdict\":\"known\"");
        }
        Assert.Equal(0, running.End().Code);
    }

    [Fact]
    public void Ten_thousand_texts_are_explained_in_one_run()
    {
        const int Count = 10_000;
        var ended = at.RunWith(
            string.Concat(Enumerable.Range(0, Count).Select(i => JsonSerializer.Serialize(new { id = i, text = i % 2 == 0 ? $"{i} all is well\nwith id {i * 7919}" : $"at {i}: {Error}" }) + "\n")),
            "explain",
            "--ndjson");
        Assert.Equal((0, Count), (ended.Code, ended.Lines.Length));
        Assert.All(ended.Lines.Index(), l => Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{{\"id\":{l.Index},\"verdict\":\"{(l.Index % 2 == 0 ? "unknown" : "known")}\""), l.Item, StringComparison.Ordinal));
    }

    [Fact]
    public void Bulk_takes_no_text_and_nothing_is_no_question()
    {
        Assert.Equal(2, at.Run("explain", "--ndjson", Error).Code);
        Assert.Equal(0, at.RunWith("", "explain", "--ndjson").Code);
    }
}
