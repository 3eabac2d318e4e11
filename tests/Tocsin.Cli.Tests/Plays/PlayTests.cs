using System.Globalization;
using System.Runtime.CompilerServices;

namespace Tocsin.Cli.Tests.Plays;

/// <summary>The three P0 playbooks from the fault to the final post-mortem, by the command line alone. The first runs with all tests, all of them by <c>./dev plays</c>, which keeps the transcripts in docs/transcripts.</summary>
public sealed class PlayTests
{
    [Fact]
    public async Task P0_A_all_services_answer_503_is_rolled_back()
    {
        await using var play = await PlayedIncident.StartAsync("inject", "alb-503-tasks-crash", "--env", "production");
        await play.DeclareAsync("All services answer 503", "all-down");
        await play.PlayAsync("p0-a", new(StringComparer.Ordinal) { ["rollback"] = () => play.ActAsync("ecs.rollback", "customer-panel") }, new(StringComparer.Ordinal) { ["running"] = 1, ["cause"] = 1 });
        var document = await play.ConcludeAsync("Rolled back to the revision before", "A revision was deployed without DB_HOST, so every task of the panel crashed.");
        Assert.Contains("| ecs.rollback | customer-panel |", document, StringComparison.Ordinal);
        await KeptAsync("p0-a", play, document);
    }

    [Fact]
    public async Task What_an_assistant_proposes_over_mcp_waits_for_people_and_they_run_it()
    {
        await using var play = await PlayedIncident.StartAsync("inject", "alb-503-tasks-crash", "--env", "production");
        await play.DeclareAsync("The panel answers 503", "revenue");
        var (said, kept) = await play.ProposeAsync("ecs.rollback", "customer-panel");
        Assert.Contains(kept.GetProperty("digest").GetString()!, said, StringComparison.Ordinal);
        Assert.Equal("planned", kept.GetProperty("state").GetString());
        Assert.NotEqual("", kept.GetProperty("waiting").GetString());
        await play.CarryOutAsync();
        Assert.Contains("succeeded", await play.SayAsync("bob", "action", "show", kept.GetProperty("id").GetString()!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_drills_for_who_has_no_access_of_their_own()
    {
        await using var play = await PlayedIncident.StartAsync("inject", "alb-503-tasks-crash", "--env", "production");
        Assert.Contains("alb-503", await play.SayAsync("ann", "drill", "customer-panel", "--env", "production", "--server"), StringComparison.Ordinal);
        Assert.Contains("\"verdict\": \"", await play.SayAsync("bob", "drill", "customer-panel", "--server", "--format", "json"), StringComparison.Ordinal);
        foreach (var (arguments, code, says) in new (string[], int, string)[]
        {
            (["customer-panel", "--exit-code"], 1, "alb-503"),
            (["customer-pannel"], 2, "there is no service customer-pannel"),
            (["--env", "prod"], 2, "the platform has"),
            (["--since", "yesterday"], 2, "yesterday"),
            (["--lab"], 2, "--lab does not go with --server"),
            (["--from-bundle", "x.json"], 2, "--from-bundle does not go with --server"),
        })
        {
            var (gave, output, error) = await play.RunAsync("ann", ["drill", "--server", .. arguments]);
            Assert.True(gave == code, $"{string.Join(' ', arguments)} gave {gave}: {output}{error}");
            Assert.Contains(says, output + error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task P0_B_data_is_lost_writes_are_stopped_first_and_started_again()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("TOCSIN_WRITE") is "1", "./dev plays plays it");
        await using var play = await PlayedIncident.StartAsync("secret", "set", "zelly/fastify-nova/env", "DB_NAME=other", "--env", "production");
        await play.DeclareAsync("Orders are missing", "data-loss");
        await play.PlayAsync(
            "p0-b",
            new(StringComparer.Ordinal) { ["stop-writes"] = () => play.ActAsync("ecs.stopWrites", "production"), ["snapshot"] = () => play.ActAsync("rds.snapshot", "aurora") },
            new(StringComparer.Ordinal) { ["way-back"] = 2 });
        var document = await play.ConcludeAsync("The rows are back", "The wrong database was written to.");
        Assert.Contains("| ecs.stopWrites | production |", document, StringComparison.Ordinal);
        Assert.Contains("| rds.snapshot |", document, StringComparison.Ordinal);
        await KeptAsync("p0-b", play, document);
    }

    [Fact]
    public async Task P0_C_a_secret_leaked_and_is_rotated_before_anything_else()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("TOCSIN_WRITE") is "1", "./dev plays plays it");
        await using var play = await PlayedIncident.StartAsync("secret", "set", "zelly/customer-panel/env", "SESSION_SECRET=leaked", "--env", "production");
        await play.DeclareAsync("A session secret stands in a public repository", "breach");
        await play.PlayAsync(
            "p0-c",
            new(StringComparer.Ordinal) { ["rotate-secret"] = () => play.ActAsync("secret.put", "zelly/customer-panel/env", "key=SESSION_SECRET", "value=made-anew"), ["redeploy"] = () => play.ActAsync("ecs.forceDeploy", "customer-panel") },
            new(StringComparer.Ordinal) { ["which"] = 3 });
        var document = await play.ConcludeAsync("The secret is another", "A session secret was committed.");
        Assert.Contains("| secret.put | zelly/customer-panel/env |", document, StringComparison.Ordinal);
        Assert.DoesNotContain("made-anew", document, StringComparison.Ordinal);
        await KeptAsync("p0-c", play, document);
    }

    private static async Task KeptAsync(string name, PlayedIncident play, string document)
    {
        Assert.Contains("**Status:** FINAL", document, StringComparison.Ordinal);
        Assert.Contains("## Actions", document, StringComparison.Ordinal);
        Assert.Contains("| succeeded | works", document, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("TOCSIN_WRITE") is not "1") return;
        var folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "..", "docs", "transcripts"));
        Directory.CreateDirectory(folder);
        var text = string.Create(CultureInfo.InvariantCulture, $"# {name.ToUpperInvariant()} in the lab\n\nFrom the injected fault to the final post-mortem, by two people at a terminal; written by a test.\n\n```text\n{play.Transcript.Replace("```", "'''", StringComparison.Ordinal)}```\n");
        await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.md"), text, TestContext.Current.CancellationToken);
    }

    private static string Here([CallerFilePath] string file = "") => file;
}
