using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>One merchant's domain: its name, its certificate, what the ask endpoint and the tenants' table say of it, and how its certificate is got.</summary>
public static class DomainProbes
{
    private const string Caddy = "caddy";

    // Cloudflare's published ranges, https://www.cloudflare.com/ips/.
    private static readonly ImmutableArray<IPNetwork> Cloudflare =
    [
        .. "173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13 131.0.72.0/22 2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29 2c0f:f248::/32"
            .Split(' ').Select(n => IPNetwork.Parse(n)),
    ];

    public static IEnumerable<Probe> For(ServerGround ground, string domain)
    {
        var (subject, target) = (ground.Map.Of(Caddy, domain), $"domain {domain}");
        yield return ground.Probe("dns.name", subject, Vantage.Host, target, (s, c) => NameAsync(ground, domain, s, c)) with { Needs = [new("ec2:DescribeAddresses")] };
        yield return ground.Probe("tls.certificate", subject, Vantage.Host, target, (s, c) => CertificateAsync(ground, domain, s, c));
        yield return ground.Probe("caddy.ask", subject, Vantage.Host, target, (s, c) => AskAsync(ground, domain, s, c)) with { Needs = [new("ecs:ListTasks"), new("ecs:DescribeTasks")] };
        yield return ground.Probe("caddy.acme", subject, Vantage.Api, target, (s, c) => AcmeAsync(ground, domain, s, c)) with { Needs = [new("logs:FilterLogEvents")] };
        yield return ground.Probe("tenant.domain", subject, Vantage.Api, target, (s, c) => TenantAsync(ground, domain, s, c));
    }

    /// <summary>Whether the address is one behind which Cloudflare stands.</summary>
    internal static bool IsCloudflare(IPAddress address) => Cloudflare.Any(n => n.Contains(address));

    private static async Task NameAsync(ServerGround ground, string domain, Sighting sighting, CancellationToken cancel)
    {
        var resolver = ground.Resolver ?? await SystemResolverAsync(cancel);
        sighting.Asked($"dns A, AAAA and CAA of {domain} at {resolver}");
        var (four, six) = (DnsClient.AskAsync(resolver, domain, DnsType.A, cancel), DnsClient.AskAsync(resolver, domain, DnsType.Aaaa, cancel));
        var (a, aaaa) = (await four, await six);
        if (a.Outcome is DnsOutcome.Garbage or DnsOutcome.Refused) throw new CouldNotLook(ObservationStatus.Failed, $"{resolver}: {a.Words}");
        sighting.Fact("outcome", a.Outcome switch
        {
            DnsOutcome.Answer => "ADDRESS",
            DnsOutcome.NxDomain => "NXDOMAIN",
            DnsOutcome.ServFail => "SERVFAIL",
            DnsOutcome.NoData => aaaa.Outcome is DnsOutcome.Answer ? "ADDRESS" : "NO_DATA",
            _ => "TIMEOUT",
        });
        sighting.Fact("cname", a.HasAlias);
        var all = a.Addresses.Concat(aaaa.Addresses).ToList();
        sighting.Fact("proxied", all.Exists(IsCloudflare));
        sighting.Fact("caaForbids", await CaaForbidsAsync(ground, resolver, domain, cancel));
        if (ground.Aws is null || all.Count == 0) return;
        var own = await OwnAsync(ground, sighting, cancel);
        sighting.Fact("pointsToPlatform", a.Addresses.Any(own.Contains));
        sighting.Fact("hasAaaaElsewhere", aaaa.Addresses.Any(i => !own.Contains(i)));
    }

