using System.Net;
using System.Text;
using AngleSharp.Dom;
using Microsoft.AspNetCore.Routing;
using Tocsin.Server.Storage;
using Tocsin.Server.Web;

namespace Tocsin.Web.Tests;

/// <summary>Log text is written by anyone. What pages load comes from here. Looking changes nothing.</summary>
public sealed class SafetyTests
{
    private static readonly string[] Hostile =
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg onload=alert(1)>", "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
        "<a href=\"javascript:alert(1)\">x</a>", "<iframe src=//elsewhere.example></iframe>", "{{constructor.constructor('alert(1)')()}}", "<style>*{display:none}</style>",
        "<form action=//elsewhere.example><button>Sign in</button></form>", "<div hx-get=//elsewhere.example hx-trigger=load></div>", "&lt;script&gt;alert(1)&lt;/script&gt;", "\u202Egnp.exe", "<meta http-equiv=refresh content=0;url=//elsewhere.example>", "<base href=//elsewhere.example>",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hostile_text_is_text_wherever_it_is_shown()
    {
        await using var site = await Site.StartAsync();
        var intake = await site.World.IntakeAsync(service: "core-api");
        var id = "";
        foreach (var text in Hostile)
        {
            id = await site.DeclareAsync(text);
            var room = $"/incidents/{id}";
            foreach (var (verb, other) in new[] { ("note", ""), ("update", ""), ("escalate", ""), ("mitigate", ""), ("assign", "Scribe") }) (await site.SendAsync(room, $"{room}/{verb}", ("text", text), ("other", other))).Dispose();
            await site.DiagnoseAsync(id, text, text, text);
            using var report = await site.World.PostAsync($"{intake}/webhook", new { title = $"connect ECONNREFUSED {text}", text = $"Error: connect ECONNREFUSED 10.0.12.34:3306 {text}", severity = "P2", service = text.Length < 100 ? text : "x" });
            await ResponseAsync(site, id, text);
            Check(await site.PageAsync(room), text);
            foreach (var path in new[] { $"{room}/message", $"/post-mortems/{id}", "/post-mortems", "/reports?by=service", "/status", "/status/1", "/status/edit" }) Check(await site.PageAsync(path), text);
            Check(await site.PageAsync($"{room}/why?person={Uri.EscapeDataString(text)}"), text);
            Check(await site.PageAsync($"/reference?q={Uri.EscapeDataString(text)}"), text);
            Check(await site.PageAsync($"/?title={Uri.EscapeDataString(text)}"), text);
            Check(await site.PageAsync($"/palette?q={Uri.EscapeDataString(text)}"), text);
            Check(await site.PageAsync($"/lab?q={Uri.EscapeDataString(text)}"), text);
            Check(await site.PageAsync($"/simulate?what={Uri.EscapeDataString(text)}&severity=P1&service={Uri.EscapeDataString(text)}", text.Length > 0 ? HttpStatusCode.OK : HttpStatusCode.BadRequest), text);
            Check(await site.PageAsync($"/signals?service={Uri.EscapeDataString(text)}&fingerprint={Uri.EscapeDataString(text)}"), text);
            Check(await site.PageAsync($"/oncall?view={Uri.EscapeDataString(text)}&from={Uri.EscapeDataString(text)}&done={Uri.EscapeDataString(text)}"), text);
            foreach (var (page, action, fields) in Forms(text)) Check(await Site.ReadAsync(await site.SendAsync(page, action, fields)), $"{action} {text}");
            using var scanned = await ScanAsync(site, $"before {text}\nError: connect ECONNREFUSED 10.0.12.34:3306 {text}\nunknown failure {text}\n");
            Check(await Site.ReadAsync(scanned), text);
        }
        await site.World.SettleAsync();
        foreach (var path in new[] { "/", "/?part=live", "/incidents", "/signals", "/signals/unknown", "/audit", "/settings", "/settings/people", "/settings/tokens", "/settings/intake", "/settings/intake?part=live", "/lab", "/lab?part=live", "/compare", "/checklist", $"/incidents/{id}?part=live" }) Check(await site.PageAsync(path), path);
    }

