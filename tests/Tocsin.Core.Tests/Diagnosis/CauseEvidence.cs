using System.Globalization;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Diagnosis;

/// <summary>The evidence that a cause's own rules describe: what it requires, nothing it excludes, all that speaks for it and can be together.</summary>
internal static class CauseEvidence
{
    public static EvidenceBundle For(Entry entry, Cause cause, bool printed = true)
    {
        var service = Conditions(cause).Any(c => c.Name.StartsWith("vpn.", StringComparison.Ordinal)) ? "" : entry.Service == "storefront" ? "shop" : "api";
        var values = Values(cause);
        var observations = values.GroupBy(v => (Probe: v.Key.Fact[..v.Key.Fact.LastIndexOf('.')], v.Key.Of))
            .Select(g => Given.Observation($"{g.Key.Probe}@{(g.Key.Of.Length > 0 ? "api" : service)} {string.Join(' ', g.Select(v => $"{v.Key.Fact[(v.Key.Fact.LastIndexOf('.') + 1)..]}={v.Value}"))}"));
        var saw = cause.Evidence.Where(r => r.For).Select(r => r.When).OfType<Condition.Saw>().Select(s => s.Signature).ToList();
        if (saw.Count == 0) saw.Add(entry.Signatures.First(s => s.Says != Says.Part && s.Causes.IsEmpty | s.Causes.Contains(cause.Id)).Id);
        return Given.Bundle(observations, printed ? [Given.Match($"saw {entry.Id}.{string.Join('.', saw)}@{service}")] : []);
    }

    private static Dictionary<(string Fact, string Of), string> Values(Cause cause)
    {
        var wanted = new List<Condition.Fact>(cause.Requires.OfType<Condition.Fact>());
        var excluded = cause.Excludes.OfType<Condition.Fact>().ToList();
        foreach (var rule in cause.Evidence.Where(r => r.For && r.When is Condition.Fact).OrderByDescending(r => r.Weight))
        {
            var fact = (Condition.Fact)rule.When;
            if (Value([.. wanted, fact], excluded, cause, fact) is not null) wanted.Add(fact);
        }
        return wanted.GroupBy(w => (w.Name, w.Of)).ToDictionary(g => g.Key, g => Value(wanted, excluded, cause, g.First())!);
    }

    private static string? Value(List<Condition.Fact> wanted, List<Condition.Fact> excluded, Cause cause, Condition.Fact fact)
    {
        bool Same(Condition.Fact f) => f.Name == fact.Name && f.Of == fact.Of;
        var against = cause.Evidence.Where(r => !r.For).Select(r => r.When).OfType<Condition.Fact>().Where(Same).ToList();
        return Candidates(cause, fact.Name)
            .Where(v => wanted.Where(Same).All(w => w.Compare.Holds(v)) && !excluded.Where(Same).Any(x => x.Compare.Holds(v)))
            .OrderBy(v => against.Count(a => a.Compare.Holds(v))).FirstOrDefault();
    }

    private static IEnumerable<string> Candidates(Cause cause, string name)
    {
        var fact = Given.Facts.Facts[name];
        if (fact.Type == FactType.Enum) return fact.Values;
        if (fact.Type == FactType.Bool) return ["true", "false"];
        if (fact.Type == FactType.Text) return [.. Conditions(cause).Where(c => c.Name == name).Select(c => c.Compare).OfType<Comparison.Contains>().Select(c => c.Text), ""];
        var bounds = Conditions(cause).Where(c => c.Name == name).SelectMany(c => c.Compare switch
        {
            Comparison.Above x => [x.Bound + 1],
            Comparison.Below x => [x.Bound / 2, x.Bound - 1],
            Comparison.AtLeast x => [x.Bound],
            Comparison.AtMost x => [x.Bound],
            Comparison.Is x => [double.Parse(x.Value, CultureInfo.InvariantCulture)],
            Comparison.OneOf x => x.Values.Select(v => double.Parse(v, CultureInfo.InvariantCulture)),
            _ => (IEnumerable<double>)[0, 1],
        });
        return bounds.Select(FactText.Of);
    }

    private static IEnumerable<Condition.Fact> Conditions(Cause cause) =>
        cause.Requires.Concat(cause.Excludes).Concat(cause.Evidence.Select(r => r.When)).OfType<Condition.Fact>();
}
