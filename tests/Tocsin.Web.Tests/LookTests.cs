using System.Globalization;
using System.Text;
using Microsoft.Playwright;
using Tocsin.Server.Notify;

namespace Tocsin.Web.Tests;

/// <summary>Every page and state, light and dark, at three widths: no violation that axe knows, nothing wider than a phone, nothing the browser complains about. The pictures are kept.</summary>
public sealed class LookTests(Chromium chromium)
{
    private const string Long = "ReallyLongWordWithoutAnyBreakThatSomebodyPastedFromATraceIdeeb1c3f0a9d4e8877aa66bb55cc44dd33ee22ff11 and then some more text that goes on until nobody reads it any more";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_page_is_usable_by_everybody(bool dark)
    {
        await using var site = await Site.StartAsync(o => o with { Plan = TestWorld.Plan(), Web = o.Web with { Account = dark ? "000000000000" : "" } });
        await site.World.Host.Part<TurnStarts>().CheckAsync(TestContext.Current.CancellationToken);
        await site.InviteAsync("vera", "viewer");
        var invitation = (await site.World.PostAsync("/api/v1/accounts", new { name = "new", person = "", role = "viewer" })).Content;
        var invite = new Uri(System.Text.Json.JsonDocument.Parse(await invitation.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("link").GetString()!).AbsolutePath;
        var found = new List<string>();
        await using (var viewer = await Viewer.OpenAsync(chromium, site, "admin", Viewer.Phone, dark))
        {
            await LookAsync(viewer, "/", "now-quiet", dark, found);
            await LookAsync(viewer, "/incidents", "incidents-empty", dark, found);
            await LookAsync(viewer, "/signals", "signals-empty", dark, found);
            await SeedAsync(site);
            foreach (var (path, name) in Pages) await LookAsync(viewer, path, name, dark, found);
            await WorkAsync(viewer, dark, found);
            await viewer.Page.SetViewportSizeAsync(1440, 900);
            await viewer.Page.GotoAsync("/");
            await viewer.Page.Keyboard.PressAsync("Control+k");
            await viewer.Page.Locator("#palette-found a").First.WaitForAsync();
            await ShootOneAsync(viewer, "palette", dark, found, 1440);
        }
        await using (var vera = await Viewer.OpenAsync(chromium, site, "vera", Viewer.Phone, dark))
        {
            await LookAsync(vera, "/incidents/INC-1", "room-viewer", dark, found);
            await LookAsync(vera, "/audit", "no-permission", dark, found);
            await LookAsync(vera, "/settings", "settings-no-permission", dark, found);
            await LookAsync(vera, "/oncall", "oncall-viewer", dark, found);
        }
        await using (var stranger = await Viewer.OpenAsync(chromium, site, null, Viewer.Phone, dark))
        {
            await LookAsync(stranger, "/sign-in", "sign-in", dark, found);
            await LookAsync(stranger, invite, "invite", dark, found);
            foreach (var (begin, name) in new[] { ("/a/", "acknowledge"), ("/ready/", "turn-ready") })
                await LookAsync(stranger, site.World.Sent.Select(p => p.AcknowledgeLink?.AbsolutePath).Last(l => l?.StartsWith(begin, StringComparison.Ordinal) is true)!, name, dark, found);
        }
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    // With the tests each page is asked narrow in light and wide in dark; ./dev look asks all widths in both, and keeps the pictures.
    internal static bool Whole => Environment.GetEnvironmentVariable("TOCSIN_LOOK") is "1";

    // Pages that stand at the end of a form.
    private async Task WorkAsync(Viewer viewer, bool dark, List<string> found)
    {
        await viewer.Page.GotoAsync("/scan");
        await viewer.Page.FillAsync("#text", $"ok\nError: connect ECONNREFUSED 10.0.12.34:3306\n    at TCPConnectWrap\nfatal: {Long}\n");
        await viewer.Page.ClickAsync("form[data-drop] button");
        await ShootAsync(viewer, "scan-found", dark, found);
        await viewer.Page.GotoAsync("/incidents/INC-1");
        await viewer.Page.FillAsync("#update-text", "Checkout is broken for everybody. We roll back.");
        await viewer.Page.GetByRole(AriaRole.Button, new() { Name = "Preview" }).ClickAsync();
        await ShootAsync(viewer, "room-preview", dark, found);
        await viewer.Page.GotoAsync("/drill?env=production&service=core-api");
        await viewer.Page.ClickAsync("form[action='/drill'] button");
        await viewer.Page.GetByText("What it comes down to").WaitForAsync();
        await ShootAsync(viewer, "drill-result", dark, found);
        await KeepAsync(viewer, dark, found);
        foreach (var look in new[] { "compare", "checklist" })
        {
            await viewer.Page.GotoAsync($"/{look}");
            await viewer.Page.ClickAsync($"form[action='/{look}'] button");
            await viewer.Page.Locator($"#{look} [role=status] strong").WaitForAsync();
            await ShootAsync(viewer, $"{look}-result", dark, found);
        }
        await viewer.Page.GotoAsync("/lab");
        await viewer.Page.ClickAsync("form[action='/lab/exam'] button");
        await viewer.Page.GetByText("1 of 1 right").WaitForAsync();
        await ShootAsync(viewer, "lab-exam", dark, found);
        await viewer.Page.GotoAsync("/settings/intake");
        await viewer.Page.FillAsync("#name", "the load balancer");
        await viewer.Page.ClickAsync("form[action='/settings/intake'] button");
        await ShootAsync(viewer, "settings-intake-made", dark, found);
        await viewer.Page.GotoAsync("/oncall");
        await viewer.Page.ClickAsync("form[action='/oncall/override'] button");
        await ShootAsync(viewer, "oncall-changed", dark, found);
    }

    // The drill just shown is kept, brought in again as it would be a little later, and both are compared.
    private async Task KeepAsync(Viewer viewer, bool dark, List<string> found)
    {
        await viewer.Page.FillAsync("input[name=name]", Long);
        await viewer.Page.ClickAsync("button:text-is('Keep it')");
        await ShootAsync(viewer, "drill-kept", dark, found);
        var bundle = await (await viewer.Page.APIRequest.GetAsync($"{viewer.Page.Url}/bundle.json")).TextAsync();
        await viewer.Page.GotoAsync("/drill");
        await viewer.Page.SetInputFilesAsync("#bundle", new FilePayload { Name = "later.json", MimeType = "application/json", Buffer = Encoding.UTF8.GetBytes(bundle.Replace("\"running\":0", "\"running\":2", StringComparison.Ordinal)) });
        await viewer.Page.ClickAsync("form[action='/drill/bundle'] button");
        await viewer.Page.Locator("h1:has-text('later')").WaitForAsync();
        await ShootAsync(viewer, "drill-brought", dark, found);
        await viewer.Page.GotoAsync("/drill");
        await ShootAsync(viewer, "drills-kept", dark, found);
        await viewer.Page.ClickAsync("form[action='/drill/diff'] button");
        await ShootAsync(viewer, "drill-diff", dark, found);
    }

    private static readonly (string Path, string Name)[] Pages =
    [
        ("/", "now"), ("/incidents", "incidents"), ("/incidents/INC-1", "room"), ("/incidents/INC-2", "room-long"), ("/incidents/INC-3", "room-resolved"), ("/incidents/INC-1/why", "why"),
        ("/reference", "reference"), ("/reference?q=nothing+has+this", "reference-nothing"), ("/reference/ecs-exit-137", "entry"), ("/scan", "scan"), ("/drill", "drill"), ("/oncall", "oncall"), ("/signals", "signals"), ("/audit", "audit"), ("/incidents/INC-99", "missing"),
        ("/compare", "compare"), ("/checklist", "checklist"), ("/oncall?view=month", "oncall-month"), ("/simulate", "simulate"), ("/simulate?what=All+services+answer+503&severity=P0&after=4&by=lead", "simulate-result"), ("/signals/unknown", "unknown"),
        ("/settings", "settings"), ("/settings/channels", "settings-channels"), ("/settings/people", "settings-people"), ("/settings/tokens", "settings-tokens"), ("/settings/intake", "settings-intake"), ("/lab", "lab"), ("/lab?q=secret", "lab-found"), ("/tour", "tour"), ("/playbooks", "playbooks"), ("/playbooks/p0-a", "playbook"),
    ];

    private static async Task SeedAsync(Site site)
    {
        var one = await site.DeclareAsync("Checkout answers 502 for every merchant", "P0", "storefront");
        var two = await site.DeclareAsync(Long, "P2");
        var three = await site.DeclareAsync("Analytics are an hour behind", "P3", "");
        await site.DeclareAsync("Login is broken", "P1", "fastify-nova");
        await site.DiagnoseAsync(one, "Likely", "mysql-too-many-connections/too-many-pools", "count the connections by user");
        await site.World.PostAsync($"/api/v1/incidents/{two}/acknowledge", new { text = "" });
        foreach (var text in new[] { Long, "short" }) await site.World.PostAsync($"/api/v1/incidents/{two}/note", new { text });
        await site.World.PostAsync($"/api/v1/incidents/{one}/assign", new { role = "incidentCommander", person = "lead" });
        await site.World.PostAsync($"/api/v1/incidents/{three}/resolve", new { text = "the queue is empty again" });
        var intake = await site.World.IntakeAsync(service: "core-api");
        foreach (var minutes in new[] { 20, 15, 5, 1 })
        {
            using var lines = new StringContent(string.Concat(Enumerable.Repeat("Error: connect ECONNREFUSED 10.0.12.34:3306\n", minutes)));
            await site.World.Http.PostAsync($"{intake}/ndjson", lines, TestContext.Current.CancellationToken);
            site.World.Time.Advance(TimeSpan.FromMinutes(minutes));
        }
        await site.World.SettleAsync();
    }

    private async Task LookAsync(Viewer viewer, string path, string name, bool dark, List<string> found)
    {
        await viewer.Page.GotoAsync(path);
        await ShootAsync(viewer, name, dark, found);
    }

    private async Task ShootAsync(Viewer viewer, string name, bool dark, List<string> found)
    {
        foreach (var width in Whole ? [390, 768, 1440] : dark ? [1440] : new[] { 390 }) await ShootOneAsync(viewer, name, dark, found, width);
        await viewer.Page.SetViewportSizeAsync(Viewer.Phone, 844);
    }

    private async Task ShootOneAsync(Viewer viewer, string name, bool dark, List<string> found, int width)
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestWorld.Root, "artifacts", "screenshots")).FullName;
        await viewer.Page.SetViewportSizeAsync(width, width == Viewer.Phone ? 844 : 900);
        var file = string.Create(CultureInfo.InvariantCulture, $"{name}-{width}-{(dark ? "dark" : "light")}.png");
        if (Whole) await viewer.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, file), FullPage = true });
        if (await viewer.IsWiderThanScreenAsync()) found.Add($"{file}: wider than its screen");
        // Widths change what stands where; the narrow and the wide one have all of it.
        if (width != 768) found.AddRange((await viewer.AxeAsync(chromium)).Select(v => $"{file}: {v}"));
        // The browser itself names an answer that is no 200; some pages here are not.
        found.AddRange(viewer.Complaints.Where(c => !c.Contains("Failed to load resource", StringComparison.Ordinal)).Select(c => $"{file}: {c}"));
    }
}
