using System.Text.Json;
using ModelContextProtocol.Client;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>tocsin mcp with a real client of the protocol, over the real process.</summary>
public sealed class McpTests : IDisposable
{
    private readonly Workplace at = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => at.Dispose();

    // The newest revision has no handshake; older clients begin with one.
    [Theory]
    [InlineData(null)]
    [InlineData("2025-06-18")]
    public async Task Every_tool_only_looks_or_proposes_and_none_approves_or_executes(string? revision)
    {
        await using var client = await ConnectAsync(revision);
        var tools = await client.ListToolsAsync(cancellationToken: Cancel);
        Assert.Equal(["catalog", "compare", "drill", "explain", "incidents", "playbooks", "propose", "scan", "why"], tools.Select(t => t.Name).Order(StringComparer.Ordinal));
        Assert.All(tools, t => Assert.True(t.ProtocolTool.Annotations is { DestructiveHint: false } hints && hints.ReadOnlyHint == (t.Name != "propose"), t.Name));
        Assert.All(tools, t => Assert.DoesNotContain("cancel", t.JsonSchema.GetRawText(), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_text_is_explained_and_a_log_is_scanned_as_by_the_command_line()
    {
        await using var client = await ConnectAsync();
        var explained = await client.AskAsync("explain", new() { ["text"] = "connect ECONNREFUSED 10.0.12.34:3306" });
        Assert.Equal(at.Run("explain", "connect ECONNREFUSED 10.0.12.34:3306", "--format", "json").Out, explained);
        Assert.Contains("mysql-unreachable", explained, StringComparison.Ordinal);
        Assert.Contains("mysql-unreachable", await client.AskAsync("scan", new() { ["text"] = "ok\nError: connect ECONNREFUSED 10.0.12.34:3306\n" }), StringComparison.Ordinal);
        var file = at.Write("app.log", "Error: connect ECONNREFUSED 10.0.12.34:3306\n");
        Assert.Contains("app.log", await client.AskAsync("scan", new() { ["paths"] = new[] { file } }), StringComparison.Ordinal);
        // What begins like an option is a text all the same.
        Assert.Contains("unknown", await client.AskAsync("explain", new() { ["text"] = "--catalog /etc" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_catalog_and_the_playbooks_can_be_searched()
    {
        await using var client = await ConnectAsync();
        var all = JsonDocument.Parse(await client.AskAsync("catalog", [])).RootElement;
        Assert.True(all.GetArrayLength() >= 36);
        Assert.Contains("ecs-exit-137", await client.AskAsync("catalog", new() { ["search"] = "137" }), StringComparison.Ordinal);
        Assert.Contains("p0-a-all-down", await client.AskAsync("playbooks", new() { ["facts"] = new[] { "all-down" }, ["severity"] = "P0" }), StringComparison.Ordinal);
        Assert.Contains("\"steps\"", await client.AskAsync("playbooks", new() { ["playbook"] = "p0-b" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_done_says_why_and_the_next_question_is_answered()
    {
        await using var client = await ConnectAsync();
        var refused = await client.CallAsync("incidents", []);
        Assert.True(refused.Refused);
        Assert.Contains("TOCSIN_URL", refused.Text, StringComparison.Ordinal);
        var neither = await client.CallAsync("scan", []);
        Assert.True(neither.Refused);
        Assert.Contains("mysql-unreachable", await client.AskAsync("explain", new() { ["text"] = "mysql-unreachable" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("value=-")]
    [InlineData("value=hunter2")]
    public async Task What_only_a_person_may_type_is_not_proposed(string value)
    {
        await using var client = await ConnectAsync();
        var secret = await client.CallAsync("propose", new() { ["action"] = "secret.put", ["target"] = "zelly/storefront/env", ["values"] = new[] { "key=CORE_API_URL", value } });
        Assert.True(secret.Refused);
        var said = secret.Text;
        Assert.Contains("given by a person", said, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", said, StringComparison.Ordinal);
        var unknown = await client.CallAsync("propose", new() { ["action"] = "ecs.explode", ["target"] = "storefront" });
        Assert.True(unknown.Refused);
        Assert.Contains("ecs.explode", unknown.Text, StringComparison.Ordinal);
        // The line to the client still stands.
        Assert.Contains("mysql-unreachable", await client.AskAsync("explain", new() { ["text"] = "mysql-unreachable" }), StringComparison.Ordinal);
    }

    private Task<McpClient> ConnectAsync(string? revision = null) => McpLine.ConnectAsync(at.Folder, new Dictionary<string, string?>(StringComparer.Ordinal) { ["TOCSIN_URL"] = null, ["TOCSIN_TOKEN"] = null, ["TOCSIN_CONFIG"] = null }, revision);
}
