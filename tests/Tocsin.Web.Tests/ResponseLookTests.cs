using System.Globalization;

namespace Tocsin.Web.Tests;

/// <summary>The pages of the response in a real browser, light and dark, on a phone and wide: no violation that axe knows, nothing wider than its screen, nothing the browser complains about.</summary>
public sealed class ResponseLookTests(Chromium chromium)
{
    private const string Long = "ReallyLongWordWithoutAnyBreakThatSomebodyPastedFromATraceIdeeb1c3f0a9d4e8877aa66bb55cc44dd33ee22ff11 and then some more";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_page_of_the_response_is_usable_by_everybody(bool dark)
    {
        await using var site = await Site.StartAsync();
        var found = new List<string>();
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin", Viewer.Phone, dark);
        foreach (var (path, name) in new[] { ("/post-mortems", "post-mortems-empty"), ("/reports", "reports-empty"), ("/status", "status-empty"), ("/status/edit", "status-edit-empty") }) await LookAsync(viewer, path, name, dark, found);
        await SeedAsync(site);
        foreach (var (path, name) in new[] { ("/incidents/INC-1", "room-playbook"), ("/incidents/INC-1/message", "message"), ("/incidents/INC-2", "room-proposed"), ("/post-mortems", "post-mortems"), ("/post-mortems/INC-3", "post-mortem-draft"), ("/post-mortems/INC-4", "post-mortem-final"), ("/reports", "reports"), ("/reports?by=month&days=30", "reports-month"), ("/status", "status"), ("/status/1", "status-report"), ("/status/edit", "status-edit") })
            await LookAsync(viewer, path, name, dark, found);
        await viewer.Page.GotoAsync("/incidents/INC-1/message");
        await viewer.Page.ClickAsync("button[name=preview]");
        await ShootAsync(viewer, "message-preview", dark, found);
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Fact]
    public async Task What_is_being_typed_into_a_step_stays_when_somebody_else_works_on_another()
    {
        await using var site = await Site.StartAsync();
        await site.InviteAsync("rita", "responder");
        await DownAsync(site);
        await site.World.PostAsync("/api/v1/incidents/INC-1/playbooks", new { playbook = "p0-a" });
        var run = (await site.World.GetAsync("/api/v1/incidents/INC-1/playbooks")).GetProperty("runs")[0].GetProperty("id").GetString();
        await using var one = await Viewer.OpenAsync(chromium, site, "admin");
        await one.Page.GotoAsync("/incidents/INC-1");
        await one.Page.FillAsync($"#text-{run}-scope", "half a sentence that I am still typi");
        await site.World.PostAsync($"/api/v1/runs/{run}/done", new { step = "cluster", text = "no task runs" });
        await one.Page.Locator($"#step-{run}-cluster").GetByText("✓ done").WaitForAsync();
        Assert.Equal("half a sentence that I am still typi", await one.Page.InputValueAsync($"#text-{run}-scope"));
        await one.Page.Locator($"#step-{run}-scope").GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Done", Exact = true }).ClickAsync();
        await one.Page.Locator($"#step-{run}-scope").GetByText("half a sentence that I am still typi").First.WaitForAsync();
        Assert.Empty(one.Complaints);
    }

    private static async Task DownAsync(Site site)
    {
        var id = await site.DeclareAsync("All services answer 503", "P0", "storefront");
        await site.World.PostAsync($"/api/v1/incidents/{id}/impact", new { facts = new[] { "all-down" }, users = 100 });
    }

