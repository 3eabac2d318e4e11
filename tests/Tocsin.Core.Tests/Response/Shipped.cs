using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;

namespace Tocsin.Core.Tests.Response;

/// <summary>The shipped response plan, and incidents that follow it.</summary>
internal static class Shipped
{
    private static readonly Lazy<string> Yaml = new(() => File.ReadAllText(Directory.EnumerateFiles(Path.Combine(ShippedCatalog.Root, "platforms"), "response.yaml", SearchOption.AllDirectories).Single()));
    private static readonly Lazy<ResponsePlan> Read = new(() => ResponseReader.Parse(Yaml.Value, "response.yaml") is { Value: { } plan } ? plan : throw new InvalidDataException(string.Join('\n', ResponseReader.Parse(Yaml.Value, "response.yaml").Problems)));

    // A Sunday, 08:30 in Kolkata: the second engineer's week.
    public static readonly Instant Start = At("2026-11-22T03:00:00Z");

    public static string Text => Yaml.Value;

    public static ResponsePlan Plan => Read.Value;

    public static Duty OnDuty => new(Plan.Roster, Plan.Maintenance);

    public static Instant At(string time) => InstantPattern.ExtendedIso.Parse(time).Value;

    public static Instant At(int minutes) => Start + Duration.FromMinutes(minutes);

    /// <summary>The shipped file with one text in place of another.</summary>
    public static IReadOnlyList<Tocsin.Core.Catalog.Problem> Problems(string text, string with)
    {
        Assert.Contains(text, Text, StringComparison.Ordinal);
        return ResponseReader.Parse(Text.Replace(text, with, StringComparison.Ordinal), "response.yaml").Problems;
    }

    public static Declaration Wanted(Severity severity, string environment = "production", ImpactFacts? facts = null) =>
        new(new IncidentId(1), "All services answer 503", environment, "api", "alb-503", "f1", new SuggestedSeverity(severity, "a test"), facts ?? new ImpactFacts(), null, null);

    public static Incident Incident(Severity severity, string environment = "production", ImpactFacts? facts = null) =>
        IncidentFold.Of(IncidentDecisions.Declare(Wanted(severity, environment, facts), Plan.Policy, "engineer-1", Start).Events)!;

    public static Incident Tick(this Incident incident, Instant now, out List<IncidentEvent> events)
    {
        events = [.. IncidentClock.Tick(incident, OnDuty, now)];
        return incident.With(events);
    }

    public static Incident Tick(this Incident incident, Instant now) => incident.Tick(now, out _);

    public static Incident Do(this Incident incident, IncidentCommand command, Instant now)
    {
        var decision = IncidentDecisions.Decide(incident, command, now);
        Assert.True(decision is Decision.Accept, decision.ToString());
        return incident.With(decision.Events);
    }

    public static string Refusal(this Incident incident, IncidentCommand command, Instant now) => Assert.IsType<Decision.Refuse>(IncidentDecisions.Decide(incident, command, now)).Why;

    public static IEnumerable<string> Pages(IEnumerable<IncidentEvent> events) => events.OfType<Paged>().Select(p => $"{(p.Person.Length > 0 ? p.Person : "all")} by {p.Channel}");
}
