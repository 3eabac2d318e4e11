using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>The status pages of the third parties that the platform's links name as <c>PROVIDERStatus</c>. Each form of page is asked for its machine-readable side.</summary>
internal static class ProviderProbes
{
    private const string Suffix = "Status";

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (!ground.AsksProviders) return [];
        return ground.Map.Platform.Links.Where(l => l.Key.EndsWith(Suffix, StringComparison.Ordinal) && Uri.TryCreate(l.Value, UriKind.Absolute, out _)).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => Of(ground, l.Key[..^Suffix.Length], new Uri(l.Value)));
    }

    private static Probe Of(ServerGround ground, string provider, Uri page) =>
        ground.Probe(provider is "aws" ? "aws.health" : "provider.status", ground.Map.Of(provider), Vantage.Host, $"status {provider}", (s, c) => LookAsync(ground, provider, page, s, c));

    private static async Task LookAsync(ServerGround ground, string provider, Uri page, Sighting sighting, CancellationToken cancel)
    {
        var address = new Uri(page, provider switch
        {
            "aws" => "/public/currentevents",
            "firebase" => "/incidents.json",
            _ => "/api/v2/incidents/unresolved.json",
        });
        var seen = await WebProbes.AskAsync(ground, new HttpQuestion(address), sighting, cancel);
        if (!seen.IsDone) throw new CouldNotLook(seen.Code is "ETIMEDOUT" ? ObservationStatus.Timeout : ObservationStatus.Failed, $"{page.Host}: {seen.Code}: {seen.Words}");
        if (seen.Status != 200) throw new CouldNotLook(ObservationStatus.Failed, $"{page.Host} answers {seen.Status}");
        var open = Open(provider, seen.Body, ground.Map.Region) ?? throw new CouldNotLook(seen.Cut ? ObservationStatus.Truncated : ObservationStatus.Failed, $"{page.Host} answers something that is no list of incidents");
        sighting.Fact("incidentOpen", open.Count > 0);
        foreach (var name in open.Take(3)) sighting.Lacks($"{name} ({page})");
    }

    /// <summary>The open incidents by their names; null where the text is no such list.</summary>
    internal static List<string>? Open(string provider, string body, string region)
    {
        try
        {
            // AWS writes its list as UTF-16: zero bytes between the letters.
            var tree = JsonNode.Parse(body.Replace("\0", "", StringComparison.Ordinal).TrimStart('\ufeff', '\ufffd'));
            return provider switch
            {
                "aws" => tree is JsonArray events ? [.. AwsSide.Items(events).Where(e => (AwsSide.Text(e["arn"]) ?? AwsSide.Text(e["service"]) ?? "").Contains(region, StringComparison.Ordinal)).Select(e => AwsSide.Text(e["summary"]) ?? "an event")] : null,
                "firebase" => tree is JsonArray incidents ? [.. AwsSide.Items(incidents).Where(i => AwsSide.Text(i["end"]) is null).Select(i => AwsSide.Text(i["external_desc"]) ?? "an incident")] : null,
                _ => tree is JsonObject page && page["incidents"] is JsonArray list ? [.. AwsSide.Items(list).Where(i => AwsSide.Text(i["status"]) is not ("resolved" or "postmortem")).Select(i => AwsSide.Text(i["name"]) ?? "an incident")] : null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
