using System.Runtime.CompilerServices;

namespace Tocsin.Cli.Tests;

/// <summary>
/// Compares a text that users see with the one that was approved, in Expectations/. Where they differ, or none is approved yet, the new
/// text is left beside it as NAME.received.txt, to be looked at and renamed.
/// </summary>
internal static class Approved
{
    public static void Text(string name, string text)
    {
        var approved = Path.Combine(Folder(), $"{name}.txt");
        var received = Path.Combine(Folder(), $"{name}.received.txt");
        if (File.Exists(approved) && string.Equals(File.ReadAllText(approved), text, StringComparison.Ordinal))
        {
            File.Delete(received);
            return;
        }
        File.WriteAllText(received, text);
        Assert.Equal(File.Exists(approved) ? File.ReadAllText(approved) : "", text);
    }

    private static string Folder([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "Expectations");
}
