using NodaTime;
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

/// <summary>What was found of one entry: how often, where, when, in which forms.</summary>
public sealed class EntryTally(Entry entry)
{
    /// <summary>Beyond this many forms, further ones are counted and not listed: memory does not grow with what is found.</summary>
    public const int MostForms = 200;
    private const int MostMinutes = 10_000;
    private readonly Dictionary<string, ErrorGroup> groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> sources = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, long> minutes = [];

    public Entry Entry => entry;

    public long Count { get; private set; }

    public Says Strongest { get; private set; }

    public Instant? First { get; private set; }

    public Instant? Last { get; private set; }

    /// <summary>Counts by source, most first.</summary>
    public IEnumerable<KeyValuePair<string, long>> Sources => sources.OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal);

    /// <summary>Forms of the error, most frequent first.</summary>
    public IEnumerable<ErrorGroup> Groups => groups.Values.OrderByDescending(g => g.Count).ThenBy(g => g.First.Offset);

    /// <summary>Counts by minute of the stream's own time.</summary>
    public IEnumerable<(Instant Minute, long Count)> Minutes => minutes.Select(m => (Instant.FromUnixTimeSeconds(m.Key * 60), m.Value));

    public void Add(string source, Match match)
    {
        Count++;
        Strongest = match.Says > Strongest ? match.Says : Strongest;
        sources[source] = sources.GetValueOrDefault(source) + 1;
        AddTime(match.Time);
        var fingerprint = Fingerprint.Of(match.Entry.Id, match.Signature, match.Text);
        if (!groups.TryGetValue(fingerprint, out var group))
        {
            if (groups.Count >= MostForms) return;
            groups[fingerprint] = group = new ErrorGroup(fingerprint, match, source);
        }
        group.Count++;
    }

    private void AddTime(Instant? time)
    {
        if (time is not { } at) return;
        First = First is { } first && first < at ? first : at;
        Last = Last is { } last && last > at ? last : at;
        var minute = at.ToUnixTimeSeconds() / 60;
        if (minutes.Count < MostMinutes || minutes.ContainsKey(minute)) minutes[minute] = minutes.GetValueOrDefault(minute) + 1;
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
