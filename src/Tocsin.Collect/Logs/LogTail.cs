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
    private const int QuietLooks = 5;
    private readonly List<Followed> files = [];

    public long Bytes => files.Sum(f => f.Bytes);

    public long Lines => files.Sum(f => f.Lines);

    /// <summary>Follows until cancelled, from the files' start on.</summary>
    public void Follow(IReadOnlyList<string> paths, Action<string, Match> found, Action<string, string> notice, CancellationToken cancel)
    {
        files.AddRange(paths.Select(p => new Followed(p, set, options, m => found(p, m), text => notice(p, text))));
        while (!cancel.IsCancellationRequested)
        {
            var moved = false;
            foreach (var file in files) moved |= file.Look();
            if (!moved) cancel.WaitHandle.WaitOne(Interval);
        }
        foreach (var file in files) file.Finish();
    }

    public void Dispose()
    {
        foreach (var file in files) file.Dispose();
    }

    private sealed class Followed(string path, MatchSet set, StreamOptions options, Action<Match> found, Action<string> notice) : IDisposable
    {
        private readonly MatchBuffer buffer = new(fresh: 128 * 1024, history: 32 * 1024, eventRoom: 96 * 1024);
        private StreamMatcher matcher = new(set, options);
        private FileStream? stream;
        private (string? Open, string? Path) names;
        private long earlierLines;
        private int quiet;
        private bool announcedMissing;

        public long Bytes { get; private set; }

        public long Lines => earlierLines + matcher.Lines;

        /// <summary>One look at the file; whether there was something to read.</summary>
        public bool Look()
        {
            try
            {
                return LookAt();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Close($"could not be read: {e.Message}");
                return false;
            }
        }

        public void Finish()
        {
            buffer.Match(matcher, final: true, found);
            earlierLines += matcher.Lines;
            matcher = new StreamMatcher(set, options);
            buffer.Clear();
        }

        public void Dispose() => stream?.Dispose();

        private bool LookAt()
        {
            if (stream is null && !TryOpen()) return false;
            if (stream!.Length < stream.Position)
            {
                Finish();
                notice("was cut; reading it from its start");
                stream.Position = 0;
            }
            if (Read()) return true;
            if (quiet++ == QuietLooks) buffer.MatchLines(matcher, found);
            if (!IsReplaced()) return false;
            while (Read())
            {
                // What was written between the last look and the rename.
            }
            Close("was rotated; reading the new file");
            return TryOpen();
        }

        private bool Read()
        {
            var read = stream!.Read(buffer.Room);
            if (read == 0) return false;
            quiet = 0;
            Bytes += read;
            buffer.Add(read);
            do buffer.Match(matcher, final: false, found);
            while (buffer.Room.IsEmpty);
            return true;
        }

        private bool TryOpen()
        {
            try
            {
                stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
                names = (OpenName(), Target());
                announcedMissing = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!announcedMissing) notice(e is FileNotFoundException or DirectoryNotFoundException ? "is not there yet; waiting for it" : $"cannot be read yet ({e.Message}); waiting for it");
                announcedMissing = true;
            }
            return stream is not null;
        }

        // Lines count anew in the new file; what the old one ended with is matched first.
        private void Close(string why)
        {
            Finish();
            notice(why);
            stream?.Dispose();
            stream = null;
        }

        // An open file's name in /proc follows it when it is renamed or deleted, and a link may point elsewhere; where there is no /proc, a rotation shows as a shorter file.
        private bool IsReplaced() => names.Open is not null && File.Exists(path) && names != (OpenName(), Target());

        private string? OpenName() => OperatingSystem.IsLinux() ? new FileInfo($"/proc/self/fd/{stream!.SafeFileHandle.DangerousGetHandle()}").LinkTarget : null;

        private string? Target() => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName;
    }
}
