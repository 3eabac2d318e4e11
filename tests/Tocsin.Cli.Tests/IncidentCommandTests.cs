using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>Every command on incidents, typed at a server that runs beside it.</summary>
public sealed partial class IncidentCommandTests : IDisposable
{
    private readonly Workplace at = new();
    private readonly HttpClient http = new();
    private string token = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        http.Dispose();
        at.Dispose();
    }

    [Fact]
    public async Task Whatever_can_be_done_to_an_incident_can_be_typed()
    {
        Assert.SkipUnless(ProgramUnderTest.IsNamed, "./test names the published program, which lies whole in a folder");
        using var server = await ServeAsync();
        Says("INC-1", "incident", "declare", "Checkout is broken", "--severity", "P1", "--service", "core-api");
        Says("acknowledges", "incident", "ack", "INC-1");
        Says("incident commander", "incident", "assign", "INC-1", "incident-commander", "admin");
        Says("Memory was raised", "incident", "note", "INC-1", "Memory was raised yesterday");
        Says("revenue is affected, about 40 % of users", "incident", "impact", "INC-1", "--fact", "revenue", "--users", "40");
        Says("P0", "incident", "severity", "INC-1", "P0", "Everything stands");
        Says("The rollback runs", "incident", "update", "INC-1", "The rollback runs", "--next", "20m");
        Says("page", "incident", "escalate", "INC-1", "I need the tech lead");
        Says("mitigates", "incident", "mitigate", "INC-1", "The old revision runs");
        Says("resolved", "incident", "resolve", "INC-1", "Rolled back");
        Assert.Contains("reopen it first", Refused("incident", "ack", "INC-1"), StringComparison.Ordinal);
        Says("It is back", "incident", "reopen", "INC-1", "It is back");
        Says("was paged", "why", "INC-1", "engineer-1");

        await ReportAsync("Orders fail");
        var second = await UntilAsync("Orders fail");
        var print = Fingerprint().Match(Says("error", "incident", "show", second)).Value;
        Assert.NotEqual("", print);
        Assert.Contains("nowhere", Refused("incident", "split", second, "Payments fail", "--error", "nowhere"), StringComparison.Ordinal);
        Assert.Contains("itself", Refused("incident", "merge", second, second), StringComparison.Ordinal);
        Says("Checkout is broken", "incident", "merge", second, "INC-1");
        // What the other knew is here now, and can be taken out again.
        Says("Payments fail", "incident", "split", "INC-1", "Payments fail", "--error", print);
        var all = JsonDocument.Parse(Says("[", "incident", "list", "--all", "--format", "json")).RootElement.EnumerateArray().ToDictionary(i => i.GetProperty("title").GetString()!, i => i.GetProperty("phase").GetString(), StringComparer.Ordinal);
        Assert.Equal(["Checkout is broken", "Orders fail", "Payments fail"], all.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("merged", all["Orders fail"], ignoreCase: true);
        Says("", "audit", "verify");
        Assert.Equal(0, server.Stop().Code);
    }

    [Theory]
    [InlineData("export", "all.ndjson")]
    [InlineData("backup", "all.gz")]
    public void Where_there_is_no_database_that_is_said_and_none_is_made(string command, string file)
    {
        var ended = at.Run(command, file);
        Assert.Equal((4, ""), (ended.Code, ended.Out));
        Assert.Contains("there is no database of Tocsin at ", ended.Error, StringComparison.Ordinal);
        Assert.Contains("--data FOLDER", ended.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, at.Run("restore", file).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(at.Folder));
    }

    private string Says(string words, params string[] arguments)
    {
        var ended = Run(arguments);
        Assert.True(ended.Code == 0, $"{string.Join(' ', arguments)} gave {ended.Code}: {ended.Out}{ended.Error}");
        Assert.Contains(words, ended.Out, StringComparison.Ordinal);
        return ended.Out;
    }

    private string Refused(params string[] arguments)
    {
        var ended = Run(arguments);
        Assert.NotEqual(0, ended.Code);
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        return ended.Error;
    }

    private Ended Run(string[] arguments)
    {
        using var running = at.StartWith([("TOCSIN_URL", http.BaseAddress!.ToString()), ("TOCSIN_TOKEN", token)], arguments);
        return running.End();
    }

    private async Task<Running> ServeAsync()
    {
        var server = at.Start("serve", "--no-watch", "--listen", "http://127.0.0.1:0", "--data", at["data"]);
        server.Await("/invite/");
        var link = new Uri(Link().Match(server.Said).Value);
        http.BaseAddress = new Uri(link, "/");
        var taken = await http.PostAsJsonAsync($"api/v1/invitations/{link.Segments[^1]}", new { password = "correct horse battery" }, Cancel);
        token = (await taken.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("token").GetString()!;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return server;
    }

    private async Task ReportAsync(string title)
    {
        var key = await (await http.PostAsJsonAsync("api/v1/intake-keys", new { name = "alerts", environment = "production", service = "storefront" }, Cancel)).Content.ReadFromJsonAsync<JsonElement>(Cancel);
        var reported = await http.PostAsJsonAsync($"in/{key.GetProperty("token").GetString()}/webhook", new { title, severity = "P1" }, Cancel);
        Assert.True(reported.IsSuccessStatusCode, await reported.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<string> UntilAsync(string title)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Workplace.Deadline);
        while (true)
        {
            var found = (await http.GetFromJsonAsync<JsonElement>("api/v1/incidents", limit.Token)).EnumerateArray().FirstOrDefault(i => i.GetProperty("title").GetString() == title);
            if (found.ValueKind is JsonValueKind.Object) return found.GetProperty("id").GetString()!;
            await Task.Delay(50, limit.Token);
        }
    }

    [GeneratedRegex("http://[^ ]+/invite/[^ \\r\\n]+", RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex("(?<= )[0-9a-f]{16,}(?=\\s)", RegexOptions.CultureInvariant)]
    private static partial Regex Fingerprint();
}
