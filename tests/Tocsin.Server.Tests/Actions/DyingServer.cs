using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Lab.Tests;

namespace Tocsin.Server.Tests.Actions;

/// <summary>A server in a process of its own that acts in a lab, and dies by SIGKILL where it is told to.</summary>
internal sealed class DyingServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process process;
    private readonly HttpClient http;

    private DyingServer(Process process, HttpClient http) => (this.process, this.http) = (process, http);

    /// <summary>Who it lets in, also after it died and another one took over.</summary>
    public string Token => http.DefaultRequestHeaders.Authorization!.Parameter!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>On an empty folder.</summary>
    /// <param name="at">The step at which it dies, and the how manieth.</param>
    public static async Task<DyingServer> FirstAsync(TestLab lab, string folder, params string[] at)
    {
        var begun = Start(lab, folder, at);
        var invitation = new Uri((await begun.StandardOutput.ReadLineAsync(Cancel))!);
        var server = new DyingServer(begun, new HttpClient { BaseAddress = new Uri(invitation, "/") });
        server.LetIn((await ReadAsync(await server.http.PostAsJsonAsync($"/api/v1/invitations/{invitation.Segments[^1]}", new { password = "correct horse battery" }, Cancel))).GetProperty("token").GetString()!);
        return server;
    }

    /// <summary>On what an earlier one left. Null: it died before it could be asked.</summary>
    public static async Task<DyingServer?> NextAsync(TestLab lab, string folder, string token, params string[] at)
    {
        var begun = Start(lab, folder, at);
        if (await begun.StandardOutput.ReadLineAsync(Cancel) is not { } address)
        {
            await begun.WaitForExitAsync(Cancel);
            begun.Dispose();
            return null;
        }
        var server = new DyingServer(begun, new HttpClient { BaseAddress = new Uri(address) });
        server.LetIn(token);
        return server;
    }

    /// <summary>Planned and approved; its id.</summary>
    public async Task<string> ApprovedAsync(string action, string target, params (string Name, string Value)[] values)
    {
        var plan = await ReadAsync(await http.PostAsJsonAsync("/api/v1/actions", new { action, environment = "production", target, values = values.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal) }, Cancel));
        var id = plan.GetProperty("id").GetString()!;
        await ReadAsync(await http.PostAsJsonAsync($"/api/v1/actions/{id}/approve", new { digest = plan.GetProperty("digest").GetString() }, Cancel));
        return id;
    }

    public async Task RunAsync(string id) => await ReadAsync(await http.PostAsJsonAsync($"/api/v1/actions/{id}/run", new { }, Cancel));

    public async Task<JsonElement> SeeAsync(string id, CancellationToken cancel) => await ReadAsync(await http.GetAsync($"/api/v1/actions/{id}", cancel));

    /// <summary>As it ended, and whether it works where it was looked at; one that never began is as it is.</summary>
    public async Task<JsonElement> EndedAsync(string id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Patience);
        while (true)
        {
            var now = await SeeAsync(id, limit.Token);
            if (now.GetProperty("state").GetString() is "planned" or "approved" or "failed" or "unknown" || now.TryGetProperty("verified", out _)) return now;
            await Task.Delay(100, limit.Token);
        }
    }

    /// <summary>Whether it died by itself within this time.</summary>
    public async Task<bool> DiesAsync(TimeSpan within)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(within);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync(Cancel);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
        http.Dispose();
    }

    /// <summary>What the acting role asked for lately: the id of each call, its operation, and the service.</summary>
    public static async Task<ImmutableArray<(string Id, string Operation, string Service)>> CallsAsync(TestLab lab)
    {
        var ground = ActedLab.GroundOf(lab);
        using var reader = ground.Reader;
        var calls = ImmutableArray.CreateBuilder<(string, string, string)>();
        foreach (var operation in new[] { "RegisterTaskDefinition", "UpdateService" })
        {
            var trail = await ground.AskAsync("cloudtrail", "LookupEvents", new JsonObject { ["LookupAttributes"] = new JsonArray(new JsonObject { ["AttributeKey"] = "EventName", ["AttributeValue"] = operation }), ["MaxResults"] = 50 }, Cancel);
            foreach (var e in (JsonArray)trail["Events"]!)
            {
                var text = (string)e!["CloudTrailEvent"]!;
                var asked = JsonNode.Parse(text)!["requestParameters"];
                if (text.Contains("assumed-role/tocsin-acting", StringComparison.Ordinal)) calls.Add(((string)e["EventId"]!, operation, ((string?)asked?["service"] ?? (string?)asked?["family"])!));
            }
        }
        return calls.ToImmutable();
    }

    private void LetIn(string token) => http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

    private static Process Start(TestLab lab, string folder, string[] at)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Tocsin.Server.Crash.dll"), folder, TestWorld.Root, "http://127.0.0.1:9", .. at]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["TOCSIN_CRASH_LAB"] = $"{lab.Host.State.Endpoint.TrimEnd('/')} {lab.Host.State.AccessKeyId} {lab.Host.State.SecretAccessKey}";
        return Process.Start(start)!;
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Cancel));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }
}
