using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Tocsin.Web.Tests;

/// <summary>The pages in a real browser.</summary>
public sealed partial class BrowserTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_pages_load_is_what_the_lock_file_names()
    {
        var (code, said) = await Chromium.VendorAsync("--check");
        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task A_pages_link_opens_on_a_phone_with_one_big_button_and_pressing_it_acknowledges()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout answers 502 for every merchant since the deployment of ten to five");
        var link = site.World.Sent.First(p => p.AcknowledgeLink is not null).AcknowledgeLink!;
        await using var phone = await Viewer.OpenAsync(chromium, site, null, Viewer.Phone);
        await phone.Page.GotoAsync(link.ToString());
        var button = phone.Page.GetByRole(AriaRole.Button, new() { NameRegex = Acknowledge() });
        var box = (await button.BoundingBoxAsync())!;
        Assert.True(box is { Height: >= 64, Width: >= 300 } && box.Y + box.Height < 844, $"{box.Width}x{box.Height} at {box.Y}");
        Assert.Equal("", await site.HeldByAsync(id));
        await button.ClickAsync();
        await phone.Page.GetByText($"{id} is yours").WaitForAsync();
        Assert.NotEqual("", await site.HeldByAsync(id));
        Assert.False(await phone.IsWiderThanScreenAsync());
        Assert.Empty(phone.Complaints);
    }

    [Fact]
    public async Task The_room_has_its_big_button_on_a_phone_without_scrolling()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout answers 502");
        await using var phone = await Viewer.OpenAsync(chromium, site, "admin", Viewer.Phone);
        await phone.Page.GotoAsync($"/incidents/{id}");
        var button = phone.Page.GetByRole(AriaRole.Button, new() { NameRegex = Acknowledge() });
        var box = (await button.BoundingBoxAsync())!;
        Assert.True(box.Height >= 64 && box.Y + box.Height < 844, $"{box.Width}x{box.Height} at {box.Y}");
        await button.ClickAsync();
        await phone.Page.GetByText("Acknowledged: it is yours").WaitForAsync();
        Assert.Equal("admin", await site.HeldByAsync(id));
    }

    [Fact]
    public async Task Two_people_see_each_others_changes_and_lose_nothing_that_they_type()
    {
        await using var site = await Site.StartAsync();
        await site.InviteAsync("rita", "responder");
        var id = await site.DeclareAsync("Checkout answers 502");
        await using var one = await Viewer.OpenAsync(chromium, site, "admin");
        await using var other = await Viewer.OpenAsync(chromium, site, "rita");
        await one.Page.GotoAsync($"/incidents/{id}");
        await other.Page.GotoAsync($"/incidents/{id}");
        await other.Page.FillAsync("#update-text", "half a sentence that I am still typi");
        await one.Page.FillAsync("#note-text", "the database refuses");
        await one.Page.ClickAsync("form[action$='/note'] button");
        await one.Page.GetByText("Noted.").WaitForAsync();
        var watch = Stopwatch.StartNew();
        await other.Page.Locator("#timeline").GetByText("the database refuses").WaitForAsync();
        TestContext.Current.TestOutputHelper!.WriteLine($"seen by the other after {watch.ElapsedMilliseconds} ms");
        Assert.Equal("half a sentence that I am still typi", await other.Page.InputValueAsync("#update-text"));
        await other.Page.Locator(".acknowledge").ClickAsync();
        await one.Page.Locator(".roles").GetByText("rita").WaitForAsync();
        await one.Page.Locator("#timeline").GetByText("rita acknowledges").WaitForAsync();
        Assert.Empty(one.Complaints);
        Assert.Empty(other.Complaints);
    }

    [Fact]
    public async Task The_first_page_shows_what_is_declared_elsewhere()
    {
        await using var site = await Site.StartAsync();
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin");
        await viewer.Page.GotoAsync("/");
        await viewer.Page.GetByText("All quiet.").WaitForAsync();
        await site.World.DeclareAsync("Payments fail", "P1");
        await viewer.Page.Locator(".incidents").GetByText("Payments fail").WaitForAsync();
        Assert.Empty(viewer.Complaints);
    }

    [Fact]
    public async Task A_page_outlives_a_restart_of_the_server_and_misses_nothing()
    {
        var port = FreePort();
        await using var site = await Site.StartAsync(o => o with { Listen = $"http://127.0.0.1:{port}" });
        var id = await site.DeclareAsync("Checkout answers 502");
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin");
        await viewer.Page.GotoAsync($"/incidents/{id}");
        await viewer.Page.Locator("html[data-line=live]").WaitForAsync();
        await site.World.StopAsync();
        await viewer.Page.Locator("#line").WaitForAsync(new() { State = WaitForSelectorState.Visible });
        await site.World.StartAsync();
        using (var noted = await site.World.PostAsync($"/api/v1/incidents/{id}/note", new { text = "written while nobody listened" })) Assert.Equal(HttpStatusCode.OK, noted.StatusCode);
        await viewer.Page.Locator("#timeline").GetByText("written while nobody listened").WaitForAsync(new() { Timeout = 60_000 });
        await viewer.Page.Locator("#line").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        // The session is kept too.
        await viewer.Page.FillAsync("#note-text", "still here");
        await viewer.Page.ClickAsync("form[action$='/note'] button");
        await viewer.Page.GetByText("Noted.").WaitForAsync();
    }

    [Fact]
    public async Task Clocks_tick_by_the_servers_clock_whatever_the_viewers_says()
    {
        await using var site = await Site.StartAsync(o => o with { Time = TimeProvider.System });
        var id = await site.DeclareAsync("Checkout answers 502");
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin");
        await viewer.Page.Context.AddInitScriptAsync("{ const real = Date; const off = 3_700_000; window.Date = class extends real { constructor(...a) { a.length ? super(...a) : super(real.now() + off); } static now() { return real.now() + off; } }; }");
        await viewer.Page.GotoAsync($"/incidents/{id}");
        var clock = viewer.Page.Locator("[data-until]").First;
        await Assertions.Expect(clock).ToHaveTextAsync(Ticking());
        for (var i = 0; i < 3; i++)
        {
            var (text, until) = (await clock.TextContentAsync() ?? "", long.Parse(await clock.GetAttributeAsync("data-until") ?? "", CultureInfo.InvariantCulture));
            var shown = TimeSpan.ParseExact(text, [@"m\:ss", @"h\:mm\:ss"], CultureInfo.InvariantCulture);
            var left = until - TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            Assert.True(Math.Abs(shown.TotalMilliseconds - left) < 1600, $"{text} is shown, {left} ms are left");
            await Assertions.Expect(clock).Not.ToHaveTextAsync(text);
        }
    }

    [Fact]
    public async Task Everything_is_reached_by_the_keyboard()
    {
        await using var site = await Site.StartAsync();
        await site.DeclareAsync("Checkout answers 502");
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin");
        await viewer.Page.GotoAsync("/");
        await viewer.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the page", await viewer.Page.EvaluateAsync<string>("() => document.activeElement.textContent"));
        Assert.NotEqual("none", await viewer.Page.EvaluateAsync<string>("() => getComputedStyle(document.activeElement).outlineStyle"));
        await viewer.Page.Keyboard.PressAsync("/");
        await viewer.Page.Keyboard.TypeAsync("137");
        // First in the list: what fewer letters find may hold it further down.
        await viewer.Page.Locator("#palette-found [role=option]:first-child[href='/reference/ecs-exit-137']").WaitForAsync();
        await viewer.Page.Keyboard.PressAsync("ArrowDown");
        await viewer.Page.Keyboard.PressAsync("Enter");
        await viewer.ArriveAsync("/reference/ecs-exit-137");
        await viewer.Page.Keyboard.PressAsync("Control+k");
        // Typed and gone to at once: what was typed counts, not what was found before it.
        await viewer.Page.Keyboard.TypeAsync("INC-1");
        await viewer.Page.Keyboard.PressAsync("Enter");
        await viewer.ArriveAsync("/incidents/INC-1");
        Assert.Empty(viewer.Complaints);
    }

    [Fact]
    public async Task The_reference_is_searched_as_one_types_and_commands_are_those_of_the_environment()
    {
        await using var site = await Site.StartAsync();
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin", Viewer.Phone);
        await viewer.Page.GotoAsync("/reference");
        await viewer.Page.Locator("#q").PressSequentiallyAsync("oom killed memory");
        await Assertions.Expect(viewer.Page.Locator("#found .entries li").First).ToContainTextAsync("137");
        await viewer.Page.Locator("#found .entries a").First.ClickAsync();
        await viewer.Page.GetByRole(AriaRole.Link, new() { Name = "staging" }).ClickAsync();
        await Assertions.Expect(viewer.Page.Locator(".guide pre").First).ToContainTextAsync("ap-southeast-1");
        Assert.Empty(viewer.Complaints);
    }

    [Fact]
    public async Task A_dropped_log_is_scanned_and_a_drill_shows_what_it_sees_and_what_it_means()
    {
        await using var site = await Site.StartAsync();
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin");
        await viewer.Page.GotoAsync("/scan");
        await viewer.Page.EvaluateAsync("() => { const data = new DataTransfer(); data.items.add(new File(['Error: connect ECONNREFUSED 10.0.12.34:3306\\n'], 'dropped.log')); document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); }");
        await viewer.Page.Locator("mark").WaitForAsync();
        await Assertions.Expect(viewer.Page.Locator("main")).ToContainTextAsync("dropped.log: 1 line,");
        await viewer.Page.GotoAsync("/drill?env=staging");
        await viewer.Page.ClickAsync("form[action='/drill'] button");
        await viewer.Page.GetByText("What it comes down to").WaitForAsync();
        await Assertions.Expect(viewer.Page.Locator("main")).ToContainTextAsync("ecs:ListTasks");
        await Assertions.Expect(viewer.Page.Locator("main")).ToContainTextAsync("LAB, account 000000000000");
        Assert.Empty(viewer.Complaints);
    }

    [Fact]
    public async Task Without_a_script_the_night_goes_on()
    {
        await using var site = await Site.StartAsync();
        var id = await site.DeclareAsync("Checkout answers 502");
        await using var viewer = await Viewer.OpenAsync(chromium, site, "admin", Viewer.Phone, script: false);
        await viewer.Page.GotoAsync($"/incidents/{id}");
        await viewer.Page.Locator(".acknowledge").ClickAsync();
        await viewer.Page.FillAsync("#update-text", "We look at it.");
        await viewer.Page.GetByRole(AriaRole.Button, new() { Name = "Post", Exact = true }).ClickAsync();
        await viewer.Page.Locator("summary", new() { HasText = "Resolve" }).ClickAsync();
        await viewer.Page.FillAsync("#resolve-text", "rolled back");
        await viewer.Page.GetByRole(AriaRole.Button, new() { Name = "Resolved" }).ClickAsync();
        await Assertions.Expect(viewer.Page.Locator(".room-head")).ToContainTextAsync("resolved");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("^Acknowledge")]
    private static partial Regex Acknowledge();

    [GeneratedRegex(@"^\d+(:\d\d)+$")]
    private static partial Regex Ticking();
}
