using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Runtime;

/// <summary>A program that is run to its end. It carries the lab's mark, so that a lab that is killed meanwhile leaves it no more than a task.</summary>
internal sealed record ToolCall(string LabFolder, string Program, params ImmutableArray<string> Arguments)
{
    public string Folder { get; init; } = "/";

    public string Input { get; init; } = "";

    public ImmutableDictionary<string, string> Variables { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>On the wall.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(90);
}

internal sealed record ToolResult(int Code, string Output, string Error)
{
    /// <summary>What it said of its failure.</summary>
    public string Words => Error.Trim() is { Length: > 0 } error ? error : Output.Trim();
}

internal static class Tool
{
    // Servers and nft lie in the folders of administrators, which a user's path may not name.
    private static readonly string[] Administrators = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

    /// <summary>The program's file; null where there is none.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(Administrators).Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);

    /// <summary>Throws <see cref="LabException"/> when it cannot be started or has not ended within its limit; it is killed then.</summary>
    public static async Task<ToolResult> RunAsync(ToolCall call, CancellationToken cancel)
    {
        using var process = Start(call);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(call.Limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await WriteAsync(process, call.Input, limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ToolResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            throw new LabException($"{Path.GetFileName(call.Program)} has not ended within {call.Limit.TotalSeconds:0} s");
        }
    }

    private static Process Start(ToolCall call)
    {
        var info = new ProcessStartInfo(call.Program, call.Arguments) { WorkingDirectory = call.Folder, UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in call.Variables.Concat(LabMark.Of(call.LabFolder, "tool"))) info.Environment[name] = value;
        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            throw new LabException($"{call.Program} could not be started: {e.Message}", e);
        }
    }

    // A program that wants no input may have closed it.
    private static async Task WriteAsync(Process process, string input, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
            process.StandardInput.Close();
        }
        catch (IOException e)
        {
            _ = e;
        }
    }
}
