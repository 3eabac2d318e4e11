using System.Diagnostics;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Lab.Tests.Life;

/// <summary>The program as a person runs it, with a lab folder of its own.</summary>
internal sealed class LabProgram : IAsyncDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("tl-").FullName;

    public async Task<(int Code, string Out, string Error)> RunAsync(IEnumerable<string> arguments, CancellationToken cancel)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, await output, await error);
    }

    public Process Start(IEnumerable<string> arguments)
    {
        var start = ProgramUnderTest.Start(arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = Folder;
        start.Environment["TOCSIN_LAB"] = Folder;
        start.Environment["NO_COLOR"] = "1";
        return Process.Start(start)!;
    }

    /// <summary>Processes that carry this lab's mark.</summary>
    public List<int> Processes() => Tocsin.Lab.Runtime.ProcessTable.Marked(Folder);

    public async ValueTask DisposeAsync()
    {
        await RunAsync(["lab", "down"], CancellationToken.None);
        Directory.Delete(Folder, recursive: true);
    }
}
