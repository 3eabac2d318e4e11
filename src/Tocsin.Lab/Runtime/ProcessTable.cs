using System.Globalization;

namespace Tocsin.Lab.Runtime;

/// <summary>The kernel's table of processes, read from /proc. A process that ends while it is read is as one that was not there.</summary>
internal static class ProcessTable
{
    public static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc").Select(d => Number(Path.GetFileName(d))).Where(p => p > 0);

    /// <summary>Every process of a lab, or of one name in it, but the one that asks.</summary>
    public static List<int> Marked(string labFolder, string? process = null) =>
        [.. All().Where(p => p != Environment.ProcessId && LabMark.IsOn(Read($"/proc/{p}/environ"), labFolder, process))];

    /// <summary>The living processes whose session a process leads.</summary>
    public static List<int> Session(int leader) => [.. All().Where(p => IsOfSession(p, leader))];

    /// <summary>A process and everything that descends from it while its parents live.</summary>
    public static List<int> Tree(int root)
    {
        List<int> found = [root];
        for (var next = 0; next < found.Count; next++) found.AddRange(Children(found[next]));
        return found;
    }

    /// <summary>Bytes of memory that are a process's own: resident without what it shares, which a sum over processes would count twice.</summary>
    public static long OwnMemory(int pid)
    {
        var fields = Text($"/proc/{pid}/statm").Split(' ');
        return fields.Length > 2 ? (Number(fields[1]) - (long)Number(fields[2])) * Environment.SystemPageSize : 0;
    }

    /// <summary>Clock ticks of processor time that a process has used, in user and kernel mode; 100 are a second.</summary>
    public static long ProcessorTicks(int pid)
    {
        var stat = Text($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 12 ? Number(fields[11]) + (long)Number(fields[12]) : 0;
    }

    private static IEnumerable<int> Children(int pid) =>
        Threads(pid).SelectMany(t => Text($"{t}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(c => Number(c)).Where(p => p > 0);

    private static string[] Threads(int pid)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{pid}/task");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // The command's name stands in brackets and may hold anything; behind it: state, parent, group, session.
    private static bool IsOfSession(int pid, int leader)
    {
        var stat = Text($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 3 && fields[0] is not ("Z" or "X") && Number(fields[3]) == leader;
    }

    private static string Text(string path) => System.Text.Encoding.UTF8.GetString(Read(path));

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static int Number(ReadOnlySpan<char> text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
