using NodaTime;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Response;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Core.Tests.Signals.Watching;

public sealed class WatchDecisionTests
{
    private static readonly Subject Core = new("live", "core");
    private static readonly Subject Queue = new("live", "core", "", "mails");
    private readonly WatchedShop watch = new();

    [Theory]
    [InlineData("gggg", "")]
    [InlineData("gbgg", "")]
    [InlineData("gbggbggb", "")]          // one of three is chance
    [InlineData("bb", "Onset")]
    [InlineData("gbgb", "Onset")]
    [InlineData("bbgg", "Onset")]          // two good ones are no recovery
    [InlineData("bbggg", "Onset Recovery")]
    [InlineData("bbgbggg", "Onset Recovery")]
    [InlineData("bbgbgbgb", "Onset")]
    public void Two_of_three_bad_looks_are_trouble_and_three_good_ones_in_a_row_its_end(string looks, string said) =>
        Assert.Equal(said, string.Join(' ', watch.Rounds(looks).Select(s => s.Kind)));

    [Fact]
    public void An_onset_says_what_since_when_and_for_whom()
    {
        var began = watch.Now + (WatchedShop.Step * 2);
        var signal = Assert.Single(watch.Rounds("ggbb"));
        Assert.Equal(("live", "core", "api.example/health answers 503", began), (signal.Environment, signal.Service, signal.Title, signal.Since));
        Assert.True(signal.Impact is { MajorFeature: true, Production: true });
        Assert.Equal(new WatchedAddresses(3, null), signal.Addresses);
        Assert.Equal(new IncidentSignal("live", "core", "", signal.Fingerprint, signal.At), signal.ToIncidentSignal());
    }

    [Fact]
    public void The_fingerprint_is_the_same_in_every_process_and_another_for_another_thing()
    {
        var address = new WatchSubject(WatchKind.Address, "live", "core", "api");
        Assert.Equal("a0f0a7a3a0c2a2f4".Length, WatchDecisions.FingerprintOf(address).Length);
        Assert.Equal(WatchDecisions.FingerprintOf(address), WatchDecisions.FingerprintOf(address with { }));
        WatchSubject[] others = [address with { Environment = "trial" }, address with { Service = "shop" }, address with { Id = "app" }, address with { Item = "1" }, address with { Kind = WatchKind.Rule }];
        Assert.Equal(others.Length + 1, others.Append(address).Select(WatchDecisions.FingerprintOf).Distinct().Count());
    }

    [Fact]
    public void What_goes_on_is_said_again_after_a_while_and_no_more_often()
    {
        var said = watch.Rounds(new string('b', 1 + (60 * 4)));
        Assert.Equal(WatchSignalKind.Onset, said[0].Kind);
        Assert.All(said.Skip(1), s => Assert.Equal(WatchSignalKind.Continues, s.Kind));
        Assert.Equal(11, said.Skip(1).Count());
        Assert.All(said.Zip(said.Skip(1)), p => Assert.Equal(Duration.FromMinutes(5), p.Second.At - p.First.At));
        Assert.Single(said.Select(s => (s.Fingerprint, s.Since)).Distinct());
    }

    [Fact]
    public void What_comes_and_goes_is_said_a_few_times_and_ends_after_a_calm()
    {
        var said = watch.Rounds(string.Concat(Enumerable.Repeat("bbggg", 20)));
        Assert.Equal(3, said.Count(s => s.Kind is WatchSignalKind.Onset));
        Assert.Equal([false, false, true], said.Where(s => s.Kind is WatchSignalKind.Onset).Select(s => s.Flaps));
        Assert.Equal(2, said.Count(s => s.Kind is WatchSignalKind.Recovery));
        var end = Assert.Single(watch.Rounds(new string('g', 61)));
        Assert.Equal(WatchSignalKind.Recovery, end.Kind);
        Assert.Single(watch.Rounds("bb"), s => s is { Kind: WatchSignalKind.Onset, Flaps: false });
    }

    [Fact]
    public void When_every_address_fails_for_two_minutes_that_is_a_signal_of_its_own()
    {
        var first = watch.Now;
        while (!watch.All.Exists(s => s.Subject.Kind is WatchKind.Everything)) watch.Round("bbx");
        var signal = watch.All[^1];
        Assert.Equal(Duration.FromMinutes(2), signal.At - first);
        Assert.Equal(new WatchedAddresses(3, first), signal.Addresses);
        Assert.Equal(first, signal.Since);
        Assert.True(signal.Impact.AllDown);
        var opening = Opening.Decide(SeverityMatrix.Suggest(signal.Impact, 20), SignalSource.Observation, signal.Addresses, new OpeningRule(Severity.P2, Duration.FromMinutes(2)), signal.At);
        Assert.Equal(Severity.P0, opening.Severity);
        Assert.Equal(WatchSignalKind.Recovery, Assert.Single(watch.Round("bbg"), s => s.Subject.Kind is WatchKind.Everything).Kind);
    }

    [Fact]
    public void One_good_answer_in_between_and_not_every_address_has_failed_for_two_minutes()
    {
        for (var round = 0; round < 40; round++) watch.Round(round % 7 == 6 ? "bgb" : "bbb");
        Assert.DoesNotContain(watch.All, s => s.Subject.Kind is WatchKind.Everything);
    }

    [Fact]
    public void Where_addresses_of_others_do_not_answer_either_this_host_is_what_sees_nothing()
    {
        watch.Round("ggg");
        for (var round = 0; round < 40; round++) watch.Round("xxx", control: false);
        Assert.Empty(watch.All);
        Assert.NotNull(watch.State.Of(new WatchSubject(WatchKind.Address, "live", "core", "api")).UnseenSince);
        for (var round = 0; round < 40; round++) watch.Round("xxx", control: true);
        Assert.Contains(watch.All, s => s.Subject.Kind is WatchKind.Everything);
    }

