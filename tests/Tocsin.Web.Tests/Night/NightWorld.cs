using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tocsin.Lab.Tests.Life;

namespace Tocsin.Web.Tests.Night;

/// <summary>A lab, the program as it is started for real beside it, live, and the phones of everybody on one gateway.</summary>
internal sealed class NightWorld : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly LabProgram lab = new();
    private readonly HttpClient http = new();
    private readonly WebApplication gateway;
    private readonly ConcurrentQueue<JsonElement> rung = new();
    private Process? server;

    private NightWorld(WebApplication gateway) => this.gateway = gateway;

    public Uri Address => http.BaseAddress!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<NightWorld> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var world = new NightWorld(builder.Build());
        world.gateway.MapPost("/{who}", (string who, JsonElement body) =>
        {
            world.rung.Enqueue(body);
            return Results.Json(new { receipt = "delivered", reference = who });
        });
        await world.gateway.StartAsync(Cancel);
        Assert.Equal(0, (await world.lab.RunAsync(["lab", "up"], Cancel)).Code);
        await world.ServeAsync();
        return world;
    }

    public async Task BreakAsync(string fault)
    {
        var (code, output, error) = await lab.RunAsync(["lab", "inject", fault, "--env", "production"], Cancel);
        Assert.True(code == 0, output + error);
    }

    /// <summary>The first page that somebody can acknowledge, as the phone got it.</summary>
    public async Task<JsonElement> PageAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            foreach (var body in rung)
            {
                if (body.GetProperty("type").GetString() is "page.created" && body.GetProperty("data").GetProperty("acknowledge").ValueKind is JsonValueKind.String) return body.GetProperty("data");
            }
            Assert.True(clock.Elapsed < Limit, "nobody was paged");
            await Task.Delay(100, Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (server is not null)
        {
            if (!server.HasExited) server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync(CancellationToken.None);
            server.Dispose();
        }
        await lab.DisposeAsync();
        await gateway.DisposeAsync();
    }

    // The platform as it is shipped, but with every channel on one gateway: no page leaves this machine.
    private string Platform()
    {
        var folder = Path.Combine(lab.Folder, "platform");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(TestWorld.Root, "platforms", "zelly"), "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(Path.Combine(TestWorld.Root, "platforms", "zelly"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        var response = Path.Combine(folder, "response.yaml");
        File.WriteAllText(response, File.ReadAllText(response).Replace("kind: pagerduty", "kind: webhook", StringComparison.Ordinal).Replace("kind: slack", "kind: webhook", StringComparison.Ordinal).Replace("kind: ntfy", "kind: webhook", StringComparison.Ordinal));
        foreach (var person in new[] { "ENGINEER_1", "ENGINEER_2", "ENGINEER_3", "TECH_LEAD", "FOUNDER_1", "FOUNDER_2" })
        {
            foreach (var way in new[] { "PAGERDUTY", "MESSAGE", "PHONE", "PUSH" }) lab.Variables[$"{person}_{way}"] = $"{gateway.Urls.First()}/{person}";
        }
        return folder;
    }

    private async Task ServeAsync()
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var channel = $"{{ secret: for-the-test, room: \"{gateway.Urls.First()}/room\" }}";
        var settings = $"server:\n  url: {address}\n  allowNetworks: [127.0.0.0/8]\n  channels:\n{string.Concat(new[] { "pagerduty", "phone", "push", "message", "incidents" }.Select(c => $"    {c}: {channel}\n"))}";
        var file = Path.Combine(lab.Folder, "tocsin.yaml");
        await File.WriteAllTextAsync(file, settings, Cancel);
        server = lab.Start(["serve", "--lab", "--live", "--actions", "on", "--listen", address, "--data", Path.Combine(lab.Folder, "data"), "--platform", Platform(), "--config", file]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        var said = "";
        while (!said.Contains("/invite/", StringComparison.Ordinal)) said = await server.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException(await server.StandardError.ReadToEndAsync(limit.Token));
        _ = server.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _ = server.StandardError.ReadToEndAsync(CancellationToken.None);
        http.BaseAddress = new Uri(address + "/");
        var accepted = await PostAsync($"api/v1/invitations/{said[(said.IndexOf("/invite/", StringComparison.Ordinal) + 8)..].Split(' ')[0]}", new { password = Site.Password });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accepted.GetProperty("token").GetString());
        foreach (var (name, role) in new[] { ("ann", "commander"), ("bob", "responder") }) await InviteAsync(name, role);
    }

    private async Task InviteAsync(string name, string role)
    {
        var link = (await PostAsync("api/v1/accounts", new { name, person = "", role })).GetProperty("link").GetString()!;
        await PostAsync($"api/v1/invitations/{link.Split('/')[^1]}", new { password = Site.Password });
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
