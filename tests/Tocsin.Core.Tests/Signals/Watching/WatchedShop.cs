using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Response;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Core.Tests.Signals.Watching;

/// <summary>A watch over three addresses and some facts, and looks in short form.</summary>
internal sealed class WatchedShop
{
    public static readonly Duration Step = Duration.FromSeconds(15);

    public static readonly WatchPlan Plan = new()
    {
        Production = ["live"],
        AddressPace = new WatchPace(Step, Duration.FromSeconds(5), new Voting(3, 2, 3)),
        Addresses =
        [
            new WatchedAddress("api", "live", "core", "https://api.example/health", 0, new ImpactFacts { MajorFeature = true }),
            new WatchedAddress("app", "live", "shop", "https://app.example/", 0, new ImpactFacts { MajorFeature = true }),
            new WatchedAddress("shop", "live", "shop", "https://shop.example/", 200, new ImpactFacts { MajorFeature = true }),
        ],
        Environments = ["live", "trial"],
        RulePace = new WatchPace(Duration.FromMinutes(1), Duration.FromSeconds(20), Voting.Once),
        Rules =
        [
            new WatchRule("missing", new Condition.Fact("ecs.service.missing", new Comparison.Above(0)), Duration.FromMinutes(2), "alb-503", "{running} of {desired} run", new ImpactFacts { Degraded = true }),
            new WatchRule("waits", new Condition.Fact("bullmq.queue.oldestSeconds", new Comparison.Above(300)), Duration.Zero, "bullmq-jobs-waiting", "jobs of {item} wait", new ImpactFacts { Degraded = true }),
        ],
        CallsPerHour = 100,
        StoppedWithin = Duration.FromMinutes(5),
        FlapTimes = 3,
        FlapWithin = Duration.FromMinutes(15),
        Remind = Duration.FromMinutes(5),
        AllHandsAfter = Duration.FromMinutes(2),
    };

    public WatchState State { get; private set; } = WatchState.Empty;

    public Instant Now { get; set; } = Instant.FromUtc(2026, 11, 22, 8, 0);

    public List<WatchSignal> All { get; } = [];

    /// <summary>One round: a letter for each address in the plan's order. g good, b bad (503), x no answer at all.</summary>
    public ImmutableArray<WatchSignal> Round(string answers, bool? control = null)
    {
        var seen = Plan.Addresses.Zip(answers, (a, c) => c switch
        {
            'g' => new AddressAnswer(a, 200, "done", "NONE", Duration.Zero),
            'b' => new AddressAnswer(a, 503, "done", "NONE", Duration.Zero),
            _ => new AddressAnswer(a, 0, "connect", "ECONNREFUSED", Duration.Zero),
        }).ToList();
        return Take(WatchLooks.Of(seen, control, Now), Step);
    }

    /// <summary>Rounds at one address, the others being well.</summary>
    public List<WatchSignal> Rounds(string looks) => [.. looks.SelectMany(c => Round($"{c}gg"))];

    public ImmutableArray<WatchSignal> Take(IEnumerable<Look> looks, Duration step)
    {
        var decided = WatchDecisions.Decide(State, looks, Now, Plan);
        State = decided.State;
        All.AddRange(decided.Signals);
        Now += step;
        return decided.Signals;
    }

    public ImmutableArray<WatchSignal> Facts(params Observation[] observations) => Take(WatchLooks.Of(Plan, observations), Duration.FromMinutes(1));

    public Observation Seen(string probe, Subject subject, params (string Name, string Value)[] facts) => new()
    {
        Probe = probe,
        Subject = subject,
        Vantage = Vantage.Api,
        Status = ObservationStatus.Ok,
        At = Now,
        Facts = facts.ToImmutableSortedDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal),
    };

    public Observation Unseen(string probe, Subject subject, ObservationStatus status, string note) => Seen(probe, subject) with { Status = status, Note = note };
}
