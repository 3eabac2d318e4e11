using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Collect.Probes;

/// <summary>What probes read that may hold known errors: log lines, stopped tasks, service events, observations. It is matched here and not kept.</summary>
public sealed class EvidenceTexts
{
    private const int Shown = 400;
    private readonly ConcurrentQueue<Piece> pieces = new();

    /// <summary>Lines of a log; those of one stream belong together. What only Tocsin's own questions left there is no evidence.</summary>
    /// <param name="lives">Whether the task behind a stream still runs.</param>
    public void AddLog(Subject subject, string source, ImmutableArray<LogEvent> events, Func<string, bool> lives)
    {
        foreach (var stream in events.Where(e => !OwnMark.IsOn(e.Text)).GroupBy(e => e.Stream, StringComparer.Ordinal)) pieces.Enqueue(new Piece(subject, source, [.. stream.Select(e => (e.At, e.Text))]) { Live = lives(stream.Key) });
    }

    /// <summary>Single texts that stand for themselves.</summary>
    public void Add(Subject subject, string source, IEnumerable<(Instant At, string Text)> texts)
    {
        foreach (var text in texts) pieces.Enqueue(new Piece(subject, source, [text]));
    }

    /// <summary>An observation as a text: some entries know what probes see.</summary>
    public void Add(Observation seen)
    {
        if (!seen.IsEvidence || seen.Facts.IsEmpty) return;
        var facts = new JsonObject(seen.Facts.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)Value(f.Value))));
        pieces.Enqueue(new Piece(seen.Subject, seen.Name, [(seen.Since ?? seen.At, new JsonObject { ["probe"] = seen.Probe, ["target"] = seen.Subject.Item, ["facts"] = facts }.ToJsonString())]) { OnlyFields = true });
    }

    /// <summary>The entries that match, gathered by entry, subject and source.</summary>
    public ImmutableArray<LogMatch> Match(MatchSet set, Instant reference)
    {
        var found = new Dictionary<(string Entry, Subject Subject, string Source), LogMatch>();
        var times = new Dictionary<(string Entry, Subject Subject, string Source), List<Instant>>();
        foreach (var piece in pieces)
        {
            foreach (var (at, match) in piece.Match(set, reference))
            {
                var signatures = piece.Signatures(match);
                if (signatures.IsEmpty) continue;
                var key = (match.Entry.Id, piece.Subject, piece.Source);
                var one = new LogMatch(match.Entry.Id, signatures, piece.Subject, piece.Source, at, at, 1, Cut(match.Text)) { Live = piece.Live };
                found[key] = found.TryGetValue(key, out var known) ? Joined(known, one) : one;
                if (times.TryGetValue(key, out var earlier)) earlier.Add(at);
                else times[key] = [at];
            }
        }
        return [.. found.Select(f => f.Value with { Gap = Gap(times[f.Key]) }).OrderBy(m => m.Entry, StringComparer.Ordinal).ThenBy(m => m.Subject.ToString(), StringComparer.Ordinal).ThenBy(m => m.Source, StringComparer.Ordinal)];
    }

    private static Duration? Gap(List<Instant> times)
    {
        times.Sort();
        return times.Count < 2 ? null : times.Zip(times.Skip(1)).Max(p => p.Second - p.First);
    }

    private static LogMatch Joined(LogMatch a, LogMatch b) => a with
    {
        Signatures = [.. a.Signatures.Union(b.Signatures, StringComparer.Ordinal)],
        First = Instant.Min(a.First, b.First),
        Last = Instant.Max(a.Last, b.Last),
        Count = a.Count + b.Count,
        Text = b.Last >= a.Last ? b.Text : a.Text,
        Live = a.Live || b.Live,
    };

    // Redacted before it is cut: half a secret would not be recognised.
    private static string Cut(string text)
    {
        var clean = Redactor.Default.Redact(text);
        return clean.Length > Shown ? clean[..Shown] + "…" : clean;
    }

    private static JsonValue Value(string text) => text switch
    {
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when decimal.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };

    private sealed record Piece(Subject Subject, string Source, ImmutableArray<(Instant At, string Text)> Lines)
    {
        public bool Live { get; init; }

        /// <summary>It is no line that somebody printed: a word in it, such as a code, means nothing without its field.</summary>
        public bool OnlyFields { get; init; }

        public ImmutableArray<string> Signatures(Match match)
        {
            ImmutableArray<string> held = match.Signatures.IsDefaultOrEmpty ? [match.Signature] : match.Signatures;
            return OnlyFields ? [.. held.Where(h => match.Entry.Signatures.Any(s => s.Id == h && s.All.Concat(s.Any).Any(p => p is Pattern.Field)))] : held;
        }

        // The collector's own time counts, and not one written in the text: clocks of services differ.
        public List<(Instant At, Match Match)> Match(MatchSet set, Instant reference)
        {
            var (offsets, times) = (new List<long>(), new List<Instant>());
            using var bytes = new MemoryStream();
            foreach (var (at, text) in Lines)
            {
                offsets.Add(bytes.Length);
                times.Add(at);
                bytes.Write(Encoding.UTF8.GetBytes(text));
                bytes.WriteByte((byte)'\n');
            }
            var found = new List<(Instant, Match)>();
            new StreamMatcher(set, new StreamOptions(reference)).Feed(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), 0, final: true, full: false, m =>
            {
                var at = offsets.BinarySearch(m.Offset);
                found.Add((times[Math.Clamp(at >= 0 ? at : ~at - 1, 0, times.Count - 1)], m));
            });
            return found;
        }
    }
}