    [Fact]
    public void A_gap_in_the_looks_is_no_time_of_failing()
    {
        watch.Round("bbb");
        watch.Now += Duration.FromHours(1);
        watch.Round("bbb");
        Assert.Empty(watch.All);
    }

    [Fact]
    public void A_fact_must_have_held_for_its_time()
    {
        for (var minute = 0; minute < 2; minute++) Assert.Empty(watch.Facts(watch.Seen("ecs.service", Core, ("missing", "1"), ("running", "1"), ("desired", "2"))));
        var signal = Assert.Single(watch.Facts(watch.Seen("ecs.service", Core, ("missing", "1"), ("running", "1"), ("desired", "2"))));
        Assert.Equal(("1 of 2 run", "alb-503", Duration.FromMinutes(2)), (signal.Title, signal.Entry, signal.At - signal.Since));
        Assert.Equal(WatchSignalKind.Recovery, Assert.Single(watch.Facts(watch.Seen("ecs.service", Core, ("missing", "0")))).Kind);
    }

    [Fact]
    public void What_cannot_be_seen_begins_nothing_and_ends_nothing()
    {
        watch.Facts(watch.Seen("bullmq.queue", Queue, ("oldestSeconds", "400")));
        for (var minute = 0; minute < 10; minute++) Assert.Empty(watch.Facts(watch.Unseen("bullmq.queue", Queue, ObservationStatus.Denied, "no permission"), watch.Unseen("ecs.service", Core, ObservationStatus.Timeout, "slow")));
        var known = watch.State.Of(new WatchSubject(WatchKind.Rule, "live", "core", "waits", "mails"));
        Assert.NotNull(known.IllSince);
        Assert.NotNull(known.UnseenSince);
        Assert.Equal(WatchSignalKind.Recovery, Assert.Single(watch.Facts(watch.Seen("bullmq.queue", Queue, ("oldestSeconds", "0")))).Kind);
    }

    [Fact]
    public void Each_queue_and_each_environment_is_a_thing_of_its_own()
    {
        var signals = watch.Facts(watch.Seen("bullmq.queue", Queue, ("oldestSeconds", "400")), watch.Seen("bullmq.queue", Queue with { Item = "orders" }, ("oldestSeconds", "500")), watch.Seen("bullmq.queue", Queue with { Environment = "trial" }, ("oldestSeconds", "500")));
        Assert.Equal(3, signals.Select(s => s.Fingerprint).Distinct().Count());
        Assert.Equal(Severity.P3, SeverityMatrix.Suggest(Assert.Single(signals, s => s.Environment == "trial").Impact, 20).Severity);
    }

    [Fact]
    public void When_aws_cannot_be_asked_that_is_a_signal_that_names_what_is_missing()
    {
        ObservationStatus[] statuses = [ObservationStatus.Denied, ObservationStatus.Denied, ObservationStatus.Timeout];
        Look Blind() => WatchLooks.Sight("live", WatchLooks.Aws, [.. statuses.Select(s => watch.Unseen("ecs.service", Core, s, s is ObservationStatus.Denied ? "ecs:DescribeServices is denied" : "slow"))], watch.Now)!;
        Assert.Empty(watch.Take([Blind()], Duration.FromMinutes(1)));
        var signal = Assert.Single(watch.Take([Blind()], Duration.FromMinutes(1)));
        Assert.True(signal.IsBlind);
        Assert.Equal("Blind: aws of live cannot be asked (Denied: ecs:DescribeServices is denied)", signal.Title);
        var seen = WatchLooks.Sight("live", WatchLooks.Aws, [watch.Seen("ecs.service", Core), watch.Unseen("ecs.events", Core, ObservationStatus.Denied, "")], watch.Now)!;
        Assert.Equal(WatchSignalKind.Recovery, Assert.Single(watch.Take([seen], Duration.FromMinutes(1))).Kind);
    }

    [Fact]
    public void A_server_that_was_never_reached_from_here_is_not_missed_and_one_that_was_is()
    {
        Look Of(bool seen) => WatchLooks.Sight("live", "redis", [seen ? watch.Seen("bullmq.queue", Queue) : watch.Unseen("bullmq.queue", Queue, ObservationStatus.Timeout, "no way")], watch.Now)!;
        for (var minute = 0; minute < 5; minute++) Assert.Empty(watch.Take([Of(seen: false)], Duration.FromMinutes(1)));
        watch.Take([Of(seen: true)], Duration.FromMinutes(1));
        watch.Take([Of(seen: false)], Duration.FromMinutes(1));
        Assert.True(Assert.Single(watch.Take([Of(seen: false)], Duration.FromMinutes(1))).IsBlind);
        Assert.Null(WatchLooks.Sight("live", "redis", [watch.Unseen("bullmq.queue", Queue, ObservationStatus.NotConfigured, "")], watch.Now));
    }

    [Fact]
    public void A_page_of_the_watch_fits_and_holds_no_query_of_an_address()
    {
        var address = WatchedShop.Plan.Addresses[0] with { Address = "https://api.example/health?key=secret" };
        var look = Assert.Single(WatchLooks.Of([new AddressAnswer(address, 0, "connect", "ETIMEDOUT", Duration.Zero)], controlAnswers: null, watch.Now));
        Assert.Equal("api.example/health does not answer (ETIMEDOUT at connect)", look.Says);
    }
}
