using System.Diagnostics;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>A shell as an operator has it: the lab's variables, and the real AWS CLI, which as Debian has it takes no endpoint from the environment.</summary>
internal static class LabShell
{
    public static async Task<(int Code, string Out)> RunAsync(TestLab lab, string command, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", "set -o pipefail; aws() { ${LIMIT:+timeout -s INT $LIMIT} /usr/bin/aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"; }; " + command]) { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var (name, value) in LabVariables.Of(lab.Host.State, lab.Host.Options.Folder)) start.Environment[name] = value;
        start.Environment["AWS_DEFAULT_REGION"] = "ap-southeast-1";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, output);
    }
}
