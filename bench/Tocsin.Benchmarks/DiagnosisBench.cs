using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Benchmarks;

/// <summary>Bundle in, verdict out, with the whole catalog: services with every probe observed, some of it wrong.</summary>
internal static class DiagnosisBench
{
    private const int Rounds = 200;
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 22, 8, 0);
    private static readonly ImmutableArray<string> Services = ["core-api", "customer-panel", "admin-api", "events-worker", "storefront"];

    public static void Run(ErrorReference reference)
    {
        var clock = Stopwatch.StartNew();
        var catalog = DiagnosisCatalog.Build(reference.Entries.Select(e => e.Entry), reference.Facts);
        Say($"catalog of {reference.Entries.Sum(e => e.Entry.Causes.Length)} causes prepared in {clock.Elapsed.TotalMilliseconds:0.0} ms, once");
        foreach (var items in (int[])[1, 2, 4, 8, 16, 32]) Measure(Bundle(reference, items), catalog);
    }

    private static void Measure(EvidenceBundle bundle, DiagnosisCatalog catalog)
    {
        for (var i = 0; i < 30; i++) Diagnoser.Diagnose(bundle, catalog);
        var times = new double[Rounds];
        var found = Diagnoser.Diagnose(bundle, catalog);
        for (var i = 0; i < Rounds; i++)
        {
            var clock = Stopwatch.StartNew();
            found = Diagnoser.Diagnose(bundle, catalog);
            times[i] = clock.Elapsed.TotalMilliseconds;
        }
        Array.Sort(times);
        Say($"{bundle.Observations.Length,5} observations: median {times[Rounds / 2]:0.00} ms, 95 of 100 within {times[Rounds * 95 / 100]:0.00} ms; {found.Verdict}, {found.Findings.Length} findings, {found.Causes.Length} causes");
    }

    // Every probe of every service, as often as there are items; the first service has the two faults of a bad night.
    private static EvidenceBundle Bundle(ErrorReference reference, int items) => new()
    {
        Platform = "bench",
        Environment = "production",
        CollectedAt = Now,
        Topology = new Topology(
            [.. Services.Select(s => new ServiceNode(s, s, s == "storefront" ? ["core-api", "aurora", "caddy"] : ["aurora", "redis"]))],
            [.. new[] { "aurora", "redis", "clickhouse", "caddy" }.Select(c => new ComponentNode("production", c, ""))]),
        Observations =
        [
            .. from service in Services
               from probe in reference.Facts.Probes
               from item in Enumerable.Range(0, items)
               select new Observation
               {
                   Probe = probe,
                   Subject = new Subject("production", service, "", items == 1 ? "" : item.ToString(CultureInfo.InvariantCulture)),
                   Vantage = Vantage.Api,
                   Status = ObservationStatus.Ok,
                   At = Now,
                   Facts = Facts(reference.Facts, probe, broken: service == "core-api" && item == 0),
               },
        ],
        Matches =
        [
            new LogMatch("mysql-unreachable", ["timeout-port"], new Subject("production", "core-api"), "log", Now - Duration.FromMinutes(9), Now, 40, ""),
            new LogMatch("storefront-fetch-failed", ["refused"], new Subject("production", "storefront"), "log", Now - Duration.FromMinutes(8), Now, 400, ""),
        ],
    };

    private static ImmutableSortedDictionary<string, string> Facts(FactTable table, string probe, bool broken)
    {
        var facts = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var fact in table.Facts.Values.Where(f => f.Name[..f.Name.LastIndexOf('.')] == probe))
        {
            var wrong = table.Wrong.Where(w => w.When.Name == fact.Name).Select(w => w.When.Compare).ToList();
            string[] values = fact.Type switch { FactType.Enum => [.. fact.Values.Reverse()], FactType.Bool => ["true", "false"], _ => ["10", "1", "100", "0"] };
            facts[fact.Name[(probe.Length + 1)..]] = values.FirstOrDefault(v => !wrong.Exists(w => Tocsin.Core.Matching.Comparisons.Holds(w, v))) ?? values[0];
        }
        if (broken && probe == "aws.network") facts["taskToDatabase"] = "false";
        if (broken && probe == "alb.targets") facts["healthy"] = "0";
        if (broken && probe == "aws.secret") facts["firebaseShape"] = "NOT_JSON";
        return facts.ToImmutable();
    }

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
