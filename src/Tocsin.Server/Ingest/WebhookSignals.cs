using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tocsin.Core.Response;
using Tocsin.Core.Signals;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>One signal of the generic webhook.</summary>
public sealed record WebhookSignal
{
    public required string Title { get; init; }
    public string Environment { get; init; } = "";
    public string Service { get; init; } = "";
    public string Entry { get; init; } = "";

    /// <summary>The sender's own name for what is wrong: equal ones are one.</summary>
    public string Fingerprint { get; init; } = "";
    public string Text { get; init; } = "";
    public Severity? Severity { get; init; }
    public ImmutableArray<string> Facts { get; init; } = [];
    public double? Users { get; init; }

    /// <summary>firing or resolved.</summary>
    public string Status { get; init; } = "firing";

    /// <summary>Anything; kept, and not looked at.</summary>
    public JsonElement? Details { get; init; }
}

/// <summary>Reads the body of the generic webhook: one signal, or a list of them. Whatever is wrong is refused with its reason, and nothing is kept.</summary>
public sealed class WebhookSignals(Recogniser recogniser, TimeProvider time)
{
    private const int Most = 1000;
    private const int MostTitle = 300;
    private const int MostName = 100;
    private const int MostText = 4000;
    private static readonly JsonSerializerOptions Form = new(JsonForm.Options()) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, NumberHandling = JsonNumberHandling.Strict, MaxDepth = 32 };

    /// <summary>The signals, or what is wrong.</summary>
    public (List<Signal> Signals, string Problem) Read(ReadOnlySpan<byte> body, IntakeKey key)
    {
        List<WebhookSignal>? read;
        try
        {
            var reader = new Utf8JsonReader(body);
            read = reader.Read() && reader.TokenType == JsonTokenType.StartArray ? JsonSerializer.Deserialize<List<WebhookSignal>>(body, Form) : JsonSerializer.Deserialize<WebhookSignal>(body, Form) is { } one ? [one] : null;
        }
        catch (JsonException e)
        {
            return ([], $"the body is not as the webhook wants it: {e.Message}");
        }
        if (read is null || read.Count == 0) return ([], "there is no signal in the body");
        if (read.Count > Most) return ([], $"{read.Count} signals at once; {Most} at most");
        for (var i = 0; i < read.Count; i++)
        {
            if (Problem(read[i]) is { } problem) return ([], read.Count == 1 ? problem : $"signal {i + 1}: {problem}");
        }
        return (read.ConvertAll(w => Signal(w, key)), "");
    }

    private string? Problem(WebhookSignal? signal)
    {
        if (signal is null || string.IsNullOrWhiteSpace(signal.Title)) return "title is missing: what is broken";
        if (signal.Title.Length > MostTitle) return $"title has {signal.Title.Length} characters; {MostTitle} at most, the rest goes into text";
        if (signal.Text.Length > MostText) return $"text has {signal.Text.Length} characters; {MostText} at most";
        if (new[] { signal.Environment, signal.Service, signal.Fingerprint, signal.Entry }.FirstOrDefault(n => n.Length > MostName) is { } name) return $"'{name[..20]}…' is longer than {MostName} characters";
        if (signal.Status is not ("firing" or "resolved")) return "status is firing or resolved";
        if (signal.Facts.FirstOrDefault(f => !ImpactFacts.Words.Contains(f, StringComparer.Ordinal)) is { } fact) return $"'{fact}' is no known fact; known: {string.Join(", ", ImpactFacts.Words)}";
        if (signal.Users is < 0 or > 100) return "users is a share from 0 to 100 percent";
        return signal.Entry.Length > 0 && recogniser.Find(signal.Entry) is null ? $"there is no entry {signal.Entry} in the error reference" : null;
    }

    private Signal Signal(WebhookSignal w, IntakeKey key)
    {
        var now = time.Now();
        var match = w.Entry.Length > 0 ? null : recogniser.Leading(w.Text.Length > 0 ? w.Text : w.Title, now);
        var entry = w.Entry.Length > 0 ? w.Entry : match?.Entry.Id ?? "";
        var service = w.Service.Length > 0 ? w.Service : key.Service;
        var title = Redactor.WithEmails.Redact(w.Title);
        return new Signal(
            Guid.CreateVersion7(time.GetUtcNow()).ToString(),
            now,
            SignalSource.Observation,
            w.Environment.Length > 0 ? w.Environment : key.Environment,
            service,
            entry,
            w.Fingerprint.Length > 0 ? w.Fingerprint : Core.Signals.Fingerprint.Of(entry.Length > 0 ? entry : "webhook", service, title),
            title,
            Redactor.Default.Redact(w.Text),
            w.Severity,
            w.Facts,
            w.Users,
            1,
            w.Status == "resolved");
    }
}
