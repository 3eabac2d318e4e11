using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Diagnosis;

/// <summary>The question whose answer would separate the leading causes most.</summary>
/// <param name="Separation">Decibans that the answer is expected to put between them.</param>
/// <param name="Cost">What asking takes, against the cheapest probe.</param>
/// <param name="Missing">The permission or source it needs that was missing; empty where it can be asked at once.</param>
public sealed record NextCheck(string Probe, string Fact, Subject Subject, double Separation, double Cost, ImmutableArray<CheckAnswer> Answers, string Missing);

/// <summary>One answer and the cause it would favour; empty: neither.</summary>
public sealed record CheckAnswer(string Value, string Favours);

/// <summary>What would change the order: an answer not yet given, or a claim that proves wrong.</summary>
public sealed record Flip(string If, string ThenLeads);

/// <summary>Tries answers that nobody gave yet.</summary>
internal sealed class Suppositions(DiagnosisCatalog catalog, Evidence evidence, Weighing weighing)
{
    private readonly record struct Outcome(string Value, int First, int Second);

    public NextCheck? Next(Hypothesis first, Hypothesis second)
    {
        var checks = Unknown(first, second).Select(f => Check(f, first, second)).OfType<NextCheck>().Where(c => c.Separation > 0)
            .OrderByDescending(c => c.Separation / c.Cost).ThenBy(c => c.Fact, StringComparer.Ordinal).ToList();
        return checks.Find(c => c.Missing.Length == 0) ?? checks.FirstOrDefault();
    }

    public ImmutableArray<Flip> Flips(Hypothesis leader, Hypothesis rival)
    {
        var flips = new List<Flip>();
        foreach (var fact in Unknown(leader, rival))
        {
            var turned = Outcomes(fact, leader, rival).Where(o => rival.Score + o.Second > leader.Score + o.First).Select(o => o.Value).ToList();
            if (turned.Count > 0) flips.Add(new Flip($"{Words(fact)} were {string.Join(" or ", turned)}", rival.Id));
        }
        var lead = leader.Score - rival.Score;
        flips.AddRange(leader.Claims.Where(c => c.Counts && c.Points > lead).Select(c => new Flip($"it were not so that {c.Says}{(c.By.Length > 0 ? $" ({c.By})" : "")}", rival.Id)));
        return [.. flips];
    }

    private NextCheck? Check((string Fact, string Of) fact, Hypothesis first, Hypothesis second)
    {
        var probe = DiagnosisCatalog.ProbeOf(fact.Fact);
        var outcomes = Outcomes(fact, first, second);
        if (outcomes.Count < 2) return null;
        var answer = evidence.Ask(new Condition.Fact(fact.Fact, new Comparison.Exists(true)) { Of = fact.Of }, first.Model.Entry, first.Service);
        var missing = answer.By.FirstOrDefault(s => !s.IsEvidence)?.Blind ?? "";
        var answers = outcomes.Select(o => new CheckAnswer(o.Value, o.First == o.Second ? "" : o.First > o.Second ? first.Id : second.Id));
        return new NextCheck(probe, fact.Fact, SubjectOf(fact, first, answer), Math.Round(Expected(outcomes), 1), catalog.Facts.Costs.GetValueOrDefault(probe, 1), [.. answers], missing);
    }

    private Subject SubjectOf((string Fact, string Of) fact, Hypothesis first, Answer answer) =>
        answer.By.Length > 0
            ? answer.By[0].Observation.Subject
            : new Subject(evidence.Bundle.Environment, fact.Of.Length > 0 ? evidence.Dependencies.ServiceName(fact.Of) : first.Service);

    // Every answer as likely as another before the causes are heard; each cause then makes those likelier that speak for it.
    private static double Expected(List<Outcome> outcomes)
    {
        var first = outcomes.ConvertAll(o => Math.Pow(10, Math.Clamp(o.First, -40, 40) / 10.0));
        var second = outcomes.ConvertAll(o => Math.Pow(10, Math.Clamp(o.Second, -40, 40) / 10.0));
        var (sumFirst, sumSecond) = (first.Sum(), second.Sum());
        return outcomes.Select((o, i) => ((first[i] / sumFirst) + (second[i] / sumSecond)) / 2 * Math.Min(40, Math.Abs(o.First - o.Second))).Sum();
    }

    // Answers with one effect are one outcome.
    private List<Outcome> Outcomes((string Fact, string Of) fact, Hypothesis first, Hypothesis second) =>
    [
        .. Values(fact.Fact, [first.Model, second.Model])
            .Select(v => (Value: v, First: Gain(first, fact, v), Second: Gain(second, fact, v)))
            .GroupBy(o => (o.First, o.Second)).Select(g => new Outcome(string.Join(", ", g.Select(o => o.Value)), g.Key.First, g.Key.Second)),
    ];

    private int Gain(Hypothesis one, (string Fact, string Of) fact, string value)
    {
        var then = weighing.Weigh(one.Model, one.Service, new Supposed(fact.Fact, fact.Of, value));
        return then.IsRuledOut ? Decibans.RuledOut : then.Score - one.Score;
    }

    private IEnumerable<(string Fact, string Of)> Unknown(Hypothesis first, Hypothesis second) =>
        new[] { first, second }.SelectMany(h => Conditions(h.Model).Where(c => evidence.Ask(c, h.Model.Entry, h.Service).Truth == Truth.Unknown))
            .Select(c => (c.Name, c.Of)).Distinct().OrderBy(f => f.Name, StringComparer.Ordinal).ThenBy(f => f.Of, StringComparer.Ordinal);

    private static IEnumerable<Condition.Fact> Conditions(CauseModel model) =>
        model.Rules.Select(r => r.When).Concat(model.Cause.Requires).Concat(model.Cause.Excludes).OfType<Condition.Fact>();

    // The values that can matter: all of an enum, both of a bool, those around each bound of a number.
    private IEnumerable<string> Values(string name, CauseModel[] models)
    {
        var compared = models.SelectMany(Conditions).Where(c => c.Name == name).Select(c => c.Compare).ToList();
        return catalog.Facts.Facts.GetValueOrDefault(name) switch
        {
            { Type: FactType.Enum } fact => fact.Values,
            { Type: FactType.Bool } => ["true", "false"],
            { Type: FactType.Number } => compared.SelectMany(Numbers).Distinct().Order().Select(n => n.ToString(CultureInfo.InvariantCulture)),
            _ => compared.SelectMany(Texts).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        };
    }

    private static IEnumerable<double> Numbers(Comparison compare) =>
        compare switch
        {
            Comparison.Above c => Around(c.Bound),
            Comparison.Below c => Around(c.Bound),
            Comparison.AtLeast c => Around(c.Bound),
            Comparison.AtMost c => Around(c.Bound),
            _ => Texts(compare).SelectMany(t => double.TryParse(t, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? Around(n) : []),
        };

    private static IEnumerable<double> Around(double bound) => [bound - 1, bound, bound + 1];

    private static IEnumerable<string> Texts(Comparison compare) => compare switch
    {
        Comparison.Is c => [c.Value, ""],
        Comparison.IsNot c => [c.Value, ""],
        Comparison.OneOf c => [.. c.Values, ""],
        Comparison.Contains c => [c.Text, ""],
        _ => [],
    };

    private static string Words((string Fact, string Of) fact) => fact.Of.Length > 0 ? $"{fact.Fact} of {fact.Of}" : fact.Fact;
}
