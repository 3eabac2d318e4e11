using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tocsin.Core.Catalog;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Matching;

/// <summary>What a reader of one stream asks for.</summary>
/// <param name="Reference">For times that lack a year.</param>
/// <param name="ContextLines">Lines to give before and after each event.</param>
public sealed record StreamOptions(EventTime Reference, int ContextLines = 0);

/// <summary>
/// Matches one stream of bytes, fed buffer by buffer, in memory that does not grow with it. Each buffer may start with bytes of the one before
/// (history), which are looked back at and not matched again; what stands after the last complete event is left for the next call.
/// </summary>
public sealed class StreamMatcher
{
    /// <summary>A line longer than a buffer is matched in pieces that overlap by this much.</summary>
    public const int Overlap = 4096;
    private const int SampleBytes = 64 * 1024;
    private const int LookBackLines = 20;
    private const int MaxLookBacks = 50;

    private readonly MatchSet set;
    private readonly StreamOptions options;
    private readonly ScanPath? path;
    private readonly EventTrial trial;
    private TimingTracker? timing;
    private readonly HashSet<CompiledSignature> reportedInPiece = [];
    private readonly List<Lead> leads = [];
    private readonly List<string> names = [];
    private LiteralScanner? scanner;
    private HitBuffer hits = new(1024);
    private long offset;
    private long line = 1;
    private long? pieceOf;
    private EventTime? lastTime;
    private int lookBacks;

    public StreamMatcher(MatchSet set, StreamOptions options)
        : this(set, options, path: null, vetoed: null)
    {
    }

    /// <summary>As above, and tells what would have matched but for a <c>not</c> pattern.</summary>
    public StreamMatcher(MatchSet set, StreamOptions options, Action<Entry, string, string> vetoed)
        : this(set, options, path: null, vetoed)
    {
    }

    internal StreamMatcher(MatchSet set, StreamOptions options, ScanPath? path, Action<Entry, string, string>? vetoed)
    {
        this.set = set;
        this.options = options;
        this.path = path;
        trial = new EventTrial(set) { Vetoed = vetoed };
    }

    /// <summary>Lines that ended so far.</summary>
    public long Lines => line - 1;

    /// <summary>
    /// Matches the complete events of <paramref name="buffer"/> after its first <paramref name="history"/> bytes and gives how many bytes after
    /// the history are done with. <paramref name="final"/>: nothing follows. <paramref name="full"/>: the buffer cannot grow, so progress is made.
    /// </summary>
    public int Feed(ReadOnlySpan<byte> buffer, int history, bool final, bool full, Action<Match> found)
    {
        scanner ??= set.Scanner(buffer[history..Math.Min(buffer.Length, history + SampleBytes)], path);
        var cut = final ? buffer.Length : Cut(buffer, history, full);
        if (cut <= history) return 0;
        var midLine = !final && buffer[cut - 1] != '\n';
        // Of a line in pieces the part behind the cut is looked at twice, so that no border hides a text.
        MatchAll(buffer, history, midLine ? buffer.Length : cut, found);
        if (!midLine) reportedInPiece.Clear();
        var lineStart = EventBounds.LineStart(buffer, cut, history);
        if (lineStart > history) pieceOf = null;
        pieceOf = midLine ? pieceOf ?? (offset + lineStart - history) : null;
        offset += cut - history;
        return cut - history;
    }

    // Everything before the last event is complete. That one may go on in the next buffer, also behind a blank line, and a line that is not complete
    // does not show yet whether it belongs to it.
    private int Cut(ReadOnlySpan<byte> buffer, int history, bool full)
    {
        var lastBreak = buffer[history..].LastIndexOf((byte)'\n') + 1 + history;
        if (lastBreak == history) return full ? Math.Max(history + 1, buffer.Length - Overlap) : history;
        var cut = EventBounds.LineStart(buffer, lastBreak - 1, history);
        if (cut > history && EventBounds.IsBlank(buffer, cut)) cut = EventBounds.LineStart(buffer, cut - 1, history);
        for (var i = 0; i < options.ContextLines && cut > history; i++) cut = EventBounds.LineStart(buffer, cut - 1, history);
        cut = EventBounds.Start(buffer, cut, history);
        if (cut > history) return cut;
        return full ? lastBreak : history;
    }

