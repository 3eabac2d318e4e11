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
    private const int BufferBytes = 1 << 20;
    private const int HistoryBytes = 32 * 1024;
    private const int MinRead = 256 * 1024;
    private const int BinarySample = 8192;
    private readonly byte[] buffer = new byte[BufferBytes + HistoryBytes + EventRoom];

    // Room for one event that is not complete yet beside a full read.
    private const int EventRoom = 512 * 1024;

    /// <summary>Reads the log to its end, or until it is cancelled; what was found until then was reported.</summary>
    public ScanOutcome Read(LogSource source, Stream? standardInput, Action<Match> found, Action<ScanProgress>? progress, CancellationToken cancel)
    {
        var state = new State(source, new StreamMatcher(set, options));
        try
        {
            using var stream = Open(source, standardInput, out var total);
            ReadAll(state, stream, total, found, progress, cancel);
            return state.Outcome(null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return state.Outcome(Reason(source, e, state.Bytes));
        }
    }

    private sealed class State(LogSource source, StreamMatcher matcher)
    {
        public string Path => source.Path;

        public StreamMatcher Matcher { get; } = matcher;

        public long Bytes { get; set; }

        public bool IsBinary { get; set; }

        public bool EndedMidLine { get; set; }

        public ScanOutcome Outcome(string? problem) => new(source, Bytes, Matcher.Lines + (EndedMidLine ? 1 : 0), problem, IsBinary);
    }

    private void ReadAll(State state, Stream stream, long total, Action<Match> found, Action<ScanProgress>? progress, CancellationToken cancel)
    {
        var history = 0;
        var filled = 0;
        var final = false;
        while (!final && !cancel.IsCancellationRequested)
        {
            // A pipe is matched as it comes; a file in full buffers.
            for (var first = true; !final && (first || stream.CanSeek) && filled < buffer.Length && filled - history < BufferBytes; first = false)
            {
                var read = stream.Read(buffer, filled, Math.Min(buffer.Length - filled, BufferBytes));
                if (state.Bytes == 0) state.IsBinary = buffer.AsSpan(filled, Math.Min(read, BinarySample)).Contains((byte)0);
                state.Bytes += read;
                filled += read;
                final = read == 0;
                if (read > 0) state.EndedMidLine = buffer[filled - 1] != '\n';
            }
            var full = buffer.Length - filled < MinRead || filled - history >= BufferBytes;
            var used = state.Matcher.Feed(buffer.AsSpan(0, filled), history, final, full, found);
            progress?.Invoke(new ScanProgress(state.Path, total > 0 && stream is GZipStream gzip ? gzip.BaseStream.Position : state.Bytes, total));
            var done = history + used;
            var keep = Math.Min(done, HistoryBytes);
            buffer.AsSpan(done - keep, filled - done + keep).CopyTo(buffer);
            history = keep;
            filled = filled - done + keep;
        }
    }

    private static Stream Open(LogSource source, Stream? standardInput, out long total)
    {
        total = 0;
        var raw = source.IsStandardInput
            ? standardInput ?? Stream.Null
            : new FileStream(source.Path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan });
        if (raw.CanSeek) total = raw.Length;
        return IsGzip(source, raw) ? new GZipStream(raw, CompressionMode.Decompress) : raw;
    }

    // By name or by the first two bytes; standard input cannot be looked at twice, so there the name decides nothing.
    private static bool IsGzip(LogSource source, Stream raw)
    {
        if (source.IsStandardInput || !raw.CanSeek) return false;
        Span<byte> magic = stackalloc byte[2];
        var read = raw.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
        raw.Position = 0;
        return read == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    }

    private static string Reason(LogSource source, Exception e, long bytes) => e switch
    {
        InvalidDataException => $"the gzip data is broken after {bytes} bytes of text; what was read until there is reported",
        UnauthorizedAccessException => "the file may not be read: permission denied",
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        _ => $"{source.Path} could not be read to its end: {e.Message}",
    };
}
