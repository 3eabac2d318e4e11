using System.Net;

namespace Tocsin.Web.Tests;

/// <summary>Playbooks, messages and the status page by plain forms, as a browser without a script sends them.</summary>
public sealed class RespondTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_playbooks_are_read_with_the_names_of_an_environment_and_started_where_an_incident_is_open()
    {
        await using var site = await Site.StartAsync();
        var list = await site.PageAsync("/playbooks");
        Assert.Equal(site.World.Options.Playbooks.Length, list.QuerySelectorAll("main li a[href^='/playbooks/']").Length);
        Assert.DoesNotContain("{{", list.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        var staging = await site.PageAsync("/playbooks/p0-a?env=staging");
        Assert.Contains("zelly-staging", staging.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", staging.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        Assert.Empty(staging.QuerySelectorAll("main form"));
        await site.PageAsync("/playbooks/none", System.Net.HttpStatusCode.NotFound);
        var id = await site.DeclareAsync("All services answer 503", "P0", "storefront");
        using var started = await site.SendAsync("/playbooks/p0-a", $"/incidents/{id}/playbooks");
        Assert.Contains("done=started#run-", started.Headers.Location!.ToString(), StringComparison.Ordinal);
        using var vera = await site.PersonAsync("vera", "viewer");
        Assert.Empty((await Site.PageAsync(vera, "/playbooks/p0-a")).QuerySelectorAll("main form"));
    }

    [Fact]
    public async Task A_playbook_is_started_and_worked_on_by_plain_forms()
    {
        await using var site = await Site.StartAsync();
        var room = $"/incidents/{await DownAsync(site)}";
        var page = await site.PageAsync(room);
        Assert.Contains("P0-A", page.QuerySelector("#playbooks .book")!.TextContent, StringComparison.Ordinal);
        using (var started = await site.SendAsync(room, $"{room}/playbooks")) Assert.Contains("done=started#run-", started.Headers.Location!.ToString(), StringComparison.Ordinal);
        page = await site.PageAsync(room);
        var run = page.QuerySelector(".run-of")!.Id![4..];
        Assert.True(page.QuerySelector($"#open-{run}-scope")!.HasAttribute("open"));
        Assert.NotEmpty(page.QuerySelectorAll($"#open-{run}-scope pre code"));
        using (var taken = await PressAsync(site, room, run, "take", "scope", "")) Assert.Equal(HttpStatusCode.SeeOther, taken.StatusCode);
        using (var done = await PressAsync(site, room, run, "done", "scope", "all three answer 503")) Assert.Equal(HttpStatusCode.SeeOther, done.StatusCode);
        page = await site.PageAsync(room);
        Assert.Contains("✓ done", page.QuerySelector($"#step-{run}-scope")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("all three answer 503", page.QuerySelector("#timeline")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_comes_second_to_a_step_hears_who_is_at_it()
    {
        await using var site = await Site.StartAsync();
        using var rita = await site.PersonAsync("rita", "responder");
        var room = $"/incidents/{await DownAsync(site)}";
        (await site.SendAsync(room, $"{room}/playbooks")).Dispose();
        var run = (await site.PageAsync(room)).QuerySelector(".run-of")!.Id![4..];
        (await PressAsync(site, room, run, "take", "scope", "")).Dispose();
        using (var second = await PressAsync(rita, room, run, "take", "cluster", "")) Assert.Equal(HttpStatusCode.SeeOther, second.StatusCode);
        using var refused = await PressAsync(rita, room, run, "done", "scope", "me too");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("admin is at it since", (await Site.ReadAsync(refused)).QuerySelector("#refused")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_only_looks_on_gets_no_buttons()
    {
        await using var site = await Site.StartAsync();
        using var vera = await site.PersonAsync("vera", "viewer");
        var room = $"/incidents/{await DownAsync(site)}";
        (await site.SendAsync(room, $"{room}/playbooks")).Dispose();
        Assert.Empty((await Site.PageAsync(vera, room)).QuerySelectorAll("#playbooks form"));
        Assert.Empty((await Site.PageAsync(vera, $"{room}/message")).QuerySelectorAll("main form"));
        await Site.PageAsync(vera, "/status/edit", HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_message_is_written_looked_at_and_sent()
    {
        await using var site = await Site.StartAsync();
        await site.World.PostAsync("/api/v1/status-page/components", new { name = "Online shops" });
        var room = $"/incidents/{await DownAsync(site)}";
        var page = await site.PageAsync($"{room}/message");
        var text = page.QuerySelector("textarea#text")!.TextContent.Trim();
        Assert.StartsWith("🚨 P0 INCIDENT", text, StringComparison.Ordinal);
        (string, string)[] fields = [("text", text.Replace("[what is done right now?]", "We roll back", StringComparison.Ordinal)), ("other", "20"), ("room", "incidents"), ("call", "1"), ("public", "1"), ("public-title", "Shops are down"), ("public-text", "Shops do not open."), ("stage", "Identified"), ("impact", "MajorOutage"), ("component", "online-shops")];
        using var preview = await site.SendAsync($"{room}/message", $"{room}/message", [.. fields, ("preview", "1")]);
        var shown = await Site.ReadAsync(preview);
        Assert.Contains("Next update: in 20m", shown.QuerySelector("#preview")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("CC: <!channel>", shown.QuerySelector("#preview")!.TextContent, StringComparison.Ordinal);
        Assert.StartsWith("https://wa.me/?text=", shown.QuerySelector("a[target=_blank]")!.GetAttribute("href"), StringComparison.Ordinal);
        Assert.DoesNotContain(site.World.Sent, p => p.Purpose == Server.Notify.PagePurpose.Update);
        var form = shown.QuerySelector("#preview form")!;
        using var content = new FormUrlEncodedContent(form.QuerySelectorAll("input").Select(i => KeyValuePair.Create(i.GetAttribute("name")!, i.GetAttribute("value") ?? "")));
        using var sent = await site.Browser.PostAsync($"{room}/message", content, Cancel);
        Assert.Equal(HttpStatusCode.SeeOther, sent.StatusCode);
        await site.World.SettleAsync();
        Assert.Single(site.World.Sent, p => p.Purpose == Server.Notify.PagePurpose.Update);
        using var stranger = site.Stranger();
        var status = await Site.PageAsync(stranger, "/status");
        Assert.Contains("Shops do not open.", status.Body!.TextContent, StringComparison.Ordinal);
        Assert.Contains("Major outage", status.QuerySelector(".public-component")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_page_is_written_by_forms()
    {
        await using var site = await Site.StartAsync();
        using (var added = await site.SendAsync("/status/edit", "/status/components", ("name", "Online shops"), ("about", ""))) Assert.Equal(HttpStatusCode.SeeOther, added.StatusCode);
        using (var opened = await site.SendAsync("/status/edit", "/status/reports", ("public-title", "Slow shops"), ("public-text", "We look into it."), ("stage", "Investigating"), ("impact", "Degraded"), ("component", "online-shops"))) Assert.Equal(HttpStatusCode.SeeOther, opened.StatusCode);
        using (var refused = await site.SendAsync("/status/edit", "/status/reports", ("public-title", "Another"), ("public-text", ""))) Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        using (var updated = await site.SendAsync("/status/edit", "/status/reports/1", ("public-text", "It is well."), ("stage", "Resolved"), ("impact", "Operational"))) Assert.Equal(HttpStatusCode.SeeOther, updated.StatusCode);
        using var stranger = site.Stranger();
        Assert.Contains("Everything works", (await Site.PageAsync(stranger, "/status")).Body!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_post_mortem_is_written_looked_at_saved_and_final_by_forms()
    {
        await using var site = await Site.StartAsync();
        var id = await DownAsync(site);
        await site.World.PostAsync($"/api/v1/incidents/{id}/resolve", new { text = "rolled back" });
        var path = $"/post-mortems/{id}";
        Assert.Contains("to be begun", (await site.PageAsync("/post-mortems")).Body!.TextContent, StringComparison.Ordinal);
        (string, string)[] fields = [("author", "lead"), ("summary", "All was *down*."), ("users", "all"), ("revenue", "none"), ("detection", "user report"), ("cause", "A bad revision."), ("factors", "No check\nNo canary"), ("well", "Quick"), ("poorly", "Late"), ("lessons", "Check."), ("item-0", "Add a check"), ("kind-0", "Prevention"), ("owner-0", ""), ("due-0", "2026-12-24")];
        using (var preview = await site.SendAsync(path, path, [.. fields, ("preview", "1")]))
        {
            var shown = await Site.ReadAsync(preview);
            Assert.Equal("down", shown.QuerySelector("#document em")!.TextContent);
            Assert.Equal("All was *down*.", shown.QuerySelector("#summary")!.TextContent.Trim());
        }
        Assert.Equal("none", (await site.World.GetAsync($"/api/v1/post-mortems/{id}")).GetProperty("status").GetString());
        using (var saved = await site.SendAsync(path, path, fields)) Assert.Equal(HttpStatusCode.SeeOther, saved.StatusCode);
        using (var early = await site.SendAsync(path, $"{path}/final"))
        {
            Assert.Equal(HttpStatusCode.Conflict, early.StatusCode);
            Assert.Contains("has no owner", (await Site.ReadAsync(early)).QuerySelector("#refused")!.TextContent, StringComparison.Ordinal);
        }
        using (var owned = await site.SendAsync(path, path, [.. fields.Select(f => f.Item1 == "owner-0" ? (f.Item1, "engineer-1") : f)])) Assert.Equal(HttpStatusCode.SeeOther, owned.StatusCode);
        using (var final = await site.SendAsync(path, $"{path}/final")) Assert.Equal(HttpStatusCode.SeeOther, final.StatusCode);
        Assert.Empty((await site.PageAsync(path)).QuerySelectorAll(".document-form"));
        using (var file = await site.Browser.GetAsync($"{path}/document.md", Cancel))
        {
            Assert.Equal("attachment", file.Content.Headers.ContentDisposition!.DispositionType);
            Assert.Contains("| Add a check | engineer-1 | 2026-12-24 |", await file.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
        Assert.Contains("<!doctype html>", await site.Browser.GetStringAsync($"{path}/document.html", Cancel), StringComparison.Ordinal);
        var report = await site.PageAsync("/reports");
        Assert.Contains("P0", report.QuerySelector("table")!.TextContent, StringComparison.Ordinal);
        Assert.Contains(" from 5:00", report.QuerySelector(".hours svg")!.GetAttribute("aria-label")!, StringComparison.Ordinal);
    }

    private static async Task<string> DownAsync(Site site)
    {
        var id = await site.DeclareAsync("All services answer 503", "P0", "");
        await site.World.PostAsync($"/api/v1/incidents/{id}/impact", new { facts = new[] { "all-down" } });
        return id;
    }

    private static Task<HttpResponseMessage> PressAsync(Site site, string room, string run, string verb, string step, string text) => PressAsync(site.Browser, room, run, verb, step, text);

    // A button with an address of its own sends the form of its step there.
    private static async Task<HttpResponseMessage> PressAsync(HttpClient browser, string room, string run, string verb, string step, string text)
    {
        var token = (await Site.PageAsync(browser, room)).QuerySelector("input[name=form-token]")!.GetAttribute("value")!;
        using var content = new FormUrlEncodedContent([new("form-token", token), new("step", step), new("text", text)]);
        return await browser.PostAsync($"{room}/runs/{run}/{verb}", content, Cancel);
    }
}
