using System.Text.Json;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

public sealed class ScanOutputTests : IDisposable
{
    private const string Refused = "2026-11-21T20:00:01Z ERROR connect ECONNREFUSED 10.0.12.34:3306";
    private const string Later = "2026-11-21T20:04:11Z ERROR connect ECONNREFUSED 10.0.12.35:3306";
    private const string Wrong = "2026-11-21T20:02:00Z ReplyError: WRONGTYPE Operation against a key holding the wrong kind of value";
    private static readonly string Log = $"all is well\n{Refused}\n{Wrong}\nall is well\n{Later}\n";
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Fact]
    public void The_report_says_what_where_how_often_since_when_why_and_what_next()
    {
        at.Write("app.log", Log);
        var ended = at.Run("scan", "app.log");
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Contains("mysql-unreachable  ×2\n  MySQL cannot be reached", ended.Out, StringComparison.Ordinal);
        Assert.Contains("  where   app.log:2  2026-11-21T20:00:01Z ERROR connect ECONNREFUSED 10.0.12.34:3306\n", ended.Out, StringComparison.Ordinal);
        Assert.Contains("  when    2026-11-21 20:00:01 to 20:04:11 UTC  █   █\n", ended.Out, StringComparison.Ordinal);
        Assert.Contains("  causes  · ", ended.Out, StringComparison.Ordinal);
        Assert.Contains("  do      ", ended.Out, StringComparison.Ordinal);
        Assert.Contains("  next    tocsin explain mysql-unreachable\n", ended.Out, StringComparison.Ordinal);
        Assert.Contains($"2 known errors in 1 log ({Log.Length} B, 5 lines, ", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void No_line_is_wider_than_the_page_and_none_ends_in_blanks()
    {
        at.Write("app.log", Log + $"{{\"level\":50,\"hostname\":\"{new string('h', 300)}\",\"msg\":\"connect ECONNREFUSED 10.0.12.34:3306\"}}\n");
        var ended = at.Run("scan", "app.log");
        Assert.All(ended.Lines, l => Assert.InRange(l.Length, 1, 100));
        Assert.All(ended.Lines, l => Assert.Equal(l.TrimEnd(), l));
        Assert.Contains("…", ended.Out, StringComparison.Ordinal);
        Assert.Contains("connect ECONNREFUSED 10.0.12.34:3306", ended.Lines.First(l => l.Contains('…', StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Ndjson_is_one_object_per_event_and_entry_and_a_summary_last()
    {
        at.Write("app.log", Log);
        var ended = at.Run("scan", "app.log", "--format", "ndjson");
        Assert.Equal(
            $$"""{"error":"mysql-unreachable","signature":"refused-port","file":"app.log","line":2,"offset":12,"captures":{},"text":"{{Refused}}"}""",
            ended.Lines[0]);
        Assert.Equal(["app.log:2:12 mysql-unreachable", $"app.log:3:{13 + Refused.Length} redis-wrongtype", $"app.log:5:{Log.Length - Later.Length - 1} mysql-unreachable"], ended.Finds);
        var summary = ended.Objects[^1].GetProperty("summary");
        Assert.Equal(["bytes", "lines", "seconds", "counts"], summary.EnumerateObject().Select(p => p.Name));
        Assert.Equal((Log.Length, 5), (summary.GetProperty("bytes").GetInt32(), summary.GetProperty("lines").GetInt32()));
        Assert.Equal("""{"mysql-unreachable":2,"redis-wrongtype":1}""", JsonSerializer.Serialize(summary.GetProperty("counts")));
    }

    [Fact]
    public void Ndjson_names_captures()
    {
        Own.Entry(at, "own/service/vault-sealed", "template: \"vault at {host} is sealed for {user}\"");
        var found = at.RunWith("vault at 10.0.3.7 is sealed for app\n", "scan", "--catalog", "own", "--format", "ndjson").Objects[0];
        Assert.Equal("-", found.GetProperty("file").GetString());
        Assert.Equal("""{"host":"10.0.3.7","user":"app"}""", JsonSerializer.Serialize(found.GetProperty("captures")));
    }

    [Fact]
    public void Json_is_one_document_with_counts_times_sources_and_forms()
    {
        at.Write("app.log", Log);
        at.Write("old.log", Refused + "\n");
        var json = at.Run("scan", "app.log", "old.log", "--format", "json").Json;
        Assert.Equal((6, false), (json.GetProperty("lines").GetInt32(), json.GetProperty("stopped").GetBoolean()));
        var mysql = json.GetProperty("errors").EnumerateArray().Single(e => e.GetProperty("error").GetString() is "mysql-unreachable");
        Assert.Equal(3, mysql.GetProperty("count").GetInt32());
        Assert.Equal("2026-11-21T20:00:01Z", mysql.GetProperty("first").GetString());
        Assert.Equal("2026-11-21T20:04:11Z", mysql.GetProperty("last").GetString());
        Assert.Equal("""{"app.log":2,"old.log":1}""", JsonSerializer.Serialize(mysql.GetProperty("sources")));
        Assert.Equal("""{"2026-11-21T20:00:00Z":2,"2026-11-21T20:04:00Z":1}""", JsonSerializer.Serialize(mysql.GetProperty("minutes")));
        Assert.Equal(3, mysql.GetProperty("forms")[0].GetProperty("count").GetInt32());
        Assert.StartsWith("mysql-unreachable/", mysql.GetProperty("causes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Context_gives_the_lines_around_each_find()
    {
        at.Write("app.log", "one\ntwo\n" + Wrong + "\nthree\nfour\n");
        Assert.Contains($"app.log:3  redis-wrongtype\n  two\n> {Wrong}\n  three\n\n", at.Run("scan", "app.log", "-C", "1").Out, StringComparison.Ordinal);
        var found = at.Run("scan", "app.log", "--context", "2", "--format", "ndjson").Objects[0];
        Assert.Equal("""["one","two"]""", JsonSerializer.Serialize(found.GetProperty("before")));
        Assert.Equal("""["three","four"]""", JsonSerializer.Serialize(found.GetProperty("after")));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    [InlineData("ndjson")]
    public void No_secret_is_in_any_output(string format)
    {
        const string Key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        at.Write(
            "app.log",
            $"-----BEGIN PRIVATE KEY-----\n{Key}\n{Key[..^4]}abcd\n-----END PRIVATE KEY-----\n"
            + "redis://default:hunter2-secret@10.0.1.2:6379 connect ETIMEDOUT 10.0.1.2:6379 password=hunter3-secret\n"
            + "{\"msg\":\"connect ECONNREFUSED 10.0.12.34:3306\",\"db_password\":\"hunter4-secret\"}\n");
        var ended = at.Run("scan", "app.log", "--format", format, "--context", "5");
        Assert.Contains("mysql-unreachable", ended.Out, StringComparison.Ordinal);
        Assert.Contains("redis-unreachable", ended.Out, StringComparison.Ordinal);
        foreach (var secret in (string[])["hunter2", "hunter3", "hunter4", Key[..20]]) Assert.DoesNotContain(secret, ended.Out + ended.Error, StringComparison.Ordinal);
        Assert.Contains("[redacted", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_capture_that_is_a_secret_is_redacted()
    {
        Own.Entry(at, "own/service/vault-refused", "template: \"vault refuses token={any} for {user}\"");
        var found = at.RunWith("vault refuses token=hunter5-secret-value for app\n", "scan", "--catalog", "own", "--format", "ndjson").Objects[0];
        Assert.Equal("vault-refused", found.GetProperty("error").GetString());
        Assert.DoesNotContain("hunter5", found.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("app", found.GetProperty("captures").GetProperty("user").GetString());
    }

    [Fact]
    public void What_a_log_says_never_steers_the_terminal()
    {
        at.Write("app.log", "\e]0;owned\a\e[2J connect ECONNREFUSED 10.0.12.34:3306\r\e[8m\n");
        foreach (var arguments in (string[][])[["scan", "app.log"], ["scan", "app.log", "-C", "1"], ["scan", "app.log", "--format", "ndjson"], ["explain", File.ReadAllText(at["app.log"])]])
        {
            var ended = at.Run(arguments);
            Assert.Contains("mysql-unreachable", ended.Out, StringComparison.Ordinal);
            Assert.DoesNotContain('\e', ended.Out);
            Assert.DoesNotContain('\a', ended.Out);
        }
    }

    [Fact]
    public void In_a_pipe_there_are_neither_colours_nor_a_progress_line()
    {
        at.Write("app.log", string.Concat(Enumerable.Repeat(Log, 100_000)));
        var ended = at.Run("scan", "app.log");
        Assert.DoesNotContain('\e', ended.Out + ended.Error);
        Assert.DoesNotContain('\r', ended.Out + ended.Error);
        Assert.Equal("", ended.Error);
        Assert.Contains("×200,000", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_errors_end_with_a_digest()
    {
        at.Write("app.log", Log + "Access denied for user 'app'@'10.0.3.7' (using password: YES)\n");
        Assert.Matches(@"[0-9]+ known errors in 1 log .*\n(  [a-z0-9-]+ +×[0-9,]+.*\n){3,}$", at.Run("scan", "app.log").Out);
    }
}
