using System.IO.Compression;
using System.Text;
using Tocsin.Collect.Logs;
using Tocsin.Core.Matching;

namespace Tocsin.Collect.Tests.Logs;

public sealed class LogScanTests : IDisposable
{
    private const int Border = 1 << 20;
    private static readonly string Block = string.Concat(Enumerable.Repeat("all is well here\n", 40));
    private readonly TempFolder folder = new();
    private readonly List<Match> found = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_event_across_a_buffers_border_is_found_once_in_its_place()
    {
        var scan = new LogScan(Some.Set(), Some.Options);
        foreach (var before in Enumerable.Range(0, 60).Select(i => Border - i).Concat([Border - 4096, Border + (512 * 1024) - 3, Border + (512 * 1024)]))
        {
            found.Clear();
            var lines = Fill(before, out var count);
            var outcome = Read(scan, folder.Write("app.log", lines + Some.Error + "\n" + Block));
            var match = Assert.Single(found);
            Assert.Equal((count + 1, before), (match.Line, (int)match.Offset));
            Assert.Equal((count + 41, lines.Length + Some.Error.Length + 1 + Block.Length), (outcome.Lines, (int)outcome.Bytes));
        }
    }

    [Fact]
    public void A_stack_trace_across_a_buffers_border_is_one_event_at_its_first_line()
    {
        var trace = "Error: save failed\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"    at step{i} (/app/dist/main.js:{i}:1)\n")) + "    cause: " + Some.Error + "\n";
        var scan = new LogScan(Some.Set(), Some.Options);
        for (var into = 1; into < trace.Length; into += 29)
        {
            found.Clear();
            var lines = Fill(Border - into, out var count);
            Read(scan, folder.Write("app.log", lines + trace + Block));
            var match = Assert.Single(found);
            Assert.Equal((count + 1, lines.Length), (match.Line, (int)match.Offset));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(4096)]
    public void A_pipe_in_pieces_of_any_size_gives_the_same_finds(int atOnce)
    {
        var text = $"{Block}{Some.Error}\r\n{Block}Error: x\n    at y\n    {Some.Error}\n{Some.Error}";
        var outcome = new LogScan(Some.Set(), Some.Options).Read(new LogSource("-"), new Dribble(Encoding.UTF8.GetBytes(text), atOnce), found.Add, null, CancellationToken.None);
        Assert.Equal([(41, 680), (82, text.IndexOf("Error: x", StringComparison.Ordinal)), (85, text.Length - Some.Error.Length)], found.Select(m => ((int)m.Line, (int)m.Offset)));
        Assert.Equal((text.Length, 85), ((int)outcome.Bytes, (int)outcome.Lines));
    }

    [Fact]
    public void An_error_in_a_line_longer_than_any_buffer_is_found_once_at_the_lines_start()
    {
        Read(folder.Write("app.log", $"short\n{new string('x', 3_000_000)} {Some.Error} {new string('y', 3_000_000)}\n{Some.Error}\n"));
        Assert.Equal([(2L, 6L), (3L, 6_000_000L + 6 + Some.Error.Length + 3)], found.Select(m => (m.Line, m.Offset)));
    }

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("one line without an end", 1, 0)]
    [InlineData("one\r\ntwo\r\n", 2, 0)]
    [InlineData("\n\n\n", 3, 0)]
    [InlineData("the disk is full", 1, 1)]
    [InlineData("\uFEFFthe disk is full\n", 1, 1)]
    public void Lines_and_bytes_are_counted(string text, int lines, int finds)
    {
        var outcome = Read(folder.Write("app.log", text));
        Assert.Equal((lines, Encoding.UTF8.GetByteCount(text), finds), ((int)outcome.Lines, (int)outcome.Bytes, found.Count));
        Assert.Null(outcome.Problem);
    }

    [Fact]
    public void Invalid_UTF8_and_NULs_hide_nothing()
    {
        var outcome = Read(folder.Write("app.log", [.. "a\0b\n"u8, 0xff, 0xfe, 0xc3, .. "\nthe disk is full \xff\n"u8]));
        Assert.Equal(3, Assert.Single(found).Line);
        Assert.True(outcome.IsBinary);
        Assert.Null(outcome.Problem);
    }

