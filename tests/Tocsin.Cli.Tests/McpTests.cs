using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
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
        var explained = await AskAsync(client, "explain", new() { ["text"] = "connect ECONNREFUSED 10.0.12.34:3306" });
        Assert.Equal(at.Run("explain", "connect ECONNREFUSED 10.0.12.34:3306", "--format", "json").Out, explained);
        Assert.Contains("mysql-unreachable", explained, StringComparison.Ordinal);
        Assert.Contains("mysql-unreachable", await AskAsync(client, "scan", new() { ["text"] = "ok\nError: connect ECONNREFUSED 10.0.12.34:3306\n" }), StringComparison.Ordinal);
        var file = at.Write("app.log", "Error: connect ECONNREFUSED 10.0.12.34:3306\n");
        Assert.Contains("app.log", await AskAsync(client, "scan", new() { ["paths"] = new[] { file } }), StringComparison.Ordinal);
        // What begins like an option is a text all the same.
        Assert.Contains("unknown", await AskAsync(client, "explain", new() { ["text"] = "--catalog /etc" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_catalog_and_the_playbooks_can_be_searched()
    {
        await using var client = await ConnectAsync();
        var all = JsonDocument.Parse(await AskAsync(client, "catalog", [])).RootElement;
        Assert.True(all.GetArrayLength() >= 36);
        Assert.Contains("ecs-exit-137", await AskAsync(client, "catalog", new() { ["search"] = "137" }), StringComparison.Ordinal);
        Assert.Contains("p0-a-all-down", await AskAsync(client, "playbooks", new() { ["facts"] = new[] { "all-down" }, ["severity"] = "P0" }), StringComparison.Ordinal);
        Assert.Contains("\"steps\"", await AskAsync(client, "playbooks", new() { ["playbook"] = "p0-b" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_done_says_why_and_the_next_question_is_answered()
    {
        await using var client = await ConnectAsync();
        var refused = await client.CallToolAsync("incidents", new Dictionary<string, object?>(StringComparer.Ordinal), cancellationToken: Cancel);
        Assert.True(refused.IsError);
        Assert.Contains("TOCSIN_URL", ((TextContentBlock)refused.Content[0]).Text, StringComparison.Ordinal);
        var neither = await client.CallToolAsync("scan", new Dictionary<string, object?>(StringComparer.Ordinal), cancellationToken: Cancel);
        Assert.True(neither.IsError);
        Assert.Contains("mysql-unreachable", await AskAsync(client, "explain", new() { ["text"] = "mysql-unreachable" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("value=-")]
    [InlineData("value=hunter2")]
    public async Task What_only_a_person_may_type_is_not_proposed(string value)
    {
        await using var client = await ConnectAsync();
        var secret = await client.CallToolAsync("propose", new Dictionary<string, object?>(StringComparer.Ordinal) { ["action"] = "secret.put", ["target"] = "zelly/storefront/env", ["values"] = new[] { "key=CORE_API_URL", value } }, cancellationToken: Cancel);
        Assert.True(secret.IsError);
        var said = ((TextContentBlock)secret.Content[0]).Text;
        Assert.Contains("given by a person", said, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", said, StringComparison.Ordinal);
        var unknown = await client.CallToolAsync("propose", new Dictionary<string, object?>(StringComparer.Ordinal) { ["action"] = "ecs.explode", ["target"] = "storefront" }, cancellationToken: Cancel);
        Assert.True(unknown.IsError);
        Assert.Contains("ecs.explode", ((TextContentBlock)unknown.Content[0]).Text, StringComparison.Ordinal);
        // The line to the client still stands.
        Assert.Contains("mysql-unreachable", await AskAsync(client, "explain", new() { ["text"] = "mysql-unreachable" }), StringComparison.Ordinal);
    }

    private async Task<McpClient> ConnectAsync(string? revision = null) => await McpClient.CreateAsync(
        new StdioClientTransport(new StdioClientTransportOptions { Name = "tocsin", Command = ProgramUnderTest.Words()[0], Arguments = ProgramUnderTest.Words("mcp")[1..], WorkingDirectory = at.Folder, EnvironmentVariables = new Dictionary<string, string?>(StringComparer.Ordinal) { ["TOCSIN_URL"] = null, ["TOCSIN_TOKEN"] = null, ["TOCSIN_CONFIG"] = null } }),
        new McpClientOptions { ProtocolVersion = revision, DiscoverProbeTimeout = Timeout.InfiniteTimeSpan },
        cancellationToken: Cancel);

    private static async Task<string> AskAsync(McpClient client, string tool, Dictionary<string, object?> arguments)
    {
        var answer = await client.CallToolAsync(tool, arguments, cancellationToken: Cancel);
        var text = ((TextContentBlock)answer.Content[0]).Text;
        Assert.True(answer.IsError is not true, text);
        return text;
    }
}
