using System.Collections.Frozen;
using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Diagnosis;

public enum FindingKind
{
    /// <summary>An entry of the reference matched.</summary>
    Match,

    /// <summary>An observation of something that does not work.</summary>
    Symptom,

    /// <summary>An observation of something that is set wrongly.</summary>
    Fault,

    /// <summary>An observation of something that fails, for whatever reason.</summary>
    Trouble,
}

/// <summary>Something wrong that wants an explanation.</summary>
/// <param name="What">The entry's id, or the fact with its value.</param>
/// <param name="By">The observation or the log that says so.</param>
public sealed record Finding(FindingKind Kind, string What, Subject Subject, string By, string Because, Instant? Since)
{
    /// <summary>The observation behind it; null for a match.</summary>
    internal Observation? Observation { get; init; }

    /// <summary>The fact behind it; empty for a match.</summary>
    internal string Fact { get; init; } = "";

    public override string ToString() => $"{What} at {Subject}";

    internal static ImmutableArray<Finding> In(Evidence evidence, DiagnosisCatalog catalog) =>
        [.. Matches(evidence, catalog).Concat(Wrong(evidence, catalog.WrongByProbe)).OrderBy(f => f.Kind).ThenBy(f => f.What, StringComparer.Ordinal).ThenBy(f => f.By, StringComparer.Ordinal)];

    /// <summary>What fails where no cause says why: more than nothing, and by itself no evidence for any.</summary>
    internal static ImmutableArray<Finding> Troubles(Evidence evidence, DiagnosisCatalog catalog) =>
        [.. Wrong(evidence, catalog.TroubleByProbe).OrderBy(f => f.By, StringComparer.Ordinal).ThenBy(f => f.What, StringComparer.Ordinal)];

    // Hints of entries that the catalog no longer holds are kept: something matched, and nothing known explains it.
    private static IEnumerable<Finding> Matches(Evidence evidence, DiagnosisCatalog catalog) =>
        from match in evidence.Matches
        let service = evidence.Dependencies.ServiceName(match.Subject.Service)
        group match by (match.Entry, Service: service) into same
        let first = same.MinBy(m => m.First)!
        select new Finding(FindingKind.Match, same.Key.Entry, first.Subject with { Service = same.Key.Service, Item = "" }, first.Source, $"{same.Sum(m => m.Count)} times", first.First);

    private static IEnumerable<Finding> Wrong(Evidence evidence, FrozenDictionary<string, ImmutableArray<WrongFact>> wrongs) =>
        from seen in evidence.Current
        where seen.IsEvidence
        from wrong in wrongs.GetValueOrDefault(seen.Observation.Probe, [])
        let value = seen.Observation.Value(wrong.When.Name)
        where value is not null && wrong.When.Compare.Holds(value)
        select new Finding(KindOf(wrong.Kind), $"{wrong.When.Name} = {value}", seen.Observation.Subject, seen.Observation.Name, wrong.Because, seen.Observation.Since)
        {
            Observation = seen.Observation,
            Fact = wrong.When.Name,
        };

    private static FindingKind KindOf(WrongKind kind) => kind switch
    {
        WrongKind.Fault => FindingKind.Fault,
        WrongKind.Trouble => FindingKind.Trouble,
        _ => FindingKind.Symptom,
    };
}
