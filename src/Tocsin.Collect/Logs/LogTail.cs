using Tocsin.Core.Matching;

namespace Tocsin.Collect.Logs;

/// <summary>
/// Follows growing files. A file that is renamed away and made anew is read to its end and then from the new one's start; a file that is cut is read
/// from its start again; one that is missing is waited for.
/// </summary>
public sealed class LogTail(MatchSet set, StreamOptions options) : IDisposable
{
    /// <summary>How often the files are looked at.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private const int BufferBytes = 256 * 1024;
    private const int QuietLooks = 5;
    private readonly List<Followed> files = [];

    /// <summary>Follows until cancelled. <paramref name="fromStart"/>: what the files hold already is matched too.</summary>
    public void Follow(IReadOnlyList<string> paths, bool fromStart, Action<string, Match> found, Action<string, string> notice, CancellationToken cancel)
    {
        files.AddRange(paths.Select(p => new Followed(p, set, options)));
        foreach (var file in files) file.Open(atEnd: !fromStart);
        while (!cancel.IsCancellationRequested)
        {
            var moved = false;
            foreach (var file in files) moved |= file.Look(found, notice);
            if (!moved) cancel.WaitHandle.WaitOne(Interval);
        }
        foreach (var file in files) file.Flush(found);
    }

    public void Dispose()
    {
        foreach (var file in files) file.Dispose();
    }

    private sealed class Followed(string path, MatchSet set, StreamOptions options) : IDisposable
    {
        private readonly byte[] buffer = new byte[BufferBytes];
        private StreamMatcher matcher = new(set, options);
        private FileStream? stream;
        private long position;
        private int history;
        private int filled;
        private int quiet;
        private bool announcedMissing;

        public void Open(bool atEnd)
        {
            try
            {
                stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
                if (atEnd) stream.Position = stream.Length;
                position = stream.Position;
                announcedMissing = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                stream = null;
            }
        }

        public bool Look(Action<string, Match> found, Action<string, string> notice)
        {
            if (stream is null)
            {
                Open(atEnd: false);
                if (stream is null && !announcedMissing) notice(path, "is not there yet; waiting for it");
                announcedMissing = stream is null;
                if (stream is null) return false;
            }
            if (stream.Length < position)
            {
                notice(path, "was cut; reading it from its start");
                Restart(found);
                stream.Position = position = 0;
            }
            var read = stream.Read(buffer, filled, buffer.Length - filled);
            if (read > 0)
            {
                position += read;
                filled += read;
                quiet = 0;
                Match(found, complete: false);
                return true;
            }
            if (quiet++ == QuietLooks) Match(found, complete: true);
            if (!IsReplaced()) return false;
            notice(path, "was rotated; reading the new file");
            Restart(found);
            stream.Dispose();
            Open(atEnd: false);
            return stream is not null;
        }

        public void Flush(Action<string, Match> found) => Match(found, complete: true);

        public void Dispose() => stream?.Dispose();

        // Lines count anew in the new file; what the old one ended with is matched first.
        private void Restart(Action<string, Match> found)
        {
            Flush(found);
            matcher = new StreamMatcher(set, options);
            history = filled = 0;
        }

        // When nothing came for a while the last event is complete up to its last line end.
        private void Match(Action<string, Match> found, bool complete)
        {
            var end = complete ? buffer.AsSpan(0, filled).LastIndexOf((byte)'\n') + 1 : filled;
            if (end <= history) end = filled == buffer.Length ? filled : history;
            if (end == history) return;
            var used = matcher.Feed(buffer.AsSpan(0, end), history, final: complete, full: buffer.Length - filled < buffer.Length / 4, m => found(path, m));
            var done = history + used;
            var keep = Math.Min(done, buffer.Length / 8);
            buffer.AsSpan(done - keep, filled - done + keep).CopyTo(buffer);
            history = keep;
            filled = filled - done + keep;
        }

        // The open file's name in /proc follows it when it is renamed or deleted; elsewhere a rotation shows as a shorter file.
        private bool IsReplaced()
        {
            if (!OperatingSystem.IsLinux()) return false;
            var open = new FileInfo($"/proc/self/fd/{stream!.SafeFileHandle.DangerousGetHandle()}").LinkTarget;
            return open is not null && File.Exists(path) && !string.Equals(open, Path.GetFullPath(path), StringComparison.Ordinal) && !string.Equals(open, Target(), StringComparison.Ordinal);
        }

        private string? Target()
        {
            var target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true);
            return target?.FullName;
        }
    }
}
