using System.Net;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Access;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

public sealed class AccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_endpoint_declares_what_it_needs()
    {
        await using var world = await TestWorld.SqliteAsync();
        var endpoints = world.Host.Endpoints.OfType<RouteEndpoint>().ToList();
        Assert.True(endpoints.Count > 30);
        Assert.Empty(endpoints.Where(e => e.Metadata.GetMetadata<Needs>() is null).Select(e => e.DisplayName));
        Assert.All(endpoints.Select(e => e.Metadata.GetMetadata<Needs>()!).Where(n => n.Role is null), n => Assert.NotEqual("", n.Why));
        // Whatever changes something needs more than to look.
        Assert.Empty(endpoints.Where(e => e.Metadata.GetMetadata<Needs>() is { Role: Role.Viewer } && !MethodsOf(e).Contains("GET")).Select(e => e.DisplayName));
    }

    [Fact]
    public async Task Each_endpoint_lets_in_exactly_whom_it_says()
    {
        await using var world = await TestWorld.SqliteAsync();
        var tokens = new List<(Role Role, string Scope, string Token)>();
        foreach (var role in Enum.GetValues<Role>())
        {
            foreach (var scope in Scopes.All) tokens.Add((role, scope, await world.TokenAsync($"{role}-{scope}".ToLowerInvariant(), role.ToString().ToLowerInvariant(), scope)));
        }
        var guarded = world.Host.Endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<Needs>()!.Role is not null && e.RoutePattern.RawText != "/api/v1/events").ToList();
        foreach (var endpoint in guarded)
        {
            var needs = endpoint.Metadata.GetMetadata<Needs>()!;
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(world, endpoint, ""));
            foreach (var (role, scope, token) in tokens)
            {
                var status = await AskAsync(world, endpoint, token);
                if (role >= needs.Role && scope == needs.Scope) Assert.False(status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{endpoint.DisplayName} refuses {role} with {scope}");
                else Assert.True(status == HttpStatusCode.Forbidden, $"{endpoint.DisplayName} answers {status} to {role} with {scope}");
            }
        }
    }

    [Fact]
    public async Task An_invitation_is_taken_once_and_a_revoked_token_ends()
    {
        await using var world = await TestWorld.SqliteAsync();
        var token = await world.TokenAsync("vera", "viewer", "read");
        using (var vera = world.Client(token)) Assert.Equal(HttpStatusCode.OK, (await vera.GetAsync("/api/v1/incidents", Cancel)).StatusCode);
        var id = (await world.GetAsync("/api/v1/tokens")).EnumerateArray().Single(t => t.GetProperty("name").GetString() == "test").GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.NoContent, (await world.Http.DeleteAsync($"/api/v1/tokens/{id}", Cancel)).StatusCode);
        using (var vera = world.Client(token)) Assert.Equal(HttpStatusCode.Unauthorized, (await vera.GetAsync("/api/v1/incidents", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await world.PostAsync("/api/v1/invitations/tci_wrong", new { password = "correct horse battery" })).StatusCode);
    }

    [Fact]
    public async Task Guessing_a_password_ends_after_a_few_times()
    {
        await using var world = await TestWorld.SqliteAsync();
        for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await world.PostAsync("/api/v1/sessions", new { name = "nobody", password = "wrong" })).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await world.PostAsync("/api/v1/sessions", new { name = "nobody", password = "wrong" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync("/api/v1/sessions", new { name = "admin", password = "correct horse battery" })).StatusCode);
    }

    [Theory]
    [InlineData("127.0.0.0/8", "vera", HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.0/8", "admin", HttpStatusCode.OK, HttpStatusCode.OK)]
    [InlineData("127.0.0.0/8", "nobody", HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    [InlineData("127.0.0.0/8", "admin,vera", HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    [InlineData("10.0.0.0/8", "admin", HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    [InlineData("", "admin", HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized)]
    public async Task Whom_a_proxy_names_is_believed_from_its_own_network_only(string from, string name, HttpStatusCode reads, HttpStatusCode administers)
    {
        await using var world = await TestWorld.SqliteAsync(o => from.Length == 0 ? o : o with { Proxy = new TrustedProxy("X-Remote-User", [System.Net.IPNetwork.Parse(from)]) });
        Assert.Equal(HttpStatusCode.Created, (await world.PostAsync("/api/v1/accounts", new { name = "vera", role = "viewer" })).StatusCode);
        using var proxied = new HttpClient { BaseAddress = world.Http.BaseAddress };
        proxied.DefaultRequestHeaders.Add("X-Remote-User", name);
        Assert.Equal(reads, (await proxied.GetAsync("/api/v1/incidents", Cancel)).StatusCode);
        Assert.Equal(administers, (await proxied.GetAsync("/api/v1/accounts", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_link_to_acknowledge_shows_a_button_and_only_pressing_it_acknowledges()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        var link = world.Sent.First(p => p.Person == "engineer-2").AcknowledgeLink!;
        using var stranger = new HttpClient();
        for (var i = 0; i < 3; i++) Assert.Contains("Acknowledge as engineer-2", await stranger.GetStringAsync(link, Cancel), StringComparison.Ordinal);
        Assert.Equal("", (await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("summary").GetProperty("heldBy").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(link.ToString().Replace("engineer-2", "engineer-1", StringComparison.Ordinal), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await stranger.PostAsync(link, null, Cancel)).StatusCode);
        Assert.Equal("engineer-2", (await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("summary").GetProperty("heldBy").GetString());
        world.Time.Advance(TimeSpan.FromHours(25));
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(link, Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_secret_that_comes_in_stands_nowhere_afterwards()
    {
        const string Canary = "AKIAIOSFODNN7CANARY1";
        const string Password = "hunter2-canary-hunter2";
        await using var world = await TestWorld.SqliteAsync();
        var intake = await world.IntakeAsync(service: "fastify-nova");
        await world.PostAsync($"{intake}/webhook", new { title = $"Login fails password={Password}", text = $"mysql://root:{Password}@10.0.0.1/db AWS_SECRET_ACCESS_KEY={Canary}", severity = "P1" });
        using (var lines = new StringContent($"Access denied for user 'root'@'10.0.0.1' (using password: YES) password={Password}\n")) await world.Http.PostAsync($"{intake}/ndjson", lines, Cancel);
        await world.SettleAsync();
        var dump = new MemoryStream();
        await Backup.WriteAsync(world.Host.Part<Database>(), dump, Cancel);
        dump.Position = 0;
        using var text = new StreamReader(new System.IO.Compression.GZipStream(dump, System.IO.Compression.CompressionMode.Decompress));
        var everywhere = await text.ReadToEndAsync(Cancel) + world.Log.All + await world.Http.GetStringAsync("/api/v1/incidents/INC-1", Cancel) + await world.Http.GetStringAsync("/api/v1/signals", Cancel) + await world.Http.GetStringAsync("/metrics", Cancel) + string.Concat(world.Sent);
        Assert.Contains("Login fails", everywhere, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, everywhere, StringComparison.Ordinal);
        Assert.DoesNotContain(world.AdminToken, everywhere, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];

    private static async Task<HttpStatusCode> AskAsync(TestWorld world, RouteEndpoint endpoint, string token)
    {
        var path = string.Join('/', endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(p => p is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "999"))));
        var method = MethodsOf(endpoint)[0];
        using var client = world.Client(token);
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/{path}");
        if (method == "POST") request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        return response.StatusCode;
    }
}