    [Fact]
    public void Gzip_is_told_by_its_content_and_places_count_in_the_text()
    {
        var outcome = Read(folder.Write("app.log", Gzip($"{Block}{Some.Error}\n")));
        Assert.Equal((41, 680), (Assert.Single(found).Line, (int)found[0].Offset));
        Assert.Equal((41, 680 + Some.Error.Length + 1), (outcome.Lines, (int)outcome.Bytes));
        Assert.Null(Read(folder.Write("plain.gz", Some.Error)).Problem);
        Assert.Equal(2, found.Count);
    }

    [Fact]
    public void Members_of_one_gzip_file_read_as_one_text()
    {
        Read(folder.Write("app.gz", [.. Gzip("a\n"), .. Gzip($"b\n{Some.Error}\n")]));
        Assert.Equal((3, 4), ((int)Assert.Single(found).Line, (int)found[0].Offset));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    public void Gzip_on_standard_input_is_read(int atOnce)
    {
        var outcome = new LogScan(Some.Set(), Some.Options).Read(new LogSource("-"), new Dribble([.. Gzip(Block), .. Gzip(Some.Error)], atOnce), found.Add, null, CancellationToken.None);
        Assert.Equal(41, Assert.Single(found).Line);
        Assert.Null(outcome.Problem);
    }

    [Fact]
    public void What_stands_before_the_break_of_a_gzip_file_is_found()
    {
        var noise = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i * 7919} is well\n"));
        var whole = Gzip($"{Some.Error}\n{noise}");
        var outcome = Read(folder.Write("cut.gz", whole[..(whole.Length / 2)]));
        Assert.Single(found);
        Assert.StartsWith("the gzip data is broken after ", outcome.Problem, StringComparison.Ordinal);
        Array.Fill(whole, (byte)0x55, whole.Length / 2, 500);
        Assert.StartsWith("the gzip data is broken after ", Read(folder.Write("broken.gz", whole)).Problem, StringComparison.Ordinal);
        Assert.Equal(2, found.Count);
    }

    [Fact]
    public void What_is_not_read_names_the_tool_that_reads_it()
    {
        var file = folder.Write("app.log.zst", [0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]);
        Assert.Equal($"it is compressed with zstd, which is not read here; try: zstd -dc {file} | tocsin scan -", Read(file).Problem);
        Assert.StartsWith("the text is UTF-16", Read(folder.Write("powershell.log", [0xff, 0xfe, (byte)'a', 0])).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_while_a_pipe_is_idle_ends_the_reading_and_keeps_the_last_find()
    {
        using var input = new Idle($"{Some.Error}\n");
        using var stop = new CancellationTokenSource();
        var outcome = new LogScan(Some.Set(), Some.Options).Read(new LogSource("-"), input, found.Add, _ => stop.Cancel(), stop.Token);
        Assert.Single(found);
        Assert.Equal(1, outcome.Lines);
    }

    [Fact]
    public void Whoever_watches_a_pipe_is_told_its_last_event_though_nothing_follows()
    {
        using var input = new Idle($"{Some.Error}\n");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        new LogScan(Some.Set(), Some.Options) { IsLive = true }.Read(new LogSource("-"), input, Found, null, stop.Token);
        Assert.Single(found);
        return;

        // The find itself ends the reading: without it the deadline would.
        void Found(Match match)
        {
            Assert.False(stop.IsCancellationRequested);
            found.Add(match);
            stop.Cancel();
        }
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_outcomes()
    {
        Assert.Equal("there is no such file", Read(folder["gone.log"]).Problem);
        Assert.Equal("the file may not be read: permission denied", Read(folder.Path).Problem);
    }

    private ScanOutcome Read(string file) => Read(new LogScan(Some.Set(), Some.Options), file);

    private ScanOutcome Read(LogScan scan, string file) => scan.Read(new LogSource(file), null, found.Add, null, CancellationToken.None);

    private static string Fill(int length, out long lines)
    {
        var text = new StringBuilder(length);
        lines = 0;
        while (length - text.Length > 40)
        {
            text.Append("all is well here\n");
            lines++;
        }
        lines++;
        return text.Append('w', length - text.Length - 1).Append('\n').ToString();
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
