using System.Collections.Frozen;
using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Diagnosis;

/// <summary>Which findings a cause explains, and which causes are only consequences of others, by leadsTo and the declared dependencies.</summary>
internal sealed class Explaining(DiagnosisCatalog catalog, Dependencies dependencies, ImmutableArray<Finding> findings)
{
    /// <summary>So many links of a chain may be silent; what lies further down is explained only where the link before it shows itself.</summary>
    private const int Silent = 2;

    private readonly Dictionary<string, Reach> _reach = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _shown = new(StringComparer.Ordinal);

    public Hypothesis With(Hypothesis one) => one with { Explains = [.. Enumerable.Range(0, findings.Length).Where(i => Explains(one, findings[i]))] };

    /// <summary>Whether the second is what the first leads to, and rests on nothing that the first leaves open.</summary>
    public bool IsConsequence(Hypothesis cause, Hypothesis effect)
    {
        if (cause.Id == effect.Id || ReachOf(cause.Model).StepsTo(effect.Model) is not { } steps) return false;
        if (ReachOf(effect.Model).StepsTo(cause.Model) is { } back && (back < steps || (back == steps && Precedes(effect, cause)))) return false;
        return IsFeltAt(cause, effect.Seat) && RestsOn(effect).All(cause.Explains.Contains) && StandsByItself(cause, effect);
    }

    /// <summary>The faults and symptoms that speak for a cause.</summary>
    public IEnumerable<int> RestsOn(Hypothesis one) =>
        Enumerable.Range(0, findings.Length).Where(i => one.Support.Any(s => IsOf(s, findings[i])));

    // A fault is the one fact. A symptom is the look: the fact itself, or what else the look says strongly, such as its code; an age or a setting beside it is no link.
    private static bool IsOf((Observation Observation, string Fact, int Points) seen, Finding finding) =>
        ReferenceEquals(seen.Observation, finding.Observation) && (seen.Fact == finding.Fact || (finding.Kind == FindingKind.Symptom && seen.Points >= (int)Weight.Strong));

    // Its own text was seen, or something found wrong says more of it than of the effect; else the effect's evidence would be lent to a guess.
    private bool StandsByItself(Hypothesis cause, Hypothesis effect) =>
        cause.Printed || RestsOn(cause).Any(i => Points(cause, findings[i]) > Points(effect, findings[i]) - (effect.Printed ? 0 : 1));

    private static int Points(Hypothesis one, Finding finding) =>
        one.Support.Where(s => IsOf(s, finding)).Select(s => s.Points).DefaultIfEmpty(0).Max();

    private static bool Precedes(Hypothesis a, Hypothesis b) => a.Score != b.Score ? a.Score > b.Score : string.CompareOrdinal(a.Id, b.Id) < 0;

    private bool Explains(Hypothesis one, Finding finding)
    {
        if (finding.Kind == FindingKind.Match)
            return (finding.What == one.Model.Entry.Id || ReachOf(one.Model).Entries.Contains(finding.What)) && IsFeltAt(one, finding.Subject);
        if (one.Support.Any(s => IsOf(s, finding))) return true;
        return finding.Kind == FindingKind.Symptom && IsFeltAt(one, finding.Subject)
            && (Shows(one.Model.Entry.Id, finding) || ReachOf(one.Model).Entries.Any(e => Shows(e, finding)));
    }

    private bool Shows(string entry, Finding finding) =>
        catalog.Shows.TryGetValue(entry, out var probes) && probes.TryGetValue(finding.Observation!.Probe, out var conditions)
        && conditions.Any(c => (c.When.Name == finding.Fact || c.Strong) && finding.Observation.Value(c.When.Name) is { } value && c.When.Compare.Holds(value));

    private Reach ReachOf(CauseModel model)
    {
        if (_reach.TryGetValue(model.Id, out var known)) return known;
        var steps = new Dictionary<string, int>(StringComparer.Ordinal);
        var open = new Queue<(string Id, int Steps)>(model.Cause.LeadsTo.Select(f => (f, 1)));
        while (open.TryDequeue(out var next))
        {
            if (!steps.TryAdd(next.Id, next.Steps) || (next.Steps >= Silent && !IsShown(next.Id.Split('/')[0]))) continue;
            foreach (var further in catalog.Downstream(next.Id)) open.Enqueue((further, next.Steps + 1));
        }
        return _reach[model.Id] = new Reach(steps);
    }

    private bool IsShown(string entry)
    {
        if (_shown.TryGetValue(entry, out var known)) return known;
        return _shown[entry] = findings.Any(f => f.Kind == FindingKind.Match ? f.What == entry : f.Kind == FindingKind.Symptom && Shows(entry, f));
    }

    /// <summary>Entries and single causes downstream of one, with how many steps away they are.</summary>
    private sealed class Reach(Dictionary<string, int> steps)
    {
        public FrozenSet<string> Entries { get; } = steps.Keys.Select(k => k.Split('/')[0]).ToFrozenSet(StringComparer.Ordinal);

        public int? StepsTo(CauseModel effect) => (steps.TryGetValue(effect.Entry.Id, out var byEntry), steps.TryGetValue(effect.Id, out var byCause)) switch
        {
            (true, true) => Math.Min(byEntry, byCause),
            (true, false) => byEntry,
            (false, true) => byCause,
            _ => null,
        };
    }

    // A fault is felt where it lies and at whatever depends on it.
    private bool IsFeltAt(Hypothesis one, Subject at)
    {
        var (seat, service) = (one.Seat, dependencies.ServiceName(at.Service));
        if (service.Length == 0) return at.Component.Length == 0 || seat.Component == at.Component || seat.Service.Length == 0 || dependencies.MayNeed(seat.Service, at.Component);
        if (seat.Service.Length > 0) return seat.Service == service || dependencies.Needs(service, seat.Service);
        return seat.Component.Length == 0 || one.Service == service || dependencies.MayNeed(service, seat.Component);
    }
}
