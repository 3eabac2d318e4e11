using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>Whatever is given to scan: what cannot be read is named, the rest is still done.</summary>
public sealed class ScanInputTests : IDisposable
{
    private const string Error = "Error: connect ECONNREFUSED 10.0.12.34:3306\n";
    private readonly Workplace at = new();

    public ScanInputTests() => at.Write("good.log", "all is well\n" + Error);

    public void Dispose() => at.Dispose();

    [Fact]
    public void A_missing_file_is_named_and_the_others_are_read() =>
        CouldNotLook(at.Run("scan", "godo.log", "good.log", "--format", "ndjson"), "godo.log: there is no such file or folder; did you mean good.log?");

    [Fact]
    public void A_folder_without_logs_is_named()
    {
        Directory.CreateDirectory(at["empty"]);
        CouldNotLook(at.Run("scan", "empty", "good.log", "--format", "ndjson"), "empty: the folder holds no log; files are read whatever their name but pictures, archives and programs");
    }

    [Fact]
    public void A_file_that_may_not_be_read_is_named()
    {
        Assert.SkipWhen(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "root may read everything");
        using (var forbid = Process.Start("chmod", ["000", at.Write("secret.log", Error)])) Assert.True(forbid.WaitForExit(Workplace.Deadline));
        CouldNotLook(at.Run("scan", "secret.log", "good.log", "--format", "ndjson"), "secret.log: the file may not be read: permission denied");
    }

