using System.Collections.Immutable;
using System.Text;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Server.Web;

/// <summary>One known error in a log, with the lines around it, redacted.</summary>
public sealed record LogFind(Entry Entry, string Signature, long Line, ImmutableArray<string> Before, string Text, ImmutableArray<string> After);

/// <summary>A line that reads like an error and that no entry knows, with how often its like stands there.</summary>
public sealed record UnknownLine(long Line, string Text, long Count);

/// <summary>What a log held.</summary>
/// <param name="Counts">By entry, the most frequent first.</param>
public sealed record LogSeen(string Name, long Bytes, long Lines, IReadOnlyList<(Entry Entry, long Count)> Counts, IReadOnlyList<LogFind> Finds, IReadOnlyList<UnknownLine> Unknown)
{
    public long Total => Counts.Sum(c => c.Count);
}

/// <summary>Reads a log once, as it comes, and keeps only what it shows: memory does not grow with the log.</summary>
public sealed class LogLook(MatchSet matching, Instant now)
{
    public const int MostFinds = 200;
    private const int MostUnknown = 40;
    private const int Around = 2;
    private const int Buffer = 512 * 1024;
    private const int History = 32 * 1024;
    private const int LongestShown = 500;
    private static readonly string[] Alarming = ["error", "exception", "fatal", "panic", "fail", "refused", "denied", "timed out", "timeout", "econn", "unhandled"];
    private readonly Dictionary<string, (Entry Entry, long Count)> counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UnknownLine> unknown = new(StringComparer.Ordinal);
    private readonly HashSet<long> known = [];
    private readonly List<LogFind> finds = [];
    private long seenLines;

    public async Task<LogSeen> ReadAsync(string name, Stream stream, CancellationToken cancel)
    {
        var matcher = new StreamMatcher(matching, new StreamOptions(now, Around));
        var bytes = new byte[Buffer];
        var (history, filled, total, endsInLine) = (0, 0, 0L, false);
        for (var final = false; !final;)
        {
            var read = await stream.ReadAsync(bytes.AsMemory(filled), cancel);
            final = read == 0;
            if (!final) endsInLine = bytes[filled + read - 1] != '\n';
            (filled, total) = (filled + read, total + read);
            var done = history + matcher.Feed(bytes.AsSpan(0, filled), history, final, filled == bytes.Length, Found);
            LookAtOthers(bytes.AsSpan(history, done - history));
            var keep = Math.Min(done, History);
            bytes.AsSpan(done - keep, filled - done + keep).CopyTo(bytes);
            (filled, history) = (filled - done + keep, keep);
        }
        return new LogSeen(name, total, matcher.Lines + (endsInLine ? 1 : 0), [.. counts.Values.OrderByDescending(c => c.Count)], finds, [.. unknown.Values.OrderByDescending(u => u.Count).ThenBy(u => u.Line)]);
    }

    private void Found(Match match)
    {
        var id = match.Entry.Id;
        counts[id] = (match.Entry, counts.GetValueOrDefault(id).Count + 1);
        known.Add(match.Line);
        // Of each error some are shown, however often another fills the log.
        if (finds.Count < MostFinds && counts[id].Count <= MostFinds / 4) finds.Add(new LogFind(match.Entry, match.Signature, match.Line, [.. match.Before.Select(Shown)], Shown(match.Text), [.. match.After.Select(Shown)]));
    }

    private void LookAtOthers(ReadOnlySpan<byte> done)
    {
        while (!done.IsEmpty)
        {
            var end = done.IndexOf((byte)'\n');
            var line = end < 0 ? done : done[..end];
            done = end < 0 ? [] : done[(end + 1)..];
            seenLines++;
            if (!known.Remove(seenLines) && line.Length is > 0 and <= 8192) LookAt(Encoding.UTF8.GetString(line));
        }
    }

    private void LookAt(string line)
    {
        if (!Array.Exists(Alarming, w => line.Contains(w, StringComparison.OrdinalIgnoreCase)) || line.AsSpan().TrimStart().StartsWith("at ", StringComparison.Ordinal)) return;
        var form = Fingerprint.Generalise(line);
        if (unknown.TryGetValue(form, out var before)) unknown[form] = before with { Count = before.Count + 1 };
        else if (unknown.Count < MostUnknown) unknown[form] = new UnknownLine(seenLines, Shown(line), 1);
    }

    private static string Shown(string text)
    {
        var redacted = Redactor.Default.Redact(text.TrimEnd('\r', '\n'));
        return redacted.Length <= LongestShown ? redacted : redacted[..LongestShown] + "…";
    }
}
