using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>Something that says that something is wrong, or no longer wrong. Its texts are redacted.</summary>
/// <param name="Severity">As the sender wants it; null: from the facts, or the entry's page rule.</param>
/// <param name="Facts">Words of <see cref="ImpactFacts.Words"/>.</param>
/// <param name="Count">How often, in this one report.</param>
/// <param name="Ends">It is no longer so.</param>
public sealed record Signal(
    string Id,
    Instant At,
    SignalSource Source,
    string Environment,
    string Service,
    string Entry,
    string Fingerprint,
    string Title,
    string Text,
    Severity? Severity,
    ImmutableArray<string> Facts,
    double? Users,
    long Count,
    bool Ends)
{
    public ImpactFacts Impact => ImpactFacts.Of(Facts, Users, string.Equals(Environment, "production", StringComparison.OrdinalIgnoreCase));
}

/// <summary>A signal as it is stored.</summary>
public sealed record SignalRow
{
    public const string Columns = "id, intake, at, source, environment, service, entry, fingerprint, title, text, severity, facts, count, ends, state, incident, why";

    public string Id { get; init; } = "";
    public string Intake { get; init; } = "";
    public long At { get; init; }
    public string Source { get; init; } = "";
    public string Environment { get; init; } = "";
    public string Service { get; init; } = "";
    public string Entry { get; init; } = "";
    public string Fingerprint { get; init; } = "";
    public string Title { get; init; } = "";
    public string Text { get; init; } = "";
    public long? Severity { get; init; }
    public string Facts { get; init; } = "";
    public long Count { get; init; }
    public long Ends { get; init; }

    /// <summary>new, then opened, joined, reopened, damped, counted, ended or failed.</summary>
    public string State { get; init; } = "";
    public long? Incident { get; init; }
    public string Why { get; init; } = "";

    public static object?[] Of(Signal s, string intake) =>
    [
        s.Id, intake, Micros.Of(s.At), s.Source.ToString(), s.Environment, s.Service, s.Entry, s.Fingerprint, s.Title, s.Text, (long?)s.Severity,
        string.Join(' ', s.Facts.Concat(s.Users is { } share ? [share.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>())), s.Count, s.Ends ? 1L : 0L, "new", null, "",
    ];

    public Signal Read()
    {
        var words = Facts.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var share = words.Length > 0 && double.TryParse(words[^1], CultureInfo.InvariantCulture, out var users) ? users : (double?)null;
        return new Signal(Id, Micros.At(At), Enum.Parse<SignalSource>(Source), Environment, Service, Entry, Fingerprint, Title, Text, (Core.Response.Severity?)Severity, [.. share is null ? words : words[..^1]], share, Count, Ends == 1);
    }
}