    private static async Task SeedAsync(Site site)
    {
        var world = site.World;
        await DownAsync(site);
        await world.PostAsync("/api/v1/incidents/INC-1/playbooks", new { playbook = "p0-a" });
        var run = (await world.GetAsync("/api/v1/incidents/INC-1/playbooks")).GetProperty("runs")[0].GetProperty("id").GetString();
        await world.PostAsync($"/api/v1/runs/{run}/done", new { step = "scope", text = Long });
        await world.PostAsync($"/api/v1/runs/{run}/take", new { step = "cluster" });
        world.Time.Advance(TimeSpan.FromMinutes(11));
        var two = await site.DeclareAsync("Payments fail", "P1", "core-api");
        await world.PostAsync($"/api/v1/incidents/{two}/impact", new { facts = new[] { "revenue" } });
        await site.DiagnoseAsync(two, "Likely", "razorpay-signature/wrong-secret", "compare the webhook's secret");
        foreach (var severity in new[] { "P0", "P1" })
        {
            var id = await site.DeclareAsync(severity is "P0" ? $"Orders were lost {Long}" : "Checkout was slow", severity);
            world.Time.Advance(TimeSpan.FromMinutes(7));
            await world.PostAsync($"/api/v1/incidents/{id}/acknowledge", new { text = "" });
            world.Time.Advance(TimeSpan.FromMinutes(68));
            await world.PostAsync($"/api/v1/incidents/{id}/resolve", new { text = "rolled back" });
            await world.PostAsync($"/api/v1/post-mortems/{id}", new { author = "lead", summary = "Checkout answered 502 for an hour. Somebody should have seen it.", users = "40 %", revenue = "300 orders", detection = "user report", rootCause = "A revision **without** its secret:\n\n```\nResourceInitializationError\n```", lessons = "Deploy secrets first.", factors = new[] { Long }, wentWell = new[] { "The rollback was quick" }, wentPoorly = new[] { "Nobody was told" }, items = new[] { new { text = "Check secrets before a deployment", owner = "engineer-1", due = "2026-11-20" }, new { text = Long, owner = "lead", due = "2026-12-20" } } });
        }
        await world.PostAsync("/api/v1/post-mortems/INC-4/final", null);
        foreach (var name in new[] { "Online shops", "Payments", "Dashboard" }) await world.PostAsync("/api/v1/status-page/components", new { name, about = "What customers see" });
        await world.PostAsync("/api/v1/status-page/reports", new { title = "Shops do not open", text = "We see that shops do not open.\nWe work on it.", impact = "majorOutage", components = new[] { "online-shops" }, incident = "INC-1" });
        await world.PostAsync("/api/v1/status-page/reports/1/updates", new { text = Long, stage = "identified", impact = "majorOutage" });
        await world.PostAsync("/api/v1/status-page/reports", new { title = "Slow payments", text = "Payments are slow.", stage = "investigating", components = new[] { "payments" } });
        await world.PostAsync("/api/v1/status-page/reports/2/updates", new { text = "They are quick again.", stage = "resolved" });
        await world.SettleAsync();
    }

    private async Task LookAsync(Viewer viewer, string path, string name, bool dark, List<string> found)
    {
        await viewer.Page.GotoAsync(path);
        await ShootAsync(viewer, name, dark, found);
    }

    private async Task ShootAsync(Viewer viewer, string name, bool dark, List<string> found)
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestWorld.Root, "artifacts", "screenshots")).FullName;
        foreach (var width in LookTests.Whole ? [390, 1440] : dark ? [1440] : new[] { 390 })
        {
            await viewer.Page.SetViewportSizeAsync(width, width == Viewer.Phone ? 844 : 900);
            var file = string.Create(CultureInfo.InvariantCulture, $"{name}-{width}-{(dark ? "dark" : "light")}.png");
            if (LookTests.Whole) await viewer.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, file), FullPage = true });
            if (await viewer.IsWiderThanScreenAsync()) found.Add($"{file}: wider than its screen");
            found.AddRange((await viewer.AxeAsync(chromium)).Select(v => $"{file}: {v}"));
            found.AddRange(viewer.Complaints.Where(c => !c.Contains("Failed to load resource", StringComparison.Ordinal)).Select(c => $"{file}: {c}"));
        }
        await viewer.Page.SetViewportSizeAsync(Viewer.Phone, 844);
    }
}
