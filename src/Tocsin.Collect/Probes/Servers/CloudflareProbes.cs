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
        var log = AwsSide.Items((await GetAsync(ground, $"accounts/{account}/pages/projects/{AwsSide.Text(told["name"])}/deployments/{id}/history/logs", sighting, cancel) as JsonObject)?["data"]).Select(l => AwsSide.Text(l["line"]) ?? "").ToList();
        sighting.Fact("failure", stage is "NONE" ? "NONE" : Failure(log));
        if (log.Select(l => NodeVersion().Match(l)).LastOrDefault(m => m.Success) is { } version) sighting.Fact("nodeVersion", double.Parse(version.Groups[1].Value, CultureInfo.InvariantCulture));
        if (stage is not "NONE") sighting.Lacks($"project {AwsSide.Text(told["name"])}");
    }

    private static async Task WorkerAsync(ServerGround ground, string worker, Sighting sighting, CancellationToken cancel)
    {
        var account = await AccountAsync(ground, sighting, cancel);
        var newest = AwsSide.Items((await GetAsync(ground, $"accounts/{account}/workers/scripts/{worker}/deployments", sighting, cancel) as JsonObject)?["deployments"]).FirstOrDefault();
        if (Time(newest?["created_on"]) is not { } at)
        {
            sighting.Empty();
            return;
        }
        sighting.ChangedAt(at);
        sighting.Fact("minutesSinceDeployment", Math.Round((Instant.FromDateTimeOffset(ground.Time.GetUtcNow()) - at).TotalMinutes, 1));
    }

    private static async Task RecordAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var wanted = await new AwsSide(ground, sighting).ValidationAsync(cancel);
        if (wanted.Count == 0)
        {
            sighting.Empty();
            return;
        }
        var zones = AwsSide.Items(await GetAsync(ground, $"zones?name={Uri.EscapeDataString(ground.Map.BaseDomain)}", sighting, cancel)).ToList();
        sighting.Fact("zoneMatches", zones.Count > 0 && wanted.TrueForAll(w => w.Name.EndsWith("." + ground.Map.BaseDomain, StringComparison.OrdinalIgnoreCase)));
        if (AwsSide.Text(zones.FirstOrDefault()?["id"]) is not { } zone) return;
        var (exists, proxied, fits) = (true, false, true);
        foreach (var (name, value) in wanted)
        {
            // Only what lies under the zone can be in it.
            if (!name.EndsWith("." + ground.Map.BaseDomain, StringComparison.OrdinalIgnoreCase)) continue;
            var record = AwsSide.Items(await GetAsync(ground, $"zones/{zone}/dns_records?name={Uri.EscapeDataString(name)}", sighting, cancel)).FirstOrDefault();
            exists &= record is not null;
            proxied |= AwsSide.Text(record?["proxied"]) is "true";
            fits &= record is null || string.Equals((AwsSide.Text(record["content"]) ?? "").TrimEnd('.'), value, StringComparison.OrdinalIgnoreCase);
        }
        sighting.Fact("exists", exists);
        sighting.Fact("proxied", proxied);
        if (exists) sighting.Fact("valueMatches", fits);
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
            if (Has("is not defined") || Has("environment variable") || Has("is required")) return "MISSING_ENV";
            if (Has("exceeded a time limit") || Has("timed out")) return "TIMEOUT";
        }
        return log.Any(l => l.Contains("error code", StringComparison.OrdinalIgnoreCase)) ? "BUILD_COMMAND" : "OTHER";
    }

    private static Instant? Time(JsonNode? node) => InstantPattern.ExtendedIso.Parse(AwsSide.Text(node) ?? "") is { Success: true } parsed ? parsed.Value : null;

    [GeneratedRegex("(?:node(?:js)?[ @]v?|Node\\.js v?)([0-9]{1,2})[.\\s]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NodeVersion();
}
