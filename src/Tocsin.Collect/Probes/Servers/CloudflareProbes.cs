using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>Cloudflare by its REST API, with a token that only reads.</summary>
internal static partial class CloudflareProbes
{
    private const string Component = "cloudflare";
    private const int MostZones = 10;
    private const string Usual = "https://api.cloudflare.com";
    private static readonly string[] Stages = ["queued", "initialize", "clone_repo", "build", "deploy"];

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (!ground.Has(Component)) yield break;
        var subject = ground.Map.Of(Component);
        yield return ground.Probe("cloudflare.pages", subject, Vantage.Api, Component, (s, c) => PagesAsync(ground, s, c));
        if (ground.Map.Component(Component, "worker") is { } worker) yield return ground.Probe("cloudflare.worker", subject, Vantage.Api, Component, (s, c) => WorkerAsync(ground, worker, s, c));
        if (ground.Aws is not null) yield return ground.Probe("cloudflare.record", subject, Vantage.Api, Component, (s, c) => RecordAsync(ground, s, c)) with { Needs = [new("acm:ListCertificates"), new("acm:DescribeCertificate")] };
    }

    private static async Task PagesAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var account = await AccountAsync(ground, sighting, cancel);
        var projects = AwsSide.Items(await GetAsync(ground, $"accounts/{account}/pages/projects", sighting, cancel)).ToList();
        if (projects.Count == 0)
        {
            sighting.Fact("stage", "NONE");
            sighting.Empty();
            return;
        }
        // Of several projects the one whose newest deployment failed is told.
        var told = projects.Find(p => Failed(p["latest_deployment"])) ?? projects[0];
        var latest = told["latest_deployment"] as JsonObject;
        var stage = Failed(latest) ? AwsSide.Text((latest?["latest_stage"] as JsonObject)?["name"]) : "NONE";
        sighting.Fact("stage", stage is "NONE" || Stages.Contains(stage, StringComparer.Ordinal) ? stage : "build");
        sighting.ChangedAt(Time(latest?["created_on"]));
        var variables = ((told["deployment_configs"] as JsonObject)?["production"] as JsonObject)?["env_vars"] as JsonObject;
        if (variables is not null) sighting.Fact("nodeVersionSet", variables.ContainsKey("NODE_VERSION"));
        if (AwsSide.Text(latest?["id"]) is not { } id) return;
        if (Failed(latest)) Missing(AwsSide.Items(await GetAsync(ground, $"accounts/{account}/pages/projects/{AwsSide.Text(told["name"])}/deployments", sighting, cancel)).ToList(), variables, sighting);
        var log = AwsSide.Items((await GetAsync(ground, $"accounts/{account}/pages/projects/{AwsSide.Text(told["name"])}/deployments/{id}/history/logs", sighting, cancel) as JsonObject)?["data"]).Select(l => AwsSide.Text(l["line"]) ?? "").ToList();
        sighting.Fact("failure", stage is "NONE" ? "NONE" : Failure(log));
        if (log.Select(l => NodeVersion().Match(l)).LastOrDefault(m => m.Success) is { } version) sighting.Fact("nodeVersion", double.Parse(version.Groups[1].Value, CultureInfo.InvariantCulture));
        if (stage is not "NONE") sighting.Lacks($"project {AwsSide.Text(told["name"])}");
    }

    // Each deployment carries the variables it was built with.
    internal static void Missing(List<JsonObject> deployments, JsonObject? now, Sighting sighting)
    {
        if (deployments.Find(d => !Failed(d))?["env_vars"] is not JsonObject good) return;
        var latest = deployments[0]["env_vars"] as JsonObject ?? now;
        if (latest is not null) sighting.Fact("envMissing", good.Count(v => !latest.ContainsKey(v.Key)));
    }

    private static async Task WorkerAsync(ServerGround ground, string worker, Sighting sighting, CancellationToken cancel)
    {
        var account = await AccountAsync(ground, sighting, cancel);
        var script = $"accounts/{account}/workers/scripts/{worker}";
        var deployments = AwsSide.Items((await GetAsync(ground, $"{script}/deployments", sighting, cancel) as JsonObject)?["deployments"]).OrderByDescending(d => AwsSide.Text(d["created_on"]), StringComparer.Ordinal).Take(2).ToList();
        if (Time(deployments.FirstOrDefault()?["created_on"]) is not { } at)
        {
            sighting.Empty();
            return;
        }
        sighting.ChangedAt(at);
        sighting.Fact("minutesSinceDeployment", Math.Round((Instant.FromDateTimeOffset(ground.Time.GetUtcNow()) - at).TotalMinutes, 1));
        if (deployments.Count < 2) return;
        var bound = new List<HashSet<string>>();
        foreach (var deployment in deployments) bound.Add(await BindingsAsync(ground, script, deployment, sighting, cancel));
        sighting.Fact("bindingsMissing", bound[1].Except(bound[0], StringComparer.Ordinal).Count());
    }

    // Of all versions that take a share of the requests.
    private static async Task<HashSet<string>> BindingsAsync(ServerGround ground, string script, JsonObject deployment, Sighting sighting, CancellationToken cancel)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var version in AwsSide.Items(deployment["versions"]).Select(v => AwsSide.Text(v["version_id"])).OfType<string>())
        {
            var told = await GetAsync(ground, $"{script}/versions/{Uri.EscapeDataString(version)}", sighting, cancel) as JsonObject;
            names.UnionWith(AwsSide.Items((told?["resources"] as JsonObject)?["bindings"]).Select(b => AwsSide.Text(b["name"])).OfType<string>());
        }
        return names;
    }

    private static async Task RecordAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var wanted = await new AwsSide(ground, sighting).ValidationAsync(cancel);
        if (wanted.Count == 0)
        {
            sighting.Empty();
            return;
        }
        var zones = AwsSide.Items(await GetAsync(ground, "zones?per_page=50", sighting, cancel)).Select(z => (Id: AwsSide.Text(z["id"]) ?? "", Name: AwsSide.Text(z["name"]) ?? "")).ToList();
        var (exists, proxied, fits, serves) = (true, false, true, true);
        foreach (var (name, value) in wanted)
        {
            // The longest zone that ends the name is the one that public DNS asks.
            var own = zones.Where(z => name.EndsWith("." + z.Name, StringComparison.OrdinalIgnoreCase)).OrderByDescending(z => z.Name.Length).FirstOrDefault();
            var record = own.Id is { Length: > 0 } ? AwsSide.Items(await GetAsync(ground, $"zones/{own.Id}/dns_records?name={Uri.EscapeDataString(name)}", sighting, cancel)).FirstOrDefault() : null;
            serves &= own.Id is { Length: > 0 } && (record is not null || !await LiesElsewhereAsync(ground, zones.Select(z => z.Id), name, value, sighting, cancel));
            exists &= record is not null;
            proxied |= AwsSide.Text(record?["proxied"]) is "true";
            fits &= record is null || string.Equals((AwsSide.Text(record["content"]) ?? "").TrimEnd('.'), value, StringComparison.OrdinalIgnoreCase);
        }
        sighting.Fact("zoneMatches", serves);
        sighting.Fact("exists", exists);
        sighting.Fact("proxied", proxied);
        if (exists) sighting.Fact("valueMatches", fits);
    }

    // The right record where nobody asks for it: in another zone, or with a zone's name behind its own.
    private static async Task<bool> LiesElsewhereAsync(ServerGround ground, IEnumerable<string> zones, string name, string value, Sighting sighting, CancellationToken cancel)
    {
        foreach (var zone in zones.Take(MostZones))
        {
            var records = AwsSide.Items(await GetAsync(ground, $"zones/{zone}/dns_records?type=CNAME&content={Uri.EscapeDataString(value)}", sighting, cancel));
            if (records.Any(r => string.Equals((AwsSide.Text(r["content"]) ?? "").TrimEnd('.'), value, StringComparison.OrdinalIgnoreCase) && !string.Equals(AwsSide.Text(r["name"]), name, StringComparison.OrdinalIgnoreCase))) return true;
        }
        return false;
    }

    private static async Task<string> AccountAsync(ServerGround ground, Sighting sighting, CancellationToken cancel) =>
        AwsSide.Text(AwsSide.Items(await GetAsync(ground, "accounts", sighting, cancel)).FirstOrDefault()?["id"]) ?? throw new CouldNotLook(ObservationStatus.Denied, "the token sees no account of Cloudflare");

    private static async Task<JsonNode?> GetAsync(ServerGround ground, string path, Sighting sighting, CancellationToken cancel)
    {
        var token = ground.Setting(Component, "password") ?? ground.Variable("CLOUDFLARE_API_TOKEN") ?? throw new CouldNotLook(ObservationStatus.NotConfigured, $"there is no token that reads Cloudflare: {ground.Name(Component, "password")} or CLOUDFLARE_API_TOKEN");
        var place = ground.Find(Component);
        var root = place is null ? new Uri(Usual) : new UriBuilder(place.IsHere ? "http" : "https", place.Host, place.Port).Uri;
        var seen = await WebProbes.AskAsync(ground, new HttpQuestion(new Uri(root, $"/client/v4/{path}")) { Headers = [("Authorization", $"Bearer {token}")] }, sighting, cancel);
        if (!seen.IsDone) throw new CouldNotLook(seen.Code is "ETIMEDOUT" ? ObservationStatus.Timeout : ObservationStatus.Failed, $"Cloudflare's API: {seen.Code}: {seen.Words}");
        if (seen.Cut) throw new CouldNotLook(ObservationStatus.Truncated, $"Cloudflare's answer to {path} is longer than is read");
        var answer = AwsSide.Parse(seen.Body) ?? throw new CouldNotLook(ObservationStatus.Failed, $"Cloudflare's answer to {path} is not JSON (HTTP {seen.Status})");
        var words = string.Join("; ", AwsSide.Items(answer["errors"]).Select(e => AwsSide.Text(e["message"])));
        if (seen.Status is 401 or 403 || (seen.Status >= 400 && words.Contains("Authentication", StringComparison.Ordinal))) throw new CouldNotLook(ObservationStatus.Denied, $"Cloudflare refuses the token: {words}");
        return seen.Status < 300 ? answer["result"] : throw new CouldNotLook(ObservationStatus.Failed, $"Cloudflare answers {seen.Status}: {words}");
    }

    private static bool Failed(JsonNode? deployment) => AwsSide.Text(((deployment as JsonObject)?["latest_stage"] as JsonObject)?["status"]) is "failure" or "canceled";

    /// <summary>The class of the first error of a build's log.</summary>
    internal static string Failure(IEnumerable<string> log)
    {
        foreach (var line in log)
        {
            bool Has(string words) => line.Contains(words, StringComparison.OrdinalIgnoreCase);
            if (Has("npm ci") && Has("can only install") || Has("package-lock.json") && Has("sync") || Has("ERESOLVE") || Has("frozen-lockfile") || Has("EUSAGE")) return "LOCK_FILE";
            if (Has("Unsupported engine") || Has("EBADENGINE") || Has("requires Node") || Has("Node.js version") || Has("is not supported by Astro")) return "NODE_VERSION";
            if (Has("Missing script")) return "MISSING_SCRIPT";
            if (Has("Cannot find module") || Has("Could not resolve") || Has("failed to resolve import")) return "MISSING_MODULE";
            if (Has("heap out of memory") || Has("exit code: 137")) return "OUT_OF_MEMORY";
            if (Has("Output directory") && Has("not found")) return "OUTPUT_DIR";
            if (Has("is not defined") || Has("environment variable") || Has("is required") || Has("from undefined") || Has("undefined/")) return "MISSING_ENV";
            if (Has("an internal error occurred")) return "PROVIDER";
            if (Has("exceeded a time limit") || Has("timed out")) return "TIMEOUT";
        }
        return log.Any(l => l.Contains("error code", StringComparison.OrdinalIgnoreCase)) ? "BUILD_COMMAND" : "OTHER";
    }

    private static Instant? Time(JsonNode? node) => InstantPattern.ExtendedIso.Parse(AwsSide.Text(node) ?? "") is { Success: true } parsed ? parsed.Value : null;

    [GeneratedRegex("(?:node(?:js)?[ @]v?|Node\\.js v?)([0-9]{1,2})[.\\s]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NodeVersion();
}
