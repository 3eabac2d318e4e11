using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>Pipes that stay open, files that grow, readers that go away.</summary>
public sealed class ScanLiveTests : IDisposable
{
    private const string Error = "Error: connect ECONNREFUSED 10.0.12.34:3306\n";
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Theory]
    [InlineData("text", "mysql-unreachable  ×1")]
    [InlineData("json", "\"stopped\": true")]
    [InlineData("ndjson", "\"counts\":{\"mysql-unreachable\":1}")]
    public void Ctrl_C_on_an_open_pipe_prints_what_was_found_so_far(string format, string told)
    {
        // More than a pipe holds: when all of it is taken, its beginning is read.
        using var running = at.Start("scan", "-", "--format", format);
        running.Send(Error + string.Concat(Enumerable.Repeat("all is well here\n", 60_000)));
        var ended = running.Stop();
        Assert.Equal(3, ended.Code);
        Assert.Contains(told, ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_followed_pipe_tells_its_last_event_while_it_stays_open()
    {
        using var running = at.Start("scan", "-", "--follow");
        running.Send("all is well\n" + Error);
        running.Await("-:2  mysql-unreachable  Error: connect ECONNREFUSED 10.0.12.34:3306\n");
        var ended = running.Stop();
        Assert.Equal(0, ended.Code);
        Assert.Contains("1 known error in 1 log (56 B, 2 lines, ", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Following_goes_on_through_rename_truncation_and_late_arrival()
    {
        var file = at.Write("app.log", Error);
        using var running = at.Start("scan", "--follow", "app.log", "late.log", "--format", "ndjson");
        running.Await("late.log is not there yet; waiting for it");
        running.Await("\"file\":\"app.log\",\"line\":1,");
        File.AppendAllText(file, "all is well\n" + Error);
        running.Await("\"file\":\"app.log\",\"line\":3,");
        File.Move(file, at["app.log.1"]);
        at.Write("app.log", "a\nb\nc\n" + Error);
        running.Await("app.log was rotated; reading the new file");
        running.Await("\"file\":\"app.log\",\"line\":4,");
        using (var cut = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) cut.SetLength(0);
        running.Await("app.log was cut; reading it from its start");
        File.AppendAllText(file, "x\n" + Error);
        running.Await("\"file\":\"app.log\",\"line\":2,");
        at.Write("late.log", Error);
        running.Await("\"file\":\"late.log\",\"line\":1,");
        var ended = running.Stop();
        Assert.Equal(0, ended.Code);
        Assert.Contains("\"counts\":{\"mysql-unreachable\":5}", ended.Lines[^1], StringComparison.Ordinal);
        Assert.Contains("\"lines\":10,", ended.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_grow_is_told_or_read_once_when_following()
    {
        at.Write("app.log", Error);
        Directory.CreateDirectory(at["empty"]);
        using var running = at.Start("scan", "--follow", "empty", "app.log");
        running.Await("empty: the folder holds no log");
        running.Await("app.log:1  mysql-unreachable");
        Assert.Equal(3, running.Stop().Code);
    }

    [Fact]
    public void When_the_reader_of_its_output_leaves_it_ends_without_a_word()
    {
        using var running = at.Start("scan", "-", "--format", "ndjson");
        var chunk = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Error, 5000)));
        running.Send(chunk);
        running.Await("mysql-unreachable");
        running.CloseOutput();
        for (var i = 0; i < 20; i++) running.Send(chunk);
        var ended = running.End();
        Assert.Equal((0, ""), (ended.Code, ended.Error));
    }
}
