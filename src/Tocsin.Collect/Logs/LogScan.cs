using System.IO.Compression;
using Tocsin.Core.Matching;

namespace Tocsin.Collect.Logs;

/// <summary>How the reading of one log ended.</summary>
public sealed record ScanOutcome(LogSource Source, long Bytes, long Lines, string? Problem, bool IsBinary);

/// <summary>Bytes read so far, for a progress line; <see cref="Total"/> is 0 where it cannot be known.</summary>
public readonly record struct ScanProgress(string Path, long Read, long Total);

/// <summary>Reads one log in buffers of fixed size and feeds the matcher. Memory does not depend on the size of the log or of its lines.</summary>
public sealed class LogScan(MatchSet set, StreamOptions options)
{
    private const int BinarySample = 8192;
    private static readonly TimeSpan QuietWhile = TimeSpan.FromSeconds(1);
    private readonly MatchBuffer buffer = new(fresh: 256 * 1024, history: 32 * 1024, eventRoom: 512 * 1024);

    // Without it a gzip file that was cut off would read as a shorter one, and nobody would be told.
    static LogScan() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", isEnabled: true);

    /// <summary>Whether somebody watches: the last event of a pipe is then told when nothing follows for a while, not only when something does.</summary>
    public bool IsLive { get; init; }

    /// <summary>Reads the log to its end, or until it is cancelled; what was found until then was reported.</summary>
    public ScanOutcome Read(LogSource source, Stream? standardInput, Action<Match> found, Action<ScanProgress>? progress, CancellationToken cancel)
    {
        buffer.Clear();
        var run = new Run(source, new StreamMatcher(set, options), found, progress);
        try
        {
            using var raw = Open(source, standardInput, cancel);
            Span<byte> sample = stackalloc byte[BinarySample];
            var head = Head(raw, sample);
            if (LogContent.Refuse(head, source.Path) is { } refusal) return run.Outcome(refusal);
            var isGzip = LogContent.IsGzip(head);
            run.IsBinary = !isGzip && head.IndexOf((byte)0) >= 0;
            run.Total = raw.CanSeek ? raw.Length : 0;
            using var stream = isGzip ? new GZipStream(raw, CompressionMode.Decompress) : raw;
            ReadAll(run, stream, raw, cancel);
            // A stop ends a compressed stream in its middle, which is no fault of the stream.
            return run.Outcome(run.Failure is null || cancel.IsCancellationRequested ? null : Reason(run.Failure, run.Bytes));
        }
        catch (Exception e) when (IsOfInput(e))
        {
            return run.Outcome(Reason(e, run.Bytes));
        }
    }

    private sealed class Run(LogSource source, StreamMatcher matcher, Action<Match> found, Action<ScanProgress>? progress)
    {
        private bool endedMidLine;

        public StreamMatcher Matcher => matcher;

        public Action<Match> Found => found;

        public long Bytes { get; private set; }

        public long Total { get; set; }

        public bool IsBinary { get; set; }

        public Exception? Failure { get; set; }

        public void Took(ReadOnlySpan<byte> read)
        {
            Bytes += read.Length;
            endedMidLine = read[^1] != '\n';
        }

        // Of a compressed log the compressed bytes are counted: their total is known.
        public void Progress(Stream raw) => progress?.Invoke(new ScanProgress(source.Path, raw.CanSeek ? raw.Position : Bytes, Total));

        public ScanOutcome Outcome(string? problem) => new(source, Bytes, matcher.Lines + (endedMidLine ? 1 : 0), problem, IsBinary);
    }

    /// <summary>Whether the file holds gzip data, by its first bytes.</summary>
    public static bool IsCompressed(string path)
    {
        try
        {
            if (new FileInfo(path).Length == 0) return false;
            using var file = OpenFile(path);
            Span<byte> head = stackalloc byte[LogContent.HeadBytes];
            return LogContent.IsGzip(head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)]);
        }
        catch (Exception e) when (IsOfInput(e))
        {
            return false;
        }
    }

    // A pipe is matched as it comes, a file in full buffers. What was read before a failure or a stop is matched to its last byte.
    private void ReadAll(Run run, Stream stream, Stream raw, CancellationToken cancel)
    {
        var ended = false;
        while (!ended)
        {
            for (var first = true; !ended && (first || raw.CanSeek) && !buffer.Room.IsEmpty; first = false)
            {
                if (IsLive && stream is PumpedInput pipe && !pipe.Wait(QuietWhile))
                {
                    buffer.MatchLines(run.Matcher, run.Found);
                    pipe.Wait(Timeout.InfiniteTimeSpan);
                }
                ended = !Fill(run, stream) || cancel.IsCancellationRequested;
            }
            buffer.Match(run.Matcher, ended, run.Found);
            run.Progress(raw);
        }
    }

    private bool Fill(Run run, Stream stream)
    {
        var room = buffer.Room;
        try
        {
            var read = stream.Read(room);
            if (read == 0) return false;
            run.Took(room[..read]);
            buffer.Add(read);
            return true;
        }
        catch (Exception e) when (IsOfInput(e))
        {
            run.Failure = e;
            return false;
        }
    }

    // A file without a length is an empty one, a pipe or a device: only reading tells, and that may take for ever.
    private static Stream Open(LogSource source, Stream? standardInput, CancellationToken cancel)
    {
        if (source.IsStandardInput) return new PumpedInput(() => standardInput ?? Stream.Null, cancel);
        if (new FileInfo(source.Path) is { Exists: true, Length: 0 }) return new PumpedInput(() => OpenFile(source.Path), cancel);
        var file = OpenFile(source.Path);
        return file.CanSeek ? file : new PumpedInput(() => file, cancel);
    }

    private static FileStream OpenFile(string path) => new(
        path,
        new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan });

    private static ReadOnlySpan<byte> Head(Stream raw, Span<byte> sample)
    {
        if (raw is PumpedInput pipe) return Peek(pipe, sample);
        var read = raw.ReadAtLeast(sample, sample.Length, throwOnEndOfStream: false);
        raw.Position = 0;
        return sample[..read];
    }

    private static ReadOnlySpan<byte> Peek(PumpedInput pipe, Span<byte> sample)
    {
        var next = pipe.Peek();
        next = next[..Math.Min(next.Length, sample.Length)];
        next.CopyTo(sample);
        return sample[..next.Length];
    }

    private static bool IsOfInput(Exception e) => e is IOException or UnauthorizedAccessException or InvalidDataException;

    private static string Reason(Exception e, long bytes) => e switch
    {
        InvalidDataException => $"the gzip data is broken after {bytes} bytes of text; what was read until there is reported",
        UnauthorizedAccessException => "the file may not be read: permission denied",
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        _ => $"it could not be read to its end: {e.Message}",
    };
}
