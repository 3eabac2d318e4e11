using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Wire;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Data;

/// <summary>github.openIssue: what waits until morning becomes an issue; a marker in its text keeps a second attempt from opening another.</summary>
public sealed class OpenIssue : ActionKind
{
    public override string Id => "github.openIssue";

    public override string Target => "a repository, such as owner/name";

    public override ImmutableArray<ActionArgument> Arguments => [new("title", "its title", Required: true), new("body", "its text, Markdown", Required: true)];

    public override Duration Patience => Duration.FromSeconds(30);

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        if (order.Target.Split('/') is not [{ Length: > 0 }, { Length: > 0 }]) throw new ActionRefused("a repository is named as owner/name");
        HttpDoor.Result(await SendAsync(ground, HttpMethod.Get, $"repos/{order.Target}", null, cancel), "GitHub");
        var call = new PlannedCall("github", "POST issues", ActionOrder.None.Add("title", Json(order.Value("title")!)).Add("body", Json($"{order.Value("body")}\n\n{GitHubDoor.Marker(AwsCalling.Token)}")));
        return new ActionDraft(order.Target, "no such issue", $"\"{order.Value("title")}\" is open", [call], ActionOrder.None.Add("repository", order.Target));
    }

    public override Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel) =>
        Task.FromResult(new ActionDraft(run.Plan.Target, "open", "closed", [new PlannedCall("github", "PATCH issue", ActionOrder.None.Add("number", Json(run.Calls[0].Gave["number"])))], ActionOrder.None.Add("repository", run.Plan.Target)));

    public override Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Task.FromResult(ActionOrder.None.Add("repository", plan.Target));

    public override async Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        var input = AwsCalling.Fill(run.Plan.Calls[call], run, values)!;
        var seen = run.Plan.Calls[call].Operation is "PATCH issue"
            ? await SendAsync(ground, HttpMethod.Patch, $"repos/{run.Plan.Target}/issues/{input.Text("number")}", new JsonObject { ["state"] = "closed" }, cancel)
            : await SendAsync(ground, HttpMethod.Post, $"repos/{run.Plan.Target}/issues", input, cancel);
        var ended = HttpDoor.Ended(seen, "GitHub took it");
        return ended.Outcome == ActionOutcome.Succeeded && Tree.Object(seen.Body).Text("number") is { } number ? CallResult.Done($"issue {number}: {Tree.Object(seen.Body).Text("html_url")}", "number", number) : ended;
    }

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        if (run.Plan.Undoes.Length > 0) return await IsOpenAsync(ground, run, cancel) ? CallResult.Failed("read back: it is still open") : CallResult.Done("read back: it is closed");
        var (seen, found) = await GitHubDoor.FindAsync(ground.Doors.Servers ?? throw new ActionRefused("GitHub is not reached from here"), run.Plan.Target, run.Token, cancel);
        if (!seen) return CallResult.Unknown("GitHub could not be asked whether it is there");
        return found.Text("number") is { } number ? CallResult.Done($"read back: it is issue {number}", "number", number) : CallResult.Failed("read back: there is no such issue");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel) =>
        await IsOpenAsync(ground, run, cancel) == (run.Plan.Undoes.Length == 0) ? Verification.Yes($"it is {run.Plan.Wanted}") : Verification.No($"it is not {run.Plan.Wanted}");

    public override string CommandOf(PlannedCall call, ActionPlace place) => call.Operation is "PATCH issue" ? $"gh issue close {JsonNode.Parse(call.Arguments["number"])}" : $"gh issue create --title {call.Arguments["title"]} --body {call.Arguments["body"]}";

    private static async Task<bool> IsOpenAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var number = run.Calls[0].Gave.GetValueOrDefault("number") ?? (run.Plan.Calls[0].Arguments.TryGetValue("number", out var json) ? JsonNode.Parse(json)!.ToString() : "0");
        return HttpDoor.Result(await SendAsync(ground, HttpMethod.Get, $"repos/{run.Plan.Target}/issues/{number}", null, cancel), "GitHub").Text("state") is "open";
    }

    private static string Json(string text) => JsonValue.Create(text).ToJsonString(AwsCalling.Plain);

    private static Task<HttpSeen> SendAsync(ActionGround ground, HttpMethod method, string path, JsonObject? body, CancellationToken cancel) =>
        GitHubDoor.SendAsync(ground.Doors.Servers ?? throw new ActionRefused("GitHub is not reached from here"), method, path, body, cancel);
}
