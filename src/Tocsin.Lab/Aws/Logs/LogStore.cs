using System.Buffers;
using System.Text;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>A group as DescribeLogGroups tells it; <see cref="Newest"/> is the arrival that comes next, the mark of a consistent reading.</summary>
public sealed record LogGroupFacts(string Name, long Number, Instant Created, int? RetentionDays, long StoredBytes, long Newest);

/// <summary>A stream as DescribeLogStreams tells it; times in ms since 1970.</summary>
public sealed record LogStreamFacts(string Name, long Created, long? First, long? Last, long? LastIngested);

/// <summary>What the byte budget made the store let go.</summary>
public sealed record LogLoss(long Events, long Bytes);

/// <summary>
/// CloudWatch Logs of one region. Safe for any number of writers and readers: one lock, held for microseconds a line and for at most some thousand steps of
/// a reading. Memory is bounded: over all groups the oldest arrivals go first. A line that was stored is seen by every reading that begins afterwards.
/// </summary>
public sealed class LogStore(string region, LabClock clock, long budget = LogStore.DefaultBudget)
{
    public const string Account = "000000000000";
    public const long DefaultBudget = 64L * 1024 * 1024;

    /// <summary>The most that one event may hold, its 26 bytes included.</summary>
    public const int MaxEventBytes = 1024 * 1024;

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, LogGroup> groups = new(StringComparer.Ordinal);
    private long numbers;
    private long cost;
    private LogLoss lost = new(0, 0);

    public string Region { get; } = region;

    public LogLoss Lost
    {
        get
        {
            lock (gate) return lost;
        }
    }

    /// <summary>The ARN without the <c>:*</c> behind it.</summary>
    public string Arn(string group) => $"arn:aws:logs:{Region}:{Account}:log-group:{group}";

    public void CreateGroup(string name)
    {
        lock (gate)
        {
            if (groups.ContainsKey(name)) throw LogErrors.Exists("The specified log group already exists");
            groups.Add(name, new LogGroup(name, ++numbers, clock.Now));
        }
    }

    public void DeleteGroup(string name)
    {
        lock (gate)
        {
            cost -= Need(name).Cost;
            groups.Remove(name);
        }
    }

    public void Retain(string name, int? days)
    {
        lock (gate) Need(name).RetentionDays = days;
    }

    public IReadOnlyList<LogGroupFacts> Groups()
    {
        lock (gate) return [.. groups.Values.Select(Facts)];
    }

    public LogGroupFacts Group(string name)
    {
        lock (gate) return Facts(Need(name));
    }

    public void CreateStream(string group, string stream)
    {
        lock (gate)
        {
            var into = Need(group);
            if (into.Find(stream) is not null) throw LogErrors.Exists("The specified log stream already exists");
            into.Make(stream, clock.Now);
        }
    }

    public void DeleteStream(string group, string stream)
    {
        lock (gate)
        {
            var of = Need(group);
            of.Drop(of.Find(stream) ?? throw LogErrors.NoStream());
        }
    }

    public IReadOnlyList<LogStreamFacts> Streams(string group)
    {
        lock (gate)
        {
            return [.. Need(group).Streams.Select(s => new LogStreamFacts(s.Name, s.Created, s.First, s.Last, s.LastIngested))];
        }
    }

    /// <summary>
    /// A line of one of the lab's own tasks, as the log driver writes it: the stream is made, an empty line is none, a line over the limit becomes several.
    /// False when the group does not exist: then the driver has nowhere to write, and the line is lost.
    /// </summary>
    public bool Append(string group, string stream, Instant at, string message)
    {
        var size = Encoding.UTF8.GetMaxByteCount(message.Length);
        var rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var text = rented.AsSpan(0, Encoding.UTF8.GetBytes(message, rented));
            lock (gate)
            {
                if (!groups.TryGetValue(group, out var into)) return false;
                var now = clock.Now;
                var to = into.Find(stream) ?? into.Make(stream, now);
                while (text.Length > 0)
                {
                    var piece = text[..Whole(text)];
                    Add(into, to, at.ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds(), piece);
                    text = text[piece.Length..];
                }
                return true;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A batch into a stream that must be there; all of it becomes visible at once.</summary>
    public void Put(string group, string stream, IEnumerable<(long Timestamp, byte[] Text)> events, Instant now)
    {
        lock (gate)
        {
            var into = Need(group);
            var to = into.Find(stream) ?? throw LogErrors.NoStream();
            foreach (var (timestamp, text) in events) Add(into, to, timestamp, now.ToUnixTimeMilliseconds(), text);
        }
    }

    /// <summary>Some events of a stretch; call again from the part's rest until it is done. A group made anew under the name is another group.</summary>
    public LogPart Read(string group, LogStretch stretch)
    {
        lock (gate)
        {
            var from = Need(group);
            Expire(from);
            return from.Read(stretch);
        }
    }

    private static int Whole(ReadOnlySpan<byte> text)
    {
        const int Most = MaxEventBytes - LogGroup.AwsOverhead;
        if (text.Length <= Most) return text.Length;
        var end = Most;
        while ((text[end] & 0xC0) == 0x80) end--;
        return end;
    }

    private void Add(LogGroup group, LogStream stream, long timestamp, long ingested, ReadOnlySpan<byte> text)
    {
        var before = group.Cost;
        group.Add(stream, timestamp, ingested, text, clock.Elapsed);
        cost += group.Cost - before;
        if (cost > budget) MakeRoom();
    }

    private void MakeRoom()
    {
        foreach (var group in groups.Values) Expire(group);
        while (cost > budget && Oldest() is { } oldest)
        {
            var before = oldest.Cost;
            var bytes = oldest.Evict();
            cost -= before - oldest.Cost;
            lost = new LogLoss(lost.Events + 1, lost.Bytes + bytes);
        }
    }

    private LogGroup? Oldest() => groups.Values.Where(g => g.Head < g.Tail).MinBy(g => g.HeadIngested);

    private void Expire(LogGroup group)
    {
        var before = group.Cost;
        group.Expire(clock.Elapsed);
        cost -= before - group.Cost;
    }

    private LogGroup Need(string name) => groups.GetValueOrDefault(name) ?? throw LogErrors.NoGroup();

    private LogGroupFacts Facts(LogGroup group)
    {
        Expire(group);
        return new LogGroupFacts(group.Name, group.Number, group.Created, group.RetentionDays, group.StoredBytes, group.Tail);
    }
}

/// <summary>Errors in AWS's words.</summary>
internal static class LogErrors
{
    public static AwsException NoGroup() => new("ResourceNotFoundException", "The specified log group does not exist.");

    public static AwsException NoStream() => new("ResourceNotFoundException", "The specified log stream does not exist.");

    public static AwsException Exists(string message) => new("ResourceAlreadyExistsException", message);

    public static AwsException Invalid(string message) => new("InvalidParameterException", message);

    public static AwsException BadToken() => Invalid("The specified nextToken is invalid.");
}
