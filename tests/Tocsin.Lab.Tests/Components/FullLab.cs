using System.Diagnostics;
using Tocsin.Lab.Components;
using Tocsin.Lab.Host;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Tests.Components;

/// <summary>One full lab for the tests that put back what they change, and real clients for it.</summary>
public sealed class FullLab : IAsyncLifetime
{
    private TestLab? lab;

    internal TestLab Lab => lab!;

    public string Authority => Lab.Host.Options.Folder.Authority;

    public async ValueTask InitializeAsync()
    {
        if (Missing().Count > 0) return;
        lab = await TestLab.StartFullAsync(20, CancellationToken.None);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (lab is not null) await lab.DisposeAsync();
    }

    public static void Need() => Assert.SkipWhen(Missing().Count > 0, $"not installed: {string.Join(", ", Missing())}");

    private static List<string> Missing() => [.. Packages.Missing(), .. Workspace.Missing(Path.Combine(TestLab.Root, "lab", "services", "full"))];

    public static void NeedFilter() => Assert.SkipUnless(Firewall.Usable, "filtering a port needs root and nftables");

    internal LabAddress Place(string component, string environment = "production") => Lab.Host.State.Environments.First(e => e.Name == environment).Components[component];

    internal ComponentStatus State(string component) => Lab.Host.Status().Components.First(c => c.Name == component && c.Environment is "production" or "all" && c.Name == component);

    public Task<string> VerbAsync(string line) => VerbTable.RunAsync(Lab.Host, VerbRequest.Read(line, "production", "test"), TestContext.Current.CancellationToken);

    /// <summary>Puts everything back and waits for it.</summary>
    public async Task HealAsync()
    {
        Lab.Host.Heal();
        await Lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
    }

    public Task<(int Code, string Text)> SqlAsync(string sql, string? password = null, bool tls = true, int seconds = 8)
    {
        var place = Place("aurora");
        return RunAsync("mariadb", ["--no-defaults", "-h", place.Host, "-P", $"{place.Port}", "-u", place.User!, $"-p{password ?? place.Password}", $"--connect-timeout={seconds}", "-N", "-e", sql, .. tls ? [$"--ssl-ca={Authority}", "--ssl-verify-server-cert"] : new[] { "--skip-ssl" }]);
    }

    public Task<(int Code, string Text)> RedisAsync(params IEnumerable<string> words) =>
        RunAsync("timeout", ["5", "redis-cli", "-h", Place("redis").Host, "-p", $"{Place("redis").Port}", "--tls", "--cacert", Authority, "--no-auth-warning", "-a", Place("redis").Password!, .. words]);

    /// <summary>A request to a service of production through the load balancer, as a browser sends it; the name is one of its own.</summary>
    public Task<(int Code, string Text)> CurlAsync(string name, string path, params IEnumerable<string> more) =>
        RunAsync("curl", ["-sS", "-m", "10", "--cacert", Authority, "--resolve", $"{name}:{Place("alb").Port}:{Place("alb").Host}", "--resolve", $"{name}:{Lab.Host.Network.HttpsPort}:{Place("alb").Host}", $"https://{name}:{Lab.Host.Network.HttpsPort}{path}", .. more]);

    /// <summary>A program's exit code, and what it wrote.</summary>
    public static async Task<(int Code, string Text)> RunAsync(string program, IEnumerable<string> arguments)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, await output + await error);
    }
}
