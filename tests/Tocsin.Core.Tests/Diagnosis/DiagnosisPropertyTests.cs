using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Diagnosis;

public sealed class DiagnosisPropertyTests
{
    private const int Rounds = 60;

    [Fact]
    public void The_order_and_the_repetition_of_observations_change_nothing() => Each((bundle, random) =>
    {
        var shuffled = bundle with
        {
            Observations = Shuffled([.. bundle.Observations, .. bundle.Observations.Where(_ => random.Next(2) == 0)], random),
            Matches = Shuffled([.. bundle.Matches, .. bundle.Matches], random),
        };
        Assert.Equal(Given.Json(bundle), Given.Json(shuffled));
    });

    [Fact]
    public void Another_catalog_built_in_another_order_gives_the_same_bytes() => Each((bundle, random) =>
    {
        var other = DiagnosisCatalog.Build(Shuffled(ShippedCatalog.Entries, random), Given.Facts);
        Assert.Equal(Given.Catalog.Digest, other.Digest);
        Assert.Equal(Given.Json(bundle), System.Text.Encoding.UTF8.GetString(DiagnosisJson.Write(Diagnoser.Diagnose(bundle, other))));
    }, rounds: 10);

    [Fact]
    public void Evidence_for_a_cause_never_lowers_it() => Each((bundle, random) =>
    {
        var (model, rule, value) = AnyRule(random);
        var with = bundle with { Observations = [.. bundle.Observations.Where(o => o.Probe != "later"), Observed(rule.Name, value)] };
        var evidence = new Evidence(bundle.Canonical(), Given.Catalog);
        if (evidence.Ask(rule, model.Entry, "api").Truth != Truth.Unknown || model.Rules.Any(r => !r.For && r.When is Condition.Fact f && f.Name == rule.Name && f.Compare.Holds(value))) return;
        Assert.True(Score(with, model) >= new Weighing(evidence).Weigh(model, "api").Score, $"{model.Id} {rule.Name}={value}");
    }, rounds: 400);

    [Fact]
    public void A_group_counts_once() => Each((bundle, _) =>
    {
        foreach (var cause in All(Given.Diagnose(bundle)))
            Assert.All(cause.For.Concat(cause.Against).Where(c => c.Counts).GroupBy(c => (c.Group, c.Points > 0)), g => Assert.Single(g));
    });

    [Fact]
    public void What_is_ruled_out_stays_out() => Each((bundle, random) =>
    {
        var out1 = Given.Diagnose(bundle).RuledOut.Select(r => (r.Id, r.At.Service)).ToHashSet();
        var (_, rule, value) = AnyRule(random);
        if (bundle.Observations.Any(o => rule.Name.StartsWith($"{o.Probe}.", StringComparison.Ordinal))) return;
        var more = Given.Diagnose(bundle with { Observations = bundle.Observations.Add(Observed(rule.Name, value)) });
        Assert.DoesNotContain(more.Causes, c => out1.Contains((c.Id, c.At.Service)));
    }, rounds: 200);

    [Fact]
    public void Unknown_is_never_health() => Each((bundle, random) =>
    {
        var state = Given.Observation("ecs.service@api missing=0 rollout=COMPLETED");
        var well = Given.Bundle([state, Given.Observation("alb.targets@api healthy=1 reason=NONE"), Given.Observation("redis.connect@api/redis stage=done code=NONE")], []);
        Assert.Equal(Verdict.Healthy, Given.Diagnose(well).Verdict);
        var status = (ObservationStatus)random.Next(2, 8);
        if (status == ObservationStatus.NotConfigured) status = ObservationStatus.Denied;
        var at = random.Next(well.Observations.Length);
        Assert.Equal(Verdict.Blind, Given.Diagnose(well with { Observations = well.Observations.SetItem(at, well.Observations[at] with { Status = status }) }).Verdict);
    });