    [Fact]
    public void Truncated_and_broken_gzip_are_named_with_the_place_and_what_stands_before_is_found()
    {
        var whole = Gzip(Error + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{i * 7919} is well\n")));
        at.Write("cut.gz", whole[..(whole.Length / 2)]);
        Array.Fill(whole, (byte)0x55, whole.Length / 2, 300);
        at.Write("broken.gz", whole);
        var ended = at.Run("scan", "cut.gz", "broken.gz", "good.log", "--format", "ndjson");
        Assert.Equal(3, ended.Code);
        Assert.Equal(["cut.gz:1:0 mysql-unreachable", "broken.gz:1:0 mysql-unreachable", "good.log:2:12 mysql-unreachable"], ended.Finds);
        Assert.Matches(@"tocsin: cut\.gz: the gzip data is broken after [0-9]+ bytes of text; what was read until there is reported\n", ended.Error);
        Assert.Matches(@"tocsin: broken\.gz: the gzip data is broken after [0-9]+ bytes of text", ended.Error);
    }

    [Fact]
    public void Other_compression_names_its_tool()
    {
        at.Write("app.zst", [0x28, 0xb5, 0x2f, 0xfd, 0, 0]);
        CouldNotLook(at.Run("scan", "app.zst", "good.log", "--format", "ndjson"), "app.zst: it is compressed with zstd, which is not read here; try: zstd -dc app.zst | tocsin scan -");
    }

    [Fact]
    public void Gzip_is_read_by_content_in_files_and_on_standard_input()
    {
        at.Write("packed", [.. Gzip("one\n"), .. Gzip("two\n" + Error)]);
        Assert.Equal(["packed:3:8 mysql-unreachable"], at.Run("scan", "packed", "--format", "ndjson").Finds);
        Assert.Equal(["-:3:8 mysql-unreachable"], at.RunWith(File.ReadAllBytes(at["packed"]), "scan", "-", "--format", "ndjson").Finds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\0\0\0\u0001binary\0")]
    [InlineData("no end")]
    public void Odd_files_are_read_in_peace(string text)
    {
        at.Write("odd.log", text);
        var ended = at.Run("scan", "odd.log", "good.log", "--format", "ndjson");
        Assert.Equal((0, text.Contains('\0', StringComparison.Ordinal) ? "tocsin: odd.log: holds binary data; matched as bytes\n" : ""), (ended.Code, ended.Error));
        Assert.Equal(["good.log:2:12 mysql-unreachable"], ended.Finds);
    }

    [Fact]
    public void Broken_UTF8_CRLF_and_a_missing_last_line_end_hide_nothing()
    {
        at.Write("odd.log", [.. "caf\u00e9\r\n"u8, 0xff, 0xc3, .. " connect ECONNREFUSED 10.0.12.34:3306\r\n"u8, .. "connect ECONNREFUSED 10.0.12.34:3306"u8]);
        var ended = at.Run("scan", "odd.log", "--format", "ndjson");
        Assert.Equal(["odd.log:2:7 mysql-unreachable", "odd.log:3:48 mysql-unreachable"], ended.Finds);
        Assert.Equal("\ufffd\ufffd connect ECONNREFUSED 10.0.12.34:3306", ended.Objects[0].GetProperty("text").GetString());
    }

    [Fact]
    public void Folders_globs_and_files_are_read_once_each()
    {
        foreach (var name in (string[])["logs/a.log", "logs/deep/er/b.log", "logs/logo.png"]) at.Write(name, Error);
        Directory.CreateSymbolicLink(at["logs/loop"], at["logs"]);
        string[] both = ["a.log:1:0 mysql-unreachable", "b.log:1:0 mysql-unreachable"];
        Assert.Equal(both, at.Run("scan", "logs", "--format", "ndjson").Finds);
        Assert.Equal(both, at.Run("scan", "logs/**/*.log", "--format", "ndjson").Finds);
        Assert.Equal(both, at.Run("scan", "logs/*.log", "logs/a.log", "logs/deep/*/*.log", "--format", "ndjson").Finds);
    }

    [Fact]
    public void Dev_null_is_an_empty_log() => Assert.Contains("no known error in 1 log (0 B, 0 lines", at.Run("scan", "/dev/null").Out, StringComparison.Ordinal);

    [Fact]
    public void A_named_pipe_is_read_to_its_end()
    {
        using (var make = Process.Start("mkfifo", at["pipe"])!) Assert.True(make.WaitForExit(Workplace.Deadline));
        using var running = at.Start("scan", "pipe", "good.log", "--format", "ndjson");
        File.AppendAllText(at["pipe"], Error);
        Assert.Equal(["pipe:1:0 mysql-unreachable", "good.log:2:12 mysql-unreachable"], running.End().Finds);
    }

    [Fact]
    public void A_named_pipe_that_nobody_writes_to_can_be_left()
    {
        using (var make = Process.Start("mkfifo", at["pipe"])!) Assert.True(make.WaitForExit(Workplace.Deadline));
        using var running = at.Start("scan", "missing.log", "pipe");
        running.Await("missing.log");
        var ended = running.Stop();
        Assert.Equal(3, ended.Code);
        Assert.Contains("stopped before the end", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_deleted_while_it_is_read_is_read_to_its_end()
    {
        const int Lines = 2_000_000;
        at.Write("big.log", Error + string.Concat(Enumerable.Repeat("all is well here\n", Lines)) + Error);
        using var running = at.Start("scan", "big.log", "--follow", "--format", "ndjson");
        running.Await("big.log");
        File.Delete(at["big.log"]);
        running.Await($"\"line\":{Lines + 2},");
        Assert.Equal(0, running.Stop().Code);
    }

    [Fact]
    public void A_million_short_lines_are_counted()
    {
        at.Write("many.log", string.Concat(Enumerable.Repeat("a\n", 1_000_000)) + Error);
        Assert.Equal(["many.log:1000001:2000000 mysql-unreachable"], at.Run("scan", "many.log", "--format", "ndjson").Finds);
    }

    [Fact]
    public void Memory_stays_flat_on_a_line_without_end()
    {
        using var running = at.Start("scan", "-", "--format", "ndjson");
        var chunk = new byte[1 << 20];
        Array.Fill(chunk, (byte)'x');
        for (var i = 0; i < 20; i++) running.Send(chunk);
        var early = running.PeakMegabytes();
        for (var i = 0; i < 180; i++) running.Send(chunk);
        running.Send(Encoding.UTF8.GetBytes(" connect ECONNREFUSED 10.0.12.34:3306 "));
        for (var i = 0; i < 4; i++) running.Send(chunk);
        var late = running.PeakMegabytes();
        var ended = running.End();
        Assert.Equal(["-:1:0 mysql-unreachable"], ended.Finds);
        Assert.InRange(late - early, 0, 30);
        Assert.InRange(late, 1, MostMegabytes);
    }

    // The promise is 60 MB for the published program, whose code is compiled ahead; here the compiler itself is at work in the process.
    private const double MostMegabytes = 90;

    private static void CouldNotLook(Ended ended, string message)
    {
        Assert.Equal((3, $"tocsin: {message}\n"), (ended.Code, ended.Error));
        Assert.Equal(["good.log:2:12 mysql-unreachable"], ended.Finds);
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
