using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Cli.Commands.Diagnose;

/// <summary>The probes that ask servers, names and pages, as far as a drill's services need them.</summary>
internal static class ServerLooks
{
    private const string Caddy = "caddy";

    public static IEnumerable<Probe> For(AwsGround aws, ServerGround servers, string? domain)
    {
        var services = aws.Services.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var needed = aws.Services.SelectMany(s => s.DependsOn).ToHashSet(StringComparer.Ordinal);
        var all = aws.Services.Length == aws.Map.Services.Length;
        var looks = ServerProbes.For(servers).Where(p => p.Subject.Service.Length > 0 ? services.Contains(p.Subject.Service) : all || needed.Contains(p.Subject.Component) || !aws.Map.Has(p.Subject.Component));
        return domain is null ? looks : looks.Concat(Domain(servers, domain));
    }

    /// <summary>In a lab the name is in no public DNS: its way leads to the lab's own servers.</summary>
    public static IEnumerable<Probe> Domain(ServerGround servers, string domain) =>
        DomainProbes.For(servers.OnlyVariables && servers.Find(Caddy) is { } caddy ? servers with { Hosts = servers.Hosts.SetItem(domain, (caddy.Host, caddy.Port)) } : servers, domain);
}

/// <summary>What was seen of a merchant's domain, before the verdict.</summary>
internal static class DomainText
{
    public static void Write(Terminal terminal, string domain, IEnumerable<ProbeResult> results)
    {
        terminal.Out.WriteLine(terminal.Bold(PlainText.Of(domain)));
        var looks = results.Select(r => r.Observation).Where(o => o.Subject.Item == domain).OrderBy(o => Array.IndexOf(Order, o.Probe)).ToList();
        foreach (var seen in looks)
        {
            var facts = string.Join(" · ", seen.Facts.Select(f => $"{f.Key} {f.Value}"));
            terminal.Out.WriteLine($"  {seen.Probe,-16} {(seen.IsEvidence ? facts : terminal.Yellow(seen.Status.ToString()))}{(seen.Note.Length > 0 ? "  " + terminal.Dim(PlainText.Of(seen.Note)) : "")}");
        }
        if (Is("tenant.domain", "known", false) && Is("caddy.acme", "visited", false)) terminal.Out.WriteLine("  No tenant has this domain, and nobody comes with it: it does not exist, or it leads elsewhere and no log names it.");
        terminal.Out.WriteLine();

        bool Is(string probe, string fact, bool value) => looks.Exists(o => o.Probe == probe && o.Value($"{probe}.{fact}") == FactText.Of(value));
    }

    private static readonly string[] Order = ["dns.name", "caddy.ask", "tenant.domain", "tls.certificate", "caddy.acme"];
}
