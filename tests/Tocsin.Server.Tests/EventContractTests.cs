using System.Collections.Immutable;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>The stored form of events is a contract with every database that exists.</summary>
public sealed class EventContractTests
{
    private static readonly Instant At = Instant.FromUtc(2026, 11, 22, 3, 0) + Duration.FromMilliseconds(125);
    private static readonly Instant Later = At + Duration.FromMinutes(10);
    private static readonly string Stored = Path.Combine(TestWorld.Root, "tests", "Tocsin.Server.Tests", "Expectations", "events.json");

    private static ResponsePolicy Policy { get; } = TestWorld.Plan().Policy;

    // One of each, every field with a value that is not its default.
    private static ImmutableArray<IncidentEvent> Each =>
    [
        new Declared(At, "lead", new IncidentId(7), "Zahlungen „fallen“ aus", "production", "fastify-nova", "alb-503", "ab12", new SuggestedSeverity(Severity.P1, "revenue"), new ImpactFacts { Production = true, AllDown = true, DataLoss = true, Breach = true, Revenue = true, MajorFeature = true, Degraded = true, Users = 12.5 }, At - Duration.FromMinutes(5), At - Duration.FromMinutes(1), Policy),
        new Acknowledged(At, "lead"),
        new RoleAssigned(At, "lead", IncidentRole.IncidentCommander, "engineer-1"),
        new SeverityChanged(At, "lead", Severity.P2, Severity.P0, "all down"),
        new ImpactReported(At, "lead", new ImpactFacts { Production = false, Users = 3 }),
        new Noted(At, "lead", "line one\nline two"),
        new Recorded(At, "lead", "0199", "lead has done \"Check the cluster\""),
        new MatchAttached(At, "", new AttachedMatch("alb-503", "ab12", "fastify-nova", 42)),
        new DiagnosisAttached(At, "", new AttachedDiagnosis("Confirmed", "alb-503/none", "roll back", "b-1")),
        new UpdatePosted(At, "lead", "we are at it", Duration.FromMinutes(30)),
        new UpdatePosted(At, "lead", "the last one", null),
        new Mitigated(At, "lead", "rolled back"),
        new Resolved(At, "lead", "fixed"),
        new Reopened(At, "lead", "it is back"),
        new MergedInto(At, "lead", new IncidentId(3)),
        new Absorbed(At, "lead", new IncidentId(4), new ImpactFacts { Revenue = true }, At, [new AttachedMatch("a", "b", "c", 1)]),
        new SplitOff(At, "lead", new IncidentId(5), ["ab12", "cd34"]),
        new PostMortemFiled(At, "lead", "https://example.com/pm"),
        new StepFired(At, "all-hands/everyone", 2, 1, Later, 6),
        new StepMuted(At, "on-call/on-call", 0, 1, Later, new Muted("nights", Later)),
        new Paged(At, 9, "lead", "phone", ["push", "message"], "all-hands/everyone", 1, true, true, Severity.P0, Later, "step"),
        new PageSuppressed(At, "lead", "phone", "all-hands/everyone", "has acknowledged already"),
        new ReceiptRecorded(At, 9, Receipt.Delivered),
        new PageFailed(At, 9, "no such number"),
        new ChannelGivenUp(At, 9, Later, "phone failed"),
        new AlarmRaised(At, "on-call/on-call", "nobody is on call"),
        new DeadlineMissed(At, DeadlineKind.PostMortemReminder, 2, Later),
        new ClockWentBack(At, Later),
    ];

    [Fact]
    public void Every_kind_of_event_is_tried()
    {
        var kinds = typeof(IncidentEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(IncidentEvent)) && !t.IsAbstract).Select(t => t.Name).Order(StringComparer.Ordinal);
        Assert.Equal(kinds, Each.Select(e => e.GetType().Name).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_event_comes_back_as_it_was()
    {
        var json = new EventJson();
        foreach (var e in Each)
        {
            var body = json.Write(e);
            var back = json.Read(EventJson.NameOf(e), body);
            Assert.Equal(body, json.Write(back));
            // Lists compare by identity in records: those are compared by their stored form above.
            if (e is not (Absorbed or SplitOff or Paged)) Assert.Equal(e, back);
        }
    }

    [Fact]
    public void A_policy_comes_back_with_every_clock_step_and_holiday()
    {
        var (digest, body) = new EventJson().Freeze(Policy);
        var other = new EventJson();
        other.Know(digest, body);
        Assert.Equal((digest, body), other.Freeze(((Declared)other.Read("declared", new EventJson().Write(Each[0]))).Policy));
        Assert.DoesNotContain("engineer-1", body, StringComparison.Ordinal);
    }

    [Fact]
    public void Todays_form_of_every_event_stays_readable()
    {
        var json = new EventJson();
        var (digest, policy) = json.Freeze(Policy);
        var today = JsonSerializer.Serialize(
            new { policies = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { [digest] = JsonDocument.Parse(policy).RootElement }, events = Each.Select(e => new { type = EventJson.NameOf(e), body = JsonDocument.Parse(json.Write(e)).RootElement }) },
            new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
        if (!File.Exists(Stored)) File.WriteAllText(Stored, today);
        using var kept = JsonDocument.Parse(File.ReadAllText(Stored));
        var reader = new EventJson();
        foreach (var known in kept.RootElement.GetProperty("policies").EnumerateObject()) reader.Know(known.Name, known.Value.GetRawText());
        var events = kept.RootElement.GetProperty("events").EnumerateArray().Select(e => reader.Read(e.GetProperty("type").GetString()!, e.GetProperty("body").GetRawText())).ToList();
        Assert.Equal(Each.Select(json.Write), events.Select(json.Write));
        Assert.NotNull(IncidentFold.Of(events));
    }
}
