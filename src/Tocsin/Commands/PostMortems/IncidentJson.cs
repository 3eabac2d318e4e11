using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;
using Tocsin.Cli.Setup;
using Tocsin.Core.Incidents;
using Tocsin.Core.PostMortems;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Commands.PostMortems;

/// <summary>
/// An incident as the server's API gives it (GET /api/v1/incidents/INC-n), read into the account that a post-mortem is written from. What the answer does not
/// hold, such as what was promised and kept, stays unknown and is not made up.
/// </summary>
internal static class IncidentJson
{
    private static readonly ImmutableArray<string> Short = ["page-suppressed", "channel-given-up", "match-attached", "step-muted", "page-failed"];

    private static readonly ImmutableArray<string> Silent = ["step-fired", "receipt-recorded"];

    public static IncidentAccount Read(string json, string from)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or UnparsableValueException)
        {
            throw new SettingsException($"{from} is no incident as the server's API gives it: {e.Message}");
        }
    }

    private static IncidentAccount Read(JsonElement root)
    {
        var summary = root.GetProperty("summary");
        var lines = root.GetProperty("timeline").EnumerateArray().Select(l => (At: Time(l, "at")!.Value, Type: Text(l, "type"), By: Text(l, "by"), Text: Text(l, "text"))).ToImmutableArray();
        var declared = Time(summary, "declared") ?? throw new FormatException("\"declared\" is missing");
        var severity = Enum.Parse<Severity>(Text(summary, "severity"));
        var acknowledged = Time(summary, "acknowledged");
        Instant? First(string type, string holds = "") => lines.Where(l => l.Type == type && l.Text.Contains(holds, StringComparison.OrdinalIgnoreCase)).Select(l => (Instant?)l.At).FirstOrDefault();
        return new IncidentAccount
        {
            Id = Text(summary, "id"),
            Title = Text(summary, "title"),
            Environment = Text(summary, "environment"),
            Service = Text(summary, "service"),
            Entry = Text(summary, "entry"),
            Severity = severity,
            Worst = lines.Where(l => l.Type is "declared" or "severity-changed").SelectMany(l => Enum.GetValues<Severity>().Where(s => l.Text.Contains(s.ToString(), StringComparison.Ordinal))).Append(severity).Min(),
            Impact = root.TryGetProperty("impact", out var impact) ? Impact(impact) : new ImpactFacts(),
            Times = new IncidentTimes(Time(summary, "impactStart") ?? declared, declared, declared)
            {
                Acknowledged = acknowledged,
                Diagnosed = First("diagnosis-attached", "confirmed") ?? First("diagnosis-attached", "likely"),
                Mitigated = Time(summary, "mitigated"),
                Resolved = Time(summary, "resolved"),
            },
            DeclaredBy = lines.Where(l => l.Type == "declared").Select(l => l.By).FirstOrDefault() ?? "",
            Commander = root.TryGetProperty("roles", out var roles) ? Text(roles, "incidentCommander") : "",
            Diagnosis = root.TryGetProperty("diagnosis", out var found) && found.ValueKind == JsonValueKind.Object ? new AttachedDiagnosis(Text(found, "verdict"), Text(found, "cause"), Text(found, "nextStep"), Text(found, "bundle")) : null,
            Errors = [.. Each(root, "errors").Select(e => new AttachedMatch(Text(e, "entry"), Text(e, "fingerprint"), Text(e, "service"), e.GetProperty("count").GetInt64()))],
            Pages = [.. Each(root, "pages").Where(p => Text(p, "person").Length > 0).Select(p => Page(p, lines))],
            Promises = [.. lines.Where(l => l.Type == "deadline-missed").Select(Missed).OfType<Promise>()],
            Alarms = [.. Each(root, "alarms").Select(a => a.GetString() ?? "")],
            Timeline = [.. lines.Where(l => l.Text.Length > 0 && !Silent.Contains(l.Type, StringComparer.Ordinal)).Select(l => new AccountLine(l.At, l.Text, !Short.Contains(l.Type, StringComparer.Ordinal)))],
            Actions = [.. Each(root, "actions").Select(Action)],
            ToAcknowledge = severity == Severity.P3 && acknowledged is null ? new Measure.NotApplicable("nobody was paged") : Measure.Between(declared, acknowledged, "nobody acknowledged it"),
        };
    }

    private static AccountAction Action(JsonElement a) => new(
        Text(a, "id"), Time(a, "planned") ?? throw new FormatException("an action has no time"), Text(a, "by"), Text(a, "action"), Text(a, "target"), Text(a, "change"), Text(a, "approved"), Time(a, "executed"), Text(a, "startedBy"), Text(a, "outcome"), Text(a, "verified"), Text(a, "undo"), Text(a, "breakGlass"));

    private static PagedPerson Page(JsonElement page, ImmutableArray<(Instant At, string Type, string By, string Text)> lines)
    {
        var (at, person) = (Time(page, "at")!.Value, Text(page, "person"));
        return new PagedPerson(at, person, Text(page, "channel"), lines.Where(l => l.Type == "acknowledged" && l.By == person && l.At >= at).Select(l => (Instant?)l.At).FirstOrDefault());
    }

    // The line says which promise it was, and its time is the tick's that found it.
    private static Promise? Missed((Instant At, string Type, string By, string Text) line) =>
        line.Text.Contains("acknowledged in time", StringComparison.Ordinal) ? new Promise(PromiseKind.Acknowledge, line.At, PromiseOutcome.Missed)
        : line.Text.Contains("promised update", StringComparison.Ordinal) ? new Promise(PromiseKind.Update, line.At, PromiseOutcome.Missed)
        : line.Text.Contains("not fixed", StringComparison.Ordinal) ? new Promise(PromiseKind.FixBy, line.At, PromiseOutcome.Missed)
        : null;

    private static ImpactFacts Impact(JsonElement impact)
    {
        bool Is(string name) => impact.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
        return new ImpactFacts { Production = Is("production"), AllDown = Is("allDown"), DataLoss = Is("dataLoss"), Breach = Is("breach"), Revenue = Is("revenue"), MajorFeature = Is("majorFeature"), Degraded = Is("degraded"), Users = impact.TryGetProperty("users", out var users) && users.ValueKind == JsonValueKind.Number ? users.GetDouble() : null };
    }

    private static IEnumerable<JsonElement> Each(JsonElement element, string name) => element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString()! : value.ToString() : "";

    private static Instant? Time(JsonElement element, string name) =>
        Text(element, name) is { Length: > 0 } text ? InstantPattern.ExtendedIso.Parse(text) is { Success: true } parsed ? parsed.Value : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"\"{name}\": {text} is no time")) : null;
}
