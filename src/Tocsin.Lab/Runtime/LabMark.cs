using System.Text;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// How a process of a lab is known after everything else is lost: two variables of its environment. The folder alone is no proof, since a person's own
/// shell may have <c>TOCSIN_LAB</c> set to choose the lab, and nobody may end that shell; only both together mark a process that the lab started.
/// </summary>
public static class LabMark
{
    public const string FolderVariable = "TOCSIN_LAB";

    /// <summary>The name under which the lab started the process; unique within the lab.</summary>
    public const string ProcessVariable = "TOCSIN_LAB_PROCESS";

    /// <summary>The one spelling of a lab's folder: absolute, without a slash at its end.</summary>
    public static string Folder(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return full.AsSpan().IndexOfAny('\n', '\0') < 0 ? full : throw new ArgumentException("A lab's folder has no line break in its name.", nameof(folder));
    }

    /// <summary>What everything that a lab starts carries in its environment.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(string folder, string process) =>
        [new(FolderVariable, Folder(folder)), new(ProcessVariable, process)];

    /// <summary>Whether an environment, as the kernel shows it, is of a process of this lab, and of this one if it is named.</summary>
    internal static bool IsOn(ReadOnlySpan<byte> environment, string folder, string? process = null) =>
        Has(environment, $"{FolderVariable}={folder}", whole: true)
        && Has(environment, $"{ProcessVariable}={process}", whole: process is not null);

    private static bool Has(ReadOnlySpan<byte> environment, string wanted, bool whole)
    {
        Span<byte> bytes = Encoding.UTF8.GetBytes(wanted);
        foreach (var range in environment.Split((byte)0))
        {
            if (whole ? environment[range].SequenceEqual(bytes) : environment[range].StartsWith(bytes)) return true;
        }
        return false;
    }
}
