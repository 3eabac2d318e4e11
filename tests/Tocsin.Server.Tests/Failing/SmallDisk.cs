using System.Diagnostics;
using System.Globalization;

namespace Tocsin.Server.Tests.Failing;

/// <summary>A disk of a few megabytes in memory, which can be filled and emptied.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Filler => Path.Combine(Folder, "filler");

    public static async Task<SmallDisk> MakeAsync(int megabytes, CancellationToken cancel)
    {
        var disk = new SmallDisk(Directory.CreateTempSubdirectory("tocsin-disk-").FullName);
        await RunAsync(cancel, "mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m"), "tocsin", disk.Folder);
        return disk;
    }

    public void Fill()
    {
        var some = new byte[4096];
        using var file = File.Create(Filler);
        try
        {
            while (file.Length < 1 << 30)
            {
                file.Write(some);
                file.Flush();
            }
        }
        catch (IOException e)
        {
            // Full, as was wanted.
            _ = e;
        }
    }

    public void Empty() => File.Delete(Filler);

    public void Dispose()
    {
        using var unmount = Process.Start(new ProcessStartInfo("umount", ["-l", Folder]) { UseShellExecute = false })!;
        unmount.WaitForExit();
        Directory.Delete(Folder);
    }

    private static async Task RunAsync(CancellationToken cancel, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
