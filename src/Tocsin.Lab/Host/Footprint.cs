using System.Globalization;

namespace Tocsin.Lab.Host;

/// <summary>What a lab's processes cost together: proportional set size, in which shared pages count once.</summary>
public static class Footprint
{
    public static double Megabytes(string labFolder) =>
        Runtime.ProcessTable.Marked(labFolder).Append(Environment.ProcessId).Sum(Kilobytes) / 1024.0;

    private static long Kilobytes(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/smaps_rollup").FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(4, line.Length - 6).Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
