using System.Globalization;
using System.Net;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>Services asked over HTTP, past their load balancers: at the addresses of their tasks.</summary>
internal static class WebProbes
{
    private const string Origins = "CORS_ORIGINS";
    private const string CoreApi = "CORE_API_URL";

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (ground.Aws is null) yield break;
        foreach (var service in ground.Map.Services)
        {
            var (subject, target) = (ground.Map.Of(service), $"tasks {service.Name} {ground.Map.Environment}");
            if (PortOf(ground, service) > 0) yield return ground.Probe("app.http", subject, Vantage.Host, target, (s, c) => HealthAsync(ground, service, s, c)) with { Needs = [new("ecs:ListTasks"), new("ecs:DescribeTasks")] };
            if (PortOf(ground, service) > 0 && ground.Aws is not null && service.Fields.GetValueOrDefault("ingress") is "alb") yield return ground.Probe("alb.settings", subject, Vantage.Api, target, (s, c) => KeepAliveAsync(ground, service, s, c)) with { Needs = [new("ecs:ListTasks"), new("ecs:DescribeTasks"), new("elasticloadbalancing:DescribeLoadBalancers"), new("elasticloadbalancing:DescribeLoadBalancerAttributes")] };
            if (service.Origins.Length > 0) yield return ground.Probe("cors.preflight", subject, Vantage.Host, target, (s, c) => CorsAsync(ground, service, s, c)) with { Needs = [new("ecs:DescribeServices"), new("ecs:DescribeTaskDefinition"), new("ecs:ListTasks"), new("ecs:DescribeTasks")] };
            if (service.Role is "storefront") yield return ground.Probe("storefront.fetch", subject, Vantage.Host, target, (s, c) => FetchAsync(ground, service, s, c)) with { Needs = [new("ecs:DescribeServices"), new("ecs:DescribeTaskDefinition"), new("secretsmanager:GetSecretValue")] };
        }
    }

    public static int PortOf(ServerGround ground, Service service) =>
        int.TryParse(service.Fields.GetValueOrDefault("port") ?? (service.Role is "storefront" ? ground.Map.Component("caddy", "askPort") : null), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : 0;

    /// <summary>The addresses of the tasks that can be asked from here; where there is no way to them, that is no finding about them.</summary>
    public static async Task<List<Uri>> TasksAsync(ServerGround ground, Service service, int port, Sighting sighting, CancellationToken cancel) =>
        [.. (await new AwsSide(ground, sighting).TasksAsync(service, cancel)).Select(a => new UriBuilder("http", a, port).Uri)];

    public static async Task<HttpSeen> AskAsync(ServerGround ground, HttpQuestion question, Sighting sighting, CancellationToken cancel)
    {
        sighting.Asked($"http {question.Method} {question.Address.GetLeftPart(UriPartial.Path)}");
        var seen = await HttpWalk.AskAsync(question, ground.Web(), cancel);
        var routed = IPAddress.TryParse(question.Address.Host, out var address) && !IPAddress.IsLoopback(address) && ground.IsInside(address) is true;
        if (routed && seen.Stage is WireStage.Connect && seen.Code is "ETIMEDOUT" or "EHOSTUNREACH" or "ENETUNREACH")
            throw new CouldNotLook(ObservationStatus.Timeout, $"this host has no way to {question.Address.Authority} inside the environment's network: is the VPN up?");
        return seen;
    }

    private static async Task HealthAsync(ServerGround ground, Service service, Sighting sighting, CancellationToken cancel)
    {
        var tasks = await TasksAsync(ground, service, PortOf(ground, service), sighting, cancel);
        if (tasks.Count == 0)
        {
            sighting.Empty();
            return;
        }
        var path = service.Fields.GetValueOrDefault("health") ?? "/health";
        var all = await Task.WhenAll(tasks.Select(t => AskAsync(ground, new HttpQuestion(new Uri(t, path)), sighting, cancel)));
        // Of several tasks the worst is told.
        var worst = all.OrderBy(s => s.Stage).ThenByDescending(s => s.Status).ThenByDescending(s => s.Took).First();
        sighting.Fact("stage", WireFailure.Text(worst.Stage));
        sighting.Fact("code", worst.Code is "NONE" or "ENOTFOUND" or "EAI_AGAIN" or "ECONNREFUSED" or "ETIMEDOUT" or "ECONNRESET" or "EHOSTUNREACH" ? worst.Code : worst.Stage is WireStage.Tls ? "TLS" : "HTTP");
        sighting.Fact("status", worst.Status);
        sighting.Fact("seconds", WalkFacts.Seconds(worst.Took));
    }

    // Node says in each answer how long it keeps the connection; a load balancer that keeps it longer sends a request into one that is just being closed.
    private static async Task KeepAliveAsync(ServerGround ground, Service service, Sighting sighting, CancellationToken cancel)
    {
        var tasks = await TasksAsync(ground, service, PortOf(ground, service), sighting, cancel);
        var seen = tasks.Count == 0 ? null : await AskAsync(ground, new HttpQuestion(new Uri(tasks[0], service.Fields.GetValueOrDefault("health") ?? "/health")), sighting, cancel);
        if (KeepsSeconds(seen?.Header("keep-alive") ?? "") is not { } keeps || await new AwsSide(ground, sighting).IdleSecondsAsync(cancel) is not { } idle) sighting.Empty();
        else sighting.Fact("keepAliveShorter", keeps <= idle);
    }

    internal static double? KeepsSeconds(string header) =>
        header.Split(',').Select(p => p.Trim().Split('=')).Where(p => p is ["timeout", _]).Select(p => double.TryParse(p[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : (double?)null).FirstOrDefault();

    private static async Task FetchAsync(ServerGround ground, Service service, Sighting sighting, CancellationToken cancel)
    {
        var text = await new AwsSide(ground, sighting).VariableAsync(service, CoreApi, cancel);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            sighting.Fact("stage", "url");
            sighting.Fact("code", "BAD_URL");
            return;
        }
        var path = ground.Map.Services.FirstOrDefault(s => s.Role is "core-api")?.Fields.GetValueOrDefault("health") ?? "/health";
        var question = new HttpQuestion(new Uri(address, path));
        // The task trusts what its own variables name beside the public authorities, whatever this host trusts.
        var trusted = address.Scheme is "http" || await new AwsSide(ground, sighting).VariableAsync(service, "NODE_EXTRA_CA_CERTS", cancel) is { Length: > 0 };
        var seen = await AskAsync(trusted ? ground : ground.WithoutOwnAuthorities(), ground.Hosts.TryGetValue(address.Host, out var via) ? question with { Via = via } : question, sighting, cancel);
        sighting.Fact("stage", WireFailure.Text(seen.Stage));
        sighting.Fact("code", seen.Code switch
        {
            "NONE" or "ENOTFOUND" or "ECONNREFUSED" or "ETIMEDOUT" or "ECONNRESET" => seen.Code,
            "EAI_AGAIN" => "ENOTFOUND",
            "HTTP" => "HTTP",
            _ => seen.Stage is WireStage.Tls ? "TLS" : "OTHER",
        });
        if (seen.IsDone) sighting.Fact("status", seen.Status);
        sighting.Fact("seconds", WalkFacts.Seconds(seen.Took));
    }

    private static async Task CorsAsync(ServerGround ground, Service service, Sighting sighting, CancellationToken cancel)
    {
        var side = new AwsSide(ground, sighting);
        var listed = Listed(await side.VariableAsync(service, Origins, cancel));
        var missing = service.Origins.FirstOrDefault(o => !listed.Contains(o, StringComparer.Ordinal));
        var origin = missing ?? service.Origins[0];
        sighting.Fact("originListed", missing is null);
        sighting.Fact("trailingSlash", missing is not null && listed.Exists(l => Bare(l) == Bare(origin)));
        if (missing is null) sighting.Fact("listedInNewestOnly", false);
        else
        {
            var newest = (await side.ContainersAsync(service, newest: true, cancel)).SelectMany(c => AwsSide.Items(c["environment"])).FirstOrDefault(e => AwsSide.Text(e["name"]) == Origins);
            sighting.Fact("listedInNewestOnly", Listed(AwsSide.Text(newest?["value"])).Contains(origin, StringComparer.Ordinal));
        }
        var tasks = await TasksAsync(ground, service, PortOf(ground, service), sighting, cancel);
        if (tasks.Count == 0) return;
        // Any path but the health check's, which servers often answer before everything else.
        HttpQuestion Preflight(string from) => new(new Uri(tasks[0], "/")) { Method = HttpMethod.Options, Headers = [("Origin", from), ("Access-Control-Request-Method", "GET")] };
        var seen = await AskAsync(ground, Preflight(origin), sighting, cancel);
        sighting.Fact("answeredBy", seen.AnsweredBy);
        if (!seen.IsDone) return;
        sighting.Fact("status", seen.Status);
        sighting.Fact("allowedForOrigin", Allows(seen, origin));
        var methods = seen.Header("access-control-allow-methods");
        if (methods.Length > 0) sighting.Fact("methodAllowed", methods.Split(',').Any(m => m.Trim() is "*" || m.Trim().Equals("GET", StringComparison.OrdinalIgnoreCase)));
        sighting.Fact("wildcardWithCredentials", seen.Header("access-control-allow-origin") is "*" && seen.Header("access-control-allow-credentials") is "true");
        var known = service.Origins.FirstOrDefault(o => o != origin && listed.Contains(o, StringComparer.Ordinal)) ?? listed.Find(l => l != origin);
        if (known is null) return;
        var control = await AskAsync(ground, Preflight(known), sighting, cancel);
        if (control.IsDone) sighting.Fact("allowedForListed", Allows(control, known));
    }

    private static bool Allows(HttpSeen seen, string origin) => seen.Header("access-control-allow-origin") is var allowed && (allowed is "*" || allowed == origin);

    private static List<string> Listed(string? value) => [.. (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static string Bare(string origin) => origin.Split("://", 2)[^1].TrimEnd('/').ToUpperInvariant();
}
