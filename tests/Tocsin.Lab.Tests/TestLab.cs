using Microsoft.Extensions.Logging.Abstractions;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;
using Tocsin.Lab.Platform;

namespace Tocsin.Lab.Tests;

/// <summary>A lab of a test's own: in a temporary folder, gone with it.</summary>
internal sealed class TestLab : IAsyncDisposable
{
    public static readonly string Root = FindRoot();
    private readonly string folder;

    private TestLab(string folder, LabHost host)
    {
        this.folder = folder;
        Host = host;
    }

    public LabHost Host { get; }

    public LabFolder Folder => new(folder);

    public static async Task<TestLab> StartAsync(double scale, CancellationToken cancel)
    {
        var path = Directory.CreateTempSubdirectory("tl-").FullName;
        return new TestLab(path, await LabHost.StartAsync(Options(path) with { Scale = scale }, NullLoggerFactory.Instance, TimeProvider.System, cancel));
    }

    /// <summary>With real servers.</summary>
    public static async Task<TestLab> StartFullAsync(double scale, CancellationToken cancel)
    {
        var path = Directory.CreateTempSubdirectory("tl-").FullName;
        var options = Options(path);
        return new TestLab(path, await LabHost.StartAsync(options.AsFull() with { Scale = scale }, NullLoggerFactory.Instance, TimeProvider.System, cancel));
    }

    public static LabOptions Options(string folder)
    {
        var platform = Path.Combine(Root, "platforms", "zelly");
        var read = PlatformReader.Parse(File.ReadAllText(Path.Combine(platform, "platform.yaml")), "platform.yaml").Value!;
        var lab = LabDescription.Parse(File.ReadAllText(Path.Combine(platform, "lab.yaml")), "lab.yaml");
        Assert.Empty(lab.Problems);
        return new LabOptions(new LabFolder(folder), read, lab.Value!, Path.Combine(Root, "lab", "services", "core"));
    }

    public async Task<StatusReport> UntilAsync(Func<StatusReport, bool> holds, TimeSpan limit, CancellationToken cancel)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        until.CancelAfter(limit);
        while (true)
        {
            var status = Host.Status();
            // What is looked at besides the report is the world itself, which goes on meanwhile.
            lock (Host.World.Gate) if (holds(status)) return status;
            Assert.False(until.IsCancellationRequested, System.Text.Json.JsonSerializer.Serialize(status, LabJson.Options));
            await Task.Delay(50, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private static string FindRoot()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Tocsin.slnx"))) at = at.Parent!;
        return at.FullName;
    }
}
