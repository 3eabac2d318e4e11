using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Tocsin.Web.Tests;

/// <summary>One person with a browser. Whatever the browser complains about fails the test.</summary>
internal sealed class Viewer : IAsyncDisposable
{
    public const int Phone = 390;
    private readonly IBrowserContext context;
    private readonly ConcurrentQueue<string> complaints = new();
    private readonly ConcurrentQueue<string> asked = new();

    private Viewer(IBrowserContext context, IPage page) => (this.context, Page) = (context, page);

    public IPage Page { get; }

    /// <summary>What the browser complained about.</summary>
    public IReadOnlyList<string> Complaints => [.. complaints];

    public static Task<Viewer> OpenAsync(Chromium chromium, Site site, string? name, int width = 1440, bool dark = false, bool script = true) => OpenAsync(chromium, site.Address, name, width, dark, script);

    public static async Task<Viewer> OpenAsync(Chromium chromium, Uri address, string? name, int width = 1440, bool dark = false, bool script = true)
    {
        var browser = await chromium.BrowserAsync();
        var own = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = width == Phone ? 844 : 900 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            JavaScriptEnabled = script,
            TimezoneId = "Asia/Kolkata",
            ReducedMotion = ReducedMotion.Reduce,
        });
        var page = await own.NewPageAsync();
        page.SetDefaultTimeout(20_000);
        var viewer = new Viewer(own, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") viewer.complaints.Enqueue($"{page.Url}: {message.Text}");
        };
        page.Request += (_, request) => viewer.asked.Enqueue($"asked {request.Method} {request.Url}");
        page.Response += (_, response) => viewer.asked.Enqueue($"{response.Status} {response.Url}");
        page.RequestFailed += (_, request) => viewer.asked.Enqueue($"{request.Failure} {request.Url}");
        page.PageError += (_, error) => viewer.complaints.Enqueue($"{page.Url}: {error}");
        if (name is null) return viewer;
        await page.GotoAsync("/sign-in");
        await page.FillAsync("#name", name);
        await page.FillAsync("#password", Site.Password);
        await page.ClickAsync("main button");
        // What only who is signed in has; the event of a loaded page may be over before it is waited for.
        await page.Locator("form[action='/sign-out']").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return viewer;
    }

    /// <summary>What axe finds wrong, each with its place.</summary>
    public async Task<IReadOnlyList<string>> AxeAsync(Chromium chromium)
    {
        await Page.EvaluateAsync(chromium.Axe);
        var found = await Page.EvaluateAsync<JsonElement>("async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.any.concat(n.all, n.none).map(x => x.message).join('; ')).join(' | '))");
        return [.. found.EnumerateArray().Select(v => v.GetString()!)];
    }

    /// <summary>Waits until the page of a path is shown and its script runs; where it does not come, says what was asked for and what is shown instead.</summary>
    /// <remarks>By what can be seen: the browser's own event of a loaded page may be over before it is waited for.</remarks>
    public async Task ArriveAsync(string path)
    {
        try
        {
            await Assertions.Expect(Page).ToHaveURLAsync(new Regex($"{Regex.Escape(path)}([?#].*)?$", RegexOptions.None), new() { Timeout = 20_000 });
            await Assertions.Expect(Page.Locator("footer time[data-live]")).ToContainTextAsync("here", new() { Timeout = 20_000 });
        }
        catch (PlaywrightException e)
        {
            var shown = await Page.EvaluateAsync<string>("() => document.activeElement.outerHTML.slice(0, 500) + '\\n' + (document.querySelector('dialog[open]')?.outerHTML ?? document.title)");
            Assert.Fail($"{e.Message}\n{Page.Url}\n{string.Join('\n', asked.TakeLast(20))}\n{string.Join('\n', complaints)}\n{shown}");
        }
    }

    public Task<bool> IsWiderThanScreenAsync() => Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > window.innerWidth + 1");

    public async ValueTask DisposeAsync() => await context.DisposeAsync();
}
