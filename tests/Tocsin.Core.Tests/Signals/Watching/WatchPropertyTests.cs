using NodaTime;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Core.Tests.Signals.Watching;

public sealed class WatchPropertyTests
{
    private const int Worlds = 40;

    [Fact]
    public void All_hands_are_called_only_after_two_minutes_in_which_no_address_answered_once() => Each(world =>
    {
        foreach (var signal in world.Watch.All.Where(s => s is { Subject.Kind: WatchKind.Everything, Kind: WatchSignalKind.Onset }))
        {
            var within = world.Rounds.Where(r => r.At >= signal.At - Duration.FromMinutes(2) && r.At <= signal.At).ToList();
            Assert.All(within, r => Assert.DoesNotContain('g', r.Answers));
            Assert.True(within[^1].At - within[0].At >= Duration.FromMinutes(2) - WatchedShop.Step);
            Assert.All(within.Zip(within.Skip(1)), p => Assert.True(p.Second.At - p.First.At <= WatchedShop.Step * 3));
        }
    });

    [Fact]
    public void Onset_and_recovery_of_a_thing_take_turns_and_what_continues_lies_between() => Each(world =>
    {
        foreach (var thing in world.Watch.All.GroupBy(s => s.Subject))
        {
            var ill = false;
            foreach (var signal in thing)
            {
                Assert.Equal(signal.Kind is not WatchSignalKind.Onset, ill);
                ill = signal.Kind is not WatchSignalKind.Recovery;
                Assert.True(signal.Since <= signal.At);
            }
        }
    });

    [Fact]
    public void Nothing_begins_more_often_than_flapping_allows() => Each(world =>
    {
        var plan = WatchedShop.Plan;
        foreach (var onsets in world.Watch.All.Where(s => s.Kind is WatchSignalKind.Onset).GroupBy(s => s.Subject).Select(g => g.Select(s => s.At).ToList()))
            Assert.All(onsets, o => Assert.InRange(onsets.Count(x => x >= o && x - o <= plan.FlapWithin), 1, plan.FlapTimes));
    });

    [Fact]
    public void What_fails_for_good_is_said_within_two_looks() => Each(world =>
    {
        // However it was before: after two bad looks in a row it is ill.
        world.Watch.Round("bbb");
        world.Watch.Round("bbb");
        Assert.All(WatchedShop.Plan.Addresses, a => Assert.NotNull(world.Watch.State.Of(new WatchSubject(WatchKind.Address, a.Environment, a.Service, a.Id)).IllSince));
    });

    [Fact]
    public void The_state_stays_small() => Each(world =>
    {
        Assert.InRange(world.Watch.State.Subjects.Count, 1, WatchedShop.Plan.Addresses.Length + 1);
        Assert.All(world.Watch.State.Subjects.Values, w => Assert.True(w.Votes.Length <= 3 && w.Onsets.Length <= WatchedShop.Plan.FlapTimes));
    });

    [Fact]
    public void A_budget_counts_an_hour_and_refuses_before_it_is_used_up()
    {
        var budget = new CallBudget(100);
        var now = Instant.FromUtc(2026, 11, 22, 8, 0);
        var looks = 0;
        for (var minute = 0; minute < 60; minute++)
        {
            if (budget.Allows(now + Duration.FromMinutes(minute))) (budget, looks) = (budget.Spend(now + Duration.FromMinutes(minute), 7), looks + 1);
            Assert.InRange(budget.Used(now + Duration.FromMinutes(minute)), 0, 100);
        }
        Assert.Equal(14, looks);
        Assert.True(budget.Allows(now + Duration.FromMinutes(60)));
        Assert.Equal(91, budget.Used(now + Duration.FromMinutes(60)));
        Assert.Equal(0, budget.Used(now + Duration.FromHours(3)));
    }

    private static void Each(Action<World> check)
    {
        for (var seed = 0; seed < Worlds; seed++)
        {
            var world = new World(new Random(seed));
            check(world);
        }
    }

    /// <summary>Some hours of addresses that are well, ill and in between, with gaps in the looks.</summary>
    private sealed class World
    {
        public World(Random random)
        {
            var bad = new double[3];
            for (var round = 0; round < 400; round++)
            {
                if (random.Next(25) == 0) Array.Fill(bad, random.Next(4) == 0 ? 1 : 0);
                if (random.Next(12) == 0) bad[random.Next(3)] = random.Next(3) / 2.0;
                if (random.Next(60) == 0) Watch.Now += Duration.FromSeconds(random.Next(1, 400));
                var answers = string.Concat(bad.Select(b => random.NextDouble() < b ? random.Next(2) == 0 ? 'b' : 'x' : 'g'));
                Rounds.Add((Watch.Now, answers));
                Watch.Round(answers, control: true);
            }
        }

        public WatchedShop Watch { get; } = new();

        public List<(Instant At, string Answers)> Rounds { get; } = [];
    }
}
