using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Tocsin.Cli.Tests.Processes;

/// <summary><c>tocsin mcp</c> as an assistant starts it: the real process and a real client of the protocol.</summary>
internal static class McpLine
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="folder">Where it works.</param>
    /// <param name="variables">What it is given beside what the test has; null takes one away.</param>
    /// <param name="revision">A revision of the protocol; the newest has no handshake.</param>
    public static async Task<McpClient> ConnectAsync(string folder, IReadOnlyDictionary<string, string?> variables, string? revision = null) => await McpClient.CreateAsync(
        new StdioClientTransport(new StdioClientTransportOptions { Name = "tocsin", Command = ProgramUnderTest.Words()[0], Arguments = ProgramUnderTest.Words("mcp")[1..], WorkingDirectory = folder, EnvironmentVariables = new Dictionary<string, string?>(variables, StringComparer.Ordinal) }),
        new McpClientOptions { ProtocolVersion = revision, DiscoverProbeTimeout = Timeout.InfiniteTimeSpan },
        cancellationToken: Cancel);

    /// <summary>What a tool says, whether it could or not.</summary>
    public static async Task<(bool Refused, string Text)> CallAsync(this McpClient client, string tool, Dictionary<string, object?> arguments)
    {
        var answer = await client.CallToolAsync(tool, arguments, cancellationToken: Cancel);
        return (answer.IsError is true, ((TextContentBlock)answer.Content[0]).Text);
    }

    /// <summary>What a tool says that must be able to.</summary>
    public static async Task<string> AskAsync(this McpClient client, string tool, Dictionary<string, object?> arguments)
    {
        var (refused, text) = await client.CallAsync(tool, arguments);
        Assert.False(refused, text);
        return text;
    }
}