    private void MatchAll(ReadOnlySpan<byte> buffer, int history, int cut, Action<Match> found)
    {
        var text = buffer[..cut];
        hits.Clear();
        scanner!.Scan(text[history..], ref hits);
        AddUnfiltered(text[history..]);
        var counted = history;
        var start = history;
        var end = -1;
        trial.Begin();
        foreach (var (position, factor) in hits.Items)
        {
            var at = position + history;
            if (at >= end)
            {
                Report(buffer, history, start, end, ref counted, found);
                trial.Begin();
                (start, end) = EventBounds.Around(text, at, Math.Max(history, end < 0 ? history : Math.Min(end + 1, at)));
            }
            trial.Try(text[start..end], factor >= 0 ? set.SignaturesOfFactor[factor] : set.Unfiltered, at);
        }
        Report(buffer, history, start, end, ref counted, found);
        trial.Begin();
        line += text[counted..].Count((byte)'\n');
    }

    // Signatures without a literal make every line a candidate.
    private void AddUnfiltered(ReadOnlySpan<byte> text)
    {
        if (set.Unfiltered.Length == 0) return;
        for (var at = 0; at < text.Length; at = EventBounds.LineEnd(text, at) + 1) hits.Add(at, -1);
        hits.Sort();
    }

    private void Report(ReadOnlySpan<byte> buffer, int history, int start, int end, ref int counted, Action<Match> found)
    {
        if (trial.Held.Count == 0) return;
        if (trial.Held.Count > 1) trial.Held.Sort(static (a, b) => a.Number.CompareTo(b.Number));
        var piece = start == history ? pieceOf : null;
        if (piece is not null) trial.Held.RemoveAll(h => reportedInPiece.Contains(h.Signature));
        foreach (var held in trial.Held) reportedInPiece.Add(held.Signature);
        if (start > counted)
        {
            line += buffer[counted..start].Count((byte)'\n');
            counted = start;
        }
        var time = TimeOf(buffer, start);
        foreach (var (held, signature, says) in Leading(time))
        {
            var (entry, at) = (held.Signature.Entry, held.At);
            found(new Match(entry, signature, says, line, piece ?? (offset + start - history), held.Captures, Shown(buffer[start..end], at - start), time)
            {
                Signatures = SignaturesOf(entry, signature),
                Rivals = Rivals(entry),
                Before = options.ContextLines == 0 ? [] : LinesBefore(buffer, start),
                After = options.ContextLines == 0 ? [] : LinesAfter(buffer, end),
            });
        }
    }

    // What is told of an event: a signature or timing rule and where it stood.
    private sealed record Lead(Held Held, string Signature, Says Says);

    // The best signature of each entry leads; timing rules follow; hints give way to anything stronger.
    private List<Lead> Leading(EventTime? time)
    {
        leads.Clear();
        foreach (var held in trial.Held)
        {
            var signature = held.Signature.Signature;
            if (signature.Says == Says.Part) continue;
            var known = LeadOf(held.Signature.Entry);
            if (known < 0) leads.Add(new Lead(held, signature.Id, signature.Says));
            else if (LeadsOver(signature, leads[known].Held.Signature.Signature)) leads[known] = new Lead(held, signature.Id, signature.Says);
        }
        foreach (var held in trial.Held)
        {
            if (held.Signature.Entry.Timing.IsEmpty) continue;
            AddTimingRules(time);
            break;
        }
        var strongest = Says.Part;
        foreach (var lead in leads) strongest = lead.Says > strongest ? lead.Says : strongest;
        if (strongest == Says.Part) leads.Clear();
        if (strongest > Says.Hint) leads.RemoveAll(static l => l.Says <= Says.Hint);
        if (leads.Count < 2) return leads;
        var ordered = new List<Lead>(leads.Count);
        for (var says = strongest; says >= Says.Part; says--)
        {
            foreach (var lead in leads)
            {
                if (lead.Says == says) ordered.Add(lead);
            }
        }
        return ordered;
    }

