using System.Collections.Immutable;
using System.Security.Cryptography;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Diagnosis;

/// <summary>From evidence to a verdict. A pure function: the order of the observations and what is said twice change nothing.</summary>
public static class Diagnoser
{
    /// <summary>Beyond these a reader learns nothing; they are weighed all the same.</summary>
    private const int Shown = 6;

    /// <summary>The layer of errors that one application has and no other.</summary>
    private const string OwnLayer = "service";

    public static DiagnosisReport Diagnose(EvidenceBundle bundle, DiagnosisCatalog catalog)
    {
        var (canonical, bytes) = BundleJson.Canonical(bundle);
        var evidence = new Evidence(canonical, catalog);
        var findings = Finding.In(evidence, catalog);
        var weighing = new Weighing(evidence);
        var explaining = new Explaining(catalog, evidence.Dependencies, findings);
        var weighed = Weighed(catalog, evidence, findings, weighing, explaining);
        var ranking = Ranking.Of([.. weighed.Where(h => !h.IsRuledOut)], explaining, findings);
        var troubles = ranking.Chosen.IsEmpty ? Finding.Troubles(evidence, catalog) : [];
        var report = new CauseReport(evidence, findings, ranking, new Suppositions(catalog, evidence, weighing));
        return new DiagnosisReport
        {
            Verdict = Verdicts.Of(evidence, catalog, findings, troubles, ranking, weighed),
            Platform = canonical.Platform,
            Environment = canonical.Environment,
            Bundle = Convert.ToHexStringLower(SHA256.HashData(bytes)),
            Catalog = catalog.Digest,
            At = canonical.CollectedAt,
            Causes = [.. ranking.Chosen.Select(report.Cause)],
            Rivals = [.. ranking.Rivals.Take(Shown).Select(report.Cause)],
            Consequences = [.. ranking.Consequences.Take(Shown).Select(report.Consequence)],
            RuledOut = [.. weighed.Where(h => h.IsRuledOut && h.Printed).Select(h => new RuledOutCause(h.Id, h.Seat, h.RuledOutBy))],
            Findings = [.. findings, .. troubles],
            Unexplained = [.. findings.Where((_, i) => !ranking.Chosen.Any(c => c.Explains.Contains(i))), .. troubles],
            Past = [.. canonical.Matches.Where(m => !evidence.Matches.Contains(m) && !evidence.IsMereHint(m) && (m.Subject.Environment.Length == 0 || m.Subject.Environment == canonical.Environment))],
            Missing = Verdicts.Missing(evidence),
            Coverage = Verdicts.CoverageOf(evidence),
            Next = report.Next(),
        };
    }

    // Weighed are the causes of every entry that matched, and of those that rest on something found wrong; each where it may lie.
    private static ImmutableArray<Hypothesis> Weighed(DiagnosisCatalog catalog, Evidence evidence, ImmutableArray<Finding> findings, Weighing weighing, Explaining explaining)
    {
        var matched = findings.Where(f => f.Kind == FindingKind.Match).Select(f => (f.What, Service: evidence.Dependencies.ServiceName(f.Subject.Service))).ToHashSet();
        var services = evidence.Services.IsEmpty ? [""] : evidence.Services;
        var byText = from cause in catalog.Causes
                     from match in matched
                     where match.What == cause.Entry.Id
                     select (Cause: cause, match.Service);
        var byFact = from look in findings.Select(f => f.Observation).OfType<Observation>().Select(o => (o.Probe, o.Subject.Service, o.Subject.Component)).Distinct()
                     from cause in catalog.ByProbe.GetValueOrDefault(look.Probe, [])
                     from service in look.Service.Length > 0 ? Around(evidence, services, look.Service).Where(s => MayShowAt(cause.Entry, s, evidence.Dependencies)) : Around(evidence, services, look.Component, cause.Entry)
                     select (Cause: cause, Service: service);
        return
        [
            .. byText.Concat(byFact).Distinct().Select(p => weighing.Weigh(p.Cause, p.Service)).Select(explaining.With)
                .Where(h => h.Printed || explaining.RestsOn(h).Any())
                .GroupBy(h => (h.Id, h.Seat)).Select(g => g.OrderByDescending(h => h.Score).ThenBy(h => h.Service, StringComparer.Ordinal).First() with
                {
                    Explains = [.. g.SelectMany(h => h.Explains).Distinct().Order()],
                    Printed = g.Any(h => h.Printed),
                })
                .OrderByDescending(h => h.Score).ThenByDescending(h => h.Printed).ThenBy(h => h.Id, StringComparer.Ordinal).ThenBy(h => h.Seat.ToString(), StringComparer.Ordinal),
        ];
    }

    // Without a text an entry of a component is a matter of what needs that component, and an entry of the application's layer one of that application.
    private static bool MayShowAt(Entry entry, string service, Dependencies dependencies)
    {
        if (service.Length == 0) return true;
        if (dependencies.IsComponent(entry.Component)) return dependencies.MayNeed(service, entry.Component);
        return entry.Layer != OwnLayer || !dependencies.IsService(dependencies.ServiceName(entry.Service)) || dependencies.ServiceName(entry.Service) == service;
    }

    // A component that no service needs, such as where pages are built, is a matter of the platform itself.
    private static ImmutableArray<string> Around(Evidence evidence, ImmutableArray<string> services, string component, Entry entry) =>
        component.Length == 0 || component != entry.Component || services.Any(s => evidence.Dependencies.MayNeed(s, component)) ? services : [""];

    // A fact of a service speaks for causes at itself and, by rules that name another role, at those who need it.
    private static IEnumerable<string> Around(Evidence evidence, ImmutableArray<string> services, string service)
    {
        var name = evidence.Dependencies.ServiceName(service);
        return services.Where(s => s.Length == 0 || s == name || evidence.Dependencies.Needs(s, name));
    }
}
