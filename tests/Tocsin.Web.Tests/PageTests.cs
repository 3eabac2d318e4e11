using System.Net;
using AngleSharp.Dom;

namespace Tocsin.Web.Tests;

/// <summary>The pages as a browser without a script sees them.</summary>
public sealed class PageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/incidents")]
    [InlineData("/incidents/INC-1")]
    [InlineData("/reference")]
    [InlineData("/scan")]
    [InlineData("/drill")]
    [InlineData("/oncall")]
    [InlineData("/oncall?view=month")]
    [InlineData("/signals")]
    [InlineData("/signals/unknown")]
    [InlineData("/compare")]
    [InlineData("/checklist")]
    [InlineData("/simulate")]
    [InlineData("/settings")]
    [InlineData("/settings/channels")]
    [InlineData("/settings/people")]
    [InlineData("/settings/tokens")]
    [InlineData("/settings/intake")]
    [InlineData("/lab")]
    [InlineData("/playbooks")]
    [InlineData("/playbooks/p0-a")]
    [InlineData("/tour")]
    [InlineData("/audit")]
    public async Task A_page_asks_a_stranger_to_sign_in_and_leads_on_to_itself(string path)
    {
        await using var site = await Site.StartAsync();
        await site.DeclareAsync("Checkout is broken");
        using var stranger = site.Stranger();
        var page = await Site.PageAsync(stranger, path, HttpStatusCode.Unauthorized);
        Assert.Equal(path, page.QuerySelector("input[name=to]")!.GetAttribute("value"));
        Assert.DoesNotContain("Checkout is broken", page.DocumentElement.TextContent, StringComparison.Ordinal);
        var own = await site.PageAsync(path);
        Assert.NotNull(own.QuerySelector("h1"));
        Assert.Contains("account", own.QuerySelector(".where")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("ap-south-1", own.QuerySelector(".where")!.TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("//elsewhere.example/")]
    [InlineData("https://elsewhere.example/")]
    [InlineData("/\\elsewhere.example")]
    [InlineData("javascript:alert(1)")]
    public async Task Signing_in_leads_nowhere_but_here(string to)
    {
        await using var site = await Site.StartAsync();
        using var stranger = site.Stranger();
        using var form = new FormUrlEncodedContent([new("name", "admin"), new("password", Site.Password), new("to", to)]);
        using var answer = await stranger.PostAsync("/sign-in", form, Cancel);
        Assert.Equal("/", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_wrong_password_says_so_and_keeps_the_name()
    {
        await using var site = await Site.StartAsync();
        using var stranger = site.Stranger();
        using var form = new FormUrlEncodedContent([new("name", "admin"), new("password", "wrong")]);
        using var answer = await stranger.PostAsync("/sign-in", form, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var page = await Site.ReadAsync(answer);
        Assert.Equal("admin", page.QuerySelector("#name")!.GetAttribute("value"));
        Assert.Contains("wrong", page.QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_itself_and_not_only_the_cookie()
    {
        await using var site = await Site.StartAsync();
        using var stranger = site.Stranger();
        using var form = new FormUrlEncodedContent([new("name", "admin"), new("password", Site.Password)]);
        using var entered = await stranger.PostAsync("/sign-in", form, Cancel);
        var cookie = entered.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync("/", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await stranger.PostAsync("/sign-out", null, Cancel)).StatusCode);
        using var again = site.Stranger();
        again.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await again.GetAsync("/", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_form_of_another_site_or_without_the_sessions_token_does_nothing()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout is broken");
        var token = (await site.PageAsync($"/incidents/{id}")).QuerySelector("input[name=form-token]")!.GetAttribute("value")!;
        foreach (var (given, header, value) in new[] { ("", "X-None", ""), ("0000", "X-None", ""), (token, "Origin", "https://elsewhere.example"), (token, "Sec-Fetch-Site", "cross-site") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/incidents/{id}/acknowledge") { Content = new FormUrlEncodedContent([new("form-token", given)]) };
            request.Headers.Add(header, value);
            using var answer = await site.Browser.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }
        Assert.Equal("", await site.HeldByAsync(id));
        // The API does not look at the cookie at all.
        Assert.Equal(HttpStatusCode.Unauthorized, (await site.Browser.GetAsync("/api/v1/incidents", Cancel)).StatusCode);
    }

    [Fact]
    public async Task An_incident_is_led_from_declaring_to_its_end_by_forms_alone()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout answers 502");
        var room = $"/incidents/{id}";
        await DoneAsync(site.SendAsync(room, $"{room}/acknowledge"));
        Assert.Equal("admin", await site.HeldByAsync(id));
        await DoneAsync(site.SendAsync(room, $"{room}/note", ("text", "the new revision has no secret")));
        await DoneAsync(site.SendAsync(room, $"{room}/assign", ("other", "Communications"), ("text", "lead")));
        await DoneAsync(site.SendAsync(room, $"{room}/severity", ("other", "P2"), ("text", "only one merchant")));
        using (var preview = await site.SendAsync(room, $"{room}/update", ("text", "We are rolling back.\nMore soon."), ("other", "30"), ("preview", "1")))
        {
            var shown = await Site.ReadAsync(preview);
            Assert.Equal("We are rolling back.\nMore soon.", shown.QuerySelector("#preview .update-text")!.TextContent);
            Assert.Contains("30 minutes", shown.QuerySelector("#preview")!.TextContent, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("rolling back", Timeline(await site.PageAsync(room)), StringComparison.Ordinal);
        await DoneAsync(site.SendAsync(room, $"{room}/update", ("text", "We are rolling back."), ("other", "30")));
        await DoneAsync(site.SendAsync(room, $"{room}/mitigate", ("text", "rolled back")));
        await DoneAsync(site.SendAsync(room, $"{room}/resolve", ("text", "secret restored")));
        var page = await site.PageAsync(room);
        var timeline = Timeline(page);
        foreach (var said in new[] { "admin acknowledges", "the new revision has no secret", "lead is communications", "P1 becomes P2", "We are rolling back.", "rolled back", "secret restored" }) Assert.Contains(said, timeline, StringComparison.Ordinal);
        // What the machinery did between is folded away.
        Assert.All(page.QuerySelectorAll(".entry-receipt-recorded, .entry-paged"), e => Assert.NotNull(e.Closest("details")));
        Assert.NotEmpty(page.QuerySelectorAll("details .entry-paged"));
        Assert.Equal("resolved", page.QuerySelector(".room-main")!.GetAttribute("data-phase"));
        Assert.Contains("Communications", page.QuerySelector(".roles")!.TextContent, StringComparison.Ordinal);
        await DoneAsync(site.SendAsync(room, $"{room}/reopen", ("text", "it is back")));
        Assert.Equal("investigating", (await site.PageAsync(room)).QuerySelector(".room-main")!.GetAttribute("data-phase"));
    }

    [Fact]
    public async Task What_is_refused_says_why_and_keeps_what_was_typed()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout answers 502");
        using var refused = await site.SendAsync($"/incidents/{id}", $"/incidents/{id}/severity", ("other", "P0"), ("text", " "));
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("why it is changed", (await Site.ReadAsync(refused)).QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
        await DoneAsync(site.SendAsync($"/incidents/{id}", $"/incidents/{id}/resolve", ("text", "done")));
        using var late = await site.SendAsync($"/incidents/{id}", $"/incidents/{id}/update", ("text", "one more thing"), ("other", ""));
        var page = await Site.ReadAsync(late);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Equal("one more thing", page.QuerySelector("#update-text")!.TextContent);
    }

    [Fact]
    public async Task Two_incidents_become_one()
    {
        await using var site = await Site.StartAsync();
        var (parent, child) = (await site.DeclareAsync("Checkout answers 502"), await site.DeclareAsync("Cart is empty", "P2"));
        await DoneAsync(site.SendAsync($"/incidents/{child}", $"/incidents/{child}/merge", ("other", parent)), $"/incidents/{parent}?done=merge");
        Assert.Contains($"goes on in {parent}", (await site.PageAsync($"/incidents/{child}")).QuerySelector(".room-head")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_only_looks_has_no_buttons_and_is_refused_as_a_page()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout answers 502");
        using var vera = await site.PersonAsync("vera", "viewer");
        var page = await Site.PageAsync(vera, $"/incidents/{id}");
        Assert.Empty(page.QuerySelectorAll("main form"));
        foreach (var other in new[] { "/oncall", "/drill", "/compare", "/lab" }) Assert.DoesNotContain((await Site.PageAsync(vera, other)).QuerySelectorAll("main form"), f => f.GetAttribute("method") == "post" && f.QuerySelector("button") is not null);
        Assert.Contains("responder", page.QuerySelector(".forms")!.TextContent, StringComparison.Ordinal);
        using var content = new FormUrlEncodedContent([new("form-token", page.QuerySelector("input[name=form-token]")?.GetAttribute("value") ?? "")]);
        using var answer = await vera.PostAsync($"/incidents/{id}/acknowledge", content, Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("role responder", (await Site.ReadAsync(answer)).QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain((await Site.PageAsync(vera, "/")).QuerySelectorAll("nav a"), a => a.GetAttribute("href") == "/audit");
        Assert.Equal(HttpStatusCode.Forbidden, (await vera.GetAsync("/audit", Cancel)).StatusCode);
    }

    [Fact]
    public async Task What_is_not_there_says_so_as_a_page()
    {
        await using var site = await Site.StartAsync();
        foreach (var path in new[] { "/incidents/INC-99", "/incidents/nonsense", "/reference/nonsense", "/drill/nonsense", "/compare/nonsense", "/checklist/nonsense", "/calendar/primary/nonsense.ics", "/a/INC-1/1/lead/1/00" })
            Assert.NotNull((await site.PageAsync(path, HttpStatusCode.NotFound)).QuerySelector("main h1"));
    }

    [Fact]
    public async Task Every_link_of_every_page_leads_somewhere()
    {
        await using var site = await Site.StartAsync();
        await site.DeclareAsync("Checkout answers 502");
        var (seen, waiting) = (new HashSet<string>(StringComparer.Ordinal), new Queue<string>(["/"]));
        while (waiting.TryDequeue(out var path))
        {
            if (seen.Count > 200 || !seen.Add(path)) continue;
            var page = await site.PageAsync(path);
            foreach (var address in page.QuerySelectorAll("a[href]").Select(a => a.GetAttribute("href")!.Split('#')[0]).Where(a => a.StartsWith('/'))) waiting.Enqueue(address);
            foreach (var fragment in page.QuerySelectorAll("a[href^='#']").Select(a => a.GetAttribute("href")![1..])) Assert.True(page.GetElementById(fragment) is not null, $"{path}#{fragment}");
            var ids = page.QuerySelectorAll("[id]").Select(e => e.Id!).ToList();
            Assert.Equal(ids.Distinct(StringComparer.Ordinal).Count(), ids.Count);
        }
        Assert.True(seen.Count > 40, $"{seen.Count} pages");
    }

    private static string Timeline(IDocument page) => page.QuerySelector("#timeline")!.TextContent;

    private static async Task DoneAsync(Task<HttpResponseMessage> sent, string? to = null)
    {
        using var answer = await sent;
        Assert.True(answer.StatusCode == HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync(Cancel));
        if (to is not null) Assert.Equal(to, answer.Headers.Location!.ToString());
    }
}
