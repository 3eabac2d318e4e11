using System.Collections.Immutable;
using System.Text;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Core.Tests.Diagnosis;

/// <summary>Evidence in one line each: <c>probe@service/component fact=value fact=value</c>, <c>!denied</c> for what is none, <c>saw entry.signature@service</c>.</summary>
internal static class Given
{
    public static readonly Instant Now = Instant.FromUtc(2026, 11, 22, 8, 0);
    public static readonly Instant Onset = Now - Duration.FromMinutes(10);

    private static readonly Lazy<FactTable> Table = new(() =>
        FactTable.Parse(File.ReadAllText(Path.Combine(ShippedCatalog.Root, "catalog", "observations.yaml")), "observations.yaml").Value!);

    private static readonly Lazy<DiagnosisCatalog> All = new(() => DiagnosisCatalog.Build(ShippedCatalog.Entries, Facts));

    public static FactTable Facts => Table.Value;

    public static DiagnosisCatalog Catalog => All.Value;

    public static readonly Topology Topology = new(
        [
            new ServiceNode("api", "core-api", ["aurora", "redis"]), new ServiceNode("panel", "customer-panel", ["aurora", "redis"]), new ServiceNode("admin", "admin-api", ["aurora", "clickhouse"]),
            new ServiceNode("consumer", "events-worker", ["redis", "clickhouse"]), new ServiceNode("shop", "storefront", ["core-api", "aurora", "caddy"]),
        ],
        [.. new[] { "aurora", "caddy", "clickhouse", "cloudflare", "redis" }.Select(c => new ComponentNode("production", c, c == "aurora" ? "vpn" : ""))]);

    public static EvidenceBundle Bundle(params IEnumerable<string> lines) => Bundle(lines.Where(l => !l.StartsWith("saw ", StringComparison.Ordinal)).Select(Observation), lines.Where(l => l.StartsWith("saw ", StringComparison.Ordinal)).Select(Match));

    public static EvidenceBundle Bundle(IEnumerable<Observation> observations, IEnumerable<LogMatch> matches) => new()
    {
        Platform = "example",
        Environment = "production",
        CollectedAt = Now,
        Observations = [.. observations],
        Matches = [.. matches],
        Topology = Topology,
    };

    public static Observation Observation(string line)
    {
        var parts = line.Split(' ');
        var head = parts[0].Split('@');
        var at = (head.ElementAtOrDefault(1) ?? "").Split('/');
        var status = parts.FirstOrDefault(p => p.StartsWith('!'));
        return new Observation
        {
            Probe = head[0],
            Subject = new Subject("production", at[0], at.ElementAtOrDefault(1) ?? "", at.ElementAtOrDefault(2) ?? ""),
            Vantage = head[0] is "mysql.connect" or "redis.connect" or "vpn.interface" or "app.http" or "storefront.fetch" or "clickhouse.http" ? Vantage.Host : Vantage.Api,
            Status = status is null ? ObservationStatus.Ok : Enum.Parse<ObservationStatus>(status[1..].Split(':')[0], ignoreCase: true),
            Note = status?.Split(':').ElementAtOrDefault(1) is { } permission ? permission.Replace('.', ':') : "",
            At = Now - Duration.FromSeconds(5),
            Facts = parts.Skip(1).Where(p => p.Contains('=')).Select(p => p.Split('=')).ToImmutableSortedDictionary(p => p[0], p => p[1], StringComparer.Ordinal),
        };
    }

    public static LogMatch Match(string line)
    {
        var parts = line["saw ".Length..].Split('@');
        var names = parts[0].Split('.');
        var at = (parts.ElementAtOrDefault(1) ?? "").Split('/');
        return new LogMatch(names[0], [.. names[1..]], new Subject("production", at[0], at.ElementAtOrDefault(1) ?? "", at.ElementAtOrDefault(2) ?? ""), "log", Onset, Now - Duration.FromMinutes(1), 12, "");
    }

    public static DiagnosisReport Diagnose(EvidenceBundle bundle) => Diagnoser.Diagnose(bundle, Catalog);

    public static string Json(EvidenceBundle bundle) => Encoding.UTF8.GetString(DiagnosisJson.Write(Diagnose(bundle)));
}
