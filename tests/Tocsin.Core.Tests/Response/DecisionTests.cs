using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using static Tocsin.Core.Tests.Response.Shipped;

namespace Tocsin.Core.Tests.Response;

/// <summary>What opens an incident, where a signal belongs, and what a page says.</summary>
public sealed class DecisionTests
{
    private static readonly CorrelationRule Rule = Plan.Policy.Correlation;

    private static KnownIncident Known(int number, string service = "api", string fingerprint = "f1", int opened = 0, int? resolved = null) =>
        new(new IncidentId(number), "production", service, "alb-503", [fingerprint], [At(opened)], At(opened), resolved is { } at ? At(at) : null);

    private static IncidentSignal Signal(int minutes, string service = "api", string fingerprint = "f1", string entry = "alb-503") => new("production", service, entry, fingerprint, At(minutes));

    [Theory]
    [InlineData(SignalSource.Text, null, Severity.P2)]
    [InlineData(SignalSource.Observation, null, Severity.P1)]
    [InlineData(SignalSource.Observation, 1, Severity.P1)]
    [InlineData(SignalSource.Observation, 2, Severity.P0)]
    [InlineData(SignalSource.Person, null, Severity.P0)]
    public void All_hands_are_called_by_a_person_or_by_two_minutes_without_any_address(SignalSource source, int? minutes, Severity expected)
    {
        var watch = new WatchedAddresses(3, minutes is { } failing ? At(-failing) : null);
        Assert.Equal(expected, Opening.Decide(new SuggestedSeverity(Severity.P0, "all is down"), source, watch, Plan.Policy.Opening, Start).Severity);
    }

    [Theory]
    [InlineData(20.0, Severity.P1)]
    [InlineData(19.9, Severity.P2)]
    [InlineData(0.0, Severity.P3)]
    public void From_a_fifth_of_the_users_on_it_is_a_p1(double users, Severity expected) =>
        Assert.Equal(expected, SeverityMatrix.Suggest(new ImpactFacts { Users = users }, Plan.Policy.MajorUsers).Severity);

    [Fact]
    public void A_signal_joins_what_is_open_about_it()
    {
        Assert.Equal(new IncidentId(1), Assert.IsType<Correlation.Join>(Correlator.Decide(Signal(300), [Known(1)], Rule)).Id);
        Assert.IsType<Correlation.Join>(Correlator.Decide(Signal(300, fingerprint: "f9"), [Known(1)], Rule));
        Assert.IsType<Correlation.Join>(Correlator.Decide(Signal(5, fingerprint: "f9", entry: "alb-502"), [Known(1)], Rule));
        Assert.IsType<Correlation.Open>(Correlator.Decide(Signal(11, fingerprint: "f9", entry: "alb-502"), [Known(1)], Rule));
        Assert.IsType<Correlation.Open>(Correlator.Decide(Signal(5) with { Environment = "staging" }, [Known(1)], Rule));
    }

    [Fact]
    public void What_comes_back_soon_reopens_and_what_flaps_pages_nobody_anew()
    {
        var ended = Known(1, resolved: 10);
        Assert.False(Assert.IsType<Correlation.Reopen>(Correlator.Decide(Signal(20), [ended], Rule)).Flapping);
        Assert.IsType<Correlation.Open>(Correlator.Decide(Signal(131), [ended], Rule));
        Assert.True(Assert.IsType<Correlation.Reopen>(Correlator.Decide(Signal(30), [ended with { Opened = [At(0), At(15)] }], Rule)).Flapping);
    }

    [Fact]
    public void Ten_incidents_in_five_minutes_are_a_storm_and_one_takes_the_rest()
    {
        var nine = Enumerable.Range(1, 9).Select(n => Known(n, $"s{n}", $"f{n}")).ToList();
        Assert.False(Assert.IsType<Correlation.Open>(Correlator.Decide(Signal(4, "new", "new", "new"), nine.Take(8), Rule)).Storm);
        Assert.True(Assert.IsType<Correlation.Open>(Correlator.Decide(Signal(4, "new", "new", "new"), nine, Rule)).Storm);
        Assert.Equal(new IncidentId(10), Assert.IsType<Correlation.Join>(Correlator.Decide(Signal(60, "new", "new", "new"), [.. nine, Known(10, "s10", "f10") with { IsStorm = true }], Rule)).Id);
    }

    [Fact]
    public void A_window_says_what_it_mutes_and_when_it_tells_of_its_end()
    {
        var window = Plan.Maintenance.Single();
        var subjects = new[] { new MuteSubject("staging", "api", "", Severity.P2), new MuteSubject("staging", "api", "", Severity.P0), new MuteSubject("production", "api", "", Severity.P2) };
        Assert.Equal([subjects[0]], Muted.Preview(window, subjects));
        Assert.Equal([At("2026-11-22T21:15:00Z")], window.Notices(new Interval(Start, Start + Duration.FromDays(1))));
    }

    [Fact]
    public void A_page_says_the_most_important_in_160_characters_and_obeys_nobody()
    {
        var incident = Incident(Severity.P0) with { Title = $"\e[31mpassword=hunter2hunter2 {new string('x', 300)}" };
        var words = PageText.Of(incident, "https://tocsin.example/INC-1");
        Assert.StartsWith("P0 production api since 03:00Z: ", words.First, StringComparison.Ordinal);
        Assert.True(words.First.Length <= PageText.Most);
        Assert.DoesNotContain('\e', words.First);
        Assert.DoesNotContain("hunter2", words.First, StringComparison.Ordinal);
        Assert.Equal("https://tocsin.example/INC-1", words.More);
    }
}
