using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Collect.Wire;
using Tocsin.Core.Response;
using Tocsin.Server.Actions;
using Tocsin.Server.Actions.Data;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify.Issues;

/// <summary>
/// What waits until morning, as issues of one repository: P3 incidents and action items. They ride the outbox as pages do; an attempt that may have arrived is looked
/// for before the next, by the marker in its text.
/// </summary>
public sealed class IssueTracker(ServerOptions options)
{
    public const string Purpose = "issue";

    /// <summary>The channel that rows of the outbox name.</summary>
    public const string Channel = "github";

    private readonly ServerGround? ground = options.Platform.Environments.Length > 0 ? new ServerGround(new PlatformMap(options.Platform, options.Platform.Environments[0]), options.Variable, TimeProvider.System) : null;

    /// <summary>Such as owner/name; empty: nothing becomes an issue.</summary>
    public string Repository => options.IssueRepository;

    public async Task<SendResult> OpenAsync(OutboxRow row, Uri? link, CancellationToken cancel)
    {
        if (Repository.Length == 0 || ground is null) return new SendResult.Refused("no repository is set: server: issues: repository: in tocsin.yaml");
        try
        {
            if (row.Attempts > 1 || row.Doubts > 0)
            {
                var (asked, found) = await GitHubDoor.FindAsync(ground, Repository, row.Key, cancel);
                if (!asked) return new SendResult.TryAgain("GitHub could not be asked whether it is there already", null);
                if (found is not null) return Taken(found);
            }
            var seen = await GitHubDoor.SendAsync(ground, HttpMethod.Post, $"repos/{Repository}/issues", new JsonObject { ["title"] = row.First, ["body"] = Body(row, link) }, cancel);
            return Read(seen);
        }
        catch (Exception e) when (e is ActionRefused or CouldNotLook)
        {
            // Nothing left: there is no token, or its authorities cannot be read.
            return new SendResult.Refused(e.Message);
        }
    }

    private static string Body(OutboxRow row, Uri? link) => string.Join("\n\n", new[] { row.More, link is null ? "" : $"[{row.Subject}]({link.AbsoluteUri})", GitHubDoor.Marker(row.Key) }.Where(t => t.Length > 0));

    private static SendResult Read(HttpSeen seen)
    {
        if (!seen.IsDone) return seen.Stage < WireStage.Ask ? new SendResult.TryAgain($"GitHub is not reached: {seen.Code}", null) : new SendResult.InDoubt($"no answer of GitHub: {seen.Code}");
        var said = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"GitHub answered {seen.Status}");
        return seen.Status switch
        {
            < 300 when Tree.Object(seen.Body) is { } issue => Taken(issue),
            // Its limits of use come as 403 and 429.
            403 or 429 => new SendResult.TryAgain(said, Duration.FromMinutes(1)),
            >= 500 or < 300 => new SendResult.InDoubt(said),
            _ => new SendResult.Refused(said),
        };
    }

    private static SendResult.Taken Taken(JsonObject issue) => new(Receipt.Accepted, issue.Text("html_url") ?? issue.Text("number") ?? "");
}
