using System.Globalization;
using System.Net;
using System.Text;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

public sealed class MalformedTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_hundred_malformed_requests_are_refused_with_a_reason_and_nothing_is_kept()
    {
        await using var world = await TestWorld.SqliteAsync();
        var intake = await world.IntakeAsync();
        await world.DeclareAsync("Checkout is broken", "P1");
        var before = await CountsAsync(world);
        var requests = Requests(intake).ToList();
        Assert.True(requests.Count >= 200, $"{requests.Count} requests");
        foreach (var (method, path, body, media) in requests)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { { "Content-Type", media } } };
            using var response = await world.Http.SendAsync(request, Cancel);
            var what = $"{method} {path} {(body is null ? "" : Encoding.UTF8.GetString(body[..Math.Min(80, body.Length)]))} -> {(int)response.StatusCode}";
            Assert.True((int)response.StatusCode is >= 400 and < 500, what);
            Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{what} {response.Content.Headers.ContentType}");
        }
        Assert.Equal(before, await CountsAsync(world));
    }

    [Fact]
    public async Task A_wrong_body_is_told_by_its_field_and_what_would_be_right()
    {
        await using var world = await TestWorld.SqliteAsync();
        await world.DeclareAsync("Checkout is broken", "P1");
        foreach (var (path, body, words) in new[]
        {
            ("", """{"title":"x","severity":"P9"}""", "severity is one of P0, P1, P2, P3"),
            ("", """{"titel":"x"}""", "the field \"titel\" is unknown; known: title"),
            ("", """{"title":7}""", "title is a text"),
            ("", """{"title":"x","users":"many"}""", "users is a number"),
            ("", """{"title":"x","facts":"revenue"}""", "facts is a list, each of which is a text"),
            ("", """{"title":"x","impactStart":"yesterday"}""", "impactStart"),
            ("/INC-1/assign", """{"role":"chief","person":"lead"}""", "role is one of incidentCommander, communications, scribe, responder"),
            ("/INC-1/assign", """{"role":"scribe"}""", "missing: person"),
            ("/INC-1/note", "[]", "the body is one object with: text"),
        })
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await world.Http.PostAsync($"/api/v1/incidents{path}", content, Cancel);
            var said = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("detail").GetString()!;
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.StartsWith(words, said, StringComparison.Ordinal);
            Assert.DoesNotContain("Tocsin.", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_event_of_ten_megabytes_is_refused()
    {
        await using var world = await TestWorld.SqliteAsync();
        var intake = await world.IntakeAsync();
        // Asks first, so that the answer is not lost in a connection that is closed while it is written to.
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{intake}/ndjson") { Content = new ByteArrayContent(new byte[10 * 1024 * 1024]), Headers = { ExpectContinue = true } };
        using var response = await world.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    private static async Task<string> CountsAsync(TestWorld world) => string.Join(' ', await world.Host.Part<Database>().ReadAsync(
        (s, c) => s.QueryAsync<long>("select count(*) from events union all select count(*) from intake union all select count(*) from signals union all select count(*) from incidents union all select count(*) from outbox union all select count(*) from accounts union all select count(*) from tokens union all select count(*) from audit union all select count(*) from heartbeats", null, c),
        Cancel));

    private static IEnumerable<(string Method, string Path, byte[]? Body, string Media)> Requests(string intake)
    {
        string[] broken = ["", " ", "{", "}", "[", "nul", "null", "true", "42", "\"text\"", "[]", "[null]", "{\"title\":", "{\"title\":}", "{'title':'x'}", "<xml/>", "\0", "\u00ff\u00fe", "{\"title\":1}", "{\"title\":null}", "{\"title\":\"\"}", "{\"title\":\"  \"}", "{\"titel\":\"x\"}", "{\"title\":\"x\",\"more\":1}", "{\"title\":\"x\"}}"];
        string[] posts = ["/api/v1/incidents", "/api/v1/incidents/INC-1/severity", "/api/v1/incidents/INC-1/assign", "/api/v1/incidents/INC-1/merge", "/api/v1/accounts", "/api/v1/tokens"];
        foreach (var body in broken)
        {
            yield return Json($"{intake}/webhook", body);
            foreach (var path in posts) yield return Json(path, body);
        }
        foreach (var value in (string[])["\"P9\"", "\"\"", "[]", "{}", "1.5", "\"p one\""]) yield return Json("/api/v1/incidents", $"{{\"title\":\"x\",\"severity\":{value}}}");
        foreach (var part in (string[])["\"facts\":[\"unknown\"]", "\"facts\":\"revenue\"", "\"users\":101", "\"users\":-1", "\"users\":\"many\"", "\"status\":\"maybe\"", "\"entry\":\"no-such-entry\"", "\"severity\":\"P7\"", $"\"text\":\"{new string('x', 5000)}\"", $"\"service\":\"{new string('x', 101)}\"", $"\"fingerprint\":\"{new string('x', 101)}\""]) yield return Json($"{intake}/webhook", $"{{\"title\":\"x\",{part}}}");
        yield return Json($"{intake}/webhook", $"{{\"title\":\"{new string('x', 301)}\"}}");
        yield return Json($"{intake}/webhook", $"[{string.Join(',', Enumerable.Repeat("{\"title\":\"x\"}", 1001))}]");
        yield return Json($"{intake}/webhook", new string('[', 200));
        yield return Json("/api/v1/incidents", $"{{\"title\":\"{new string('x', 301)}\"}}");
        yield return Json("/api/v1/incidents", "{\"title\":\"x\",\"impactStart\":\"yesterday\"}");
        yield return Json("/api/v1/incidents", "{\"title\":\"x\",\"impactStart\":\"2099-01-01T00:00:00Z\"}");
        yield return Json("/api/v1/incidents", "{\"title\":\"x\",\"detected\":\"2099-01-01T00:00:00Z\"}");
        foreach (var id in (string[])["INC-0", "INC--1", "INC-99999999999999", "INC-x", "0", "INC-999"])
        {
            yield return ("GET", $"/api/v1/incidents/{id}", null, "");
            yield return ("GET", $"/api/v1/incidents/{id}/why/lead", null, "");
            yield return Json($"/api/v1/incidents/{id}/note", "{\"text\":\"x\"}");
        }
        foreach (var query in (string[])["most=0", "most=201", "most=many", "severity=P9", "open=maybe", "before=x"]) yield return ("GET", $"/api/v1/incidents?{query}", null, "");
        foreach (var query in (string[])["most=0", "minutes=0", "minutes=x"]) yield return ("GET", $"/api/v1/signals?{query}", null, "");
        yield return ("GET", "/api/v1/incidents/INC-1/why/lead?at=noon", null, "");
        yield return ("GET", "/api/v1/nothing", null, "");
        yield return ("DELETE", "/api/v1/incidents/INC-1", null, "");
        yield return ("DELETE", "/api/v1/tokens/none", null, "");
        yield return ("POST", "/api/v1/incidents", "title=x"u8.ToArray(), "application/x-www-form-urlencoded");
        yield return Json("/in/tck_wrong/webhook", "{\"title\":\"x\"}");
        yield return Json("/in/tck_wrong/ndjson", "x");
        yield return ("POST", $"{intake}/ndjson", [], "text/plain");
        yield return ("POST", $"{intake}/heartbeat/unknown", null, "");
        yield return Json("/api/v1/heartbeats", "{\"key\":\"x\",\"name\":\"n\",\"every\":\"PT1H\"}");
        yield return Json("/api/v1/heartbeats", "{\"key\":\"x\",\"name\":\"n\",\"every\":\"soon\"}");
        yield return Json("/api/v1/pages/test", "{\"person\":\"nobody\"}");
        foreach (var part in (string[])["\"format\":null", "\"format\":\"pdf\"", "\"width\":1", "\"width\":\"wide\"", "\"colour\":\"red\"", "\"place\":\"x\""]) yield return Json("/api/v1/drills", $"{{{part}}}");
        yield return Json("/api/v1/incidents/INC-1/note", "{\"text\":\"\"}");
        yield return Json("/api/v1/incidents/INC-1/update", "{\"text\":\"x\",\"nextBy\":\"2001-01-01T00:00:00Z\"}");
        yield return Json("/api/v1/incidents/INC-1/merge", "{\"into\":\"INC-1\"}");
        yield return Json("/api/v1/incidents/INC-1/split", "{\"fingerprints\":[],\"title\":\"x\"}");
        for (var i = 0; i < 20; i++) yield return Json($"{intake}/webhook", string.Create(CultureInfo.InvariantCulture, $"{{\"title\":\"x\",\"field{i}\":{i}}}"));
    }

    private static (string, string, byte[]?, string) Json(string path, string body) => ("POST", path, Encoding.UTF8.GetBytes(body), "application/json");
}
