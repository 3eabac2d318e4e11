using System.Runtime.InteropServices;
using NodaTime;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>A stream of a group. Its events are found by its number, so a stream that was deleted and made again does not see the old ones.</summary>
internal sealed class LogStream(string name, int number, long created)
{
    public string Name { get; } = name;

    public int Number { get; } = number;

    public long Created { get; } = created;

    public bool Deleted { get; set; }

    public long StoredBytes { get; set; }

    public long? First { get; private set; }

    public long? Last { get; private set; }

    public long? LastIngested { get; private set; }

    public void Saw(long timestamp, long ingested)
    {
        First = Math.Min(First ?? timestamp, timestamp);
        Last = Math.Max(Last ?? timestamp, timestamp);
        LastIngested = ingested;
    }
}

/// <summary>What to read of a group: an open-ended stretch, the streams, and nothing that arrived later than <see cref="Newest"/>.</summary>
public sealed record LogStretch(LogPosition From, LogPosition Until, long Newest = long.MaxValue)
{
    /// <summary>Null is every stream.</summary>
    public Func<string, bool>? Streams { get; init; }

    public bool Backward { get; init; }
}

/// <summary>Some events of a stretch in reading order, and where to read on; <see cref="Done"/> when nothing is left in it.</summary>
public sealed record LogPart(IReadOnlyList<LogEvent> Events, LogPosition Rest, bool Done);

/// <summary>
/// The events of one group: blocks in order of arrival and one index by time over them. Arrivals below <see cref="Head"/> are gone. Only the store touches
/// it, with the store's lock held.
/// </summary>
internal sealed class LogGroup(string name, long number, Instant created)
{
    /// <summary>AWS counts 26 bytes for an event beside its text.</summary>
    public const int AwsOverhead = 26;

    /// <summary>What an event takes here beside its text: its record in the block and its place in the index.</summary>
    public const int OwnOverhead = 48;

    // A lock is held for at most so many steps, so that a long search never holds up the writers.
    private const int MaxSteps = 8192;
    private const int MaxEvents = 2048;

    private readonly Dictionary<string, LogStream> streams = new(StringComparer.Ordinal);
    private readonly List<LogStream> byNumber = [];
    private readonly List<LogChunk> chunks = [];
    private readonly List<LogPosition> index = [];
    private int ordered;
    private int chunkAt;

    public string Name { get; } = name;

    public long Number { get; } = number;

    public Instant Created { get; } = created;

    public int? RetentionDays { get; set; }

    /// <summary>As DescribeLogGroups tells it: text and 26 bytes an event.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>What the events that are still here cost in memory.</summary>
    public long Cost { get; private set; }

    public long Head { get; private set; }

    public long Tail { get; private set; }

    /// <summary>When the oldest event that is still here arrived; groups are compared by it, arrivals are numbered for each.</summary>
    public long HeadIngested => chunks[0].At(Head).Ingested;

    public IEnumerable<LogStream> Streams => streams.Values;

    public LogStream? Find(string stream) => streams.GetValueOrDefault(stream);

    public LogStream Make(string stream, Instant now)
    {
        var made = new LogStream(stream, byNumber.Count, now.ToUnixTimeMilliseconds());
        streams.Add(stream, made);
        byNumber.Add(made);
        return made;
    }

    public void Drop(LogStream stream)
    {
        stream.Deleted = true;
        StoredBytes -= stream.StoredBytes;
        streams.Remove(stream.Name);
    }

    public void Add(LogStream stream, long timestamp, long ingested, ReadOnlySpan<byte> text, Duration now)
    {
        if (chunks.Count == 0 || !chunks[^1].Takes(text.Length, now))
        {
            if (chunks.Count > 0) chunks[^1].Close();
            chunks.Add(new LogChunk(Tail, now));
        }
        chunks[^1].Add(timestamp, ingested, stream.Number, text, now);
        var position = new LogPosition(timestamp, Tail++);
        if (ordered == index.Count && (ordered == 0 || index[^1] <= position)) ordered++;
        index.Add(position);
        stream.Saw(timestamp, ingested);
        stream.StoredBytes += text.Length + AwsOverhead;
        StoredBytes += text.Length + AwsOverhead;
        Cost += text.Length + OwnOverhead;
    }

