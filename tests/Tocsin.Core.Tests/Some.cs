using System.Collections.Immutable;
using System.Text;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests;

/// <summary>Small parts of a reference, and streams to match.</summary>
internal static class Some
{
    public static readonly Instant Time = Instant.FromUtc(2026, 11, 22, 8, 0);

    public static Entry Entry(string id, params Signature[] signatures) => new()
    {
        Id = id,
        Title = id,
        Layer = "service",
        Component = "core-api",
        Service = "core-api",
        Summary = id,
        Signatures = [.. signatures],
        Page = new PageRule([], "a test"),
        Causes = [],
        Fixes = [],
    };

    public static Signature Signature(string id, Says says, params Pattern[] any) => new() { Id = id, Says = says, Any = [.. any] };

    public static Signature Literal(string id, Says says, string text) => Signature(id, says, new Pattern.Literal(text));

    public static List<Match> Scan(MatchSet set, string text) => Scan(set, Encoding.UTF8.GetBytes(text));

    public static List<Match> Scan(MatchSet set, ReadOnlySpan<byte> text)
    {
        var found = new List<Match>();
        new StreamMatcher(set, new StreamOptions(Time)).Feed(text, 0, final: true, full: true, found.Add);
        return found;
    }

    /// <summary>Feeds a stream as a reader of logs does: a buffer of fixed size that keeps some bytes of what was matched, filled in steps.</summary>
    public static List<Match> ScanInSteps(MatchSet set, ReadOnlySpan<byte> text, int capacity, int keepBytes, Func<int> step)
    {
        var found = new List<Match>();
        var matcher = new StreamMatcher(set, new StreamOptions(Time));
        var buffer = new byte[capacity + keepBytes];
        var (position, history, filled) = (0, 0, 0);
        for (var final = false; !final;)
        {
            var read = Math.Min(Math.Min(Math.Max(1, step()), buffer.Length - filled), text.Length - position);
            text.Slice(position, read).CopyTo(buffer.AsSpan(filled));
            position += read;
            filled += read;
            final = position == text.Length;
            var full = filled == buffer.Length || filled - history >= capacity;
            var used = matcher.Feed(buffer.AsSpan(0, filled), history, final, full, found.Add);
            Assert.False(full && !final && used == 0, "a full buffer makes progress");
            var done = history + used;
            var keep = Math.Min(done, keepBytes);
            buffer.AsSpan(done - keep, filled - done + keep).CopyTo(buffer);
            (history, filled) = (keep, filled - done + keep);
        }
        return found;
    }

    public static ImmutableArray<string> Ids(IEnumerable<Match> matches) => [.. matches.Select(m => m.Entry.Id)];
}
