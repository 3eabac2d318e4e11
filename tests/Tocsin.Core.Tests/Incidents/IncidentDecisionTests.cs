using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Tests.Response;
using static Tocsin.Core.Tests.Response.Shipped;

namespace Tocsin.Core.Tests.Incidents;

public sealed class IncidentDecisionTests
{
    [Fact]
    public void Every_time_is_kept_apart()
    {
        var declared = IncidentDecisions.Declare(Wanted(Severity.P1) with { ImpactStart = At(-9), Detected = At(-4) }, Plan.Policy, "engineer-1", Start);
        var incident = IncidentFold.Of(declared.Events)!
            .Do(new IncidentCommand.Acknowledge("engineer-2"), At(3))
            .Do(new IncidentCommand.AttachDiagnosis("", new AttachedDiagnosis("likely", "alb-503/all-unhealthy", "Look at the targets", "b1")), At(7))
            .Do(new IncidentCommand.Mitigate("engineer-2", "rolled back"), At(20))
            .Do(new IncidentCommand.Resolve("engineer-2", "the old revision holds"), At(50));
        var expected = new IncidentTimes(At(-9), At(-4), At(0)) { Acknowledged = At(3), Diagnosed = At(7), Mitigated = At(20), Resolved = At(50) };
        Assert.Equal(expected, incident.Times);
        Assert.Equal((IncidentPhase.Resolved, 5), (incident.Phase, incident.Version));
    }

    [Fact]
    public void What_cannot_be_is_refused_with_its_reason()
    {
        var open = Incident(Severity.P1);
        var resolved = open.Do(new IncidentCommand.Resolve("engineer-1", "restarted"), At(5));
        Assert.Contains("resolved", resolved.Refusal(new IncidentCommand.Acknowledge("engineer-2"), At(6)), StringComparison.Ordinal);
        Assert.Contains("which is past", open.Refusal(new IncidentCommand.PostUpdate("engineer-1", "we look", At(1)), At(2)), StringComparison.Ordinal);
        Assert.Contains("only a person", open.Refusal(new IncidentCommand.Acknowledge(""), At(1)), StringComparison.Ordinal);
        Assert.Contains("called by a person", open.Refusal(new IncidentCommand.ChangeSeverity("", Severity.P0, "the text says so"), At(1)), StringComparison.Ordinal);
        Assert.Contains("needs a text", open.Refusal(new IncidentCommand.Note("engineer-1", " "), At(1)), StringComparison.Ordinal);
        Assert.Contains("has no page 4", open.Refusal(new IncidentCommand.RecordReceipt(4, Receipt.Accepted), At(1)), StringComparison.Ordinal);
        Assert.Contains("not resolved yet", open.Refusal(new IncidentCommand.FilePostMortem("engineer-1", "wiki/1"), At(1)), StringComparison.Ordinal);
        Assert.IsType<Decision.Refuse>(IncidentDecisions.Declare(Wanted(Severity.P1) with { Title = "" }, Plan.Policy, "engineer-1", Start));
        Assert.IsType<Decision.Refuse>(IncidentDecisions.Declare(Wanted(Severity.P1) with { Detected = At(1) }, Plan.Policy, "engineer-1", Start));
        Assert.IsType<Decision.Refuse>(IncidentDecisions.Declare(Wanted(Severity.P1) with { ImpactStart = At(-1), Detected = At(-2) }, Plan.Policy, "engineer-1", Start));
    }

    [Fact]
    public void Two_acknowledgements_at_once_are_two_people_or_one()
    {
        var first = Incident(Severity.P1).Do(new IncidentCommand.Acknowledge("engineer-2"), At(3));
        Assert.IsType<Decision.Nothing>(IncidentDecisions.Decide(first, new IncidentCommand.Acknowledge("engineer-2"), At(3)));
        var second = first.Do(new IncidentCommand.Acknowledge("engineer-3"), At(3));
        Assert.Equal(["engineer-2", "engineer-3"], second.AcknowledgedBy.Keys.Order());
        Assert.Equal(At(3), second.Times.Acknowledged);
    }

    [Fact]
    public void The_same_twice_changes_nothing()
    {
        var incident = Incident(Severity.P1).Do(new IncidentCommand.Assign("engineer-1", IncidentRole.Scribe, "engineer-3"), At(1));
        Assert.IsType<Decision.Nothing>(IncidentDecisions.Decide(incident, new IncidentCommand.Assign("engineer-1", IncidentRole.Scribe, "engineer-3"), At(2)));
        Assert.IsType<Decision.Nothing>(IncidentDecisions.Decide(incident, new IncidentCommand.ChangeSeverity("engineer-1", Severity.P1, "still"), At(2)));
        Assert.IsType<Decision.Nothing>(IncidentDecisions.Decide(incident, new IncidentCommand.Reopen("engineer-1", "it is open"), At(2)));
    }

