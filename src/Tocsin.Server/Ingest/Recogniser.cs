using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Response;
using Tocsin.Core.Signals;

namespace Tocsin.Server.Ingest;

/// <summary>From log text to signals: the matcher sees the bytes as they came, what is kept is redacted.</summary>
public sealed class Recogniser(MatchSet matching, TimeProvider time)
{
    private const int MostText = 400;

    public Entry? Find(string id) => matching.Entries.FirstOrDefault(e => e.Id == id);

    /// <summary>The leading entry of one text, with its fingerprint; null where none matches.</summary>
    public Match? Leading(string text, Instant now)
    {
        Match? leading = null;
        new StreamMatcher(matching, new StreamOptions(now)).Feed(Encoding.UTF8.GetBytes(text), 0, final: true, full: true, m => leading = leading is null || m.Says > leading.Says ? m : leading);
        return leading;
    }

    /// <summary>Log lines, each a text or a JSON object. Equal errors of one service become one signal with a count.</summary>
    /// <param name="environment">Where a line does not say which; the same for <paramref name="service"/>.</param>
    public (List<Signal> Signals, long Lines) Lines(ReadOnlyMemory<byte> body, string environment, string service, Instant now)
    {
        var matches = new List<Match>();
        var stream = new StreamMatcher(matching, new StreamOptions(now));
        stream.Feed(body.Span, 0, final: true, full: true, matches.Add);
        var starts = LineStarts(body.Span);
        var groups = matches.Select(m => (Match: m, Of: Place(body, starts, m, environment, service), Fingerprint: Fingerprint.Of(m.Entry.Id, m.Signature, m.Text)))
            .GroupBy(m => (m.Of, m.Match.Entry.Id, m.Fingerprint));
        return ([.. groups.Select(g => Signal(g.First().Match, g.Key.Of, g.Key.Fingerprint, g.Count(), now))], starts.Count);
    }

    private Signal Signal(Match match, (string Environment, string Service) of, string fingerprint, long count, Instant now) => new(
        Guid.CreateVersion7(time.GetUtcNow()).ToString(),
        now,
        SignalSource.Text,
        of.Environment,
        of.Service,
        match.Entry.Id,
        fingerprint,
        // The catalog's words and not the log's: anybody can write a log.
        match.Entry.Title,
        Cut(Redactor.Default.Redact(match.Text)),
        null,
        [],
        null,
        count,
        Ends: false);

    private static List<int> LineStarts(ReadOnlySpan<byte> body)
    {
        var starts = new List<int>();
        for (var at = 0; at < body.Length;)
        {
            starts.Add(at);
            var end = body[at..].IndexOf((byte)'\n');
            at = end < 0 ? body.Length : at + end + 1;
        }
        return starts;
    }

    private static (string Environment, string Service) Place(ReadOnlyMemory<byte> body, List<int> starts, Match match, string environment, string service)
    {
        var index = (int)Math.Clamp(match.Line - 1, 0, starts.Count - 1);
        var end = index + 1 < starts.Count ? starts[index + 1] : body.Length;
        var line = body[starts[index]..end];
        if (line.Span.TrimStart((byte)' ') is not [(byte)'{', ..]) return (environment, service);
        try
        {
            using var json = JsonDocument.Parse(line);
            return (Text(json.RootElement, environment, "environment", "env"), Text(json.RootElement, service, "service"));
        }
        catch (JsonException)
        {
            // A line that only looks like JSON is a text as any other.
            return (environment, service);
        }
    }

    private static string Text(JsonElement of, string otherwise, params ImmutableArray<string> names) =>
        names.Select(n => of.TryGetProperty(n, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "").FirstOrDefault(v => v.Length is > 0 and <= 100) ?? otherwise;

    private static string Cut(string text) => text.Length <= MostText ? text : text[..MostText] + "…";
}
