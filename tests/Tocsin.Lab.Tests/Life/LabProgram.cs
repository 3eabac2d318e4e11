using System.Diagnostics;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Lab.Tests.Life;

/// <summary>The program as a person runs it, with a lab folder of its own.</summary>
internal sealed class LabProgram : IAsyncDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("tl-").FullName;

    /// <summary>What each start from here on is given beside its own.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

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
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync(["lab", "down"], CancellationToken.None);
        Directory.Delete(Folder, recursive: true);
    }
}
