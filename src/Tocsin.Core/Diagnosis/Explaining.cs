using System.Collections.Immutable;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Diagnosis;

/// <summary>Which findings a cause explains, and which causes are only consequences of others, by leadsTo and the declared dependencies.</summary>
internal sealed class Explaining(DiagnosisCatalog catalog, Dependencies dependencies, ImmutableArray<Finding> findings)
{
    public Hypothesis With(Hypothesis one) => one with { Explains = [.. Enumerable.Range(0, findings.Length).Where(i => Explains(one, findings[i]))] };

    /// <summary>Whether the second is what the first leads to, and rests on nothing that the first leaves open.</summary>
    public bool IsConsequence(Hypothesis cause, Hypothesis effect)
    {
        if (cause.Id == effect.Id || !cause.Model.LeadsTo.TryGetValue(effect.Model.Entry.Id, out var steps)) return false;
        if (effect.Model.LeadsTo.TryGetValue(cause.Model.Entry.Id, out var back) && (back < steps || (back == steps && Precedes(effect, cause)))) return false;
        return IsFeltAt(cause, effect.Seat) && RestsOn(effect).All(cause.Explains.Contains) && StandsByItself(cause, effect);
    }

    /// <summary>The faults and symptoms that speak for a cause.</summary>
    public IEnumerable<int> RestsOn(Hypothesis one) =>
        Enumerable.Range(0, findings.Length).Where(i => one.Support.Any(s => IsOf(s.Observation, s.Fact, findings[i])));

    // A fault is the one fact; a symptom is the whole look: its stage, its code, its time.
    private static bool IsOf(Observation seen, string fact, Finding finding) =>
        ReferenceEquals(seen, finding.Observation) && (finding.Kind == FindingKind.Symptom || fact == finding.Fact);

    // Its own text was seen, or something found wrong says more of it than of the effect; else the effect's evidence would be lent to a guess.
    private bool StandsByItself(Hypothesis cause, Hypothesis effect) =>
        cause.Printed || RestsOn(cause).Any(i => Points(cause, findings[i]) > Points(effect, findings[i]) - (effect.Printed ? 0 : 1));

    private static int Points(Hypothesis one, Finding finding) =>
        one.Support.Where(s => IsOf(s.Observation, s.Fact, finding)).Select(s => s.Points).DefaultIfEmpty(0).Max();

    private static bool Precedes(Hypothesis a, Hypothesis b) => a.Score != b.Score ? a.Score > b.Score : string.CompareOrdinal(a.Id, b.Id) < 0;

    private bool Explains(Hypothesis one, Finding finding)
    {
        if (finding.Kind == FindingKind.Match)
            return (finding.What == one.Model.Entry.Id || one.Model.LeadsTo.ContainsKey(finding.What)) && IsFeltAt(one, finding.Subject);
        if (one.Support.Any(s => IsOf(s.Observation, s.Fact, finding))) return true;
        return finding.Kind == FindingKind.Symptom && IsFeltAt(one, finding.Subject)
            && (Shows(one.Model.Entry.Id, finding) || one.Model.LeadsTo.Keys.Any(e => Shows(e, finding)));
    }

    private bool Shows(string entry, Finding finding) =>
        catalog.Shows.TryGetValue(entry, out var probes) && probes.TryGetValue(finding.Observation!.Probe, out var conditions)
        && conditions.Any(c => finding.Observation.Value(c.Name) is { } value && c.Compare.Holds(value));

    // A fault is felt where it lies and at whatever depends on it.
    private bool IsFeltAt(Hypothesis one, Subject at)
    {
        var (seat, service) = (one.Seat, dependencies.ServiceName(at.Service));
        if (service.Length == 0) return at.Component.Length == 0 || seat.Component == at.Component || seat.Service.Length == 0 || dependencies.MayNeed(seat.Service, at.Component);
        if (seat.Service.Length > 0) return seat.Service == service || dependencies.Needs(service, seat.Service);
        return seat.Component.Length == 0 || one.Service == service || dependencies.MayNeed(service, seat.Component);
    }
}
