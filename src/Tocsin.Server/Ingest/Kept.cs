using System.Text;
using Tocsin.Core.Signals;

namespace Tocsin.Server.Ingest;

/// <summary>What lines are about where they do not say so.</summary>
public sealed record LinesOf(string Environment, string Service);

/// <summary>What is kept of something that came in: redacted, and of log lines only those that say something.</summary>
public static class Kept
{
    private const int MostBody = 64 * 1024;

    public static Delivery Report(IntakeKey key, string? senderKey, ReadOnlyMemory<byte> body) =>
        new(key.Id, "webhook", senderKey, body.Length, Cut(Redactor.Default.Redact(Encoding.UTF8.GetString(body.Span))));

    public static Delivery Lines(IntakeKey key, string? senderKey, ReadOnlyMemory<byte> body, IEnumerable<Signal> signals) =>
        new(key.Id, "ndjson", senderKey, body.Length, Cut(string.Join('\n', signals.Select(s => s.Text))));

    public static Delivery Own(string source) => new(source, "own", null, 0, "");

    private static string Cut(string text) => text.Length <= MostBody ? text : text[..MostBody];
}
