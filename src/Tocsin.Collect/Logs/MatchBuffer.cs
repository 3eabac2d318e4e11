using Tocsin.Core.Matching;

namespace Tocsin.Collect.Logs;

/// <summary>
/// The window through which one stream is matched: bytes that are not matched yet, behind some that are and may be looked back at.
/// Its size is fixed, whatever the stream's or its lines' length.
/// </summary>
/// <param name="fresh">How many bytes that are not matched yet are gathered at most.</param>
/// <param name="history">How many matched bytes are kept.</param>
/// <param name="eventRoom">Room for one event that is not complete yet beside a full read.</param>
internal sealed class MatchBuffer(int fresh, int history, int eventRoom)
{
    private readonly byte[] bytes = new byte[fresh + history + eventRoom];
    private int matched;
    private int filled;

    /// <summary>Where the next bytes go; empty when the buffer wants to be matched first.</summary>
    public Span<byte> Room => IsFull ? [] : bytes.AsSpan(filled, Math.Min(bytes.Length - filled, fresh));

    // A short rest at the end is not worth a read of its own.
    private bool IsFull => bytes.Length - filled < fresh / 4 || filled - matched >= fresh;

    public void Add(int read) => filled += read;

    public void Clear() => matched = filled = 0;

    /// <summary>Matches every complete event. <paramref name="final"/>: the last one is complete too.</summary>
    public void Match(StreamMatcher matcher, bool final, Action<Match> found) => Match(matcher, filled, final, found);

    /// <summary>When nothing came for a while: the last event is complete up to its last line end.</summary>
    public void MatchLines(StreamMatcher matcher, Action<Match> found)
    {
        var end = matched + bytes.AsSpan(matched, filled - matched).LastIndexOf((byte)'\n') + 1;
        if (end > matched) Match(matcher, end, final: true, found);
    }

    private void Match(StreamMatcher matcher, int end, bool final, Action<Match> found)
    {
        var done = matched + matcher.Feed(bytes.AsSpan(0, end), matched, final, IsFull, found);
        var keep = Math.Min(done, history);
        bytes.AsSpan(done - keep, filled - done + keep).CopyTo(bytes);
        matched = keep;
        filled = filled - done + keep;
    }
}
