using System.Diagnostics;

namespace Tocsin.Cli.Tests.Processes;

/// <summary>The program that tests start: the one built with them, or the one that TOCSIN_PROGRAM names. <c>./test</c> names the published one, which is compiled ahead and costs a fraction of the processor's time.</summary>
internal static class ProgramUnderTest
{
    private static readonly string? Named = Environment.GetEnvironmentVariable("TOCSIN_PROGRAM");

    /// <summary>Whether one is named: then it is whole in a folder of its own.</summary>
    public static bool IsNamed => Named is { Length: > 0 };

    public static string[] Words(params IEnumerable<string> arguments) => Named is { Length: > 0 } ? [Named, .. arguments] : ["dotnet", Path.Combine(AppContext.BaseDirectory, "tocsin.dll"), .. arguments];

    public static ProcessStartInfo Start(IEnumerable<string> arguments)
    {
        var words = Words(arguments);
        return new ProcessStartInfo(words[0], words[1..]) { UseShellExecute = false };
    }
}