    [Fact]
    public async Task A_preview_crawler_that_follows_every_link_changes_nothing()
    {
        await using var site = await Site.StartAsync();
        await site.DeclareAsync("Checkout is broken");
        var link = site.World.Sent.First(p => p.AcknowledgeLink is not null).AcknowledgeLink!;
        var before = await CountsAsync(site);
        foreach (var endpoint in site.World.Host.Endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<PageEndpoint>() is not null && e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET")))
        {
            var path = "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(p => p is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "INC-1"))));
            using var answer = await site.Browser.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancel);
            Assert.True((int)answer.StatusCode < 500, path);
        }
        using (var stranger = site.Stranger()) Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync(link.AbsolutePath, Cancel)).StatusCode);
        Assert.Equal(before, await CountsAsync(site));
        Assert.Equal("", await site.HeldByAsync("INC-1"));
    }

    [Fact]
    public async Task Every_page_keeps_strangers_scripts_out_and_loads_only_from_here()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout is broken");
        foreach (var path in new[] { "/", "/incidents", $"/incidents/{id}", "/reference", "/reference/ecs-exit-137", "/scan", "/drill", "/oncall", "/signals", "/signals/unknown", "/compare", "/checklist", "/simulate", "/settings", "/settings/people", "/settings/intake", "/lab", "/playbooks", "/playbooks/p0-a", "/tour", "/audit", "/sign-in", "/incidents/INC-99", $"/incidents/{id}/message", "/post-mortems", $"/post-mortems/{id}", "/reports", "/status/edit" })
        {
            using var answer = await site.Browser.GetAsync(path, Cancel);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.True(answer.Headers.CacheControl!.NoStore);
            var page = await Site.ReadAsync(answer);
            Assert.All(page.QuerySelectorAll("script"), s => Assert.StartsWith("/assets/", s.GetAttribute("src"), StringComparison.Ordinal));
            Assert.Empty(page.QuerySelectorAll("[style], style, [onclick], [onload]"));
            Assert.All(page.QuerySelectorAll("link[href]"), l => Assert.StartsWith("/assets/", l.GetAttribute("href"), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_a_page_loads_is_kept_for_ever_under_its_digest_and_is_small()
    {
        await using var site = await Site.StartAsync();
        using var stranger = site.Stranger();
        stranger.DefaultRequestHeaders.Add("Accept-Encoding", "gzip, deflate, br");
        var page = await site.PageAsync("/");
        var sum = Encoding.UTF8.GetByteCount(page.DocumentElement.OuterHtml);
        var addresses = page.QuerySelectorAll("script[src]").Select(s => s.GetAttribute("src")!).Concat(page.QuerySelectorAll("link[href]").Select(l => l.GetAttribute("href")!)).ToList();
        Assert.True(addresses.Count >= 7);
        foreach (var address in addresses)
        {
            using var answer = await stranger.GetAsync(address, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("immutable", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
            Assert.Equal("br", answer.Content.Headers.ContentEncoding.Single());
            sum += (await answer.Content.ReadAsByteArrayAsync(Cancel)).Length;
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(address.Replace(".css", "0.css", StringComparison.Ordinal).Replace(".js", "0.js", StringComparison.Ordinal).Replace(".svg", "0.svg", StringComparison.Ordinal), Cancel)).StatusCode);
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"first load: {sum / 1024.0:0.0} KB");
        Assert.True(sum < 250 * 1024, $"{sum} bytes");
    }

    [Fact]
    public async Task A_guide_is_no_markup_but_its_own()
    {
        await using var site = await Site.StartAsync();
        foreach (var entry in Site.Reference.Entries)
        {
            var page = await site.PageAsync($"/reference/{entry.Entry.Id}?env=staging");
            Assert.DoesNotContain("{{", page.QuerySelector(".guide")!.TextContent, StringComparison.Ordinal);
            Assert.NotEmpty(page.QuerySelectorAll(".guide pre code"));
            Assert.Empty(page.QuerySelectorAll(".guide script, .guide iframe, .guide img"));
        }
    }

    // Playbook, status page and post-mortem, each with the text wherever people write.
    private static async Task ResponseAsync(Site site, string id, string text)
    {
        await site.World.PostAsync($"/api/v1/incidents/{id}/playbooks", new { playbook = "p1-a" });
        var run = (await site.World.GetAsync($"/api/v1/incidents/{id}/playbooks")).GetProperty("runs")[0];
        var step = run.GetProperty("steps")[0].GetProperty("id").GetString();
        await site.World.PostAsync($"/api/v1/runs/{run.GetProperty("id").GetString()}/fail", new { step, text });
        await site.World.PostAsync("/api/v1/status-page/components", new { name = text, about = text });
        await site.World.PostAsync($"/api/v1/incidents/{id}/send", new { text, @public = new { title = text, text } });
        await site.World.PostAsync($"/api/v1/post-mortems/{id}", new { author = text, summary = text, rootCause = text, lessons = text, factors = new[] { text }, items = new[] { new { text, owner = text.Length <= 100 ? text : "x" } } });
        using var preview = await site.SendAsync($"/incidents/{id}/message", $"/incidents/{id}/message", ("text", text), ("room", "incidents"), ("public", "1"), ("public-title", text), ("public-text", text), ("preview", "1"));
        var shown = await Site.ReadAsync(preview);
        shown.QuerySelector("a[href^='https://wa.me/?text=']")!.Remove();
        Check(shown, text);
        using var feed = await site.Browser.GetAsync("/status.rss", Cancel);
        Assert.NotNull(System.Xml.Linq.XDocument.Parse(await feed.Content.ReadAsStringAsync(Cancel)).Root);
    }

    // What is typed into forms, and stands on the pages afterwards or in what is refused.
    private static IEnumerable<(string Page, string Action, (string Name, string Value)[] Fields)> Forms(string text)
    {
        var when = new[] { ("from", "2026-11-23T11:00"), ("to", "2026-11-23T18:00") };
        yield return ("/settings", "/settings/maintenance", [("about", text[..Math.Min(text.Length, 100)]), .. when]);
        yield return ("/settings/people", "/settings/people", [("name", text), ("role", "Viewer"), ("person", text)]);
        yield return ("/settings/tokens", "/settings/tokens", [("name", text[..Math.Min(text.Length, 100)]), ("account", "admin"), ("scope", "read"), ("days", "1")]);
        yield return ("/settings/intake", "/settings/intake", [("name", text[..Math.Min(text.Length, 100)]), ("environment", "production"), ("service", text[..Math.Min(text.Length, 100)])]);
        yield return ("/oncall", "/oncall/override", [("person", text), ("schedule", text), .. when]);
        yield return ("/oncall", "/oncall/test", [("person", text)]);
    }

    private static async Task<HttpResponseMessage> ScanAsync(Site site, string log)
    {
        using var form = new MultipartFormDataContent { { new StringContent(log), "text" } };
        return await site.Browser.PostAsync("/scan", form, Cancel);
    }

    private static void Check(IDocument page, string what)
    {
        Assert.True(page.QuerySelectorAll("script").All(s => s.GetAttribute("src")?.StartsWith("/assets/", StringComparison.Ordinal) == true), what);
        Assert.True(page.QuerySelectorAll("iframe, img, style, base, meta[http-equiv], object, embed").Length == 0, what);
        Assert.True(page.All.All(e => !e.Attributes.Any(a => a.Name.StartsWith("on", StringComparison.OrdinalIgnoreCase))), what);
        Assert.True(page.QuerySelectorAll("a[href], form[action]").All(e => (e.GetAttribute("href") ?? e.GetAttribute("action"))![0] is '/' or '#'), what);
        Assert.True(page.QuerySelectorAll("[hx-get]").All(e => e.GetAttribute("hx-get")!.StartsWith('/') && !e.GetAttribute("hx-get")!.StartsWith("//", StringComparison.Ordinal)), what);
    }

    private static async Task<string> CountsAsync(Site site) => string.Join(' ', await site.World.Host.Part<Database>().ReadAsync(
        (s, c) => s.QueryAsync<long>("select count(*) from events union all select count(*) from signals union all select count(*) from outbox union all select count(*) from audit union all select count(*) from tokens where revoked is null", null, c),
        Cancel));
}
