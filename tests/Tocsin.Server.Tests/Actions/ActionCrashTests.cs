using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Lab.Tests;

namespace Tocsin.Server.Tests.Actions;

/// <summary>A server that dies by SIGKILL in the middle of an action: what was done is found out by reading back, and nothing is ever called twice.</summary>
public sealed class ActionCrashTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_any_step_an_action_is_never_done_twice_and_never_left_open()
    {
        await using var lab = await TestLab.StartAsync(10, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), cancel);
        // Two calls, register and deploy; where the server dies, and how the action ends.
        (string Step, int Number, string Service, string Memory, string[] Ends)[] cases =
        [
            ("before-call", 1, "fastify-nova", "4096", ["failed"]),
            ("after-call", 1, "customer-panel", "2048", ["succeeded"]),
            ("after-outcome", 1, "orion-backend", "2048", ["succeeded"]),
            ("before-call", 2, "events-consumer", "1024", ["unknown"]),
            ("after-call", 2, "storefront", "4096", ["succeeded"]),
        ];
        foreach (var (step, number, service, memory, ends) in cases)
        {
            var before = (await CallsAsync(lab, "RegisterTaskDefinition"), await CallsAsync(lab, "UpdateService"));
            var ended = await KilledAsync(lab, step, number, service, memory);
            var (registered, updated) = (await CallsAsync(lab, "RegisterTaskDefinition") - before.Item1, await CallsAsync(lab, "UpdateService") - before.Item2);
            var state = ended.GetProperty("state").GetString()!;
            Assert.True(ends.Contains(state, StringComparer.Ordinal), $"{step} {number}: {ended}");
            Assert.True(registered <= 1 && updated <= 1, $"{step} {number}: registered {registered} times, updated {updated} times");
            if (state is "succeeded") Assert.Equal((1, 1), (registered, updated));
            if (state is "failed") Assert.Equal((0, 0), (registered, updated));
        }
    }

    private async Task<JsonElement> KilledAsync(TestLab lab, string step, int number, string service, string memory)
    {
        var folder = Directory.CreateTempSubdirectory("tocsin-act-").FullName;
        try
        {
            string id, token;
            using (var dying = Start(lab, folder, [step, $"{number}"]))
            {
                using var end = cancel.Register(dying.Kill);
                var invitation = new Uri((await dying.StandardOutput.ReadLineAsync(cancel))!);
                using var http = new HttpClient { BaseAddress = new Uri(invitation, "/") };
                token = (await ReadAsync(await http.PostAsJsonAsync($"/api/v1/invitations/{invitation.Segments[^1]}", new { password = "correct horse battery" }, cancel))).GetProperty("token").GetString()!;
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
                var plan = await ReadAsync(await http.PostAsJsonAsync("/api/v1/actions", new { action = "ecs.deployRevision", environment = "production", target = service, values = new { memory } }, cancel));
                id = plan.GetProperty("id").GetString()!;
                await ReadAsync(await http.PostAsJsonAsync($"/api/v1/actions/{id}/approve", new { digest = plan.GetProperty("digest").GetString() }, cancel));
                await ReadAsync(await http.PostAsJsonAsync($"/api/v1/actions/{id}/run", new { }, cancel));
                using var death = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                death.CancelAfter(TimeSpan.FromSeconds(60));
                try
                {
                    await dying.WaitForExitAsync(death.Token);
                }
                catch (OperationCanceledException)
                {
                    var stands = await ReadAsync(await http.GetAsync($"/api/v1/actions/{id}", cancel));
                    dying.Kill();
                    Assert.Fail($"{step} {number} was not reached: {stands}");
                }
            }
            using var next = Start(lab, folder, []);
            try
            {
                using var http = new HttpClient { BaseAddress = new Uri((await next.StandardOutput.ReadLineAsync(cancel))!) };
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
                return await EndedAsync(http, id);
            }
            finally
            {
                next.Kill();
                await next.WaitForExitAsync(cancel);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<JsonElement> EndedAsync(HttpClient http, string id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        while (true)
        {
            var now = await ReadAsync(await http.GetAsync($"/api/v1/actions/{id}", limit.Token));
            if (now.GetProperty("state").GetString() is "failed" or "unknown" || now.TryGetProperty("verified", out _)) return now;
            await Task.Delay(100, limit.Token);
        }
    }

    private async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(cancel));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
    }

    private static Process Start(TestLab lab, string folder, string[] at)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Tocsin.Server.Crash.dll"), folder, TestWorld.Root, "http://127.0.0.1:9", .. at]) { UseShellExecute = false, RedirectStandardOutput = true };
        start.Environment["TOCSIN_CRASH_LAB"] = $"{lab.Host.State.Endpoint.TrimEnd('/')} {lab.Host.State.AccessKeyId} {lab.Host.State.SecretAccessKey}";
        return Process.Start(start)!;
    }

    private async Task<int> CallsAsync(TestLab lab, string operation)
    {
        var ground = ActedLab.GroundOf(lab);
        using var reader = ground.Reader;
        var trail = await ground.AskAsync("cloudtrail", "LookupEvents", new JsonObject { ["LookupAttributes"] = new JsonArray(new JsonObject { ["AttributeKey"] = "EventName", ["AttributeValue"] = operation }), ["MaxResults"] = 50 }, cancel);
        return ((JsonArray)trail["Events"]!).Count(e => ((string)e!["CloudTrailEvent"]!).Contains("assumed-role/tocsin-acting", StringComparison.Ordinal));
    }
}