    [Fact]
    public void With_everything_denied_the_verdict_is_blind() => Each((bundle, _) =>
    {
        var denied = bundle with { Matches = [], Observations = [.. bundle.Observations.Select(o => o with { Status = ObservationStatus.Denied, Note = "an:Action" })] };
        var found = Given.Diagnose(denied);
        Assert.Equal(Verdict.Blind, found.Verdict);
        Assert.All(found.Missing, m => Assert.Equal("an:Action", m.Why));
    });

    [Fact]
    public void A_replay_gives_the_same_bytes() => Each((bundle, _) =>
    {
        var read = BundleReader.Parse(BundleJson.Write(bundle), "b").Value!;
        Assert.Equal(Given.Json(bundle), Given.Json(read));
    });

    [Fact]
    public void A_cause_whose_requirement_nobody_saw_is_not_confirmed()
    {
        var seen = 0;
        foreach (var (entry, cause) in ShippedCatalog.Entries.SelectMany(e => e.Causes.Select(c => (e, c))).Where(p => p.c.Requires.Length > 0))
        {
            var bundle = CauseEvidence.For(entry, cause);
            var needed = cause.Requires.OfType<Condition.Fact>().Select(f => f.Name).ToList();
            var without = bundle with { Observations = [.. bundle.Observations.Select(o => o with { Facts = o.Facts.RemoveRange(o.Facts.Keys.Where(k => needed.Contains($"{o.Probe}.{k}"))) })] };
            Assert.DoesNotContain(Given.Diagnose(without).Causes, c => c.Id == $"{entry.Id}/{cause.Id}" && c.Standing == Verdict.Confirmed);
            seen++;
        }
        Assert.True(seen > 5);
    }

    private static void Each(Action<EvidenceBundle, Random> check, int rounds = Rounds)
    {
        for (var seed = 1; seed <= rounds; seed++)
        {
            var random = new Random(seed);
            check(AnyBundle(random), random);
        }
    }

    // The evidence of one to three causes, each with some of it missing or denied.
    private static EvidenceBundle AnyBundle(Random random)
    {
        var entries = ShippedCatalog.Entries;
        var parts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => entries[random.Next(entries.Length)]).Select(e => CauseEvidence.For(e, e.Causes[random.Next(e.Causes.Length)], random.Next(4) > 0)).ToList();
        var observations = parts.SelectMany(p => p.Observations).Select(o => random.Next(6) == 0 ? o with { Status = (ObservationStatus)random.Next(8) } : o);
        return Given.Bundle(observations, parts.SelectMany(p => p.Matches));
    }

    private static (CauseModel Model, Condition.Fact Rule, string Value) AnyRule(Random random)
    {
        var model = Given.Catalog.Causes[random.Next(Given.Catalog.Causes.Length)];
        var rules = model.Rules.Where(r => r.For).Select(r => r.When).OfType<Condition.Fact>().Where(f => f.Of.Length == 0).ToList();
        if (rules.Count == 0) return AnyRule(random);
        var rule = rules[random.Next(rules.Count)];
        var fact = Given.Facts.Facts[rule.Name];
        string[] values = fact.Type switch { FactType.Enum => [.. fact.Values], FactType.Bool => ["true", "false"], _ => ["-1", "0", "1", "4", "100", "5000", "137"] };
        return values.FirstOrDefault(v => rule.Compare.Holds(v)) is { } value ? (model, rule, value) : AnyRule(random);
    }

    private static Observation Observed(string fact, string value) =>
        Given.Observation($"{fact[..fact.LastIndexOf('.')]}@api {fact[(fact.LastIndexOf('.') + 1)..]}={value}");

    private static int Score(EvidenceBundle bundle, CauseModel model) => new Weighing(new Evidence(bundle.Canonical(), Given.Catalog)).Weigh(model, "api").Score;

    private static IEnumerable<RankedCause> All(DiagnosisReport found) => found.Causes.Concat(found.Rivals).Concat(found.Consequences);

    private static ImmutableArray<T> Shuffled<T>(ImmutableArray<T> items, Random random) => [.. items.OrderBy(_ => random.Next())];
}
