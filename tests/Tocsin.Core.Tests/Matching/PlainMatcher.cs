using System.Globalization;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

/// <summary>The rules of matching in their plainest form: the whole text is split into events, and every signature is tried on every event.</summary>
internal static class PlainMatcher
{
    public static List<string> Scan(MatchSet set, ReadOnlySpan<byte> text)
    {
        var shown = new List<string>();
        var seen = new EventText();
        var line = 1L;
        for (var at = 0; at < text.Length;)
        {
            var end = End(text, at);
            seen.Set(text[at..end]);
            shown.AddRange(Event(set, seen).Select(m => Show(m.Entry, m.Says, m.Signature, m.Signatures, line, at)));
            line += text[at..Math.Min(end + 1, text.Length)].Count((byte)'\n');
            at = end + 1;
        }
        shown.Sort(StringComparer.Ordinal);
        return shown;
    }

    public static string Show(Entry entry, Says says, string signature, IEnumerable<string> signatures, long line, long offset) =>
        string.Create(CultureInfo.InvariantCulture, $"{entry.Id} {says} {signature} of {string.Join(',', signatures.Order(StringComparer.Ordinal))} in line {line} at {offset}");

    private static IEnumerable<(Entry Entry, Says Says, string Signature, List<string> Signatures)> Event(MatchSet set, EventText text)
    {
        using var structured = StructuredEvent.Read(text.Raw);
        var held = set.Signatures.Where(s => s.Signature.Says != Says.Part && s.Holds(text, () => structured, [], out _)).ToList();
        var strongest = held.Count == 0 ? Says.Part : held.Max(s => s.Signature.Says);
        return held.GroupBy(s => s.Entry)
            .Select(g =>
            {
                var leader = g.OrderByDescending(s => s.Signature.Says).ThenBy(s => s.Signature.Causes.IsEmpty ? int.MaxValue : s.Signature.Causes.Length).First();
                return (g.Key, leader.Signature.Says, leader.Signature.Id, g.Select(s => s.Signature.Id).ToList());
            })
            .Where(m => m.Says > Says.Hint || strongest == Says.Hint)
            .ToList();
    }

    private static int End(ReadOnlySpan<byte> text, int start)
    {
        var (line, end) = (start, EventBounds.LineEnd(text, start));
        while (end + 1 < text.Length)
        {
            var next = end + 1;
            var nextEnd = EventBounds.LineEnd(text, next);
            if (EventBounds.Continues(Head(text[line..end]), Head(text[next..nextEnd])))
            {
                (line, end) = (next, nextEnd);
                continue;
            }
            var blank = text[next..nextEnd].Trim(" \t\r"u8).IsEmpty;
            if (!blank || nextEnd + 1 >= text.Length) return end;
            var afterEnd = EventBounds.LineEnd(text, nextEnd + 1);
            if (!EventBounds.ContinuesOverBlank(Head(text[line..end]), Head(text[(nextEnd + 1)..afterEnd]))) return end;
            (line, end) = (nextEnd + 1, afterEnd);
        }
        return end;
    }

    private static ReadOnlySpan<byte> Head(ReadOnlySpan<byte> line) => line[..Math.Min(512, line.Length)];
}

/// <summary>A log put together from the catalog's samples and healthy lines, in the wrappings that logs have.</summary>
internal static class RandomLog
{
    private static readonly string[] Healthy =
    [
        "2026-11-21T10:00:00Z INFO request completed in 12 ms", "{\"level\":30,\"time\":1795297414503,\"msg\":\"ok\"}", "", "  ", "GET /health 200", "    at frame (file.js:1:1)",
        "- item one", "Server: awselb/2.0", "}", "[Nest] 1  - 11/21/2026, 9:08:20 PM   ERROR [X] failed", "Error: something", "plain words:", "  2026-11-21 10:00:00 indented record", "\0\0\0",
        "HTTP/1.1 502 Bad Gateway", "TypeError: x is not a function", "\e[31mred\e[0m", "é\ud83d\ude00",
    ];

    public static byte[] Draw(Random random, int parts)
    {
        using var log = new MemoryStream();
        var carriage = random.Next(4) == 0;
        for (var i = 0; i < parts; i++)
        {
            var text = random.Next(3) > 0 ? Healthy[random.Next(Healthy.Length)] : Wrapped(random, ShippedCatalog.SampleTexts[random.Next(ShippedCatalog.SampleTexts.Length)]);
            if (random.Next(40) == 0) text += new string((char)('a' + random.Next(26)), random.Next(5000));
            if (carriage) text = text.Replace("\n", "\r\n", StringComparison.Ordinal);
            log.Write(System.Text.Encoding.UTF8.GetBytes(text));
            if (random.Next(60) == 0) log.Write([0xff, 0xc3, 0x80]);
            if (i + 1 < parts || random.Next(2) == 0) log.Write(carriage ? "\r\n"u8 : "\n"u8);
        }
        return log.ToArray();
    }

    private static string Wrapped(Random random, string text) => random.Next(5) switch
    {
        0 => $"2026-11-21T10:00:0{random.Next(10)}Z ERROR {text}",
        1 => System.Text.Json.JsonSerializer.Serialize(new { level = "error", msg = text }),
        2 => $"\e[31m{text}\e[0m",
        3 => text.Length > 200 ? text[..200] : text.ToUpperInvariant(),
        _ => text,
    };
}