    [Fact]
    public void A_worse_severity_starts_the_clocks_anew_and_keeps_the_history()
    {
        var incident = Incident(Severity.P2).Do(new IncidentCommand.Acknowledge("engineer-2"), At(3)).Do(new IncidentCommand.ChangeSeverity("engineer-2", Severity.P0, "all of it is down"), At(60));
        Assert.False(incident.IsAcknowledged);
        Assert.Equal((Severity.P2, Severity.P0), (incident.SeverityHistory[0].From, incident.SeverityHistory[0].To));
        Assert.Contains(Deadlines.Of(incident), d => d.Kind == DeadlineKind.Acknowledge && d.At == At(75));
        Assert.Contains(Deadlines.Of(incident), d => d.Kind == DeadlineKind.Update && d.At == At(70));
    }

    [Fact]
    public void A_better_severity_keeps_the_acknowledgement_under_its_own_lease()
    {
        var incident = Incident(Severity.P0).Do(new IncidentCommand.Acknowledge("engineer-2"), At(3)).Do(new IncidentCommand.ChangeSeverity("engineer-2", Severity.P2, "one service only"), At(10));
        Assert.True(incident.IsAcknowledged);
        Assert.Contains(Deadlines.Of(incident), d => d.Kind == DeadlineKind.Lease && d.At == At(10 + 240));
        Assert.DoesNotContain(Deadlines.Of(incident), d => d.Kind == DeadlineKind.Acknowledge);
    }

    [Fact]
    public void The_policy_of_an_incident_is_the_one_it_started_with()
    {
        var incident = Incident(Severity.P0);
        var later = ResponseReader.Parse(Text.Replace("acknowledge: 15m", "acknowledge: 20m", StringComparison.Ordinal), "response.yaml").Value!;
        Assert.NotEqual(later.Policy.Version, incident.Policy.Version);
        Assert.Contains(Deadlines.Of(incident), d => d.Kind == DeadlineKind.Acknowledge && d.At == At(15));
    }

    [Fact]
    public void A_merged_incident_stops_and_the_other_takes_what_it_knew()
    {
        var child = Incident(Severity.P1).Do(new IncidentCommand.AttachMatch("", new AttachedMatch("alb-502", "f2", "api", 7)), At(2));
        var parent = Incident(Severity.P1) with { Id = new IncidentId(2) };
        var decided = IncidentMerge.Merge(child, parent, "engineer-1", At(4));
        var (merged, kept) = (child.With(decided.One.Events), parent.With(decided.Other.Events));
        Assert.Empty(Deadlines.Of(merged));
        Assert.Equal(7, kept.Matches.Single().Count);
        Assert.Contains("goes on in INC-2", merged.Refusal(new IncidentCommand.Acknowledge("engineer-1"), At(5)), StringComparison.Ordinal);
        Assert.IsType<Decision.Refuse>(IncidentMerge.Merge(child, child, "engineer-1", At(4)).One);
        Assert.IsType<Decision.Refuse>(IncidentMerge.Merge(Incident(Severity.P0), parent, "engineer-1", At(4)).One);
    }

    [Fact]
    public void A_split_takes_its_matches_along_and_leaves_the_rest()
    {
        var parent = Incident(Severity.P1).Do(new IncidentCommand.AttachMatch("", new AttachedMatch("redis-unreachable", "f2", "panel", 3)), At(2));
        var decided = IncidentMerge.Split(parent, ["f2"], Wanted(Severity.P2) with { Id = new IncidentId(2), Title = "Redis" }, Plan.Policy, "engineer-1", At(4));
        Assert.Equal(["f1"], parent.With(decided.One.Events).Fingerprints);
        Assert.Equal("redis-unreachable", IncidentFold.Of(decided.Other.Events)!.Matches.Single().Entry);
        Assert.IsType<Decision.Refuse>(IncidentMerge.Split(parent, ["f1", "f2"], Wanted(Severity.P2), Plan.Policy, "engineer-1", At(4)).One);
        Assert.IsType<Decision.Refuse>(IncidentMerge.Split(parent, ["f9"], Wanted(Severity.P2), Plan.Policy, "engineer-1", At(4)).One);
    }
}
