using Tocsin.Core.Catalog;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Matching;

/// <summary>The same error with other values, counted together.</summary>
public sealed class ErrorGroup(string fingerprint, Match first, string source)
{
    public string Fingerprint => fingerprint;

    public Match First => first;

    public string Source => source;

    public long Count { get; internal set; }
}

/// <summary>How many finds one log gave.</summary>
public sealed class SourceCount(string source)
{
    public string Source => source;

    public long Count { get; internal set; }
}

/// <summary>How many finds one minute of the stream's own time gave.</summary>
public sealed class MinuteCount(long number)
{
    public EventTime Minute => EventTime.FromUnixSeconds(number * 60);

    public long Count { get; internal set; }

    internal long Number => number;
}

/// <summary>What was found of one entry: how often, where, when, in which forms.</summary>
/// <remarks>The lists hold classes: those of the library over values of our own wait for the compiler at a first find.</remarks>
public sealed class EntryTally(Entry entry)
{
    /// <summary>Beyond this many forms, further ones are counted and not listed: memory does not grow with what is found.</summary>
    public const int MostForms = 200;
    private const int MostMinutes = 10_000;
    private readonly Dictionary<ulong, ErrorGroup> groups = [];
    private readonly Dictionary<string, SourceCount> sources = new(StringComparer.Ordinal);
    private readonly List<MinuteCount> minutes = [];
    private SourceCount? lastSource;
    private int lastMinute;

    public Entry Entry => entry;

    public long Count { get; private set; }

    public Says Strongest { get; private set; }

    public EventTime? First { get; private set; }

    public EventTime? Last { get; private set; }

    /// <summary>Counts by source, most first.</summary>
    public IReadOnlyList<SourceCount> Sources
    {
        get
        {
            var found = new List<SourceCount>(sources.Values);
            found.Sort(static (a, b) => a.Count != b.Count ? b.Count.CompareTo(a.Count) : string.CompareOrdinal(a.Source, b.Source));
            return found;
        }
    }

    /// <summary>Forms of the error, most frequent first.</summary>
    public IReadOnlyList<ErrorGroup> Groups
    {
        get
        {
            var found = new List<ErrorGroup>(groups.Values);
            found.Sort(static (a, b) =>
                a.Count != b.Count ? b.Count.CompareTo(a.Count)
                : a.First.Offset != b.First.Offset ? a.First.Offset.CompareTo(b.First.Offset)
                : string.CompareOrdinal(a.Fingerprint, b.Fingerprint));
            return found;
        }
    }

    /// <summary>Counts by minute of the stream's own time, in its order.</summary>
    public IReadOnlyList<MinuteCount> Minutes => minutes;

    public void Add(string source, Match match)
    {
        Count++;
        Strongest = match.Says > Strongest ? match.Says : Strongest;
        CountOf(source).Count++;
        AddTime(match.Time);
        var fingerprint = Fingerprint.Number(match.Entry.Id, match.Signature, match.Text);
        if (!groups.TryGetValue(fingerprint, out var group))
        {
            if (groups.Count >= MostForms) return;
            groups[fingerprint] = group = new ErrorGroup(Fingerprint.Shown(fingerprint), match, source);
        }
        group.Count++;
    }

    // Finds of one log come one after the other.
    private SourceCount CountOf(string source)
    {
        if (lastSource is { } last && ReferenceEquals(last.Source, source)) return last;
        if (!sources.TryGetValue(source, out var count)) sources[source] = count = new SourceCount(source);
        return lastSource = count;
    }

    private void AddTime(EventTime? time)
    {
        if (time is not { } at) return;
        First = First is { } first && first < at ? first : at;
        Last = Last is { } last && last > at ? last : at;
        var minute = at.UnixSeconds / 60;
        if (lastMinute >= minutes.Count || minutes[lastMinute].Number != minute)
        {
            lastMinute = Place(minute);
            var isNew = lastMinute == minutes.Count || minutes[lastMinute].Number != minute;
            if (isNew && minutes.Count >= MostMinutes) return;
            if (isNew) minutes.Insert(lastMinute, new MinuteCount(minute));
        }
        minutes[lastMinute].Count++;
    }

    // Where the minute stands, or would: the place of the first one that is not before it.
    private int Place(long minute)
    {
        var (low, high) = (0, minutes.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (minutes[middle].Number < minute) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

/// <summary>Everything found in one scan, by entry.</summary>
public sealed class ScanTally
{
    private readonly Dictionary<string, EntryTally> entries = new(StringComparer.Ordinal);

    public long Total { get; private set; }

    /// <summary>Entries found: the ones that name a cause first, then by count.</summary>
    public IReadOnlyList<EntryTally> Entries
    {
        get
        {
            var found = new List<EntryTally>(entries.Values);
            found.Sort(static (a, b) =>
                a.Strongest != b.Strongest ? b.Strongest - a.Strongest
                : a.Count != b.Count ? b.Count.CompareTo(a.Count)
                : string.CompareOrdinal(a.Entry.Id, b.Entry.Id));
            return found;
        }
    }

    public void Add(string source, Match match)
    {
        Total++;
        if (!entries.TryGetValue(match.Entry.Id, out var entry)) entries[match.Entry.Id] = entry = new EntryTally(match.Entry);
        entry.Add(source, match);
    }
}
