using System.Diagnostics;
using System.Net;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>The program as it is installed: by a user who may write nowhere but into an empty folder. <c>./dev release</c> runs this on the release; the tests on what was built.</summary>
public sealed class ReleaseTests
{
    private const string Nobody = "65534";
    private static readonly string? Release = Environment.GetEnvironmentVariable("TOCSIN_RELEASE");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_serves_as_nobody_from_an_empty_folder_and_stops_in_good_order()
    {
        var folder = Directory.CreateTempSubdirectory("tocsin-release-").FullName;
        try
        {
            var isRoot = Environment.UserName == "root";
            if (isRoot) await RunAsync("chown", Nobody, folder);
            using var process = Process.Start(Start(folder, isRoot))!;
            var error = process.StandardError.ReadToEndAsync(Cancel);
            var first = await process.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Workplace.Deadline, Cancel);
            Assert.True(first is not null, first is null ? await error : "");
            Assert.StartsWith("tocsin http://127.0.0.1:", first!, StringComparison.Ordinal);
            var address = new Uri(first!.Split(' ')[1]);
            using var http = new HttpClient();
            Assert.StartsWith("ready", await http.GetStringAsync(new Uri(address, "/readyz"), Cancel), StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri(address, "/api/v1/incidents"), Cancel)).StatusCode);
            Assert.True(File.Exists(Path.Combine(folder, "tocsin-data", "tocsin.db")));
            await RunAsync("kill", "-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            await process.WaitForExitAsync(Cancel).WaitAsync(Workplace.Deadline, Cancel);
            Assert.Equal(0, process.ExitCode);
            Assert.Equal("", await error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ProcessStartInfo Start(string folder, bool isRoot)
    {
        string[] program = Release is { Length: > 0 } ? [Path.Combine(Release, "tocsin")] : ["dotnet", Built()];
        string[] asNobody = isRoot ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs", "--"] : [];
        string[] all = [.. asNobody, .. program, "serve", "--listen", "http://127.0.0.1:0", "--no-watch"];
        var start = new ProcessStartInfo(all[0], all[1..]) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        // Nothing of whoever runs the test.
        var path = start.Environment["PATH"];
        var root = start.Environment.TryGetValue("DOTNET_ROOT", out var set) ? set : null;
        start.Environment.Clear();
        (start.Environment["PATH"], start.Environment["HOME"]) = (path, folder);
        if (root is not null) start.Environment["DOTNET_ROOT"] = root;
        return start;
    }

    // The program's own folder: the one of the tests lacks the embedded database's library where the program looks for it.
    private static string Built()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return Directory.EnumerateDirectories(Path.Combine(here.Parent!.Parent!.FullName, "Tocsin"), $"{here.Name}_*").Select(f => Path.Combine(f, "tocsin.dll")).First(File.Exists);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(0, process.ExitCode);
    }
}
