using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Tests.Response;
using static Tocsin.Core.Tests.Response.Shipped;

namespace Tocsin.Core.Tests.Incidents;

public sealed class IncidentClockTests
{
    [Fact]
    public void A_p0_calls_everyone_at_once()
    {
        Incident(Severity.P0).Tick(Start, out var events);
        Assert.Equal(
            ["all by incidents", "engineer-1 by pagerduty", "engineer-2 by pagerduty", "engineer-3 by pagerduty", "founder-1 by phone", "founder-2 by phone", "lead by message", "lead by phone"],
            Pages(events).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_p1_pages_the_engineer_on_call_tells_the_lead_and_phones_him_after_half_an_hour_also_when_acknowledged()
    {
        var incident = Incident(Severity.P1).Tick(Start, out var events);
        Assert.Equal(["engineer-1 by pagerduty", "all by incidents", "lead by message"], Pages(events));
        incident = incident.Do(new IncidentCommand.Acknowledge("engineer-1"), At(1)).Tick(At(29));
        incident.Tick(At(30), out events);
        Assert.Contains("lead by phone", Pages(events));
    }

    [Theory]
    [InlineData(Severity.P2, "engineer-1 by pagerduty")]
    [InlineData(Severity.P3, "")]
    public void A_p2_pages_the_engineer_on_call_only_and_a_p3_nobody(Severity severity, string pages)
    {
        Incident(severity).Tick(At(1), out var events);
        Assert.Equal(pages, string.Join(", ", Pages(events)));
    }

    [Fact]
    public void Everyone_must_answer_a_p0_whoever_else_did()
    {
        var incident = Incident(Severity.P0).Tick(Start).Do(new IncidentCommand.Acknowledge("engineer-1"), At(1));
        incident.Tick(At(5), out var events);
        Assert.DoesNotContain("engineer-1 by pagerduty", Pages(events));
        Assert.Contains("engineer-2 by pagerduty", Pages(events));
        Assert.Contains(events.OfType<PageSuppressed>(), s => s.Person == "engineer-1" && s.Why.Contains("acknowledged", StringComparison.Ordinal));
    }

    [Fact]
    public void Founders_are_phoned_when_revenue_is_hit_for_an_hour_and_at_once_for_a_breach()
    {
        var incident = Incident(Severity.P1).Do(new IncidentCommand.ReportImpact("engineer-1", new ImpactFacts { Revenue = true }), At(10)).Tick(At(69), out var events);
        Assert.DoesNotContain("founder-1 by phone", Pages(events));
        incident = incident.Tick(At(70), out events);
        Assert.Contains("founder-1 by phone", Pages(events));
        incident.Do(new IncidentCommand.ReportImpact("engineer-1", new ImpactFacts { Breach = true }), At(71)).Tick(At(71), out events);
        Assert.Contains("founder-2 by phone", Pages(events));
    }

    [Fact]
    public void An_acknowledgement_is_a_lease_that_work_renews()
    {
        var incident = Incident(Severity.P0).Tick(Start).Do(new IncidentCommand.Acknowledge("engineer-1"), At(1)).Do(new IncidentCommand.Note("engineer-1", "the targets are gone"), At(20));
        Assert.True(incident.Tick(At(49)).IsAcknowledged);
        var expired = incident.Tick(At(50), out var events);
        Assert.False(expired.IsAcknowledged);
        Assert.Contains(events, e => e is DeadlineMissed { Kind: DeadlineKind.Lease });
        Assert.Contains("engineer-1 by pagerduty", Pages(events));
        Assert.Contains(Deadlines.Of(expired), d => d.Kind == DeadlineKind.Acknowledge && d.At == At(65));
    }

    [Fact]
    public void A_promised_update_that_is_not_there_escalates_like_a_page()
    {
        var incident = Incident(Severity.P0).Tick(Start).Do(new IncidentCommand.Acknowledge("engineer-1"), At(1)).Do(new IncidentCommand.Assign("engineer-1", IncidentRole.Communications, "engineer-3"), At(2));
        incident = incident.Tick(At(9), out var early).Tick(At(10), out var events);
        Assert.DoesNotContain(early, e => e is DeadlineMissed { Kind: DeadlineKind.Update });
        Assert.Contains(events, e => e is DeadlineMissed { Kind: DeadlineKind.Update });
        Assert.Contains(events.OfType<Paged>(), p => p is { Person: "engineer-3", Key: "promises/communications" });
        incident = incident.Do(new IncidentCommand.PostUpdate("engineer-3", "we roll back", null), At(11));
        Assert.Contains(Deadlines.Of(incident), d => d.Kind == DeadlineKind.Update && d.At == At(41));
        incident.Tick(At(16), out events);
        Assert.DoesNotContain(events.OfType<Paged>(), p => p.Key == "promises/lead");
    }

    [Fact]
    public void A_channel_without_its_receipt_is_followed_by_the_next()
    {
        var incident = Incident(Severity.P1).Tick(Start);
        incident = incident.Do(new IncidentCommand.RecordReceipt(1, Receipt.Accepted), Start);
        Assert.DoesNotContain("engineer-1 by message", Pages(IncidentClock.Tick(incident, OnDuty, At(4))));
        Assert.Contains("engineer-1 by message", Pages(IncidentClock.Tick(incident, OnDuty, At(5))));
        var failed = incident.Do(new IncidentCommand.RecordFailure(1, "HTTP 500"), At(1));
        Assert.Contains("engineer-1 by message", Pages(IncidentClock.Tick(failed, OnDuty, At(1))));
    }

    [Fact]
    public void The_post_mortem_is_due_within_two_days_of_a_breach_within_one_and_of_a_small_p1_never()
    {
        Instant? Due(Severity severity, ImpactFacts facts, int minutes) => Incident(severity, facts: facts).Do(new IncidentCommand.Resolve("engineer-1", "done"), At(minutes)) is var ended
            ? Deadlines.Of(ended).Where(d => d.Kind == DeadlineKind.PostMortem).Select(d => (Instant?)d.At).SingleOrDefault() : null;
        Assert.Equal(At(30 + (48 * 60)), Due(Severity.P0, new ImpactFacts(), 30));
        Assert.Equal(At(30 + (24 * 60)), Due(Severity.P0, new ImpactFacts { Breach = true }, 30));
        Assert.Null(Due(Severity.P1, new ImpactFacts(), 30));
        Assert.Equal(At(90 + (48 * 60)), Due(Severity.P1, new ImpactFacts(), 90));
        var filed = Incident(Severity.P0).Do(new IncidentCommand.Resolve("engineer-1", "done"), At(1)).Do(new IncidentCommand.FilePostMortem("engineer-1", "wiki/1"), At(2));
        Assert.Empty(Deadlines.Of(filed));
    }

    [Theory]
    [InlineData("2026-11-20T06:00:00Z", "2026-11-23T13:00:00Z")]
    [InlineData("2026-12-24T06:00:00Z", "2026-12-28T13:00:00Z")]
    [InlineData("2026-11-22T20:00:00Z", "2026-11-24T13:00:00Z")]
    public void A_p3_is_acknowledged_by_the_end_of_the_next_business_day(string declared, string due) =>
        Assert.Equal(At(due), Plan.Policy.Calendar.At(Plan.Policy.Of(Severity.P3).Acknowledge, At(declared)));

    [Fact]
    public void A_p2_is_fixed_by_the_end_of_the_same_business_day() =>
        Assert.Contains(Deadlines.Of(Incident(Severity.P2)), d => d.Kind == DeadlineKind.FixBy && d.At == At("2026-11-23T13:00:00Z"));

    [Fact]
    public void A_maintenance_window_holds_pages_back_until_it_ends_and_a_p0_breaks_through()
    {
        // Monday 01:30 in Kolkata.
        var night = At("2026-11-22T20:00:00Z");
        Incident Staging(Severity severity) => IncidentFold.Of(IncidentDecisions.Declare(Wanted(severity, "staging"), Plan.Policy, "engineer-1", night).Events)!;
        var muted = Staging(Severity.P2).Tick(night, out var events);
        Assert.Empty(Pages(events));
        Assert.Contains(events.OfType<StepMuted>(), m => m.Mute.Window == "staging-nights");
        Assert.Empty(IncidentClock.Tick(muted, OnDuty, night + Duration.FromMinutes(89)));
        Assert.Contains("engineer-1 by pagerduty", Pages(IncidentClock.Tick(muted, OnDuty, night + Duration.FromMinutes(90))));
        Assert.Contains("engineer-2 by pagerduty", Pages(IncidentClock.Tick(Staging(Severity.P0), OnDuty, night)));
    }

    [Fact]
    public void Nobody_on_call_is_an_alarm_and_the_next_step_does_not_wait()
    {
        var plan = ResponseReader.Parse(
            Text.Replace("start: 2026-01-05T10:00", "start: 2027-01-05T10:00", StringComparison.Ordinal)
                .Replace("    then: unanswered", "      - { id: second, after: 20m, notify: [{ person: engineer-3 }] }\n    then: unanswered", StringComparison.Ordinal),
            "response.yaml").Value!;
        var incident = IncidentFold.Of(IncidentDecisions.Declare(Wanted(Severity.P2), plan.Policy, "engineer-1", Start).Events)!;
        var events = IncidentClock.Tick(incident, new Duty(plan.Roster, []), Start);
        Assert.Contains(events.OfType<AlarmRaised>(), a => a.Why.Contains("nobody is on call in primary", StringComparison.Ordinal));
        Assert.Contains("engineer-3 by pagerduty", Pages(events));
    }

    [Fact]
    public void After_any_downtime_one_tick_gives_everything_that_came_due_once()
    {
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            var incident = Incident((Severity)random.Next(3)).Tick(Start);
            if (random.Next(2) == 0) incident = incident.Do(new IncidentCommand.Acknowledge("engineer-2"), At(random.Next(1, 9)));
            var now = At(random.Next(10, 1400));
            var late = incident.Tick(now, out var events);
            Assert.Empty(IncidentClock.Tick(late, OnDuty, now));
            Assert.DoesNotContain(Deadlines.Of(late), d => d.At <= now);
            Assert.All(events.OfType<Paged>().GroupBy(p => (p.Person, p.Channel, p.ForUpdate)), g => Assert.Single(g));
            Assert.All(events.OfType<StepFired>().GroupBy(s => (s.Key, s.Round, s.Epoch)), g => Assert.Single(g));
            // Whoever would have been paged with a clock that never stopped is paged now, too.
            var steady = incident;
            var people = new HashSet<string>(StringComparer.Ordinal);
            for (var next = Deadlines.Next(steady); next is not null && next.At <= now; next = Deadlines.Next(steady))
            {
                steady = steady.Tick(next.At, out var step);
                people.UnionWith(step.OfType<Paged>().Select(p => p.Person));
            }
            Assert.Subset(events.OfType<Paged>().Select(p => p.Person).ToHashSet(StringComparer.Ordinal), people);
        }
    }

    [Fact]
    public void A_clock_that_runs_backwards_loses_nothing()
    {
        // The clock was an hour ahead when it was acknowledged; then it was set right.
        var incident = Incident(Severity.P0).Tick(Start).Do(new IncidentCommand.Acknowledge("engineer-1"), At(61));
        Assert.Equal(At(91), Deadlines.Of(incident).Single(d => d.Kind == DeadlineKind.Lease).At);
        var back = incident.Tick(At(2), out var events);
        Assert.IsType<ClockWentBack>(events[0]);
        Assert.Equal(At(32), Deadlines.Of(back).Single(d => d.Kind == DeadlineKind.Lease).At);
        Assert.True(Deadlines.Of(back).All(d => d.At <= Deadlines.Of(incident).Max(x => x.At)));
        Assert.DoesNotContain(IncidentClock.Tick(back, OnDuty, At(2)), e => e is ClockWentBack);
    }
}
