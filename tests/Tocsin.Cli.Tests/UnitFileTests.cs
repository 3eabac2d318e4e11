using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Tocsin.Cli.Tests;

/// <summary>The unit that systemd starts the server by, as systemd reads it.</summary>
public sealed class UnitFileTests
{
    // systemd's own scale ends at 100, tenths of what it prints; what is below 20 it calls well.
    private const string MostExposure = "20";
    private static readonly string Unit = Beside();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void It_starts_the_server_live_with_nothing_writable_but_its_own_folder()
    {
        var lines = File.ReadAllLines(Unit);
        foreach (var line in new[] { "DynamicUser=yes", "ProtectSystem=strict", "StateDirectory=tocsin", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "Restart=always" }) Assert.Contains(line, lines);
        var start = lines.Single(l => l.StartsWith("ExecStart=", StringComparison.Ordinal));
        Assert.Equal("ExecStart=/opt/tocsin/tocsin serve --config /etc/tocsin/tocsin.yaml --data /var/lib/tocsin --live", start);
    }

    [Fact]
    public async Task Systemd_reads_it_without_a_complaint_and_calls_it_well_guarded()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "systemd-analyze is not installed");
        var folder = Directory.CreateTempSubdirectory("tocsin-unit-").FullName;
        try
        {
            // What it starts must exist for systemd; where it will be installed nothing is yet.
            var unit = Path.Combine(folder, "tocsin.service");
            await File.WriteAllTextAsync(unit, (await File.ReadAllTextAsync(Unit, Cancel)).Replace("/opt/tocsin/tocsin", "/bin/true", StringComparison.Ordinal), Cancel);
            Assert.Equal((0, ""), await RunAsync("verify", unit));
            Assert.Equal(0, (await RunAsync("security", "--offline=true", "--no-pager", $"--threshold={MostExposure}", unit)).Code);
            // The measure measures: without its guards it is refused.
            await File.WriteAllTextAsync(unit, "[Service]\nExecStart=/bin/true\n", Cancel);
            Assert.NotEqual(0, (await RunAsync("security", "--offline=true", "--no-pager", $"--threshold={MostExposure}", unit)).Code);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/systemd-analyze", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
        await process.WaitForExitAsync(Cancel);
        await output;
        return (process.ExitCode, await error);
    }

    private static string Beside([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "deploy", "tocsin.service"));
}