    /// <summary>Lets the oldest arrival go and says its bytes.</summary>
    public long Evict()
    {
        var chunk = chunks[0];
        var entry = chunk.At(Head++);
        var stream = byNumber[entry.Stream];
        stream.StoredBytes -= entry.Length + AwsOverhead;
        if (!stream.Deleted) StoredBytes -= entry.Length + AwsOverhead;
        Cost -= entry.Length + OwnOverhead;
        if (Head == chunk.Behind) chunks.RemoveAt(0);
        if (index.Count > 2 * (Tail - Head) + 1024) Compact();
        return entry.Length;
    }

    /// <summary>Lets go what arrived longer ago than the retention, by lab time.</summary>
    public void Expire(Duration now)
    {
        if (RetentionDays is not { } days) return;
        while (chunks.Count > 0 && now - chunks[0].Last > Duration.FromDays(days))
        {
            for (var left = chunks[0].Behind - Head; left > 0; left--) Evict();
        }
    }

    public LogPart Read(LogStretch stretch)
    {
        Order();
        return stretch.Backward ? Backward(stretch) : Forward(stretch);
    }

    private LogPart Forward(LogStretch stretch)
    {
        List<LogEvent> found = [];
        var steps = 0;
        for (var at = LowerBound(stretch.From); at < index.Count && index[at] < stretch.Until; at++)
        {
            if (found.Count == MaxEvents || steps++ == MaxSteps) return new LogPart(found, index[at], Done: false);
            if (Seen(stretch, index[at]) is { } seen) found.Add(seen);
        }
        return new LogPart(found, stretch.Until, Done: true);
    }

    private LogPart Backward(LogStretch stretch)
    {
        List<LogEvent> found = [];
        var steps = 0;
        for (var at = LowerBound(stretch.Until) - 1; at >= 0 && index[at] >= stretch.From; at--)
        {
            if (found.Count == MaxEvents || steps++ == MaxSteps) return new LogPart(found, index[at].Next, Done: false);
            if (Seen(stretch, index[at]) is { } seen) found.Add(seen);
        }
        return new LogPart(found, stretch.From, Done: true);
    }

    private LogEvent? Seen(LogStretch stretch, LogPosition position)
    {
        if (position.Arrival < Head || position.Arrival >= stretch.Newest) return null;
        var chunk = ChunkOf(position.Arrival);
        var entry = chunk.At(position.Arrival);
        var stream = byNumber[entry.Stream];
        return stream.Deleted || stretch.Streams?.Invoke(stream.Name) == false ? null
            : new LogEvent(position, entry.Ingested, stream.Name, chunk.Text(entry));
    }

    private LogChunk ChunkOf(long arrival)
    {
        if (chunkAt < chunks.Count && chunks[chunkAt].First <= arrival && arrival < chunks[chunkAt].Behind) return chunks[chunkAt];
        var (low, high) = (0, chunks.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (chunks[middle].First <= arrival) low = middle;
            else high = middle - 1;
        }
        chunkAt = low;
        return chunks[low];
    }

    // Most lines arrive in order; only the stretch that late ones reach back into is sorted again.
    private void Order()
    {
        if (ordered == index.Count) return;
        var all = CollectionsMarshal.AsSpan(index);
        var late = all[ordered..];
        late.Sort();
        var from = LowerBound(late[0], ordered);
        if (from < ordered) all[from..].Sort();
        ordered = index.Count;
    }

    private void Compact()
    {
        Order();
        index.RemoveAll(p => p.Arrival < Head);
        ordered = index.Count;
    }

    private int LowerBound(LogPosition position) => LowerBound(position, index.Count);

    private int LowerBound(LogPosition position, int count)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (index[middle] < position) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