    private int LeadOf(Entry entry)
    {
        for (var i = 0; i < leads.Count; i++)
        {
            if (ReferenceEquals(leads[i].Held.Signature.Entry, entry)) return i;
        }
        return -1;
    }

    private void AddTimingRules(EventTime? time)
    {
        timing ??= new TimingTracker();
        foreach (var held in trial.Held.Where(h => !h.Signature.Entry.Timing.IsEmpty).OrderBy(h => h.At))
        {
            foreach (var rule in timing.Note(held.Signature.Entry, held.Signature.Signature.Id, time)) leads.Add(new Lead(held with { Captures = [] }, rule.Id, rule.Says));
        }
    }

    // Who says more leads; of equals the one that points at fewer causes.
    private static bool LeadsOver(Signature one, Signature other) =>
        one.Says != other.Says ? one.Says > other.Says : Breadth(one) < Breadth(other);

    private static int Breadth(Signature signature) => signature.Causes.IsEmpty ? int.MaxValue : signature.Causes.Length;

    private ImmutableArray<string> SignaturesOf(Entry entry, string leading)
    {
        names.Clear();
        names.Add(leading);
        foreach (var held in trial.Held)
        {
            if (held.Signature.Signature.Says != Says.Part && ReferenceEquals(held.Signature.Entry, entry)) AddName(held.Signature.Signature.Id);
        }
        return ImmutableCollectionsMarshal.AsImmutableArray(names.ToArray());
    }

    private ImmutableArray<string> Rivals(Entry entry)
    {
        names.Clear();
        foreach (var held in trial.Held)
        {
            if (held.Signature.Signature.Says != Says.Part && !ReferenceEquals(held.Signature.Entry, entry)) AddName(held.Signature.Entry.Id);
        }
        return names.Count == 0 ? [] : ImmutableCollectionsMarshal.AsImmutableArray(names.ToArray());
    }

    private void AddName(string name)
    {
        foreach (var known in names)
        {
            if (string.Equals(known, name, StringComparison.Ordinal)) return;
        }
        names.Add(name);
    }

    // An event without a time has that of the nearest line above it, where one of the last lines carries one.
    private EventTime? TimeOf(ReadOnlySpan<byte> buffer, int start)
    {
        var time = LogTime.Find(Head(buffer, start), options.Reference);
        var at = start;
        for (var i = 0; time is null && lookBacks < MaxLookBacks && i < LookBackLines && at > 0; i++)
        {
            at = EventBounds.LineStart(buffer, at - 1, 0);
            time = LogTime.Find(Head(buffer, at), options.Reference);
        }
        lookBacks = time is null ? lookBacks + 1 : 0;
        lastTime = time ?? lastTime;
        return lastTime;
    }

    private static ReadOnlySpan<byte> Head(ReadOnlySpan<byte> buffer, int start)
    {
        var head = buffer.Slice(start, Math.Min(4096, buffer.Length - start));
        var end = head.IndexOf((byte)'\n');
        return end < 0 ? head : head[..end];
    }

    private static string Shown(ReadOnlySpan<byte> text, int at)
    {
        at = Math.Clamp(at, 0, text.Length);
        var start = EventBounds.LineStart(text, at, 0);
        var end = EventBounds.LineEnd(text, at);
        return LineCut.Around(text[start..end], at - start).TrimEnd();
    }

    private ImmutableArray<string> LinesBefore(ReadOnlySpan<byte> buffer, int start)
    {
        var lines = new List<string>();
        for (var at = start; at > 0 && lines.Count < options.ContextLines;)
        {
            var previous = EventBounds.LineStart(buffer, at - 1, 0);
            lines.Insert(0, Shown(buffer[previous..(at - 1)], 0));
            at = previous;
        }
        return [.. lines];
    }

    private ImmutableArray<string> LinesAfter(ReadOnlySpan<byte> buffer, int end)
    {
        var lines = new List<string>();
        for (var at = end + 1; at < buffer.Length && lines.Count < options.ContextLines;)
        {
            var next = EventBounds.LineEnd(buffer, at);
            lines.Add(Shown(buffer[at..next], 0));
            at = next + 1;
        }
        return [.. lines];
    }
}
