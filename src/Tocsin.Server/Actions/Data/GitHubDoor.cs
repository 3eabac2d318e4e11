using System.Text.Json.Nodes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Collect.Wire;

namespace Tocsin.Server.Actions.Data;

/// <summary>GitHub's issues, by its REST interface. Each issue of Tocsin's bears a marker that is not shown, so that a second attempt finds the first one's.</summary>
internal static class GitHubDoor
{
    public const string Token = "TOCSIN_GITHUB_TOKEN";
    private const string Usual = "https://api.github.com";

    public static string Marker(string token) => $"<!-- tocsin {token} -->";

    /// <summary>Throws <see cref="ActionRefused"/> where there is no token.</summary>
    public static Task<HttpSeen> SendAsync(ServerGround servers, HttpMethod method, string path, JsonObject? body, CancellationToken cancel)
    {
        var token = servers.Variable(Token) ?? throw new ActionRefused($"there is no token for GitHub: {Token}");
        var root = new Uri(servers.Variable("TOCSIN_GITHUB_URL") is { Length: > 0 } own ? own : Usual);
        return HttpDoor.AskAsync(servers, new HttpQuestion(new Uri(root, path)) { Method = method, Body = body?.ToJsonString(), Headers = [("Authorization", $"Bearer {token}"), ("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", "2022-11-28")] }, null, cancel);
    }

    /// <summary>The issue with this marker among the newest; <c>Asked</c> is false where GitHub did not say.</summary>
    public static async Task<(bool Asked, JsonObject? Issue)> FindAsync(ServerGround servers, string repository, string token, CancellationToken cancel)
    {
        var newest = await SendAsync(servers, HttpMethod.Get, $"repos/{repository}/issues?state=all&sort=created&direction=desc&per_page=50", null, cancel);
        if (!newest.IsDone || newest.Status >= 300) return (false, null);
        return (true, (JsonNode.Parse(newest.Body) as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(i => i.Text("body")?.Contains(Marker(token), StringComparison.Ordinal) == true));
    }
}
