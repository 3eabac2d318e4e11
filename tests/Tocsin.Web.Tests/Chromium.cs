using System.Diagnostics;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Tocsin.Web.Tests.Chromium))]

namespace Tocsin.Web.Tests;

/// <summary>Debian's real browser, started once.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private readonly SemaphoreSlim gate = new(1);
    private IPlaywright? playwright;
    private IBrowser? browser;

    /// <summary>axe-core, as npm's lock file names it.</summary>
    public string Axe { get; private set; } = "";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async Task<IBrowser> BrowserAsync()
    {
        await gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (browser is not null) return browser;
            Axe = await File.ReadAllTextAsync(await AxeFileAsync(), TestContext.Current.CancellationToken);
            playwright = await Playwright.CreateAsync();
            return browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"] });
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
        gate.Dispose();
    }

    /// <summary>Holds the pages' files against npm's, which brings axe-core too.</summary>
    public static async Task<(int Code, string Said)> VendorAsync(string argument)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(TestWorld.Root, "src", "Tocsin.Server", "Web", "npm", "vendor"), argument) { RedirectStandardError = true, UseShellExecute = false })!;
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, said);
    }

    private static async Task<string> AxeFileAsync()
    {
        var (code, said) = await VendorAsync("--check");
        Assert.True(code == 0, said);
        return Path.Combine(TestWorld.Root, "artifacts", "web-npm", "node_modules", "axe-core", "axe.min.js");
    }
}