    private static async Task<List<IPAddress>> OwnAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var own = await new AwsSide(ground, sighting).ElasticAsync(cancel);
        if (ground.Find(Caddy) is { } place && IPAddress.TryParse(place.Host, out var caddy)) own.Add(caddy);
        return own;
    }

    // The nearest name upwards that has such records decides.
    private static async Task<bool?> CaaForbidsAsync(ServerGround ground, IPEndPoint resolver, string domain, CancellationToken cancel)
    {
        var authority = ground.Map.Component(Caddy, "authorityName") ?? "letsencrypt.org";
        for (var name = domain; name.Contains('.', StringComparison.Ordinal); name = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            var answer = await DnsClient.AskAsync(resolver, name, DnsType.Caa, cancel);
            if (answer.Outcome is DnsOutcome.ServFail or DnsOutcome.Timeout or DnsOutcome.Garbage) return null;
            var issuers = answer.Records.Where(r => r.Type is DnsType.Caa).Select(r => r.Value.Split(' ', 3)).Where(v => v is [_, "issue", _]).Select(v => v[2].Split(';')[0].Trim()).ToList();
            if (issuers.Count > 0) return !issuers.Contains(authority, StringComparer.OrdinalIgnoreCase);
        }
        return false;
    }

    internal static async Task<IPEndPoint> SystemResolverAsync(CancellationToken cancel)
    {
        try
        {
            return DnsClient.Resolvers(await File.ReadAllTextAsync("/etc/resolv.conf", cancel)).FirstOrDefault() ?? throw new CouldNotLook(ObservationStatus.NotConfigured, "/etc/resolv.conf names no resolver");
        }
        catch (IOException e)
        {
            throw new CouldNotLook(ObservationStatus.NotConfigured, $"no resolver is known: {e.Message}", e);
        }
    }

    private static async Task CertificateAsync(ServerGround ground, string domain, Sighting sighting, CancellationToken cancel)
    {
        var (host, port) = ground.Hosts.TryGetValue(domain, out var via) ? via : (domain, 443);
        sighting.Asked($"tls {domain}:{port}");
        var target = ground.Web() with { Host = host, Port = port, Tls = true, TlsName = domain, LooksOnly = true };
        try
        {
            await using var wire = await WireConnection.OpenAsync(target, cancel);
            await wire.UpgradeAsync(cancel);
            Certificate(wire.Seen!, ground.Time.GetUtcNow(), sighting);
        }
        catch (WireFailure e) when (e.Stage is WireStage.Resolve)
        {
            throw new CouldNotLook(ObservationStatus.Failed, $"{domain} does not resolve: {e.Words}", e);
        }
        catch (WireFailure e)
        {
            sighting.Fact("outcome", e.Code switch { "TLS_ALERT" => "ALERT_INTERNAL", "ETIMEDOUT" => "TIMEOUT", _ => "REFUSED" });
            sighting.Fact("issuer", "NONE");
            sighting.Lacks(e.Words);
        }
    }

    private static void Certificate(TlsSeen seen, DateTimeOffset now, Sighting sighting)
    {
        var issuer = seen.Certificate.Issuer;
        bool Has(string words) => issuer.Contains(words, StringComparison.OrdinalIgnoreCase);
        sighting.Fact("outcome", seen.Certificate.NotAfter.ToUniversalTime() < now.UtcDateTime ? "EXPIRED"
            : seen.Errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "NAME_MISMATCH"
            : seen.Errors is SslPolicyErrors.None ? "OK" : "UNTRUSTED");
        sighting.Fact("daysLeft", Math.Round((seen.Certificate.NotAfter.ToUniversalTime() - now.UtcDateTime).TotalDays, 1));
        sighting.Fact("issuer", Has("(STAGING)") ? "LETS_ENCRYPT_STAGING" : Has("Let's Encrypt") ? "LETS_ENCRYPT" : Has("Amazon") ? "AMAZON" : Has("Cloudflare") ? "CLOUDFLARE" : Has("ZeroSSL") ? "ZEROSSL" : "OTHER");
    }

    private static async Task AskAsync(ServerGround ground, string domain, Sighting sighting, CancellationToken cancel)
    {
        var storefront = ground.Map.Platform.Service("storefront") ?? throw new CouldNotLook(ObservationStatus.NotConfigured, "platform.yaml names no storefront");
        var port = WebProbes.PortOf(ground, storefront);
        var path = ground.Map.Component(Caddy, "askPath") ?? throw new CouldNotLook(ObservationStatus.NotConfigured, "platform.yaml names no ask endpoint: components.caddy.askPath and askPort");
        if (await WebProbes.TasksAsync(ground, storefront, port, sighting, cancel) is not [var task, ..])
        {
            sighting.Fact("status", 0);
            sighting.Lacks($"no task of {storefront.Name} runs");
            return;
        }
        var seen = await WebProbes.AskAsync(ground, new HttpQuestion(OwnMark.On(new Uri(task, $"{path}?domain={Uri.EscapeDataString(domain)}"))), sighting, cancel);
        sighting.Fact("status", seen.Status);
        sighting.Fact("seconds", WalkFacts.Seconds(seen.Took));
        if (await ValidateAsync(ground, domain, sighting, cancel) is { } core) sighting.Fact("coreApiStatus", core);
    }

    // What the core API says of the domain: 200 known and active, 403 suspended, 404 unknown. Null where it cannot be asked.
    private static async Task<int?> ValidateAsync(ServerGround ground, string domain, Sighting sighting, CancellationToken cancel)
    {
        if (ground.Map.Platform.Service("core-api") is not { } core || ground.Map.Component(Caddy, "validatePath") is not { } path) return null;
        if (await WebProbes.TasksAsync(ground, core, WebProbes.PortOf(ground, core), sighting, cancel) is not [var task, ..]) return 0;
        return (await WebProbes.AskAsync(ground, new HttpQuestion(OwnMark.On(new Uri(task, path + Uri.EscapeDataString(domain)))), sighting, cancel)).Status;
    }

    private static async Task TenantAsync(ServerGround ground, string domain, Sighting sighting, CancellationToken cancel)
    {
        var place = ground.Find("aurora");
        if (place is { User.Length: > 0 } && ground.Map.Component("aurora", "tenantTable") is { } table)
        {
            try
            {
                await RowsAsync(ground, place, table, domain, sighting, cancel);
                return;
            }
            catch (WireFailure e)
            {
                sighting.Lacks($"the tenants' table: {e.Message}");
            }
        }
        else sighting.Lacks($"the tenants' table: {ground.Name("aurora", "user")} and components.aurora.tenantTable would let it be asked");
        var status = await ValidateAsync(ground, domain, sighting, cancel);
        if (status is not (200 or 403 or 404)) throw new CouldNotLook(ObservationStatus.NotConfigured, "neither the table nor the core API tells");
        sighting.Fact("known", status is not 404);
        if (status is not 404) sighting.Fact("active", status is 200);
    }

    private static async Task RowsAsync(ServerGround ground, Place place, string table, string domain, Sighting sighting, CancellationToken cancel)
    {
        var (schema, column) = (ground.Map.Component("aurora", "schema") ?? "", ground.Map.Component("aurora", "tenantColumn") ?? "domain");
        var question = MySqlQuestion.Tenant(schema, table, column, domain) ?? throw new CouldNotLook(ObservationStatus.NotConfigured, "schema, table or column of the tenants is no name");
        await using var reader = await MySqlReader.OpenAsync(ground.Target(place), new MySqlLogin(place.User, place.Password), cancel);
        sighting.Asked($"mysql the tenant of {domain}");
        var rows = await reader.AskAsync(question, cancel);
        var exact = rows.Rows.Where(r => rows.Value(r, column) == domain).ToList();
        sighting.Fact("known", exact.Count > 0);
        sighting.Fact("knownOtherForm", exact.Count == 0 && rows.Rows.Length > 0);
        if (rows.Rows.Length == 0)
        {
            sighting.Empty();
            if (MySqlQuestion.TenantsNear(schema, table, column, domain) is { } near) sighting.Fact("knownSimilar", (await reader.AskAsync(near, cancel)).Rows.Any(r => r[0] is { } other && QueueProbes.Near(other, domain)));
        }
        var state = ground.Map.Component("aurora", "tenantState") ?? "state";
        if (exact.Count > 0 && rows.Value(exact[0], state) is { } told) sighting.Fact("active", told is "active" or "1" or "ACTIVE");
    }

    private static async Task AcmeAsync(ServerGround ground, string domain, Sighting sighting, CancellationToken cancel)
    {
        if (ground.Map.Component(Caddy, "acme") is { } directory && Uri.TryCreate(ground.Setting(Caddy, "acme") ?? directory, UriKind.Absolute, out var address))
        {
            var said = await WebProbes.AskAsync(ground, new HttpQuestion(address), sighting, cancel);
            sighting.Fact("directoryReachable", said.IsDone && said.Status < 500);
        }
        if (ground.Aws is not null && ground.Map.Platform.Service("storefront")?.Fields.GetValueOrDefault("logGroup") is { } group) await AcmeLogAsync(ground, group, domain, sighting, cancel);
        // Last: the question itself leaves a line there.
        var question = new HttpQuestion(OwnMark.On(new Uri($"http://{domain}/.well-known/acme-challenge/tocsin")));
        var http = await WebProbes.AskAsync(ground, ground.Hosts.TryGetValue(domain, out var via) ? question with { Via = (via.Host, via.Port == 443 ? 80 : via.Port - 363) } : question, sighting, cancel);
        sighting.Fact("http01Reachable", http.IsDone && http.Header("server").Contains("caddy", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task AcmeLogAsync(ServerGround ground, string group, string domain, Sighting sighting, CancellationToken cancel)
    {
        var lines = (await new AwsSide(ground, sighting).LinesAsync(group, $"\"{domain}\"", cancel)).FindAll(l => !OwnMark.IsOn(l));
        sighting.Fact("visited", await IsVisitedAsync(ground, domain, lines.Count > 0, sighting, cancel));
        var (problem, failed, since) = AcmeState(lines);
        sighting.Fact("failedLastHour", failed);
        sighting.Fact("problem", problem);
        if (since is not null) sighting.Since(Tree.Object(since).Time("ts"));
    }

    /// <summary>
    /// How the name stands by Caddy's own lines, oldest first: its last problem, how many validations failed, and the line since which it stands so. What was obtained after the last failure settles it.
    /// </summary>
    internal static (string Problem, int Failed, string? Since) AcmeState(List<string> lines)
    {
        // One validation that fails is told in several lines, and once in these words.
        var failed = lines.Count(IsValidation);
        var last = lines.FindLastIndex(IsFailure);
        var obtained = lines.FindLastIndex(l => l.Contains("certificate obtained successfully", StringComparison.Ordinal));
        if (last > obtained) return (Problem(lines[last]), failed, lines[last]);
        return ("NONE", failed, obtained < 0 ? null : lines[obtained]);
    }

    private static bool IsValidation(string line) => line.Contains("challenge failed", StringComparison.Ordinal);

    private static bool IsFailure(string line) =>
        IsValidation(line) || line.Contains("could not get certificate", StringComparison.Ordinal) || line.Contains("acme:error", StringComparison.Ordinal);

    // A name that does not exist brings nobody, whoever came before. Behind Cloudflare it may lead anywhere, so it counts. Null where the resolver does not tell.
    private static async Task<bool?> IsVisitedAsync(ServerGround ground, string domain, bool isLogged, Sighting sighting, CancellationToken cancel)
    {
        var answer = await DnsClient.AskAsync(ground.Resolver ?? await SystemResolverAsync(cancel), domain, DnsType.A, cancel);
        if (answer.Outcome is DnsOutcome.NxDomain) return false;
        if (isLogged) return true;
        if (answer.Outcome is not DnsOutcome.Answer) return null;
        var own = await OwnAsync(ground, sighting, cancel);
        return answer.Addresses.Any(a => own.Contains(a) || IsCloudflare(a));
    }

    internal static string Problem(string line)
    {
        const string Type = "urn:ietf:params:acme:error:";
        var at = line.LastIndexOf(Type, StringComparison.Ordinal);
        var type = at < 0 ? "" : string.Concat(line[(at + Type.Length)..].TakeWhile(char.IsAsciiLetter));
        return type switch
        {
            "dns" => "DNS",
            "connection" => "CONNECTION",
            "unauthorized" or "incorrectResponse" => "UNAUTHORIZED",
            "rateLimited" => "RATE_LIMITED",
            "caa" => "CAA",
            "malformed" or "rejectedIdentifier" => "MALFORMED",
            _ when line.Contains("x509", StringComparison.Ordinal) => "CA_UNTRUSTED",
            _ when line.Contains("connection refused", StringComparison.Ordinal) || line.Contains("i/o timeout", StringComparison.Ordinal) || line.Contains("no such host", StringComparison.Ordinal) => "CA_UNREACHABLE",
            _ => "OTHER",
        };
    }
}
